"""Two retrieval tasks: noisy words, and the key that another head of SmolLM2 attends to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from qcattn.datasets import load_triples

__all__ = ["Retrieval", "another_head", "noisy_words"]

#: Dimensions of a word of the toy task.
_WIDTH = 8


@dataclass(frozen=True, eq=False)
class Retrieval:
    """The scores that two heads give to the keys, and the key that is to be found.

    Queries are independent.

    Attributes:
        scores: Shape (queries, 2, keys), dimensionless (divided by sqrt(d)).
        targets: Shape (queries,), the number of a key.
        bayes: Shape (queries, keys): the posterior of the key to be found, which no model can
            better; None where nobody knows it.
    """

    scores: np.ndarray
    targets: np.ndarray
    bayes: np.ndarray | None = None

    def __getitem__(self, rows: slice) -> Retrieval:
        """Some of the queries."""
        bayes = None if self.bayes is None else self.bayes[rows]
        return Retrieval(self.scores[rows], self.targets[rows], bayes)


def noisy_words(
    queries: int,
    rng: np.random.Generator,
    *,
    words: int = 29,
    noise: float = 1.0,
    partner: int = 0,
    vocabulary: np.random.Generator | None = None,
) -> Retrieval:
    """Find a word of which each head sees a noisy copy of its own.

    Words are random directions of length sqrt(8) in 8 dimensions; the noise is normal in each.

    Args:
        queries: The number of queries.
        rng: The generator that draws the words, the queries and the noise.
        words: Keys, 2 or more.
        noise: The standard deviation of the noise in each dimension.
        partner: The word to be found is the one whose number differs from the word shown in the
            bits of this number; 0 is the word itself.
        vocabulary: The generator that draws the words in place of ``rng``.

    Returns:
        The task.

    Example:
        >>> task = noisy_words(4, np.random.default_rng(1), noise=0.0)
        >>> task.scores.shape, bool((task.scores.argmax(-1) == task.targets[:, None]).all())
        ((4, 2, 29), True)
    """
    keys = (vocabulary or rng).normal(size=(words, _WIDTH))
    keys *= np.sqrt(_WIDTH) / np.linalg.norm(keys, axis=1, keepdims=True)
    paired = [word for word in range(words) if word ^ partner < words]
    shown = rng.choice(paired, queries)
    seen = keys[shown, None] + noise * rng.normal(size=(queries, 2, _WIDTH))
    scores = seen @ keys.T / np.sqrt(_WIDTH)
    # All words are of one length and the noise is normal, so the posterior is softmax of the sum.
    weights = np.zeros((queries, words))
    sums = np.sqrt(_WIDTH) / max(noise, 1e-3) ** 2 * scores.sum(axis=1)[:, paired]
    weights[:, np.array(paired) ^ partner] = softmax(sums, axis=-1)
    return Retrieval(scores, shown ^ partner, weights)


def another_head(queries: int, rng: np.random.Generator, *, window: int = 8) -> Retrieval:
    """Find the key that a third head of SmolLM2 attends to most, from the scores of two others.

    Every query has a text, a layer and three heads of its own (`qcattn.datasets.load_triples`), so
    that queries are independent. Which of the three is to be guessed is dealt at random, and it is
    neither of the formulas that are compared.

    Args:
        queries: The number of queries at most, of the 1,500 that are stored.
        rng: The generator that chooses and deals.
        window: Keys, 2 to 8: the query's own token and those before it.

    Returns:
        The task.

    Raises:
        ValueError: If there are not so many keys.

    Example:
        >>> another_head(1500, np.random.default_rng(1)).scores.shape
        (1500, 2, 8)
    """
    stored = load_triples().scores
    texts, heads, keys = stored.shape
    if not 2 <= window <= keys:
        raise ValueError(f"`window` must be from 2 to {keys}, the number of keys, but is {window}")
    chosen = rng.permutation(texts)[:queries]
    dealt = rng.permuted(np.tile(np.arange(heads), (len(chosen), 1)), axis=1)
    near = np.take_along_axis(stored[chosen], dealt[..., None], axis=1)[..., -window:]
    return Retrieval(near[:, :2], near[:, 2].argmax(axis=-1))
