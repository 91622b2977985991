"""One's own circuit with a known law, from the circuit to the page."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorSampler

from qcattn import Sampler, load, run_circuit, save
from qcattn.views.run.report import write_report
from qcattn.views.run.words import sentence

ALPHA = 1e-8
ANGLES = np.linspace(0.2, 2.0, 6).reshape(2, 3, 1)
LAW = np.concatenate([np.cos(ANGLES / 2) ** 2, np.sin(ANGLES / 2) ** 2], axis=-1)


def turn():
    circuit = QuantumCircuit(1, name="turn")
    circuit.ry(Parameter("angle"), 0)
    return circuit


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
        (turn(), {"01": 1.0}, [1.0], "bitstrings of 1 bits"),
        (turn(), [0.4, 0.4], [1.0], "`law` must sum to one"),
        ("turn", LAW, ANGLES, "`circuit` must be an object"),
        (QuantumCircuit(0), [1.0], None, "no qubit"),
    ],
)
def test_what_does_not_fit_is_named(circuit, law, values, message):
    with pytest.raises(ValueError, match=message):
        run_circuit(circuit, law, values=values)
