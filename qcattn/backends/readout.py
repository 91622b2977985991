"""Readout errors of an Aer noise model: as matrices, and applied to exact probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit_aer.noise import NoiseModel

__all__ = ["apply_readout", "check_single", "readout_matrices"]


def check_single(noise: NoiseModel) -> None:
    """Refuse readout errors on several qubits at once, which Aer takes and never applies [1].

    Args:
        noise: A noise model.

    Raises:
        ValueError: If it has one; the message says what is possible.

    References:
        [1] Multi-qubit readout errors are ignored, github.com/Qiskit/qiskit-aer/issues/319.
    """
    for error in _readout_errors(noise):
        if len(error["probabilities"]) != 2:
            where = ", ".join(map(str, error.get("gate_qubits", [()])[0])) or "all"
            raise ValueError(
                f"`noise_model` has a readout error on qubits {where} at once, which Aer ignores; "
                "give each qubit a ReadoutError of its own, or compare counts of a device with "
                "`qcattn.expected(p, readout=matrix)`, where the matrix is that of all qubits"
            )


def _readout_errors(noise: NoiseModel) -> list[dict[str, Any]]:
    errors = noise.to_dict(serializable=False)["errors"]
    return [error for error in errors if error["type"] == "roerror"]


def readout_matrices(noise: NoiseModel, qubits: Sequence[int]) -> list[np.ndarray]:
    """The confusion matrix of each bit, as `qcattn.comparisons.expected` takes them.

    Args:
        noise: A noise model, of which the readout errors are used.
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
    check_single(noise)
    for error in _readout_errors(noise):
        # Aer's P[a, b] is the chance to read b from a.
        matrix = np.asarray(error["probabilities"], dtype=float).T
        if "gate_qubits" in error:
            local.update({group[0]: matrix for group in error["gate_qubits"]})
        else:
            everywhere = matrix
    return [local.get(qubit, everywhere) for qubit in qubits]


def apply_readout(
    probabilities: np.ndarray, noise: NoiseModel, qubits: Sequence[int]
) -> np.ndarray:
    """Apply independent bit flips on reading to outcome probabilities.

    Args:
        probabilities: Shape (rows, 2**num_bits).
        noise: A noise model, as for `readout_matrices`.
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
