"""Exact tests of too many shots on rare outcomes, for a leak spread thinly over many of them."""

from __future__ import annotations

import numpy as np

from qcattn.comparisons._binomial import upper
from qcattn.comparisons._measured import upper_tail
from qcattn.comparisons._rows import Bools, Floats

#: Nested sets of rare outcomes at most.
SETS = 20


def scan(
    counts: Floats,
    p: Floats,
    n: Floats,
    ideal: Floats,
    covariance: Floats | None = None,
    coarse: Floats | float = 0.0,
) -> tuple[Floats, Bools]:
    """Exact binomial upper tails over nested sets of rare outcomes, their minimum corrected.

    The sets are {i: 0 < p_i <= t}, by the exact p; the thresholds t are the probabilities at ranks
    that fall geometrically from the last but one to the second, so ties never split and the order
    of outcomes is free. The smallest tail is multiplied by the number of sets, and where that is
    small it is replaced by the sum over the sets of the levels they can attain [R. E. Tarone,
    Biometrics 46, 515 (1990)]: a set that expects 1e-6 shots cannot give a tail of just 1e-4.

    Where p is measured, the sets are chosen by the exact probabilities before the readout (sets
    chosen by p would collect what calibration happened to underrate), impossible ones included,
    and the tails are those of `qcattn.comparisons._measured.upper_tail`.

    Args:
        counts: Shape (rows, outcomes).
        p: Shape (rows, outcomes).
        n: Shots, shape (rows,).
        ideal: Probabilities by which the sets are chosen, shape (rows, outcomes); p itself if p is
            exact.
        covariance: The covariance of the errors of p, shape (rows, outcomes, outcomes), or None.
        coarse: The most probability that one calibration shot stands for, shape (rows,).

    Returns:
        P-values, and whether the row has any such set.

    Example:
        >>> p = np.array([[0.9, 0.04, 0.03, 0.02, 0.01]])
        >>> p_value, live = scan(np.array([[85.0, 4, 3, 4, 4]]), p, np.array([100.0]), p)
        >>> p_value.round(4), live
        (array([0.0319]), array([ True]))
    """
    size, outcomes = p.shape
    ordered = np.sort(ideal, axis=-1)
    possible = np.count_nonzero(ideal, axis=-1)
    if covariance is not None:
        possible = np.full(size, outcomes)
    number = SETS
    # Closer than this neighbouring sets see the same shots; wider, a leak falls between two.
    decay = np.maximum(1.5, (np.maximum(possible, 2) / 2) ** (1 / (number - 1)))
    ranks = np.ceil((possible - 1)[:, None] / decay[:, None] ** np.arange(number) - 1e-9)
    ranks = np.maximum(ranks, np.clip(possible - 1, 1, 2)[:, None]).astype(np.int64)
    at = np.minimum(outcomes - possible[:, None] + ranks - 1, outcomes - 1)
    thresholds = np.take_along_axis(ordered, at, axis=-1)
    bins = np.zeros(p.shape, dtype=np.int64)
    for j in range(number):
        bins += ideal <= thresholds[:, j : j + 1]
    bins += (np.arange(size) * (number + 1))[:, None]

    def inside(weights: Floats) -> Floats:
        """The sum of the weights inside each set, shape (size, number)."""
        sums = np.bincount(bins.ravel(), weights.ravel(), minlength=size * (number + 1))
        return sums.reshape(size, number + 1)[:, :0:-1].cumsum(axis=-1)[:, ::-1]

    mass, hits = inside(p), inside(counts)
    fresh = np.ones_like(mass, dtype=bool)
    fresh[:, 1:] = thresholds[:, 1:] < thresholds[:, :-1]
    # A set of everything says nothing.
    fresh &= (thresholds < ordered[:, -1:]) & (n[:, None] > 0)
    mean = n[:, None] * mass
    look = fresh & (hits > mean + np.sqrt(mean))
    tails = np.ones_like(mass)
    shots = np.broadcast_to(n[:, None], mass.shape)
    if covariance is None:
        tails[look] = upper(hits[look], shots[look], np.minimum(mass[look], 1.0))
    else:
        inner = (ideal[:, None, :] <= thresholds[:, :, None]).astype(float)
        variance = np.maximum(np.einsum("rsi,rsi->rs", inner @ covariance, inner), 1e-300)
        weight = np.broadcast_to(np.reshape(coarse, (-1, 1)), mass.shape)
        known = mass[look], variance[look], weight[look]
        tails[look] = upper_tail(hits[look], shots[look], *known)
    sets = fresh.sum(axis=-1)
    smallest = tails.min(axis=-1)
    p_value = np.minimum(1.0, np.maximum(sets, 1) * smallest)
    if covariance is not None:
        return p_value, sets > 0
    pursue = np.flatnonzero((p_value < 0.02) & (smallest > 1e-300))
    attained = _attained(smallest[pursue], n[pursue], mass[pursue])
    p_value[pursue] = np.minimum(p_value[pursue], (attained * fresh[pursue]).sum(axis=-1))
    return p_value, sets > 0


def _attained(level: Floats, n: Floats, mass: Floats) -> Floats:
    """Largest upper tail of each binomial law that does not exceed the level, (rows, sets)."""
    shots = np.broadcast_to(n[:, None], mass.shape)
    mean, bound = n[:, None] * mass, -np.log(level)[:, None]
    mass, level = np.minimum(mass, 1.0), level[:, None] * (1 + 1e-9)
    # Bernstein's inequality: a count of `high` or more is rarer than the level.
    high = np.ceil(mean + np.sqrt(2 * mean * bound) + bound) + 1
    high = np.minimum(high, shots + 1).astype(np.int64)
    low = np.zeros_like(high)
    for _ in range(int(high.max(initial=1)).bit_length()):
        middle = (low + high) // 2
        rare = upper(middle, shots, mass) <= level
        low, high = np.where(rare, low, middle), np.where(rare, middle, high)
    return upper(high, shots, mass)
