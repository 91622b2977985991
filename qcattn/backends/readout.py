"""Readout errors of an Aer noise model: as matrices, and applied to exact probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit_aer.noise import NoiseModel

__all__ = ["apply_readout", "readout_matrices"]


def readout_matrices(noise: NoiseModel, qubits: Sequence[int]) -> list[np.ndarray]:
    """The confusion matrix of each bit, as `qcattn.comparisons.expected` takes them.

    Args:
        noise: Its one-qubit readout errors are used.
        qubits: The qubit behind each bit.

    Returns:
        A matrix (2, 2) a bit; ``[j, i]`` is the chance to read j where i was prepared. The
        identity where a qubit is read without error.

    Raises:
        ValueError: If the model has a readout error on several qubits at once.

    Example:
        >>> from qcattn.backends.noise import noise_options
        >>> (matrix,) = readout_matrices(noise_options("readout=0.02", 1)["noise_model"], [0])
        >>> matrix.tolist()
        [[0.98, 0.02], [0.02, 0.98]]
    """
    everywhere = np.eye(2)
    local: dict[int, np.ndarray] = {}
    for error in noise.to_dict(serializable=False)["errors"]:
        if error["type"] != "roerror":
            continue
        # Aer's P[a, b] is the chance to read b from a.
        matrix = np.asarray(error["probabilities"], dtype=float).T
        if len(matrix) != 2:
            raise ValueError(
                "`noise_model` has a readout error on several qubits at once, and draws='born' "
                "applies those of single qubits only; use draws='shots', which applies both, or "
                "give each qubit a ReadoutError of its own"
            )
        if "gate_qubits" in error:
            local.update({group[0]: matrix for group in error["gate_qubits"]})
        else:
            everywhere = matrix
    return [local.get(qubit, everywhere) for qubit in qubits]


def apply_readout(
    probabilities: np.ndarray, noise: NoiseModel, qubits: Sequence[int]
) -> np.ndarray:
    """Outcome probabilities after independent bit flips on reading.

    Args:
        probabilities: Shape (rows, 2**num_bits).
        noise: As for `readout_matrices`.
        qubits: The qubit behind each bit.

    Returns:
        Shape (rows, 2**num_bits).

    Raises:
        ValueError: If the model has a readout error on several qubits at once.
    """
    rows, size = probabilities.shape
    for bit, matrix in enumerate(readout_matrices(noise, qubits)):
        split = probabilities.reshape(rows, size >> (bit + 1), 2, 1 << bit)
        probabilities = np.einsum("rhal,ba->rhbl", split, matrix).reshape(rows, size)
    return probabilities
