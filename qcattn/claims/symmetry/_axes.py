"""How many axes the heads of a layer break: which keys each prefers, and how alike that is."""

from __future__ import annotations

import numpy as np

__all__ = ["axes", "axes_of_counts", "shuffled"]


def axes(weights: np.ndarray, seen: np.ndarray) -> float:
    r"""The effective number of axes of the heads of a layer.

    What head h prefers is its attention less uniform attention, as one vector of unit length;
    with the table G of all scalar products of H heads the number is :math:`H^2 / \sum G^2`, which
    is H for orthogonal heads and 1 where all are alike.

    Args:
        weights: Attention, shape (heads, queries, keys).
        seen: Whether each query sees each key, shape (queries, keys).

    Example:
        >>> seen = np.ones((1, 2), dtype=bool)
        >>> round(axes(np.array([[[1.0, 0.0]], [[0.9, 0.1]]]), seen), 9)
        1.0
    """
    uniform = seen / seen.sum(axis=-1, keepdims=True)
    rows = ((weights - uniform) * seen).reshape(len(weights), -1)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    return float(len(rows) ** 2 / ((rows @ rows.T) ** 2).sum())


def axes_of_counts(counts: np.ndarray, seen: np.ndarray) -> float:
    """The effective number of axes from shots, shape (heads, queries, keys)."""
    return axes(counts / counts.sum(axis=-1, keepdims=True), seen)


def shuffled(weights: np.ndarray, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Deal the weights of each row at random to the keys that it sees.

    Args:
        weights: Shape (heads, queries, keys); keys that are seen come first in every row.
        seen: Shape (queries, keys).
        rng: The generator that deals.
    """
    order = np.where(seen, rng.random(weights.shape), 2.0).argsort(axis=-1)
    return np.take_along_axis(weights, order, axis=-1) * seen
