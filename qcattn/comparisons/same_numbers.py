r"""Were rows drawn with the same random numbers?

A sampler that starts from one fixed seed for every row (Qiskit's ``StatevectorSampler(seed=s)``)
gives rows that are right one by one and wrong together: rows of one law have the very same counts,
the luck of one row is the luck of all, and a global p-value means nothing. Two things show it; the
p-value is twice the smaller of theirs.

- *Counts*: rows of one law have identical counts. Any c of m such rows agree by chance with
  :math:`\Pr(\text{equal, and } f(k)^{c-1} \le q) \le q`, where f(k) is the multinomial probability
  of the counts that they share, because the others repeat the first with just that probability. It
  is weighed against all choices of c among the m rows of each law, and c itself takes the share
  :math:`1 / c (c - 1)`. Where the law is not what was expected (noise), f is taken from the pooled
  rows if that is larger, so that few likely outcomes are not news.
- *Order*: where the backend gives the shots one by one, two rows agree in the same place, or in
  shifted ones, more often than chance allows: part *shift* of `qcattn.comparisons.independent`,
  which sees it of different laws too, for a key follows from the same random number in either row.

A wrong law alone shows in neither.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qcattn.comparisons._rows import Floats, Ints
from qcattn.comparisons.independent import independent
from qcattn.records import Counts

__all__ = ["same_numbers"]

#: How far the laws of two rows may be apart and still count as one.
_ONE_LAW = 1e-9


def same_numbers(counts: Counts, p: ArrayLike, success: ArrayLike = 1.0) -> float:
    """The p-value of the hypothesis that rows are drawn with random numbers of their own.

    Args:
        counts: Counts of shape (...), with the order of the shots where it is known.
        p: Probabilities that the kept shots have, shape (..., num_keys).
        success: Probability that a shot is kept, scalar or of shape (...).

    Returns:
        The p-value: at most alpha in a share alpha at most of samplers whose rows are independent.

    Example:
        >>> rng, p = np.random.default_rng(0), np.tile([0.5, 0.3, 0.2], (3, 1))
        >>> keys, none = rng.multinomial(4096, p), np.zeros(3, dtype=np.int64)
        >>> same_numbers(Counts(keys, none, none), p) > 0.01
        True
        >>> same_numbers(Counts(keys[[0, 0, 0]], none, none), p) < 1e-5
        True
    """
    kept = np.reshape(np.asarray(p, dtype=float), (-1, counts.keys.shape[-1]))
    share = np.broadcast_to(np.asarray(success, dtype=float), counts.stray.shape).reshape(-1, 1)
    law = np.concatenate([kept * share, np.zeros_like(share), 1 - share], axis=-1)
    parts = (counts.keys, counts.stray[..., None], counts.discarded[..., None])
    table = np.concatenate([part.reshape(len(law), -1) for part in parts], axis=-1)
    return min(1.0, 2 * min(_identical(table, np.maximum(law, 0.0)), _in_order(counts)))


def _identical(table: Ints, law: Floats) -> float:
    """P-value of rows of one law, and as many shots, that have identical counts."""
    shots = table.sum(axis=-1)
    groups = np.column_stack([np.rint(law / _ONE_LAW).astype(np.int64), shots])
    drawn = shots > 0
    _, number = np.unique(groups[drawn], axis=0, return_inverse=True)
    table, law, number = table[drawn], law[drawn], number.reshape(-1)
    sizes = np.bincount(number)
    order = np.argsort(number, kind="stable")
    best = 0.0
    for rows in np.split(order, np.cumsum(sizes)[:-1]):
        if len(rows) < 2:
            continue
        lines, repeats = np.unique(table[rows], axis=0, return_counts=True)
        pooled = table[rows].sum(axis=0) / table[rows].sum()
        for line, times in zip(lines[repeats > 1], repeats[repeats > 1], strict=True):
            likely = max(_log_probability(line, q) for q in (law[rows[0]], pooled))
            for number_of in {2, int(times)}:
                ways = sum(math.comb(int(size), number_of) for size in sizes)
                share = math.log(number_of * (number_of - 1)) + math.log(ways)
                best = min(best, share + (number_of - 1) * likely)
    return math.exp(best)


def _log_probability(counts: Ints, p: Floats) -> float:
    """Logarithm of the multinomial probability of these counts."""
    terms = special.xlogy(counts, p) - special.gammaln(counts + 1.0)
    return min(0.0, float(special.gammaln(counts.sum() + 1.0) + terms.sum()))


def _in_order(counts: Counts) -> float:
    """P-value of shots of two rows that agree in the same place, or in shifted ones."""
    runs = [run for run in counts.memories if len(run) > 1]
    if len(runs) < 2:
        return 1.0
    return independent(runs, parts=["shift"]).parts["shift"].p_value
