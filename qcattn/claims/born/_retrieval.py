"""Two retrieval tasks: noisy words, and the key that another head of SmolLM2 attends to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from qcattn.datasets import load_scores

__all__ = ["Retrieval", "another_head", "noisy_words"]

#: Dimensions of a word of the toy task.
_WIDTH = 8


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Scores that two heads give to the keys, and the key that is to be found.

    Attributes:
        scores: Shape (queries, 2, keys), dimensionless (divided by sqrt(d)).
        targets: Shape (queries,), the number of a key.
        blocks: Shape (queries,): queries of one number belong together, those of different ones are
            independent.
        bayes: Shape (queries, keys): the posterior of the key to be found, which no model can
            better; None where nobody knows it.
    """

    scores: np.ndarray
    targets: np.ndarray
    blocks: np.ndarray
    bayes: np.ndarray | None = None

    def __getitem__(self, rows: slice) -> Retrieval:
        """Some of the queries."""
        bayes = None if self.bayes is None else self.bayes[rows]
        return Retrieval(self.scores[rows], self.targets[rows], self.blocks[rows], bayes)


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
        queries: How many.
        rng: Draws the words, the queries and the noise.
        words: Keys, 2 or more.
        noise: Standard deviation in each dimension.
        partner: The word to be found is the one whose number differs from the word shown in the
            bits of this number; 0 is the word itself.
        vocabulary: Draws the words in place of ``rng``.

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
    return Retrieval(scores, shown ^ partner, np.arange(queries), weights)


def another_head(queries: int, rng: np.random.Generator, *, window: int = 8) -> Retrieval:
    """Find the key that a third head of SmolLM2 attends to most, from the scores of two others.

    The heads of a layer are dealt at random into threes: two are seen, the third is to be guessed,
    and it is neither of the formulas that are compared. Rows of one layer and sentence are a block,
    since their keys overlap; blocks come in random order.

    Args:
        queries: How many at most, of the rows that are long enough.
        rng: Deals the heads and the order.
        window: Keys: the query's own token and those before it.

    Returns:
        The task.

    Example:
        >>> task = another_head(2000, np.random.default_rng(1))
        >>> task.scores.shape[1:], len(np.unique(task.blocks))
        ((2, 8), 60)
    """
    rows, targets, blocks = [], [], []
    sentences = [load_scores("smollm2", number).scores.astype(float) for number in (0, 2)]
    order = rng.permutation([(i, layer) for i in range(2) for layer in range(len(sentences[0]))])
    for number, (sentence, layer) in enumerate(order):
        scores = sentences[sentence][layer]
        dealt = rng.permutation(len(scores))
        for one, other, third in dealt[: len(dealt) // 3 * 3].reshape(-1, 3):
            for last in range(window - 1, scores.shape[-1]):
                near = scores[:, last, last + 1 - window : last + 1]
                rows.append(near[[one, other]])
                targets.append(int(near[third].argmax()))
                blocks.append(number)
    return Retrieval(np.array(rows), np.array(targets), np.array(blocks))[:queries]
