"""Native multiplexers: the same state as gate by gate, read back, run by Aer as they stand."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator, Statevector

from qcattn import load, run, softmax
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.encodings import Binary, OneHot, Rotated
from qcattn.folders.results import save
from qcattn.preparations import Amplitude
from qcattn.preparations.multiplexers import Multiplexer, rotations


def scores_of(keys: int) -> np.ndarray:
    scores = np.random.default_rng(keys).normal(scale=2.0, size=keys)
    scores[keys // 2 :: 5] = -np.inf if keys > 2 else 0.3
    return scores


def state(prepared):
    circuit = prepared.circuit.assign_parameters(prepared.values)
    return Statevector(circuit.remove_final_measurements(inplace=False)).data


@pytest.mark.parametrize("keys", [1, 2, 3, 8, 21, 64])
@pytest.mark.parametrize("encoding", [Binary(), Rotated()])
def test_the_state_is_that_of_the_gates(encoding, keys):
    hamiltonian = encoding(scores_of(keys))
    native, gates = (Amplitude(native=kind)(hamiltonian, beta=0.8) for kind in (True, False))
    assert np.abs(state(native) - state(gates)).max() < 1e-12
    if keys > 2:
        assert (
            np.abs(state(Amplitude(native=True)(hamiltonian, beta=1.0)) - state(gates)).max() > 0.01
        )


def test_a_multiplexer_turns_its_first_qubit_by_the_others():
    angles = np.array([0.3, -1.1, 2.0, 0.7])
    whole = Operator(Multiplexer(rotations(angles)).to_matrix())
    for control, angle in enumerate(angles):
        got = whole.data[2 * control : 2 * control + 2, 2 * control : 2 * control + 2]
        expected = [
            [np.cos(angle / 2), -np.sin(angle / 2)],
            [np.sin(angle / 2), np.cos(angle / 2)],
        ]
        assert np.abs(got - expected).max() < 1e-15


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_aer_draws_softmax_from_2_to_the_14_keys(draws):
    """False-failure rate 1e-8; the planted fault is the same counts against neighbouring keys."""
    prepared = Amplitude(native=True)(Binary()(scores_of(2**14)), beta=1.0)
    counts = Aer(device="CPU", draws=draws)(prepared, 100_000, seed=1)
    assert counts.stray == 0 and counts.shots == 100_000
    law = softmax(scores_of(2**14))
    assert fit(counts, law, alpha=1e-8).overall() > 1e-8
    assert fit(counts, np.roll(law, 1), alpha=1e-8).overall() <= 1e-8


def test_a_result_says_it_and_is_read_back(tmp_path):
    result = run(scores_of(5), preparation=Amplitude(native=True), shots=500, seed=3)
    assert result.settings["preparation"] == "Amplitude(native=True)"
    assert "native multiplexers" in str(result)
    save(result, tmp_path / "native")
    again = load(tmp_path / "native")
    drawn = [Aer(device="CPU")(each.prepared, 500, seed=9).keys for each in (result, again)]
    assert np.array_equal(*drawn) and drawn[0].sum() == 500
    assert "template.qpy" in (tmp_path / "native" / "template.qasm").read_text()


@pytest.mark.parametrize(
    ("hamiltonian", "message"),
    [
        (Binary()(np.zeros((2, 4))), r"must be one Hamiltonian.*\(2,\)"),
        (OneHot()(np.zeros(4)), "use Binary"),
    ],
)
def test_what_it_cannot_do_is_refused(hamiltonian, message):
    with pytest.raises(ValueError, match=message):
        Amplitude(native=True)(hamiltonian, beta=1.0)
