"""The exact laws against Qiskit's own linear algebra, Aer's probabilities, and closed forms."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import StatePreparation, UnitaryGate, get_standard_gate_name_mapping
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import DensityMatrix, Operator, Statevector, random_unitary
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    depolarizing_error,
    pauli_error,
    thermal_relaxation_error,
)

from qcattn.conformance import law
from qcattn.conformance.case import Law
from qcattn.conformance.corpus import case, corpus
from qcattn.conformance.law import gate_matrix, law_of
from qcattn.conformance.matrices import MATRICES, controlled, standard_matrix
from qcattn.conformance.probes.equivalents import Equivalents
from qcattn.conformance.states import Terms
from qcattn.conformance.topics.gates import FORMS
from qcattn.conformance.topics.thermal import PREPARED

DENSE = [one for one in corpus() if not one.features - {"parameters"} and one.qubits <= 12]


def distance(one: Law | dict, other: Law | dict) -> float:
    """Total variation."""
    left, right = (
        dict(zip(law.outcomes, law.p, strict=True)) if isinstance(law, Law) else law
        for law in (one, other)
    )
    return sum(abs(left.get(key, 0) - right.get(key, 0)) for key in left.keys() | right.keys()) / 2


def bound(one, binding: int) -> QuantumCircuit:
    values = dict(zip(one.parameters, one.values[binding], strict=True))
    return one.circuit.assign_parameters(values)


def by_statevector(circuit: QuantumCircuit) -> dict[str, float]:
    """Qiskit's own law of a circuit that is measured at the end; bits nobody writes are zero."""
    unitary = circuit.copy_empty_like()
    wires = {}
    for item in circuit.data:
        if item.operation.name == "measure":
            wires[circuit.find_bit(item.clbits[0]).index] = circuit.find_bit(item.qubits[0]).index
        else:
            unitary.append(item)
    bits = sorted(wires)
    found = {}
    for text, p in Statevector(unitary).probabilities_dict([wires[bit] for bit in bits]).items():
        memory = sum(1 << bit for bit, value in zip(bits, text[::-1], strict=True) if value == "1")
        found[format(memory, f"0{circuit.num_clbits}b")] = p
    return found


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_that_of_qiskit(name):
    gate = get_standard_gate_name_mapping()[name]
    angles = np.random.default_rng(1).uniform(-3, 3, len(gate.params))
    theirs = Operator(gate.base_class(*angles)).data
    assert np.abs(standard_matrix(name, angles) - theirs).max() < 1e-15


@pytest.mark.parametrize("state", range(8))
def test_controls_are_the_lowest_bits(state):
    inner = random_unitary(4, seed=state).data
    theirs = Operator(UnitaryGate(inner).control(3, ctrl_state=state, annotated=True)).data
    assert np.abs(controlled(inner, 3, state) - theirs).max() < 1e-14


@pytest.mark.parametrize("seed", range(20))
def test_random_circuits_give_what_qiskit_computes(seed):
    circuit = random_circuit(4, 6, max_operands=4, seed=seed)
    circuit.measure_all()
    assert distance(law_of(circuit), by_statevector(circuit)) < 1e-13


@pytest.mark.parametrize("one", DENSE, ids=lambda one: one.name)
def test_stored_laws_are_those_of_qiskit(one):
    for binding, stored in enumerate(one.laws):
        assert distance(stored, by_statevector(bound(one, binding))) < 1e-12


@pytest.mark.parametrize("planted", ["one probability", "two outcomes exchanged", "one missing"])
def test_a_wrong_law_is_noticed(planted):
    one = case("gates/ccry-c10")
    outcomes, p = list(one.laws[0].outcomes), one.laws[0].p.copy()
    if planted == "one probability":
        p += np.where(np.arange(len(p)) == 0, 1e-9, 0) - np.where(np.arange(len(p)) == 1, 1e-9, 0)
    elif planted == "two outcomes exchanged":
        outcomes[:2] = outcomes[1::-1]
    else:
        outcomes, p = outcomes[1:], p[1:]
    wrong = Law(tuple(outcomes), p)
    assert distance(wrong, by_statevector(bound(one, 0))) > 1e-10


# A gate that is replaced moves the law.

FAULTY = {
    "conjugate": lambda matrix: matrix.conj(),
    "inverse": lambda matrix: matrix.conj().T,
    "left out": lambda matrix: np.eye(len(matrix)),
}
WORDS = {"complex phase": "conjugate", "sign": "inverse"}


def replaced(circuit: QuantumCircuit, name: str, fault: str) -> QuantumCircuit:
    """The circuit with each gate of a name replaced, by matrices of Qiskit."""
    out = circuit.copy_empty_like()
    places = 0
    for item in circuit.data:
        operation = item.operation
        if isinstance(operation, Gate) and operation.name.partition("_o")[0] == name:
            places += 1
            operation = UnitaryGate(FAULTY[fault](Operator(operation).data))
        out.append(operation, item.qubits, item.clbits)
    assert places, f"there is no {name}"
    return out


ALONE = [
    one
    for one in corpus()
    if one.name.startswith(("gates/", "parametric/", "arrays/"))
    and not one.name.startswith("arrays/initialize")
]
INITIALIZED = [one for one in corpus() if one.name.startswith("arrays/initialize")]


@pytest.mark.parametrize("one", INITIALIZED, ids=lambda one: one.name)
@pytest.mark.parametrize("conjugated", [False, True])
def test_a_state_that_is_put_is_that_of_a_reset_and_a_preparation(one, conjugated):
    """By Qiskit's density matrices, those of the conjugated state beside them."""
    (law,) = one.laws
    out = one.circuit.copy_empty_like()
    for item in one.circuit.data:
        if item.operation.name != "initialize":
            out.append(item)
            continue
        for qubit in item.qubits:
            out.reset(qubit)
        state = np.array(item.operation.params)
        out.append(StatePreparation(state.conj() if conjugated else state), item.qubits)
    found = DensityMatrix(out.remove_final_measurements(inplace=False)).probabilities_dict()
    seen = {outcome: p for outcome, p in found.items() if p > 1e-20}
    texts = sorted(seen)
    off = distance(law, Law(tuple(texts), np.array([seen[text] for text in texts])))
    assert off > 0.05 if conjugated else off < 1e-12


def test_a_state_is_not_prepared_where_it_would_mean_another_thing():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.append(StatePreparation([0.6, 0.8]), [0])
    circuit.measure(0, 0)
    with pytest.raises(ValueError, match="must find its qubits in zero"):
        law_of(circuit)


STATES = [one for one in corpus() if one.name.startswith("arrays/state-preparation")]


def test_every_rewritten_circuit_with_states_has_the_law_of_its_case():
    """The reference draws them too: gates there, back and there again among them."""
    jobs = list(Equivalents().jobs(STATES, "deep"))
    assert len(jobs) == len(STATES) > 3
    for job in jobs:
        for task, (expected,) in zip(job.tasks, job.laws, strict=True):
            assert distance(expected, law_of(task.circuit)) < 1e-12


def test_a_state_is_taken_back_where_it_was_prepared_alone():
    circuit = QuantumCircuit(1, 1)
    circuit.append(StatePreparation([0.6, 0.8]), [0])
    circuit.append(StatePreparation([0.6, 0.8]).inverse(), [0])
    circuit.measure(0, 0)
    assert law_of(circuit).outcomes == ("0",)
    del circuit.data[0]
    with pytest.raises(ValueError, match="in the state that it takes back"):
        law_of(circuit)


@pytest.mark.parametrize("one", ALONE, ids=lambda one: one.name)
def test_a_faulty_gate_moves_the_law(one):
    name, *words = one.exercises
    faults = ["left out", *(WORDS[word] for word in words if word in WORDS)]
    for binding, stored in enumerate(one.laws):
        circuit = bound(one, binding)
        for fault in faults:
            assert distance(stored, by_statevector(replaced(circuit, name, fault))) > 0.05, fault


def test_each_gate_with_a_phase_has_a_circuit_that_sees_it_conjugated():
    seen = {one.name for one in ALONE if "complex phase" in one.exercises}
    for file, (inner, angles, controls, *_) in FORMS.items():
        matrix = standard_matrix(inner, [0.7, 0.3, 1.1][:angles]) if inner != "cu" else None
        is_real = matrix is not None and abs(np.vdot(matrix, matrix.conj())) > len(matrix) - 1e-9
        if controls and matrix is not None:
            is_real = np.abs(matrix.imag).max() < 1e-9
        assert (f"gates/{file}" in seen) == (not is_real), file
        assert not angles or (f"parametric/{file}" in seen) == (not is_real), file


# What takes more than a state vector.

STEERED = [
    one for one in corpus() if not one.noise and one.qubits <= 12 and one.features - {"parameters"}
]
SHOTS = 3_000


def bound_on_distance(outcomes: int) -> float:
    """Total variation of SHOTS right shots is above it with probability below 1e-9.

    Bretagnolle, Huber and Carol: P(TV > e) <= 2**k exp(-2 n e**2).
    """
    return float(np.sqrt((outcomes * np.log(2) + 9 * np.log(10)) / (2 * SHOTS)))


@pytest.mark.parametrize("one", STEERED, ids=lambda one: one.name)
def test_laws_with_control_flow_are_those_of_shots(one):
    """Aer, shot by shot; false alarms below 1e-9 each by a bound on total variation."""
    circuit = bound(one, 0)
    job = AerSimulator(method="statevector").run(circuit, shots=SHOTS, seed_simulator=11)
    counts = job.result().get_counts()
    shares = {text.replace(" ", ""): count / SHOTS for text, count in counts.items()}
    assert set(shares) <= set(one.laws[0].outcomes)
    assert distance(one.laws[0], shares) < bound_on_distance(len(one.laws[0].outcomes))


def test_a_planted_fault_is_noticed_by_that_bound():
    moved = distance(case("control/if").laws[0], case("control/if-not").laws[0])
    assert moved > 2 * bound_on_distance(4)


def test_unknown_gates_and_free_parameters_are_refused():
    circuit = QuantumCircuit(2, 2)
    circuit.append(Gate("mystery", 2, []), [0, 1])
    circuit.measure([0, 1], [0, 1])
    with pytest.raises(ValueError, match="'mystery'"):
        law_of(circuit)
    with pytest.raises(ValueError, match="theta"):
        law_of(case("parametric/ry").circuit)


def test_a_gate_of_the_file_is_taken_by_its_definition():
    inner = QuantumCircuit(2, global_phase=0.4)
    inner.rx(0.3, 1)
    inner.cp(1.1, 0, 1)
    gate = inner.to_gate(label="mine")
    assert np.abs(gate_matrix(gate) - Operator(inner).data).max() < 1e-15
    circuit = QuantumCircuit(3)
    circuit.h([0, 1, 2])
    circuit.append(gate.control(1, annotated=False), [0, 1, 2])
    circuit.h([0, 1, 2])
    circuit.measure_all()
    assert distance(law_of(circuit), by_statevector(circuit)) < 1e-13


# Noise, exactly.

NOISY = [one for one in corpus() if one.noise]
PLAIN = [one for one in NOISY if "conditional" not in one.features]


def aer_errors(term, qubits: int):
    """A term in Aer's words: pairs of a gate's name and its error."""
    n = term.numbers
    if term.kind == "depolarising":
        return depolarizing_error(n["p"], qubits)
    if term.kind == "pauli":
        return pauli_error([*n.items(), ("I" * qubits, 1 - sum(n.values()))])
    one = thermal_relaxation_error(n["t1"], n["t2"], n["time"], n["excited"])
    return one if qubits == 1 else one.tensor(one)


def aer_model(one) -> NoiseModel:
    model = NoiseModel()
    for term in one.noise:
        if term.kind == "readout":
            wrong = [term.numbers["1 given 0"], term.numbers["0 given 1"]]
            error = ReadoutError([[1 - wrong[0], wrong[0]], [wrong[1], 1 - wrong[1]]])
            for qubit in term.qubits or range(one.qubits):
                model.add_readout_error(error, [qubit])
        for gate in term.gates:
            error = aer_errors(term, 2 if gate == "cx" else 1)
            if term.qubits:
                model.add_quantum_error(error, gate, list(term.qubits))
            else:
                model.add_all_qubit_quantum_error(error, gate)
    return model


def misread(law: dict[str, float], one) -> dict[str, float]:
    for term in one.noise:
        if term.kind == "readout":
            for qubit in term.qubits or range(one.qubits):
                out: dict[str, float] = {}
                for text, p in law.items():
                    bits = list(text)
                    place = len(bits) - 1 - qubit
                    wrong = term.numbers["0 given 1" if bits[place] == "1" else "1 given 0"]
                    out[text] = out.get(text, 0.0) + p * (1 - wrong)
                    bits[place] = "10"[int(bits[place])]
                    flipped = "".join(bits)
                    out[flipped] = out.get(flipped, 0.0) + p * wrong
                law = out
    return law


@pytest.mark.parametrize("one", PLAIN, ids=lambda one: one.name)
def test_noisy_laws_are_those_of_aer_to_the_last_digit(one):
    bare = one.circuit.copy_empty_like()
    for item in one.circuit.data:
        if item.operation.name != "measure":
            bare.append(item)
    bare.save_probabilities_dict(list(range(one.qubits)))
    backend = AerSimulator(method="density_matrix", noise_model=aer_model(one))
    found = backend.run(bare).result().data(0)["probabilities"]
    exact = {format(key, f"0{one.qubits}b"): p for key, p in found.items()}
    assert distance(one.laws[0], misread(exact, one)) < 1e-12


@pytest.mark.parametrize("one", NOISY, ids=lambda one: one.name)
def test_noise_can_be_seen_and_an_inert_condition_changes_nothing(one):
    assert distance(one.laws[0], law_of(one.circuit)) > 0.02, "without noise"
    alone, beside, _ = one.name.partition("-beside-")
    if beside:
        stored = one.laws[0]
        assert {text[0] for text in stored.outcomes} == {"0"}, "the bit is never written"
        bare = Law(tuple(text[1:] for text in stored.outcomes), stored.p)
        assert distance(bare, case(alone).laws[0]) < 1e-15


@pytest.mark.parametrize(
    "one", [one for one in NOISY if "conditional" in one.features], ids=lambda one: one.name
)
def test_noisy_laws_with_control_flow_are_those_of_shots(one):
    """Aer, shot by shot, to the bound above; false alarms below 1e-9 each."""
    backend = AerSimulator(method="density_matrix", noise_model=aer_model(one))
    counts = backend.run(one.circuit, shots=SHOTS, seed_simulator=3).result().get_counts()
    shares = {text.replace(" ", ""): count / SHOTS for text, count in counts.items()}
    assert distance(one.laws[0], shares) < bound_on_distance(len(one.laws[0].outcomes))


# Wide circuits.


@pytest.mark.parametrize("seed", range(10))
def test_a_few_terms_give_the_law_of_all_amplitudes(seed, monkeypatch):
    circuit = random_circuit(5, 6, max_operands=3, seed=seed)
    circuit.measure_all()
    all_amplitudes = law_of(circuit)
    monkeypatch.setattr(law, "_DENSE_QUBITS", 0)
    assert distance(law_of(circuit), all_amplitudes) < 1e-13


WIDE = [one for one in corpus() if one.qubits > 12]


@pytest.mark.parametrize(
    "one", [one for one in WIDE if "clifford" in one.exercises], ids=lambda one: one.name
)
def test_wide_stabiliser_laws_are_those_of_shots(one):
    """Aer's stabilizer method; false alarms below 1e-9 each."""
    job = AerSimulator(method="stabilizer").run(one.circuit, shots=SHOTS, seed_simulator=7)
    counts = job.result().get_counts()
    shares = {text.replace(" ", ""): count / SHOTS for text, count in counts.items()}
    assert set(shares) <= set(one.laws[0].outcomes)
    assert distance(one.laws[0], shares) < bound_on_distance(len(one.laws[0].outcomes))


@pytest.mark.parametrize(
    "name", ["truncation/echo-24-qubits-6-coins", "wide/pairs-70", "wide/layers-70"]
)
def test_laws_of_few_measured_qubits_do_not_depend_on_what_is_left_out(name):
    """Qiskit's state of the qubits that can be felt, found here from the measured ones back."""
    circuit = case(name).circuit
    felt, kept = set(), []
    for item in reversed(circuit.data):
        if item.operation.name == "measure" or felt & set(item.qubits):
            felt |= set(item.qubits)
            kept.append(item)
    order = [qubit for qubit in circuit.qubits if qubit in felt]
    small = QuantumCircuit(order, circuit.clbits)
    for item in reversed(kept):
        small.append(item)
    if len(order) > 14:
        bare = small.remove_final_measurements(inplace=False)
        wires = {}
        for item in small.data:
            if item.operation.name == "measure":
                bit, wire = item.clbits[0], item.qubits[0]
                wires[small.find_bit(bit).index] = small.find_bit(wire).index
        bare.save_probabilities_dict([wires[bit] for bit in range(small.num_clbits)])
        backend = AerSimulator(method="matrix_product_state")
        found = backend.run(bare).result().data(0)["probabilities"]
        exact = {format(key, f"0{small.num_clbits}b"): p for key, p in found.items()}
        assert distance(case(name).laws[0], exact) < 1e-9
    else:
        assert distance(case(name).laws[0], by_statevector(small)) < 1e-12


# Thermal circuits give what their preparation claims.


@pytest.mark.parametrize("file", PREPARED)
def test_a_thermal_circuit_gives_the_distribution_that_is_claimed(file):
    """Angles are stored to 9 decimals, and a bath's thousands of gates add that up."""
    prepared = PREPARED[file]()
    one = case(f"thermal/{file}")
    circuit = one.circuit
    key = next(register for register in circuit.cregs if register.name == "key")
    bits = [circuit.find_bit(bit).index for bit in key]
    heralds = [circuit.find_bit(bit).index for bit in circuit.clbits if bit not in set(key)]
    for stored, index in zip(one.laws, np.ndindex(prepared.shape), strict=True):
        read: dict[tuple, float] = {}
        for outcome, p in zip(stored.outcomes, stored.p, strict=True):
            memory = outcome[::-1]
            if all(memory[bit] == "0" for bit in heralds):
                word = tuple(memory[bit] == "1" for bit in bits)
                read[word] = read.get(word, 0.0) + p
        success = sum(read.values())
        words = [tuple(bool(bit) for bit in word) for word in prepared.codewords]
        keys = np.array([read.get(word, 0.0) for word in words]) / success
        assert np.abs(keys - prepared.distribution[index]).max() < 2e-7
        assert abs(success - np.asarray(prepared.success)[index]) < 2e-7


@pytest.mark.parametrize(
    "one", [one for one in WIDE if "echo" in one.name], ids=lambda one: one.name
)
def test_an_echo_needs_all_its_terms_across_the_middle(one):
    """The Schmidt rank where the phases begin, and the weight that a cut of it would keep."""
    state, half = Terms.zero(), one.qubits // 2
    for item in one.circuit.data:
        if item.operation.name == "cp":
            break
        places = [one.circuit.find_bit(qubit).index for qubit in item.qubits]
        state = state.after(gate_matrix(item.operation), places)
    low = sorted({key & ((1 << half) - 1) for key in state.amplitudes})
    high = sorted({key >> half for key in state.amplitudes})
    matrix = np.zeros((len(high), len(low)), dtype=complex)
    for key, amplitude in state.amplitudes.items():
        matrix[high.index(key >> half), low.index(key & ((1 << half) - 1))] = amplitude
    weights = np.linalg.svd(matrix, compute_uv=False) ** 2
    coins = int(one.name.split("-")[-2])
    assert np.count_nonzero(weights > 1e-12) == 2**coins
    assert weights[: 2**coins // 2].sum() < 0.95, "half of the values is not enough"
