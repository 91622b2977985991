r"""Directions in which a head's weights can move without any score changing.

Scores are :math:`Q K^T`, so :math:`Q A` and :math:`K A^{-T}` give the same for every invertible A.
To first order that is the kernel of :math:`(\dot Q, \dot K) \mapsto \dot Q K^T + Q \dot K^T`, whose
squared singular values are all sums of an eigenvalue of :math:`Q Q^T` and one of :math:`K K^T`.
Rotary positions turn pairs of coordinates by angles that grow with the position: A must commute
with all these turns.
"""

from __future__ import annotations

import numpy as np

__all__ = ["change_of_scores", "directions", "rotary_directions"]


def directions(queries: np.ndarray, keys: np.ndarray) -> int:
    """The number of directions that leave all scores unchanged, to first order.

    Args:
        queries: Shape (tokens, d).
        keys: Shape (tokens, d).

    Example:
        >>> rng = np.random.default_rng(1)
        >>> directions(rng.normal(size=(9, 3)), rng.normal(size=(9, 3)))
        9
    """
    tokens, d = queries.shape
    spectra = [
        np.concatenate([np.linalg.svd(one, compute_uv=False) ** 2, np.zeros(tokens - d)])
        for one in (queries, keys)
    ]
    sums = spectra[0][:, None] + spectra[1]
    return int(2 * tokens * d - (sums > 1e-10 * sums.max()).sum())


def rotary_directions(d: int, base: float) -> int:
    r"""The dimension of the matrices that commute with the rotations of rotary positions.

    Pairs of coordinates turn by :math:`\theta_i = \mathrm{base}^{-2i/d}` a token. Only those blocks
    that take one pair into another commute whose two angles are the same.

    Args:
        d: The length of a query.
        base: The base of the angles.

    Example:
        >>> rotary_directions(8, 10_000.0)
        8
    """
    angles = base ** (-2 * np.arange(d // 2) / d)
    eye = np.eye(2)
    number = 0
    for first in angles:
        for second in angles:
            left, right = _turn(first), _turn(second)
            defects = np.linalg.svd(np.kron(left, eye) - np.kron(eye, right.T), compute_uv=False)
            number += int((defects < 1e-12).sum())
    return number


def change_of_scores(queries: np.ndarray, keys: np.ndarray, seed: int) -> float:
    """The largest change of a score under a random A, as a share of the largest score."""
    d = queries.shape[1]
    turn = np.eye(d) + np.random.default_rng(seed).normal(size=(d, d)) / (2 * np.sqrt(d))
    before = queries @ keys.T
    after = (queries @ turn) @ (keys @ np.linalg.inv(turn).T).T
    return float(np.abs(after - before).max() / np.abs(before).max())


def _turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
