"""What every encoding and preparation must do, tested from the moment its file exists."""

import dataclasses
import inspect
from importlib import import_module

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcattn import encodings, preparations, thermal
from qcattn.attention import softmax

ENCODINGS = [getattr(encodings, name) for name in encodings.__all__]
PREPARATIONS = [getattr(preparations, name) for name in preparations.__all__]
BETA = 1.3


def scores_of(num_keys: int) -> np.ndarray:
    """Rows (2, 3) with a masked key, ties, a range of 1e3 and all equal scores."""
    scores = np.random.default_rng(num_keys).normal(scale=2.0, size=(2, 3, num_keys))
    scores[0, 1] = 0.7
    scores[1, 0] *= 1e3
    if num_keys > 1:
        scores[0, 0, 0] = scores[0, 0, -1]
        scores[1, 1, num_keys // 2] = -np.inf
        scores[1, 2, 1:] = -np.inf
    return scores


def outcome_probabilities(prepared, index) -> dict[str, float]:
    """Dense reference: probabilities of (herald, key reading) of one row, by Statevector."""
    bound = prepared.circuit.assign_parameters(prepared.values[index])
    measured = {}
    unitary = bound.copy_empty_like()
    for instruction in bound.data:
        if instruction.operation.name == "measure":
            clbit = bound.find_bit(instruction.clbits[0]).index
            measured[clbit] = bound.find_bit(instruction.qubits[0]).index
        else:
            unitary.append(instruction)
    qubits = [measured[clbit] for clbit in range(bound.num_clbits)]
    return Statevector(unitary).probabilities_dict(qubits)


def key_probabilities(prepared, index) -> tuple[np.ndarray, float]:
    """Probabilities of the keys among kept shots, and of a shot to be kept."""
    heralded = prepared.herald_register is not None
    table = outcome_probabilities(prepared, index)
    kept = {text[1:] if heralded else text: p for text, p in table.items() if text[0] == "0"}
    if not heralded:
        kept = table
    success = sum(kept.values())
    texts = ["".join("01"[int(bit)] for bit in row[::-1]) for row in prepared.codewords]
    return np.array([kept.get(text, 0.0) for text in texts]) / success, success


@pytest.mark.parametrize("cls", ENCODINGS + PREPARATIONS)
def test_a_strategy_is_a_documented_frozen_dataclass(cls):
    assert dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen
    cls()
    assert "Example:" in cls.__doc__
    assert inspect.getdoc(cls.__call__)
    if cls in PREPARATIONS:
        assert "References:" in cls.__doc__


@pytest.mark.parametrize("folder", [encodings, preparations])
def test_a_room_exports_every_strategy_in_it(folder):
    import pkgutil

    found = set()
    for entry in pkgutil.iter_modules(folder.__path__):
        module = import_module(f"{folder.__name__}.{entry.name}")
        found |= {
            name
            for name, value in vars(module).items()
            if dataclasses.is_dataclass(value) and value.__module__ == module.__name__
        }
    assert found == set(folder.__all__)


@pytest.mark.parametrize("num_keys", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_gives_each_key_its_own_state_and_energy(encoding, num_keys):
    scores = scores_of(num_keys)
    hamiltonian = encoding()(scores)
    assert hamiltonian.shape == (2, 3)
    assert len(set(hamiltonian.basis_states)) == num_keys
    for index in np.ndindex(2, 3):
        one = hamiltonian[index]
        matrix = one.operator.to_matrix()
        diagonal = np.diag(matrix).real
        assert np.array_equal(matrix, np.diag(diagonal)), "real, and nothing off the diagonal"
        finite = np.isfinite(scores[index])
        scale = np.abs(scores[index][finite]).max() + 1
        got = diagonal[list(one.basis_states)]
        assert np.allclose(got[finite], -scores[index][finite], rtol=0, atol=1e-12 * scale)
        assert np.abs(got[~finite]).max(initial=0.0) < 1e-12 * scale


@pytest.mark.parametrize("num_keys", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("preparation", PREPARATIONS)
def test_a_circuit_gives_the_distribution_it_claims(preparation, encoding, num_keys):
    scores = scores_of(num_keys)
    prepared = preparation()(encoding()(scores), beta=BETA)
    assert prepared.shape == (2, 3)
    assert prepared.values.shape == (2, 3, prepared.circuit.num_parameters)
    expected = softmax(scores, beta=BETA)
    for index in np.ndindex(2, 3):
        keys, success = key_probabilities(prepared, index)
        assert np.abs(keys - prepared.distribution[index]).max() < 1e-12
        assert abs(keys.sum() - 1) < 1e-12, "probability outside the keys"
        assert abs(success - prepared.success[index]) < 1e-12
        claimed = np.abs(keys - expected[index]).sum() / 2
        assert claimed < prepared.error[index] + 1e-12
        assert keys[expected[index] == 0].max(initial=0.0) < 1e-28, "masked keys never come out"


@pytest.mark.parametrize("preparation", PREPARATIONS)
def test_a_wrong_beta_does_not_give_softmax(preparation):
    """The comparison of the test above can fail: 5% in beta moves total variation by over 1e-3."""
    scores = scores_of(5)
    prepared = preparation()(encodings.Binary()(scores), beta=1.05 * BETA)
    keys, _ = key_probabilities(prepared, (0, 2))
    assert np.abs(keys - softmax(scores, beta=BETA)[0, 2]).sum() / 2 > 1e-3


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_templates_use_only_gates_that_bind_faithfully(preparation, encoding):
    prepared = preparation()(encoding()(scores_of(5)), beta=BETA)
    assert set(prepared.circuit.count_ops()) <= {"ry", "rz", "h", "x", "cx", "measure", "reset"}


@pytest.mark.parametrize("preparation", PREPARATIONS)
def test_only_told_preparations_are_told_the_weights(preparation, monkeypatch):
    """Where Boltzmann weights come out wrong, a told circuit changes and a thermal one does not."""
    hamiltonian = encodings.Binary()(scores_of(5))
    before = preparation()(hamiltonian, beta=BETA)

    def uniform(energies, beta):
        return np.full(np.shape(energies), 1 / np.shape(energies)[-1])

    for module in [thermal, import_module(preparation.__module__)]:
        if hasattr(module, "boltzmann"):
            monkeypatch.setattr(module, "boltzmann", uniform)
    after = preparation()(hamiltonian, beta=BETA)
    same = np.array_equal(before.values, after.values)
    assert same == (before.kind == "thermal")


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf])
def test_a_beta_that_is_no_temperature_is_refused(preparation, beta):
    with pytest.raises(ValueError, match="beta"):
        preparation()(encodings.Binary()([0.0, 1.0]), beta=beta)


@pytest.mark.parametrize("preparation", PREPARATIONS)
def test_beta_may_differ_from_row_to_row(preparation):
    hamiltonian = encodings.Binary()([[0.0, 1.0, 2.0]] * 2)
    prepared = preparation()(hamiltonian, beta=[0.5, 2.0])
    for row, beta in enumerate([0.5, 2.0]):
        alone = preparation()(hamiltonian[row], beta=beta)
        assert np.abs(prepared.values[row] - alone.values).max() < 1e-14


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "scores", [[], [[0.0, np.nan]], [0.0, np.inf], [[0.0, 1.0], [-np.inf, -np.inf]], 3.0, ["a"]]
)
def test_scores_that_are_no_scores_are_refused(encoding, scores):
    with pytest.raises(ValueError, match="scores"):
        encoding()(scores)
