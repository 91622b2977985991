"""Rows that run together have the law of the template, whatever it is and however they are cut."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Statevector, random_unitary
from qiskit_aer import AerSimulator

from qcattn.backends import Aer
from qcattn.backends import joined_rows as room
from qcattn.backends.joined_rows import join_rows
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit
from qcattn.encodings import Binary
from qcattn.preparations import Amplified, Amplitude, Purification

ROWS = 7
SIMULATOR = AerSimulator(method="statevector", max_parallel_threads=1)


def random_template(seed: int) -> tuple[QuantumCircuit, np.ndarray]:
    """Rotations about every axis, cx between them, and other gates, on four qubits; angles."""
    rng = np.random.default_rng(seed)
    angles, circuit = ParameterVector("a", 14), QuantumCircuit(4)
    circuit.h(range(4))
    for angle in rng.permutation(list(angles)):
        target, *others = map(int, rng.permutation(4))
        sum_of = angle if rng.random() < 0.7 else -2 * angle + angles[0] + 0.3
        axis = rng.choice(["rx", "ry", "rz", "p"])
        for _ in range(rng.integers(1, 6)):  # a ladder on one target
            getattr(circuit, axis)(sum_of, target)
            for control in others[: rng.integers(0, 4)]:
                circuit.cx(control, target)
        if rng.random() < 0.5:
            circuit.append(UnitaryGate(random_unitary(4, seed=rng)), [target, others[0]])
            circuit.cx(target, others[0])
            circuit.rz(0.4, target)
    return circuit, rng.normal(scale=2.0, size=(ROWS, len(angles)))


@pytest.fixture(scope="module")
def cases():
    """Templates, angles, what is measured, and the law of each row by Qiskit."""
    found = []
    for seed in range(12):
        circuit, values = random_template(seed)
        measured = np.random.default_rng(seed).permutation(4)[: 2 + seed % 3].tolist()
        bound = [circuit.assign_parameters(row) for row in values]
        law = np.array([Statevector(one).probabilities(measured) for one in bound])
        found.append((circuit, values, measured, law))
    return found


def drawn(circuit, values, measured):
    law = join_rows(circuit).laws(SIMULATOR, values, measured, 1)
    return law / law.sum(axis=-1, keepdims=True)


def farthest(cases) -> float:
    return max(
        float(np.abs(drawn(circuit, values, measured) - law).max())
        for circuit, values, measured, law in cases
    )


def test_the_law_is_that_of_the_template_to_1e_12(cases):
    assert farthest(cases) < 1e-12


def test_some_rotations_are_joined_and_some_are_not(cases):
    turns = [step for one in cases for step in join_rows(one[0]).steps if hasattr(step, "controls")]
    assert {len(turn.controls) for turn in turns} >= {0, 1, 2, 3}
    assert max(len(turn.layers) for turn in turns) > 1, "several angles in one place"


@pytest.mark.parametrize(
    "plant",
    [
        lambda m: m.setattr(room, "walsh_hadamard", lambda angles: angles.sum(-1, keepdims=True)
                            + np.zeros_like(angles)),  # no cx turns a sign
        lambda m: m.setattr(room, "_AXES", room._AXES | {"rx": "ry"}),
        lambda m: m.setattr(room, "_BACK", room._INTO),
        lambda m: m.setattr(room, "_linear", lambda angle, places: room._Sum(
            0.0, tuple((places[each], 1.0) for each in sorted(angle.parameters, key=str)))),
    ],
    ids=["signs", "axes", "basis", "angles"],
)  # fmt: skip
def test_a_fault_in_the_joining_is_noticed(cases, monkeypatch, plant):
    plant(monkeypatch)
    assert farthest(cases[:4]) > 1e-3


@pytest.mark.parametrize("keys", [2, 3, 16, 128])
def test_a_row_has_the_same_probabilities_to_the_bit_however_rows_are_cut(keys):
    scores = np.random.default_rng(keys).normal(scale=2.0, size=(70, keys))
    prepared = Amplitude()(Binary()(scores), beta=1.0)
    found, values = join_rows(prepared.circuit), prepared.flat_values
    measured = list(range(prepared.circuit.num_qubits))

    def law(cut, workers=1):
        parts = np.split(values, range(cut, len(values), cut))
        rows = np.concatenate([found.laws(SIMULATOR, part, measured, workers) for part in parts])
        return rows / rows.sum(axis=-1, keepdims=True)

    whole = law(70)
    assert np.abs(whole[:, :keys] - prepared.distribution).max() < 1e-14
    for cut, workers in ((1, 1), (5, 1), (17, 2), (64, 2)):
        assert np.array_equal(law(cut, workers), whole)


def test_a_tree_of_a_thousand_keys_takes_a_tenth_of_the_instructions():
    prepared = Amplitude()(Binary()(np.random.default_rng(1).normal(size=1000)), beta=1.0)
    found = join_rows(prepared.circuit)
    assert 20 * len(found.steps) < len(prepared.circuit.data)
    law = drawn(prepared.circuit, prepared.flat_values, list(range(10)))
    assert np.abs(law[0, :1000] - prepared.distribution).max() < 1e-14


def test_a_few_rotations_behind_many_controls_stay_alone():
    """Joined, they would take a number for each of 2^11 states."""
    circuit, (a, b) = QuantumCircuit(12), ParameterVector("a", 2)
    circuit.h(range(12))
    circuit.ry(a, 0)
    for control in range(1, 12):
        circuit.cx(control, 0)
    circuit.ry(b, 0)
    assert join_rows(circuit) is None
    narrow = QuantumCircuit(5)
    narrow.h(range(5))
    narrow.ry(a, 0)
    for control in range(1, 5):
        narrow.cx(control, 0)
    narrow.ry(b, 0)
    found = join_rows(narrow)
    assert found.numbers == 4
    values = np.array([[0.3, 1.0], [2.0, -0.4]])
    bound = [narrow.assign_parameters(row) for row in values]
    law = np.array([Statevector(one).probabilities() for one in bound])
    assert np.abs(drawn(narrow, values, list(range(5))) - law).max() < 1e-14


def test_what_cannot_be_written_so_is_left_as_it_is():
    a, b = Parameter("a"), Parameter("b")
    for write in (
        lambda circuit: circuit.h(0),  # no parameter
        lambda circuit: circuit.ry(a * b, 0),
        lambda circuit: circuit.ry(a.sin(), 0),
        lambda circuit: circuit.rzz(a, 0, 1),
        lambda circuit: (circuit.ry(a, 0), circuit.reset(1)),
        lambda circuit: setattr(circuit, "global_phase", a),
    ):
        circuit = QuantumCircuit(2)
        write(circuit)
        assert join_rows(circuit) is None


def test_exact_draws_run_together_on_a_pure_state_of_the_cpu_alone():
    few = Amplitude()(Binary()(np.zeros((3, 4))), beta=1.0)
    assert Aer(device="CPU", draws="born")._joined_rows(few)
    assert Aer(device="CPU", draws="born", **noise_options("readout=0.01", 2))._joined_rows(few)
    for options in (
        {"draws": "shots"},
        {"draws": "born", "device": "GPU"},
        {"draws": "born", "method": "matrix_product_state"},
        {"draws": "born", **noise_options("depolarizing=0.01", 2)},
    ):
        assert Aer(**{"device": "CPU", **options})._joined_rows(few) is None


@pytest.mark.parametrize("options", [{}, {"precision": "single"}, noise_options("readout=0.05", 3)])
@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Amplified()])
def test_draws_are_those_of_the_same_circuit_gate_by_gate(monkeypatch, preparation, options):
    """10^6 shots from the same stream of dice; planted: the rows in another order."""
    scores = np.random.default_rng(2).normal(size=(5, 6))
    prepared = preparation(Binary()(scores), beta=1.0)
    backend = Aer(device="CPU", draws="born", **options)
    quick = backend(prepared, 10**6, seed=1)
    monkeypatch.setattr(Aer, "_joined_rows", lambda *_: None)
    slow = backend(prepared, 10**6, seed=1)
    assert np.abs(quick.keys - slow.keys).max() <= (100 if "precision" in options else 1)
    assert np.abs(quick.keys[::-1] - slow.keys).max() > 1000
    if not options:
        assert fit(quick, prepared.distribution, alpha=1e-8).overall() > 1e-8
