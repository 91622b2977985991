"""What no reading can tell from nothing is left out, and the law stays that of the circuit."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import (
    CCXGate,
    CPhaseGate,
    CRYGate,
    CSwapGate,
    CXGate,
    DiagonalGate,
    HGate,
    RXXGate,
    RYGate,
    RZGate,
    RZZGate,
    SwapGate,
    UCGate,
    UnitaryGate,
)
from qiskit.quantum_info import Statevector, random_unitary

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.born import without_measurements
from qcattn.backends.noise import noise_options
from qcattn.comparisons import expected, fit
from qcattn.encodings import Binary
from qcattn.own_circuit import run_circuit
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.readings import light_cone as room
from qcattn.readings.light_cone import light_cone


def law(circuit: QuantumCircuit) -> np.ndarray:
    """Exact probabilities of the classical bits, by Qiskit, of a circuit that ends in readings."""
    body, qubits = without_measurements(circuit)
    return Statevector(body).probabilities(qubits)


def random_circuit(seed: int) -> QuantumCircuit:
    """Gates of every kind on five qubits, two or three of which are read in some order."""
    rng = np.random.default_rng(seed)
    read = int(rng.integers(2, 4))
    circuit = QuantumCircuit(5, read)
    for _ in range(10):
        a, b, c = map(int, rng.permutation(5)[:3])
        gates = [
            *(RYGate(rng.normal()), HGate(), RZGate(rng.normal())),
            *(CXGate(), CXGate(ctrl_state=0), SwapGate(), CRYGate(rng.normal())),
            *(CPhaseGate(rng.normal()), RZZGate(rng.normal()), RXXGate(rng.normal())),
            *(UnitaryGate(random_unitary(4, seed=rng)), CCXGate(), CSwapGate()),
            DiagonalGate(np.exp(1j * rng.normal(size=4))),
            UCGate([random_unitary(2, seed=rng).data for _ in range(4)]),
        ]
        gate = gates[rng.integers(len(gates))]
        circuit.append(gate, [a, b, c][: gate.num_qubits])
    circuit.measure(rng.permutation(5)[:read], range(read))
    return circuit


@pytest.fixture(scope="module")
def circuits() -> list[tuple[QuantumCircuit, np.ndarray]]:
    """Random ones, and one in which the control of a gate decides what is read."""
    pair = QuantumCircuit(2, 1)
    pair.h(0)
    pair.cx(0, 1)
    pair.measure(1, 0)
    return [(one, law(one)) for one in (pair, *map(random_circuit, range(80)))]


def farthest(circuits: list[tuple[QuantumCircuit, np.ndarray]]) -> float:
    """The largest difference between the law of a circuit and that of what is left of it."""
    return max(float(np.abs(whole - law(light_cone(one))).max()) for one, whole in circuits)


def test_the_law_is_that_of_the_circuit_to_1e_12(circuits):
    assert farthest(circuits) < 1e-12


@pytest.mark.parametrize("name", ["h", "swap", "unitary"])
def test_a_gate_that_is_taken_for_diagonal_is_noticed(circuits, monkeypatch, name):
    monkeypatch.setattr(room, "_DIAGONAL", room._DIAGONAL | {name})
    assert farthest(circuits) > 1e-3


def test_controls_taken_for_targets_are_noticed(circuits, monkeypatch):
    turned_by = room._turned_by
    swapped = {"cx", "ccx"}
    monkeypatch.setattr(
        room,
        "_turned_by",
        lambda one: set(one.qubits[:-1]) if one.name in swapped else turned_by(one),
    )
    assert farthest(circuits) > 1e-3


def test_a_copy_goes_before_what_it_controls_and_stays_before_a_turn_of_its_control():
    """The law of the second is 1/2 and 1/2, and without the copy it would be certain."""
    controls, turned = QuantumCircuit(3, 2), QuantumCircuit(2, 1)
    for circuit in (controls, turned):
        circuit.h(0)
        circuit.cx(0, 1)
    controls.cry(0.3, 0, 2)
    controls.measure([0, 2], [0, 1])
    turned.h(0)
    turned.measure(0, 0)
    assert [one.name for one in light_cone(controls).data if one.name != "measure"] == ["h", "cry"]
    assert np.abs(law(controls) - law(light_cone(controls))).max() < 1e-12
    assert len(light_cone(turned).data) == 4 and np.abs(law(turned) - 0.5).max() < 1e-12


def test_gates_are_left_out_and_nothing_more_at_a_second_look(circuits):
    left = sum(len(light_cone(one).data) for one, _ in circuits)
    assert left < 0.9 * sum(len(one.data) for one, _ in circuits)
    assert all(light_cone(light_cone(one)) == light_cone(one) for one, _ in circuits)


def test_a_parameter_that_no_gate_bears_any_more_takes_no_other_ones_value():
    """The law depends on b alone; a and c go."""
    a, b, c = map(Parameter, "abc")
    circuit = QuantumCircuit(2, 1)
    circuit.ry(b, 0)
    circuit.cx(0, 1)
    circuit.ry(a, 1)
    circuit.rz(c, 0)
    circuit.measure(0, 0)
    assert list(light_cone(circuit).parameters) == [b]
    angles = np.array([[0.1, 0.7, 2.0], [1.1, 2.0, 0.3]])
    laws = np.column_stack([np.cos(angles[:, 1] / 2) ** 2, np.sin(angles[:, 1] / 2) ** 2])
    born = Aer(draws="born", device="CPU")
    drawn = run_circuit(circuit, laws, values=angles, shots=10**9, seed=1, backend=born)
    assert drawn.agrees
    assert not run_circuit(
        circuit, laws[::-1], values=angles, shots=10**9, seed=1, backend=born
    ).agrees


@pytest.mark.parametrize(
    "change",
    [
        lambda circuit: circuit.measure(0, 1),
        lambda circuit: (circuit.h(0), circuit.measure(0, 1)),
    ],
)
def test_a_circuit_that_goes_on_after_reading_keeps_what_it_does(change):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    change(circuit)
    assert light_cone(circuit) == circuit


def test_what_is_conditioned_is_left_as_it_is():
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert light_cone(circuit) is circuit


@pytest.mark.parametrize("keys", [5, 64])
@pytest.mark.parametrize("preparation", [Purification(), Heralded(), Amplitude()])
def test_exact_draws_are_of_the_whole_circuits_law(preparation, keys):
    """Against Qiskit's own state of the whole circuit, row by row, to 1e-12."""
    scores = np.random.default_rng(keys).normal(scale=2.0, size=(2, keys))
    prepared = preparation(Binary()(scores), beta=1.0)
    cone = light_cone(prepared.circuit)
    for row in prepared.flat_values:
        assert list(cone.parameters) == list(prepared.circuit.parameters)
        whole, part = prepared.circuit.assign_parameters(row), cone.assign_parameters(row)
        assert np.abs(law(whole) - law(part)).max() < 1e-12
    system = (keys - 1).bit_length()
    herald = isinstance(preparation, Heralded)
    assert cone.num_qubits == system + herald  # the copies are gone


def test_a_readout_error_stays_on_its_qubit():
    """Qubits of the cone have other numbers; an error of one part in 1,000 would be seen."""
    scores = np.random.default_rng(2).normal(size=(1, 8))
    prepared = Purification()(Binary()(scores), beta=1.0)
    born = Aer(device="CPU", draws="born", **noise_options("readout=0.05", 6))
    counts = born(prepared, 10**7, seed=3)
    assert fit(counts, softmax(scores)).rows().all()
    readout = expected(prepared.distribution, readout=born.readout(prepared))
    assert not fit(counts, readout, alpha=1e-8).rows().any()


def test_a_purification_needs_the_memory_of_its_keys_alone():
    prepared = Purification()(Binary()(np.zeros(2**10)), beta=1.0)
    shots, born = (Aer(device="CPU", draws=draws) for draws in ("shots", "born"))
    assert shots.footprint(prepared, 100).state == 16 * 2**20
    assert born.footprint(prepared, 100).state == 16 * 2**10
