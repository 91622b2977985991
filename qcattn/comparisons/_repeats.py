r"""The longest stretch of shots that comes twice: a buffer written twice, a generator set back.

All runs are written one after another, a mark of its own after each. A suffix array, built by
doubling [1], finds for every shot the longest stretch from there that stands elsewhere too, in the
same run or in another; where the nearest likeness overlaps itself it is cut short. What a stretch
is worth is the probability that as many shots repeat it by chance, :math:`\prod_t p(x_t)`: a
hundred shots on a likely key are no news, ten on rare keys are.

For one pair of places the probability that independent shots agree until that product is at most q
is at most q, because the second stretch equals the first with just that probability. So over all
:math:`N (N - 1) / 2` pairs of N shots

.. math:: P\Big(\min \prod_t p(x_t) \le q\Big) \le \frac{N (N - 1)}{2} \, q ,

which is the p-value. Where p is not known, the share of each outcome among all shots stands in for
it; a stretch that comes twice raises its own shares, which is on the safe side.

References:
    [1] U. Manber and G. Myers, SIAM J. Comput. 22, 935 (1993).
    [2] P. Erdos and A. Renyi, J. Analyse Math. 23, 103 (1970), on the longest run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcattn.comparisons._rows import Floats, Ints


@dataclass(frozen=True)
class Repeat:
    """The repeated stretch of shots that is least likely by chance.

    Attributes:
        log_probability: Logarithm of the probability that shots repeat it; 0 where none is found.
        first: Run and place of one occurrence.
        second: Run and place of the other.
        length: The number of shots of the stretch.
    """

    log_probability: float
    first: tuple[int, int]
    second: tuple[int, int]
    length: int


def rarest_repeat(runs: Sequence[Ints], p: Floats) -> Repeat:
    """Find the stretch of shots that occurs twice and is least likely to by chance.

    Args:
        runs: Outcomes 0, 1, ... in the order of the shots.
        p: Probability of each outcome, shape (outcomes,).

    Returns:
        The places of the stretch and its probability.

    Example:
        >>> run = np.array([0, 1, 2, 3, 0, 0, 1, 2, 3, 1])
        >>> found = rarest_repeat([run], np.full(4, 0.25))
        >>> found.first, found.second, found.length
        ((0, 0), (0, 5), 4)
    """
    marks = len(p) + np.arange(len(runs))
    text = np.concatenate([part for run, mark in zip(runs, marks, strict=True)
                           for part in (run, [mark])]).astype(np.int64)  # fmt: skip
    starts = np.cumsum([0] + [len(run) + 1 for run in runs])
    order, ranks = _suffixes(text)
    a, b = np.minimum(order[:-1], order[1:]), np.maximum(order[:-1], order[1:])
    length = np.minimum(_common(a, b, ranks), b - a)
    with np.errstate(divide="ignore"):
        logs = np.append(np.log(p), np.zeros(len(runs)))[text]
    total = np.concatenate([[0.0], np.cumsum(logs)])
    surprise = total[a + length] - total[a]
    worst = int(np.argmin(surprise))

    def place(at: int) -> tuple[int, int]:
        run = int(np.searchsorted(starts, at, side="right")) - 1
        return run, int(at - starts[run])

    return Repeat(
        float(surprise[worst]), place(int(a[worst])), place(int(b[worst])), int(length[worst])
    )


def _suffixes(text: Ints) -> tuple[Ints, list[Ints]]:
    """The places of a text in the order of their suffixes; ranks of stretches of 1, 2, 4, ..."""
    size = len(text)
    rank = np.unique(text, return_inverse=True)[1].astype(np.int64)
    ranks, length = [rank], 1
    while True:
        behind = np.zeros(size, np.int64)
        behind[: size - length] = rank[length:] + 1
        key = rank * (size + 1) + behind
        order = np.argsort(key, kind="stable")
        if rank.max() == size - 1:
            return order, ranks
        step = np.concatenate([[0], np.cumsum(np.diff(key[order]) > 0)])
        rank = np.empty(size, np.int64)
        rank[order] = step
        ranks.append(rank)
        length = min(2 * length, size)


def _common(a: Ints, b: Ints, ranks: list[Ints]) -> Ints:
    """How many letters are equal from places a and b on."""
    size, length = len(ranks[0]), np.zeros(len(a), np.int64)
    for level in range(len(ranks) - 1, -1, -1):
        rank = ranks[level]
        here, there = a + length, b + length
        inside = (here < size) & (there < size)
        equal = inside & (rank[np.minimum(here, size - 1)] == rank[np.minimum(there, size - 1)])
        length += np.where(equal, 1 << level, 0)
    return length
