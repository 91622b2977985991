"""Positions as the document prints them, tokens with and without them, and a magnet in a field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.attention import softmax

__all__ = ["Tokens", "attended", "magnet_levels", "rotary", "sinusoids"]


def sinusoids(tokens: int, width: int) -> np.ndarray:
    """The printed positions, sin and cos of pos / 10000^(2i/d), shape (tokens, width).

    Example:
        >>> sinusoids(2, 4).round(3).tolist()
        [[0.0, 1.0, 0.0, 1.0], [0.841, 0.54, 0.01, 1.0]]
    """
    angles = np.arange(tokens)[:, None] / 10_000 ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(tokens, width)


@dataclass(frozen=True, eq=False)
class Tokens:
    """Contents, positions and weights of one head.

    Attributes:
        contents: Shape (tokens, width).
        positions: Shape (tokens, width).
        weights: Weights of queries times keys, shape (width, width).
    """

    contents: np.ndarray
    positions: np.ndarray
    weights: np.ndarray

    @classmethod
    def drawn(cls, tokens: int, width: int, rng: np.random.Generator) -> Tokens:
        """Random contents, the printed positions, and weights that tell these apart."""
        positions = sinusoids(tokens, width)
        weights = rng.normal(size=(width, width)) / width
        seen = positions @ weights @ positions.T
        weights = weights / np.std(seen - seen.mean(axis=1, keepdims=True))
        return cls(rng.normal(size=(tokens, width)) / 8, positions, weights)

    def scores(self, amplitude: float, *, sign: int = 1) -> np.ndarray:
        """Scores at an amplitude of positions and a sign of contents, shape (tokens, tokens)."""
        rows = sign * self.contents + amplitude * self.positions
        return np.asarray(rows @ self.weights @ rows.T)

    def response(self, amplitude: float) -> np.ndarray:
        """Scores of both signs of the contents, shape (2, tokens, tokens)."""
        return np.stack([self.scores(amplitude, sign=sign) for sign in (1, -1)])

    def reading(self) -> np.ndarray:
        """How well the place of a key suits that of a query, shape (tokens, tokens)."""
        suits = self.positions @ self.weights @ self.positions.T
        return np.asarray(suits - suits.mean(axis=1, keepdims=True))


def attended(contents: np.ndarray, weights: np.ndarray, *, normalised: bool) -> np.ndarray:
    """Outputs of attention without positions, by softmax or linear in its scores."""
    scores = contents @ weights @ contents.T
    return np.asarray((softmax(scores) if normalised else scores) @ contents)


def magnet_levels(spins: int, field: float) -> np.ndarray:
    """Energies of an Ising ring in a longitudinal field, at J = 0.3, shape (2**spins,)."""
    readings = np.indices((2,) * spins).reshape(spins, -1)[::-1]
    up = 1.0 - 2.0 * readings
    return np.asarray(-0.3 * (up * np.roll(up, 1, axis=0)).sum(axis=0) - field * up.sum(axis=0))


def rotary(vectors: np.ndarray, places: np.ndarray, base: float) -> np.ndarray:
    """Turn vectors (tokens, d) by rotary positions, in pairs of neighbouring coordinates."""
    d = vectors.shape[1]
    angles = places[:, None] * base ** (-2 * np.arange(d // 2) / d)
    turned = (vectors[:, 0::2] + 1j * vectors[:, 1::2]) * np.exp(1j * angles)
    return np.stack([turned.real, turned.imag], axis=-1).reshape(vectors.shape)
