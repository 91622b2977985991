"""Layers of rotations: the dense action against gates of Qiskit, derivatives, symmetries."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.quantum_info import Operator, SparsePauliOp
from scipy.linalg import expm

from qcattn.preparations.ansatz import Layered, ancilla_blocks, append_blocks, system_blocks

CASES = {
    "ancilla 1": (1, ancilla_blocks(1, 2)),
    "ancilla 2": (2, ancilla_blocks(2, 3)),
    "ancilla 4": (4, ancilla_blocks(4, 2)),
    "pairs": (3, system_blocks(3, 2, real=True, even=True)),
    "real": (3, system_blocks(3, 1, real=True, even=False)),
    "complex": (3, system_blocks(3, 2, real=False, even=False)),
    "one qubit": (1, system_blocks(1, 2, real=False, even=False)),
}


def by_qiskit(blocks, angles, n):
    register = QuantumRegister(n, "q")
    circuit = QuantumCircuit(register)
    append_blocks(circuit, blocks, angles.tolist(), register)
    return Operator(circuit).data


@pytest.mark.parametrize("name", CASES)
def test_the_dense_action_is_that_of_the_gates(name):
    n, blocks = CASES[name]
    layered = Layered(blocks, n)
    angles = np.random.default_rng(1).uniform(-3, 3, layered.num_angles)
    exact = by_qiskit(blocks, angles, n)
    assert np.abs(layered(angles, np.eye(2**n)) - exact).max() < 1e-13
    assert np.abs(layered(angles, np.eye(2**n)[0]) - exact[:, 0]).max() < 1e-13
    assert np.abs(layered(angles + 0.1, np.eye(2**n)) - exact).max() > 1e-2


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (2, 0)])
def test_a_pair_is_the_exponential_of_its_two_strings(a, b):
    strings = [SparsePauliOp.from_sparse_list([(s, [a, b], 1)], 3) for s in ("XY", "YX")]
    h = sum(t * s.to_matrix() for t, s in zip((0.7, -1.1), strings, strict=True))
    got = by_qiskit([("pair", a, b)], np.array([0.7, -1.1]), 3)
    assert np.abs(got - expm(-0.5j * h)).max() < 1e-13


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_finite_differences(name):
    n, blocks = CASES[name]
    layered, rng = Layered(blocks, n), np.random.default_rng(2)
    h = rng.normal(size=(2, 2**n, 2**n))
    h = h[0] + h[0].T + 1j * (h[1] - h[1].T)
    weights = rng.random(2**n)
    angles = rng.uniform(-3, 3, layered.num_angles)

    def cost(point):
        state = layered(point, np.eye(2**n))
        return float((np.einsum("xi,xy,yi->i", state.conj(), h, state).real * weights).sum())

    state = layered(angles, np.eye(2**n))
    got = layered.gradient(angles, state, h @ state * weights)
    moves = 1e-5 * np.eye(len(angles))
    expected = [(cost(angles + d) - cost(angles - d)) / 2e-5 for d in moves]
    assert np.abs(got - expected).max() < 1e-7
    # The first ry and rz of a basis state may do nothing; all together they do.
    assert np.abs(got).max() > 1e-3


def test_layers_keep_what_they_say():
    """Real, and for pairs alone the parity of the excited qubits; else not."""
    parity = np.array([bin(x).count("1") % 2 for x in range(8)])
    mixes = parity[:, None] != parity[None, :]
    for name, real, even in (("pairs", 1, 1), ("real", 1, 0), ("complex", 0, 0)):
        n, blocks = CASES[name]
        layered = Layered(blocks, n)
        unitary = layered(np.linspace(0.3, 2, layered.num_angles), np.eye(8))
        assert (np.abs(np.imag(unitary)).max() < 1e-14) == real
        assert (np.abs(unitary[mixes]).max() < 1e-14) == even
