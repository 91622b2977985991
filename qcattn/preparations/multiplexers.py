"""A multiplexed rotation as one instruction, which Aer's statevector runs as it stands."""

from __future__ import annotations

import numpy as np
from qiskit.circuit import Instruction
from scipy.linalg import block_diag

__all__ = ["Multiplexer", "rotations"]


class Multiplexer(Instruction):
    """A unitary on one qubit for each basis state of the others.

    The first qubit is the target, the others are controls, lowest bit first. Aer runs Qiskit's
    `UCGate` by the same name; that one checks a million unitaries one by one, and is not read
    back from QPY.

    Args:
        unitaries: Shape (2^k, 2, 2), for each basis state of k controls.
    """

    def __init__(self, unitaries: np.ndarray) -> None:
        super().__init__("multiplexer", len(unitaries).bit_length(), 0, list(unitaries))

    def to_matrix(self) -> np.ndarray:
        """The whole unitary, with the target as its lowest bit."""
        return np.asarray(block_diag(*self.params), dtype=complex)


def rotations(angles: np.ndarray) -> np.ndarray:
    """The matrices of ry, shape (..., 2, 2), for angles (...), radians."""
    cos, sin = np.cos(angles / 2), np.sin(angles / 2)
    matrices = np.stack([cos, -sin, sin, cos], axis=-1).astype(complex)
    return matrices.reshape(*np.shape(angles), 2, 2)
