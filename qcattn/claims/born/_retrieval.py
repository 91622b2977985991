"""Two retrieval tasks: noisy words, and the attended key of a head of SmolLM2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.datasets import load_head

__all__ = ["Retrieval", "attended_keys", "noisy_words"]

#: Dimensions of a word of the toy task.
_WIDTH = 8


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Scores that two heads give to the keys, and the key that is to be found.

    Attributes:
        scores: Shape (queries, 2, keys), dimensionless (divided by sqrt(d)).
        targets: Shape (queries,), the number of a key.
    """

    scores: np.ndarray
    targets: np.ndarray

    def __getitem__(self, rows: slice) -> Retrieval:
        """Some of the queries."""
        return Retrieval(self.scores[rows], self.targets[rows])


def noisy_words(
    queries: int, rng: np.random.Generator, *, words: int = 29, noise: float = 1.0, partner: int = 0
) -> Retrieval:
    """Find a word of which each head sees a noisy copy of its own.

    Words are random directions of length sqrt(8) in 8 dimensions; the noise is normal in each.

    Args:
        queries: How many.
        rng: Draws the words, the queries and the noise.
        words: Keys, 2 or more.
        noise: Standard deviation in each dimension.
        partner: The word to be found is the one whose number differs from the word shown in the
            bits of this number; 0 is the word itself.

    Returns:
        The task.

    Example:
        >>> task = noisy_words(4, np.random.default_rng(1), noise=0.0)
        >>> task.scores.shape, bool((task.scores.argmax(-1) == task.targets[:, None]).all())
        ((4, 2, 29), True)
    """
    keys = rng.normal(size=(words, _WIDTH))
    keys *= np.sqrt(_WIDTH) / np.linalg.norm(keys, axis=1, keepdims=True)
    paired = [word for word in range(words) if word ^ partner < words]
    shown = rng.choice(paired, queries)
    seen = keys[shown, None] + noise * rng.normal(size=(queries, 2, _WIDTH))
    return Retrieval(seen @ keys.T / np.sqrt(_WIDTH), shown ^ partner)


def attended_keys(queries: int, rng: np.random.Generator, *, window: int = 16) -> Retrieval:
    """Find the key that a head of SmolLM2 attends to most, among the last few tokens.

    The two heads of the task see one half of the dimensions of its queries and keys each: the
    scores of the model's head are the sum of both.

    Args:
        queries: How many, of those that the stored text has; drawn without repetition.
        rng: Draws them.
        window: Keys: the query's own token and those before it.

    Returns:
        The task.

    Example:
        >>> attended_keys(5, np.random.default_rng(1)).scores.shape
        (5, 2, 16)
    """
    head = load_head()
    width = head.queries.shape[1]
    ends = rng.permutation(np.arange(window - 1, len(head.queries)))[:queries]
    near = head.keys[ends[:, None] + np.arange(1 - window, 1)]
    halves = np.stack(
        [
            np.einsum("qd,qkd->qk", head.queries[ends, part], near[:, :, part])
            for part in (slice(0, width // 2), slice(width // 2, width))
        ],
        axis=1,
    ) / np.sqrt(width)
    return Retrieval(halves, halves.sum(axis=1).argmax(axis=-1))
