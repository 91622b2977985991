r"""Channels as real matrices, on coordinates of Hermitian matrices.

The coordinates of an N by N matrix X are its diagonal and, for each a < b, the parts of
:math:`\sqrt2 X_{ab}`: those of orthonormal matrices, so that norms are kept. Where all Kraus
operators are real, a channel does not mix the real, symmetric part of X with the imaginary,
antisymmetric one, and each has a matrix of its own: a quarter of the entries in half as many bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

__all__ = ["Part", "coordinates", "superoperators"]

#: The part of Hermitian matrices: all, or the real or the imaginary part of each.
Part = Literal["hermitian", "symmetric", "antisymmetric"]


def superoperators(steps: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """The real matrices of channels that follow one another.

    Args:
        steps: The Kraus operators of each channel, shape (N, N), the first channel first.

    Returns:
        The matrix on all coordinates, shape (N**2, N**2); or, if all operators are of a real dtype,
        the one on the coordinates of the symmetric and the one on those of the antisymmetric part.
        The first N coordinates of the first matrix are the diagonal.

    Example:
        >>> flip = np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> even, odd = superoperators([[flip]])
        >>> even.round(12).tolist(), odd.round(12).tolist()
        ([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [[-1.0]])
    """
    size = len(steps[0][0])
    real = all(kraus.dtype.kind == "f" for step in steps for kraus in step)
    parts: list[Part] = ["symmetric", "antisymmetric"] if real else ["hermitian"]
    found = []
    for part in parts:
        matrices = _basis(size, part)
        for step in steps:
            matrices = sum(
                (_both_sides(kraus, matrices) for kraus in step), np.zeros_like(matrices)
            )
        found.append(coordinates(matrices, part))
    return found


def coordinates(matrices: np.ndarray, part: Part) -> np.ndarray:
    """The coordinates, shape (dimension, ...), of matrices (N, N, ...) of one part.

    Example:
        >>> coordinates(np.array([[0.5, 0.25j], [-0.25j, 0.5]]), "hermitian").round(4).tolist()
        [0.5, 0.5, 0.0, 0.3536]
    """
    places = np.arange(len(matrices))
    low, high = np.triu_indices(len(matrices), 1)
    above = np.sqrt(2) * matrices[low, high]
    if part == "antisymmetric":
        return above
    diagonal = matrices[places, places].real
    return np.concatenate([diagonal, above.real] + [above.imag] * (part == "hermitian"))


def _basis(size: int, part: Part) -> np.ndarray:
    """The matrices whose coordinates are one, shape (N, N, dimension); i is left out of the last.

    The antisymmetric ones stand for i times themselves.
    """
    low, high = np.triu_indices(size, 1)
    pairs, half = len(low), np.sqrt(0.5)
    first = 0 if part == "antisymmetric" else size
    dimension = first + pairs * (1 + (part == "hermitian"))
    out = np.zeros((size, size, dimension), complex if part == "hermitian" else float)
    place = np.arange(pairs)
    if part != "antisymmetric":
        out[np.arange(size), np.arange(size), np.arange(size)] = 1.0
        out[low, high, first + place] = out[high, low, first + place] = half
    if part == "antisymmetric":
        out[low, high, place], out[high, low, place] = half, -half
    if part == "hermitian":
        last = first + pairs + place
        out[low, high, last], out[high, low, last] = 1j * half, -1j * half
    return out


def _both_sides(kraus: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    r""":math:`K X K^\dagger` of each of the matrices (N, N, ...)."""
    rows = (kraus @ matrices.reshape(len(kraus), -1)).reshape(matrices.shape)
    return np.matmul(kraus.conj(), rows)
