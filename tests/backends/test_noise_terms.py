"""Noise as data: the model of Aer acts as the closed form of each term says."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SuperOp
from qiskit_aer import AerSimulator

from qcattn.backends import QiskitBackend
from qcattn.backends.noise_terms import NoiseTerm, noise_model_of
from qcattn.backends.simulator import Task
from qcattn.comparisons import fit


def channel(term, gate):
    """The one error of a model, as a superoperator."""
    (error,) = noise_model_of([term])._default_quantum_errors.values()
    return SuperOp(error)


def test_depolarising_moves_to_the_maximally_mixed_state():
    found = channel(NoiseTerm("depolarising", ("cx",), (), {"p": 0.3}), "cx")
    rho = np.zeros((4, 4))
    rho[1, 1] = 1
    out = (found.data @ rho.ravel(order="F")).reshape(4, 4, order="F")
    assert np.allclose(out, 0.7 * rho + 0.3 * np.eye(4) / 4, atol=1e-12)


def test_the_rightmost_letter_of_a_pauli_string_is_on_the_first_qubit():
    found = channel(NoiseTerm("pauli", ("cx",), (), {"IX": 0.25}), "cx")
    rho = np.zeros((4, 4))
    rho[0, 0] = 1
    out = (found.data @ rho.ravel(order="F")).reshape(4, 4, order="F")
    assert np.allclose(np.diag(out), [0.75, 0.25, 0, 0], atol=1e-12)


def test_relaxation_goes_to_its_excited_share():
    numbers = {"t1": 50.0, "t2": 30.0, "time": 20.0, "excited": 0.35}
    found = channel(NoiseTerm("thermal relaxation", ("ry",), (), numbers), "ry")
    rho = np.array([[0, 0.5], [0.5, 1.0]])
    out = (found.data @ rho.ravel(order="F")).reshape(2, 2, order="F")
    left = np.exp(-20 / 50)
    assert np.isclose(out[1, 1], 0.35 + (1 - 0.35) * left, atol=1e-12)
    assert np.isclose(abs(out[0, 1]), 0.5 * np.exp(-20 / 30), atol=1e-12)


def test_readout_errors_reach_the_shots_of_a_backend():
    """False-failure rate 1e-6; without the noise the same law is refuted."""
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    term = NoiseTerm("readout", (), (0,), {"1 given 0": 0.02, "0 given 1": 0.2})
    backend = QiskitBackend(AerSimulator())
    for noise, right in (((term,), True), ((), False)):
        ((run,),) = backend.sample([Task(circuit, 5000)], 3, noise)
        ones = int(run.sum())
        assert (fit([5000 - ones, ones], [0.2, 0.8]).overall() > 1e-6) is right


def test_an_unknown_gate_is_refused():
    with pytest.raises(ValueError, match="standard gates"):
        noise_model_of([NoiseTerm("depolarising", ("rq",), (), {"p": 0.1})])
