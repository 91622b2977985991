"""Attention weights: how often each key is attended, of counts of keys or of sets of keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.arguments import check_alpha
from qcattn.certification.intervals import proportion
from qcattn.records import Result

__all__ = ["Marginals", "attention_weights"]


@dataclass(frozen=True, eq=False)
class Marginals:
    """The probability that each key is attended. Arrays are of shape (..., num_keys).

    Attributes:
        exact: The probabilities of the law that the counts are compared with.
        best: Share of the kept shots; NaN where none was kept.
        low: Lower ends of the intervals of Clopper and Pearson.
        high: Upper ends of the intervals.
        alpha: Probability that an interval of a row misses, at most, all keys of it together.
    """

    exact: np.ndarray
    best: np.ndarray
    low: np.ndarray
    high: np.ndarray
    alpha: float


def attention_weights(result: Result, *, alpha: float = 0.01) -> Marginals:
    """Attention weights of every row, exact and measured.

    Where an outcome is one key its weight is its probability, and the weights of a row sum to one.
    Where it is a set of keys, as of `Interacting`, the weight of a key is the mean of its bit, and
    those of a row sum to the mean number of attended keys.

    Args:
        result: The result of a run.
        alpha: Error rate of the intervals of one row.

    Raises:
        ValueError: If alpha is not between 0 and 1.

    Example:
        >>> from qcattn.encodings import Interacting
        >>> from qcattn.experiment import run
        >>> found = attention_weights(run([0.0, 2.0], encoding=Interacting(couplings=3.0), seed=1))
        >>> inside = (found.low < found.exact) & (found.exact < found.high)
        >>> found.exact.round(3).tolist(), inside.tolist()
        ([0.14, 0.795], [True, True])
    """
    check_alpha(alpha)
    codewords = result.prepared.codewords
    members = codewords if result.prepared.subsets else np.eye(len(codewords), dtype=bool)
    hits, kept = result.counts.keys @ members, result.counts.kept[..., None]
    low, high = proportion(hits, kept, alpha / members.shape[-1])
    return Marginals(
        exact=result.expected @ members,
        best=np.divide(hits, kept, out=np.full(hits.shape, np.nan), where=kept > 0),
        low=low,
        high=high,
        alpha=alpha,
    )
