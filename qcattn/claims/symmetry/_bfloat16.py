"""Arithmetic of tensor cores, emulated: products of bfloat16 numbers, summed in float32."""

from __future__ import annotations

import numpy as np

__all__ = ["bfloat16", "there_and_back", "transformed"]


def bfloat16(values: np.ndarray) -> np.ndarray:
    """Round finite numbers to bfloat16, half to even, and return them as float32.

    Example:
        >>> bfloat16(np.array([1.0, 1 / 3, 1 + 2**-8])).tolist()
        [1.0, 0.333984375, 1.0]
    """
    bits = np.asarray(values, dtype=np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32)


def transformed(state: np.ndarray) -> np.ndarray:
    """The Hadamard transform of a state of shape (2**n,), one matrix product for each gate."""
    h = bfloat16(np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2))
    for q in range(state.size.bit_length() - 1):
        rows = state.reshape(2**q, 2, -1).transpose(1, 0, 2).reshape(2, -1)
        state = bfloat16(h @ rows).reshape(2, 2**q, -1).transpose(1, 0, 2).reshape(-1)
    return state


def there_and_back(qubits: int, start: float) -> tuple[float, float]:
    """Norm and fidelity of a state that begins with one amplitude, transformed twice.

    Args:
        qubits: The number of qubits n.
        start: The first amplitude; 0 is what filling memory with zeros leaves.

    Example:
        >>> there_and_back(4, 0.0)
        (0.0, 0.0)
    """
    state = np.zeros(2**qubits, dtype=np.float32)
    state[0] = start
    found = transformed(transformed(state)).astype(float)
    return float(np.linalg.norm(found)), float(found[0] ** 2)
