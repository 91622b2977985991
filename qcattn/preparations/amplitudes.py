"""Circuits for a real state sum_k sqrt(p_k)|c_k>, and the angles of all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qcattn.preparations.multiplexers import Multiplexer, rotations
from qcattn.preparations.rotations import multiplexed_angles, multiplexed_rotation
from qcattn.records import Hamiltonian

__all__ = [
    "amplitude_angles",
    "append_amplitudes",
    "append_multiplexers",
    "num_amplitude_angles",
    "splitting_angles",
]


def num_amplitude_angles(hamiltonian: Hamiltonian) -> int:
    """How many rotations `append_amplitudes` needs for these codewords."""
    if hamiltonian.one_hot:
        return max(0, 2 * hamiltonian.num_keys - 3)
    return 2**hamiltonian.num_qubits - 1


def append_amplitudes(
    circuit: QuantumCircuit,
    angles: Sequence[Parameter | float],
    hamiltonian: Hamiltonian,
    qubits: Sequence[int],
) -> None:
    r"""Append the circuit of sum_k sqrt(p_k)\|c_k> on qubits in \|0>.

    Binary codewords: a tree of multiplexed rotations from the highest qubit down [1], 2^n - 1
    rotations, as many as a real state has free parameters, and 2^n - n - 1 cx, half of the count
    of [1, section 4] for a complex state since the z rotations are not needed.

    One-hot codewords: the excitation walks down the qubits; each step splits it between a qubit and
    the next. This takes 2 n - 3 rotations and 2 n - 3 cx.

    References:
        [1] M. Moettoenen et al., Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010.
    """
    if hamiltonian.one_hot:
        circuit.x(qubits[0])
        for step in range(hamiltonian.num_keys - 1):
            here, following = qubits[step], qubits[step + 1]
            if step == 0:
                circuit.ry(angles[0], following)
            else:
                pair = angles[2 * step - 1 : 2 * step + 1]
                multiplexed_rotation(circuit, pair, [here], following)
            circuit.cx(following, here)
        return
    for level in range(hamiltonian.num_qubits):
        target = hamiltonian.num_qubits - 1 - level
        block = angles[2**level - 1 : 2 ** (level + 1) - 1]
        multiplexed_rotation(circuit, block, qubits[target + 1 :], qubits[target])


def append_multiplexers(
    circuit: QuantumCircuit,
    probabilities: np.ndarray,
    hamiltonian: Hamiltonian,
    qubits: Sequence[int],
) -> None:
    """Append the tree of `append_amplitudes` as one multiplexer with fixed angles for each level.

    Args:
        circuit: The circuit to append to.
        probabilities: Shape (num_keys,), summing to one.
        hamiltonian: A Hamiltonian with binary codewords.
        qubits: The qubits of the key, in zero.
    """
    for level, angles in enumerate(splitting_angles(probabilities, hamiltonian)):
        target = hamiltonian.num_qubits - 1 - level
        circuit.append(Multiplexer(rotations(angles)), [qubits[target], *qubits[target + 1 :]])


def amplitude_angles(probabilities: np.ndarray, hamiltonian: Hamiltonian) -> np.ndarray:
    """The angles for `append_amplitudes`.

    Args:
        probabilities: Shape (..., num_keys), each row summing to one.
        hamiltonian: The Hamiltonian, which says which basis state stands for which key.

    Returns:
        Shape (..., num_amplitude_angles), radians.
    """
    if hamiltonian.one_hot:
        tails = np.cumsum(probabilities[..., ::-1], axis=-1)[..., ::-1]
        split = _angle(probabilities[..., :-1], tails[..., 1:])
        pairs = multiplexed_angles(np.stack([np.zeros_like(split), split], axis=-1))
        return np.concatenate(
            [split[..., :1], pairs[..., 1:, :].reshape(*split.shape[:-1], -1)], axis=-1
        )
    levels = splitting_angles(probabilities, hamiltonian)
    return np.concatenate([multiplexed_angles(level) for level in levels], axis=-1)


def splitting_angles(probabilities: np.ndarray, hamiltonian: Hamiltonian) -> list[np.ndarray]:
    r"""The rotations of the tree: how each basis state of the higher qubits splits the next one.

    Args:
        probabilities: Shape (..., num_keys), each row summing to one.
        hamiltonian: A Hamiltonian with binary codewords.

    Returns:
        An array of shape (..., 2^level), radians, for each qubit from the highest down.
    """
    weights = np.zeros((*probabilities.shape[:-1], 2**hamiltonian.num_qubits))
    weights[..., list(hamiltonian.basis_states)] = probabilities
    levels = []
    for _ in range(hamiltonian.num_qubits):
        pairs = weights.reshape(*weights.shape[:-1], -1, 2)
        levels.append(_angle(pairs[..., 0], pairs[..., 1]))
        weights = pairs.sum(axis=-1)
    return levels[::-1]


def _angle(stay: np.ndarray, move: np.ndarray) -> np.ndarray:
    r"""Angle of ry that takes \|0> to sqrt(stay)\|0> + sqrt(move)\|1>, up to norm; 0 for 0/0."""
    return 2 * np.arctan2(np.sqrt(move), np.sqrt(stay))
