"""Readout errors of an Aer noise model, applied to exact outcome probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit_aer.noise import NoiseModel

__all__ = ["apply_readout"]


def apply_readout(
    probabilities: np.ndarray, noise: NoiseModel, qubits: Sequence[int]
) -> np.ndarray:
    """Outcome probabilities after independent bit flips on reading.

    Args:
        probabilities: Shape (rows, 2**num_bits).
        noise: Its one-qubit readout errors are used; P[a, b] is the chance to read b from a.
        qubits: The qubit behind each bit.

    Returns:
        Shape (rows, 2**num_bits).

    Raises:
        ValueError: If the model has a readout error on several qubits at once.
    """
    everywhere: np.ndarray | None = None
    local: dict[int, np.ndarray] = {}
    for error in noise.to_dict(serializable=False)["errors"]:
        if error["type"] != "roerror":
            continue
        matrix = np.asarray(error["probabilities"], dtype=float)
        if len(matrix) != 2:
            raise ValueError(
                "`noise_model` has a readout error on several qubits at once, which draws='born' "
                "does not apply; use draws='shots'"
            )
        if "gate_qubits" in error:
            local.update({group[0]: matrix for group in error["gate_qubits"]})
        else:
            everywhere = matrix
    rows, size = probabilities.shape
    for bit, qubit in enumerate(qubits):
        flips = local.get(qubit, everywhere)
        if flips is not None:
            split = probabilities.reshape(rows, size >> (bit + 1), 2, 1 << bit)
            probabilities = np.einsum("rhal,ab->rhbl", split, flips).reshape(rows, size)
    return probabilities
