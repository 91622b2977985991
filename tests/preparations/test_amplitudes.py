"""Circuits of real states: gate counts at the known optimum, and at size."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit.quantum_info import Statevector, partial_trace

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded, Purification

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("n", range(1, 9))
def test_binary_gate_counts(n):
    """2^n - 1 rotations (the dimension of the real unit sphere, which no exact circuit of ry and
    cx with fixed structure can undercut) and 2^n - n - 1 cx: half of 2^(n+1) - 2n - 2, the count
    of Moettoenen et al., Quantum Inf. Comput. 5, 467 (2005), for a complex state."""
    hamiltonian = Binary()(np.zeros(2**n))
    amplitude = Amplitude()(hamiltonian, beta=1.0).resources
    assert (amplitude.rotations, amplitude.two_qubit_gates) == (2**n - 1, 2**n - n - 1)
    assert amplitude.two_qubit_gates <= max(2**n - 2, 0)
    purification = Purification()(hamiltonian, beta=1.0).resources
    assert (purification.rotations, purification.two_qubit_gates) == (2**n - 1, 2**n - 1)
    assert purification.qubits == 2 * n
    heralded = Heralded()(hamiltonian, beta=1.0).resources
    assert (heralded.rotations, heralded.two_qubit_gates) == (2**n, 2**n - 1 + n)
    assert heralded.qubits == 2 * n + 1


@pytest.mark.parametrize("num_keys", range(2, 12))
def test_one_hot_gate_counts(num_keys):
    resources = Amplitude()(OneHot()(np.zeros(num_keys)), beta=1.0).resources
    assert (resources.rotations, resources.two_qubit_gates) == (2 * num_keys - 3,) * 2


@pytest.mark.parametrize("encoding", [Binary(), OneHot()])
def test_purification_is_the_gibbs_state_and_amplitude_is_not(encoding):
    """Dense: the system register of Purification is diag(p); Amplitude's is |sqrt p><sqrt p|."""
    scores = RNG.normal(size=5)
    hamiltonian = encoding(scores)
    p = softmax(scores)
    diagonal = np.zeros(2**hamiltonian.num_qubits)
    diagonal[list(hamiltonian.basis_states)] = p
    for preparation, expected in [
        (Purification(), np.diag(diagonal)),
        (Amplitude(), np.outer(np.sqrt(diagonal), np.sqrt(diagonal))),
    ]:
        prepared = preparation(hamiltonian, beta=1.0)
        circuit = prepared.circuit.remove_final_measurements(inplace=False)
        state = Statevector(circuit.assign_parameters(prepared.values))
        partner = list(range(hamiltonian.num_qubits, circuit.num_qubits))
        rho = np.asarray(partial_trace(state, partner))
        assert np.abs(rho - expected).max() < 1e-13


def test_same_z_counts_and_different_x_statistics_on_circuits():
    """Measured along X, every qubit of Purification is a fair coin; Amplitude's are not.

    False-failure rate: four fits at 1e-7 each. The planted fault is the swap itself: Amplitude's
    X counts against fair coins, and Purification's X counts against Amplitude's law, are refuted.
    """
    scores = np.array([0.0, 1.0, 2.0, 0.5])
    hamiltonian = Binary()(scores)
    p = softmax(scores)
    hadamards = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    along_x = {
        "Amplitude": (hadamards @ np.sqrt(p)) ** 2,
        "Purification": np.full(4, 0.25),
    }
    counted = {}
    for preparation in (Amplitude(), Purification()):
        prepared = preparation(hamiltonian, beta=1.0)
        z = Aer(device="CPU")(prepared, 20_000, seed=1)
        assert fit(z, p, alpha=1e-7).overall() > 1e-7
        turned = prepared.circuit.remove_final_measurements(inplace=False)
        turned.h([0, 1])
        turned.add_register(*prepared.circuit.cregs)
        turned.measure([0, 1], [0, 1])
        prepared = replace(prepared, circuit=turned)
        counted[prepared.method] = Aer(device="CPU")(prepared, 20_000, seed=2)
    for method, law in along_x.items():
        for other, counts in counted.items():
            agrees = fit(counts, law, alpha=1e-7).overall() > 1e-7
            assert agrees == (method == other)


def test_angles_of_all_rows_are_those_of_each_row():
    scores = RNG.normal(size=(40, 3, 11)) * 3
    together = Amplitude()(Binary()(scores), beta=1.0).values
    for row in np.ndindex(40, 3):
        alone = Amplitude()(Binary()(scores[row]), beta=1.0).values
        assert np.abs(together[row] - alone).max() < 1e-14


def test_scores_far_apart_neither_overflow_nor_leak():
    """Score range 1e4: softmax is 0 or 1 in double precision, and so are the angles."""
    scores = np.array([0.0, 1e4, -1e4, 9999.0])
    for preparation in (Amplitude(), Purification(), Heralded()):
        prepared = preparation(Binary()(scores), beta=1.0)
        assert np.isfinite(prepared.values).all()
        counts = Aer(device="CPU", draws="born")(prepared, 10_000, seed=1)
        assert counts.keys[0] == counts.keys[2] == counts.stray == 0


def test_an_angle_of_heralded_depends_on_its_own_energy_and_the_lowest_alone():
    """No sum over keys: before the multiplexer's transform, moving one key moves one angle."""
    from qcattn.preparations import heralded

    scores = np.array([0.0, 3.0, 1.0, 2.0])
    moved = scores.copy()
    moved[2] = -1.0
    turned = []
    for row in (scores, moved):
        values = heralded.herald_angles(Binary()(row), 1.0).copy()
        values[0] -= np.pi / 2
        values[-1] += np.pi / 2
        signs = np.array(
            [
                [(-1) ** bin(b & g).count("1") for g in np.arange(4) ^ (np.arange(4) >> 1) ^ 2]
                for b in range(4)
            ]
        )
        turned.append(signs @ values)
    changed = np.abs(turned[0] - turned[1]) > 1e-12
    assert changed.tolist() == [False, False, True, False]
    assert np.allclose(turned[0], 2 * np.arccos(np.exp((scores - 3.0) / 2)), atol=1e-12)
