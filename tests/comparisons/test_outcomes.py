"""Counts and laws that name their outcomes, as Qiskit and others give them, in every comparison."""

import json

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray, StatevectorSampler
from qiskit.result import Counts
from qiskit_aer import AerSimulator

from qcattn.comparisons import Monitor, certify, expected, fit, same
from qcattn.comparisons.files import normalised, read_outcomes
from qcattn.comparisons.outcomes import together

LAW = np.array([0.5, 0.3, 0.2, 0.0])
COUNTS = np.array([498, 305, 197, 0])
NAMED = {"00": 498, "01": 305, "10": 197}
SHOTS = np.repeat(np.arange(4), COUNTS)


def bell(shots):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit, shots


@pytest.mark.parametrize(
    "counts",
    [
        NAMED,
        {"0 0": 498, "0 1": 305, "1 0": 197},
        {"0x0": 498, "0x1": 305, "0x2": 197},
        {"0b00": 498, "0b01": 305, "0b10": 197},
        {0: 498, 1: 305, 2: 197},
        {"10": 197, "00": 498, "01": 305},
        {"measurementCounts": NAMED, "shots": 1000},
        Counts({0: 498, 1: 305, 2: 197}, memory_slots=2),
        BitArray.from_samples(SHOTS.tolist(), num_bits=2),
    ],
    ids=lambda one: f"{type(one).__name__}{str(one)[:24]}",
)
@pytest.mark.parametrize("law", [LAW, LAW.tolist(), {"00": 0.5, "01": 0.3, "10": 0.2}])
def test_every_comparison_takes_counts_as_they_come(counts, law):
    plain = fit(COUNTS, LAW)
    found = fit(counts, law)
    assert found.p_values.shape == () and found.shots == 1000
    assert np.isclose(float(found.p_values), float(plain.p_values), rtol=1e-9)
    assert certify(counts, law, 0.1).all_certified == certify(COUNTS, LAW, 0.1).all_certified
    assert same(counts, NAMED).p_values > 0.5
    assert not Monitor(LAW).update(counts).refuted


def test_a_planted_shift_is_seen_whatever_holds_the_counts():
    """The bits in the other order are another law."""
    turned = {"00": 498, "10": 305, "01": 197}
    for law in (LAW, {"00": 0.5, "01": 0.3, "10": 0.2}):
        assert fit(turned, law).refuted
    assert same(turned, NAMED).refuted
    bad = fit({**NAMED, "11": 4}, LAW).offenders()[0]
    assert (bad.outcome, bad.name, bad.observed) == (3, "11", 4)


def test_results_of_primitives_and_of_backends_are_rows():
    circuit, shots = bell(1000)
    law = [0.5, 0, 0, 0.5]
    ran = AerSimulator().run([circuit, circuit], shots=shots, seed_simulator=1).result()
    assert fit(ran, law).p_values.shape == (2,) and not fit(ran, law).refuted
    assert fit(ran.get_counts(0), law).p_values.shape == ()
    one = AerSimulator().run(circuit, shots=shots, seed_simulator=1).result()
    assert fit(one, law).p_values.shape == ()
    sampled = StatevectorSampler(seed=1).run([circuit, circuit], shots=shots).result()
    assert fit(sampled, law).p_values.shape == (2,) and not fit(sampled, law).refuted
    assert fit(sampled[0], law).p_values.shape == ()
    assert not same(sampled[0], ran.get_counts(0)).refuted
    assert fit(sampled, [1, 0, 0, 0]).refuted


def test_a_bit_array_of_several_rows_keeps_them():
    bits = BitArray.from_samples(np.tile(SHOTS, 3).tolist(), num_bits=2).reshape(3, 1000)
    assert fit(bits, LAW).p_values.shape == (3,)
    assert fit(bits, np.tile(LAW, (3, 1))).shots.tolist() == [1000] * 3


def test_a_law_may_leave_out_the_readings_that_are_no_keys():
    """Three keys on two qubits: what reads 11 is a stray."""
    assert not fit(NAMED, LAW[:3]).refuted
    assert fit({**NAMED, "11": 3}, LAW[:3]).refuted


def test_counts_of_as_many_keys_as_the_law_names_are_taken():
    """257 keys on nine bits; 300 numbers would be shots, or another experiment's."""
    law = {f"{key:09b}": 1 / 257 for key in range(257)}
    assert fit(np.full(257, 10), law).shots == 2570
    with pytest.raises(ValueError, match="300 numbers a row"):
        fit(np.full(300, 10), law)


def test_a_measured_law_takes_named_counts():
    law = expected(LAW, readout=[np.array([[0.98, 0.03], [0.02, 0.97]])] * 2, calibration_shots=1e4)
    drawn = np.random.default_rng(2).multinomial(1000, law.p)
    named = {f"{i:02b}": int(k) for i, k in enumerate(drawn)}
    assert float(fit(named, law).p_values) == float(fit(drawn, law).p_values)


@pytest.mark.parametrize(
    ("counts", "law", "message"),
    [
        ([1, 2, 3, 4], [0.2] * 5, "`c.json` holds 4 numbers a row, but `.*p.json` has 5"),
        ([0, 1] * 500, {"0": 0.5, "1": 0.5}, "holds 1,000 numbers a row, but .* up to 1"),
        ([0, 1] * 500, {"0x0": 0.5, "0x1": 0.5}, "holds 1,000 numbers a row, but .* up to 1"),
        ([0, 3, 1] * 300, [0.25] * 4, "holds 900 numbers a row, but .* has 4"),
        ({"00": 3}, [0.1] * 10, "holds 10 numbers a row, but .* outcomes of 2 bits"),
        ([5, 6], {"cat": 0.5, "dog": 0.5}, "name outcomes differently"),
    ],
)
def test_numbers_that_are_not_as_many_are_refused_and_never_padded(counts, law, message, tmp_path):
    paths = tmp_path / "c.json", tmp_path / "p.json"
    for path, content in zip(paths, (counts, law), strict=True):
        path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message.replace("`c.json`", "c.json`")):
        together(read_outcomes(paths[0]), read_outcomes(paths[1], "probabilities"))


def test_rounded_probabilities_are_normalised_if_that_is_asked_for(tmp_path):
    path = tmp_path / "p.json"
    law = np.random.default_rng(3).dirichlet(np.full(257, 0.5))
    path.write_text(json.dumps({f"{i:09b}": round(p, 5) for i, p in enumerate(law.tolist())}))
    read = read_outcomes(path, "probabilities")
    with pytest.raises(ValueError, match=r"row 0 sums to .*add `--normalise`"):
        normalised(read)
    given, off = normalised(read, anyway=True)
    assert abs(given.values.sum() - 1) < 1e-12 and 1e-6 < off < 2e-3
    path.write_text(json.dumps({"0": 480, "1": 520}))
    with pytest.raises(ValueError, match="more than rounding"):
        normalised(read_outcomes(path, "probabilities"), anyway=True)


def test_single_precision_in_json_needs_no_flag(tmp_path):
    path = tmp_path / "p.json"
    law = np.random.default_rng(3).dirichlet(np.full(257, 0.5)).astype("f4")
    law[0] += np.float32(1e-6)
    path.write_text(json.dumps([float(p) for p in law]))
    assert normalised(read_outcomes(path, "probabilities"))[1] > 1e-9
