"""The dense walker against Qiskit's own states, and against Kraus operators by hand."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.quantum_info import DensityMatrix, Operator, Statevector, partial_trace, random_unitary

from qcattn import dense_state
from qcattn.dense_state import outcome_distribution, system_state, unitary
from qcattn.encodings import Binary
from qcattn.preparations import Heralded, Purification, QuantumMCMC
from qcattn.records import Prepared


def prepared_from(circuit, herald=None):
    n = next(register.size for register in circuit.qregs if register.name == "system")
    words = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    return Prepared(
        "test", "told", circuit, np.zeros(0), words, "key", herald,
        np.full(2**n, 0.5**n), np.ones(()), np.zeros(()),
    )  # fmt: skip


def scrambled(seed, resets=False):
    """A circuit of random gates on 2 system qubits and 2 others, without measurements."""
    rng = np.random.default_rng(seed)
    other, system = QuantumRegister(2, "other"), QuantumRegister(2, "system")
    circuit = QuantumCircuit(other, system, ClassicalRegister(2, "key"))
    for step in range(12):
        qubits = rng.permutation(4)[: 1 + step % 3].tolist()
        circuit.unitary(random_unitary(2 ** len(qubits), seed=rng), qubits)
        circuit.cx(*rng.permutation(4)[:2].tolist())
        if resets and step % 4 == 3:
            circuit.reset(int(rng.integers(4)))
    return circuit, system


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_random_circuit_gives_the_state_that_qiskit_gives(seed, resets):
    circuit, system = scrambled(seed, resets)
    exact = DensityMatrix(np.eye(1, 16)[0]).evolve(circuit) if resets else Statevector(circuit)
    circuit.measure(system, circuit.cregs[0])
    state, success = system_state(prepared_from(circuit))
    assert np.abs(state - partial_trace(exact, [0, 1]).data).max() < 1e-12
    assert abs(success - 1) < 1e-12
    wrong = partial_trace(exact, [1, 2]).data
    assert np.abs(state - wrong).max() > 1e-3, "the comparison can fail"


@pytest.mark.parametrize("resets", [False, True])
def test_a_herald_is_projected_on_zero_where_it_is_measured(resets):
    """An ancilla measured half way and used again, against projectors by hand."""
    system, ancilla = QuantumRegister(1, "system"), QuantumRegister(1, "ancilla")
    key, herald = ClassicalRegister(1, "key"), ClassicalRegister(2, "herald")
    circuit = QuantumCircuit(system, ancilla, key, herald)
    one, two = random_unitary(4, seed=1), random_unitary(4, seed=2)
    if resets:
        circuit.reset(1)
    circuit.unitary(one, [0, 1])
    circuit.measure(1, herald[0])
    circuit.unitary(two, [0, 1])
    circuit.measure(1, herald[1])
    circuit.measure(0, key)
    keep = np.kron(np.diag([1, 0]), np.eye(2))
    vector = keep @ two.data @ keep @ one.data @ np.eye(1, 4)[0]
    state, success = system_state(prepared_from(circuit, "herald"))
    kept = vector[:2]
    assert abs(success - np.vdot(kept, kept).real) < 1e-12
    assert np.abs(state - np.outer(kept, kept.conj()) / success).max() < 1e-12


def test_the_unitary_of_gates_is_that_of_qiskit():
    """Gates on one to three qubits and a global phase; a reset has none."""
    circuit, _ = scrambled(5)
    circuit.ry(0.3, 2)
    circuit.global_phase = 0.7
    assert np.abs(unitary(circuit) - Operator(circuit).data).max() < 1e-12
    circuit.reset(0)
    with pytest.raises(ValueError, match="'reset', which is not a gate"):
        unitary(circuit)


@pytest.mark.parametrize("few", [1, 12])
def test_few_and_many_qubits_go_two_ways_to_one_state(few, monkeypatch):
    """By looked-up rows and by tensors, with many gates between resets and with few."""
    monkeypatch.setattr(dense_state, "_FEW", few)
    for gates in (2, 60):
        rng = np.random.default_rng(gates)
        system = QuantumRegister(3, "system")
        circuit = QuantumCircuit(system, ClassicalRegister(3, "key"))
        for _ in range(3):
            for _ in range(gates):
                circuit.ry(rng.normal(), int(rng.integers(3)))
                circuit.cx(*rng.permutation(3)[:2].tolist())
            circuit.reset(1)
            circuit.ry(0.4, 1)
        exact = DensityMatrix(np.eye(1, 8)[0]).evolve(circuit).data
        circuit.measure(system, circuit.cregs[0])
        assert np.abs(system_state(prepared_from(circuit))[0] - exact).max() < 1e-12


def test_populations_of_keys_and_of_kept_shots():
    hamiltonian = Binary()([0.0, 1.0, -1.0])
    prepared = Heralded()(hamiltonian, beta=0.8)
    keys, success = outcome_distribution(prepared)
    assert np.abs(keys - prepared.distribution).max() < 1e-12
    assert abs(success - prepared.success) < 1e-12


def test_what_cannot_be_done_is_refused():
    two = Purification()(Binary()([[0.0, 1.0]] * 2), beta=1.0)
    with pytest.raises(ValueError, match="one circuit"):
        system_state(two)
    one = two[0]
    nameless = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, "key"))
    with pytest.raises(ValueError, match="'system'"):
        system_state(replace(one, circuit=nameless, values=np.zeros(0)))
    large = QuantumCircuit(QuantumRegister(40, "system"), ClassicalRegister(1, "key"))
    with pytest.raises(ValueError, match="bytes"):
        system_state(replace(one, circuit=large, values=np.zeros(0)))
    never = QuantumCircuit(QuantumRegister(1, "system"), ClassicalRegister(1, "herald"))
    never.x(0)
    never.measure(0, 0)
    with pytest.raises(ValueError, match="keeps no shot"):
        system_state(replace(one, circuit=never, values=np.zeros(0), herald_register="herald"))
    branching = QuantumCircuit(QuantumRegister(1, "system"), ClassicalRegister(1, "key"))
    with branching.if_test((branching.clbits[0], 1)):
        branching.x(0)
    with pytest.raises(ValueError, match="classical bits"):
        system_state(replace(one, circuit=branching, values=np.zeros(0)))


def test_after_resets_only_the_qubits_that_live_on_are_multiplied(monkeypatch):
    """A chain on 2 qubits with 3 that are reset: 4 columns of 32, but for a few gates alone."""
    widths = []
    act = dense_state._act

    def recorded(columns, matrix, qubits):
        widths.append(columns.shape[1])
        act(columns, matrix, qubits)

    monkeypatch.setattr(dense_state, "_act", recorded)
    prepared = QuantumMCMC()(Binary()([0.3, 1.1, -0.4, 0.9]), beta=1.0)
    state, _ = system_state(prepared)
    assert prepared.circuit.num_qubits == 5 and widths.count(4) > 0.9 * len(widths) > 100
    assert np.abs(state.diagonal().real - prepared.distribution).max() < 1e-12
