"""One's own circuit with a known law, from the circuit to the page."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.library import QFTGate, UCGate
from qiskit.primitives import StatevectorSampler
from qiskit.quantum_info import Statevector, random_unitary
from qiskit_aer import AerSimulator

from qcattn import DoesNotFit, Sampler, load, run_circuit, save
from qcattn.backends import Aer
from qcattn.views.run.report import write_report
from qcattn.views.run.words import sentence

ALPHA = 1e-8
ANGLES = np.linspace(0.2, 2.0, 6).reshape(2, 3, 1)
LAW = np.concatenate([np.cos(ANGLES / 2) ** 2, np.sin(ANGLES / 2) ** 2], axis=-1)


def turn():
    circuit = QuantumCircuit(1, name="turn")
    circuit.ry(Parameter("angle"), 0)
    return circuit


def above_idle_qubits():
    """A multiplexer on the upper three of five qubits, which are read, and the law."""
    used, gates = [2, 3, 4], [random_unitary(2, seed=seed).data for seed in range(4)]
    body = QuantumCircuit(5, 3)
    body.h(used)
    body.append(UCGate(gates), used)
    law = Statevector(body).probabilities(used)
    body.measure(used, range(3))
    return body, law


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_a_multiplexer_above_idle_qubits_follows_its_law(draws):
    """False-failure rate 1e-8. Aer alone would draw from another law, or end the process."""
    circuit, law = above_idle_qubits()
    aer = Aer(draws=draws, device="CPU")
    done = run_circuit(circuit, law, shots=20_000, seed=1, alpha=ALPHA, backend=aer)
    assert done.agrees
    assert not run_circuit(circuit, law[::-1], shots=20_000, seed=1, backend=aer).agrees
    assert "multiplexer" in AerSimulator().target.operation_names, "it is Aer that would take it"
    assert "multiplexer" not in aer.fitted(done.prepared).count_ops()


@pytest.mark.parametrize("method", ["matrix_product_state", "statevector"])
def test_qubits_that_are_entangled_with_others_are_initialized(method):
    """False-failure rate 1e-8. Aer's own `initialize` of matrix product states is 0.24 off."""
    circuit, law = QuantumCircuit(3, 2), [0.25, 0.25, 0.01, 0.49]
    for qubit, angle in enumerate((0.9, 1.3, 1.7)):
        circuit.ry(angle, qubit)
    circuit.cx([0, 1], [1, 2])
    circuit.initialize(np.sqrt(law), [0, 1])
    circuit.measure([0, 1], [0, 1])
    aer = Aer(method=method, device="CPU")
    assert run_circuit(circuit, law, shots=5000, seed=1, alpha=ALPHA, backend=aer).agrees
    wrong = [0.11, 0.39, 0.1, 0.4]
    assert not run_circuit(circuit, wrong, shots=5000, seed=1, alpha=ALPHA, backend=aer).agrees


def with_gates_of_qiskit():
    """Circuits of two qubits that read each of the four readings equally, by their gates."""
    half, made = QuantumCircuit(2, name="made"), {}
    half.h([0, 1])
    for name in ("prepare_state", "qft", "a circuit made a gate", "in a branch"):
        made[name] = QuantumCircuit(2, 2, name=name)
    made["prepare_state"].prepare_state(np.full(4, 0.5), [0, 1])
    made["qft"].append(QFTGate(2), [0, 1])
    made["a circuit made a gate"].append(half.to_gate(), [0, 1])
    with made["in a branch"].if_test((made["in a branch"].clbits[0], 0)):
        made["in a branch"].append(half.to_gate(), [0, 1])
    for circuit in made.values():
        circuit.measure([0, 1], [0, 1])
    return made


@pytest.mark.parametrize("name", with_gates_of_qiskit())
@pytest.mark.parametrize("options", [{}, {"noise": "readout=1e-9"}], ids=["plain", "noise"])
def test_gates_that_aer_does_not_know_are_written_in_those_that_it_knows(name, options):
    """False-failure rate 1e-8; a law that is off by a tenth differs."""
    circuit = with_gates_of_qiskit()[name]
    given = {"shots": 2000, "seed": 1, "alpha": ALPHA, **options}
    assert run_circuit(circuit, np.full(4, 0.25), **given).agrees
    assert not run_circuit(circuit, [0.35, 0.15, 0.35, 0.15], **given).agrees


def test_a_gate_without_a_definition_is_refused_in_words():
    circuit = QuantumCircuit(1)
    circuit.append(Gate("mine", 1, []), [0])
    with pytest.raises(DoesNotFit, match=r"mine.*give each gate a definition"):
        run_circuit(circuit, [0.5, 0.5], shots=10, seed=1)


@pytest.mark.parametrize("backend", [None, Sampler(StatevectorSampler())])
def test_from_the_circuit_to_the_page(backend, tmp_path):
    """False-failure rate 1e-8 and, of shared random numbers, 1e-4; angles a tenth off differ."""
    result = run_circuit(
        turn(), LAW, values=ANGLES, shots=4000, seed=1, backend=backend, alpha=ALPHA
    )
    assert result.agrees and result.counts.keys.shape == (2, 3, 2)
    assert "agree with the given law" in sentence(result)
    write_report(tmp_path / "page.html", [result])
    assert "the given law" in (tmp_path / "page.html").read_text(encoding="utf-8")
    save(result, tmp_path / "kept")
    assert load(tmp_path / "kept").agrees
    wrong = run_circuit(
        turn(), LAW, values=1.1 * ANGLES, shots=4000, seed=1, backend=backend, alpha=ALPHA
    )
    assert wrong.standing == "differs" and "differ from the given law" in sentence(wrong)


def test_bit_order_and_the_register_that_is_read():
    """False-failure rate 1e-8; the bits in the wrong order differ."""
    qubits, out, other = QuantumRegister(2), ClassicalRegister(2, "out"), ClassicalRegister(1, "x")
    circuit = QuantumCircuit(qubits, out, other)
    circuit.x(0)
    circuit.h(1)
    circuit.measure(qubits, out)
    with pytest.raises(ValueError, match="`register` must name a classical register"):
        run_circuit(circuit, {"01": 0.5, "11": 0.5})
    kept = run_circuit(circuit, {"01": 0.5, "11": 0.5}, register="out", alpha=ALPHA, seed=1)
    swapped = run_circuit(circuit, {"10": 0.5, "11": 0.5}, register="out", alpha=ALPHA, seed=1)
    assert kept.agrees and swapped.differs


@pytest.mark.parametrize(
    ("circuit", "law", "values", "message"),
    [
        (turn(), LAW, None, "`values` must be of shape"),
        (turn(), LAW, ANGLES[0], "`values` must be of shape"),
        (turn(), LAW[..., :1] * 0 + 1, ANGLES, "a probability for each reading of 1"),
        (turn(), {"01": 1.0}, [1.0], "bitstrings of 1 bit "),
        (turn(), [0.4, 0.4], [1.0], "`law` must sum to one"),
        ("turn", LAW, ANGLES, "`circuit` must be an object"),
        (QuantumCircuit(0), [1.0], None, "no qubit"),
    ],
)
def test_what_does_not_fit_is_named(circuit, law, values, message):
    with pytest.raises(ValueError, match=message):
        run_circuit(circuit, law, values=values)
