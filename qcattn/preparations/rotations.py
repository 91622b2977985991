"""Rotations whose angle depends on other qubits, in cx and ry only.

There are two ladders, each exact and with the fewest gates known. Both alternate ry on the target
with a cx from a control. A cx is a cz between ry(pi/2) and ry(-pi/2), which merge into the
rotations beside it; so the ladder is written with cz in mind and only its first and last angle
shift.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qcattn.records import walsh_hadamard

__all__ = [
    "multiplexed_angles",
    "multiplexed_rotation",
    "one_hot_angles",
    "one_hot_rotation",
]


def _ladder(
    circuit: QuantumCircuit, angles: Sequence[Parameter], controls: Sequence[int], target: int
) -> None:
    """Append ry, cx, ry, ..., ry on ``target``: one rotation more than there are controls."""
    for angle, control in zip(angles[:-1], controls, strict=True):
        circuit.ry(angle, target)
        circuit.cx(control, target)
    circuit.ry(angles[-1], target)


def _ladder_angles(angles: np.ndarray) -> np.ndarray:
    """Angles (..., m) for a ladder of cz as those of the same ladder of cx."""
    angles = np.array(angles)
    if angles.shape[-1] > 1:
        angles[..., 0] += np.pi / 2
        angles[..., -1] -= np.pi / 2
    return angles


def multiplexed_rotation(
    circuit: QuantumCircuit, angles: Sequence[Parameter], controls: Sequence[int], target: int
) -> None:
    r"""Append ry(a_b) on ``target``, where b is the basis state of ``controls``.

    This is the uniformly controlled rotation of Moettoenen et al. [1, figure 2] in mirrored order:
    its first cz acts on a target in \|0>, where it does nothing, and is left out: 2^k rotations and
    2^k - 1 cx for k controls.

    Args:
        circuit: The circuit to append to.
        angles: 2^k parameters, for the values that `multiplexed_angles` gives.
        controls: k qubits; control j is bit j of b.
        target: A qubit in \|0>.

    References:
        [1] M. Moettoenen et al., Phys. Rev. Lett. 93, 130502 (2004).
    """
    flips = [controls[_trailing_zeros(step)] for step in range(1, len(angles))]
    _ladder(circuit, angles, flips, target)


def multiplexed_angles(angles: np.ndarray) -> np.ndarray:
    """The values for `multiplexed_rotation`.

    Args:
        angles: Shape (..., 2^k), radians: the rotation for each basis state of the controls.

    Returns:
        Shape (..., 2^k), radians: what each ry of the ladder turns by.
    """
    size = angles.shape[-1]
    gray = np.arange(size) ^ (np.arange(size) >> 1)
    return _ladder_angles(walsh_hadamard(angles)[..., gray ^ (size >> 1)] / size)


def one_hot_rotation(
    circuit: QuantumCircuit, angles: Sequence[Parameter], controls: Sequence[int], target: int
) -> None:
    r"""Append ry(a_k) on ``target`` when control k is the only one excited.

    It takes m rotations and m - 1 cx for m controls. The target's \|1> comes out with a sign that
    depends on the key (all keys but the last); it is of no consequence where the target is
    measured, which is the only use made of it here.
    """
    _ladder(circuit, angles, controls[:-1], target)


def one_hot_angles(angles: np.ndarray) -> np.ndarray:
    """The values for `one_hot_rotation`: half differences of neighbours, and one mean.

    Args:
        angles: Shape (..., num_keys), radians.

    Returns:
        Shape (..., num_keys), radians.
    """
    first = (angles[..., :1] + angles[..., -1:]) / 2
    return _ladder_angles(np.concatenate([first, np.diff(angles, axis=-1) / 2], axis=-1))


def _trailing_zeros(step: int) -> int:
    return (step & -step).bit_length() - 1
