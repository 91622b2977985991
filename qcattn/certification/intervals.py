r"""Bounds that hold at every number of shots: proportions exactly, means by Bernstein.

**Proportions.** Clopper and Pearson's interval [1], and the two-sided binomial test that it
inverts: twice the smaller tail.

**Means.** An observable that is measured in several bases is a sum of independent means. Let group
g have :math:`n_g` shots of a value of range :math:`R_g` and variance :math:`\sigma_g^2`.
Bernstein's inequality for the sum of the means, with :math:`v = \sum_g \sigma_g^2 / n_g`,
:math:`b = \max_g R_g / n_g` and :math:`L = \log(2/\delta)`, says that it is off by more than

.. math:: t = b L / 3 + \sqrt{(b L / 3)^2 + 2 v L}

with probability at most :math:`\delta`. The unknown :math:`\sigma_g` is at most
:math:`s_g + R_g \sqrt{2 \log(1/\delta_g) / (n_g - 1)}` with probability :math:`1 - \delta_g`, s
being the sample's standard deviation [2], and at most :math:`R_g / 2` always. Nine tenths of alpha
go to :math:`\delta`, and the :math:`\delta_g` share the rest.

References:
    [1] C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934).
    [2] A. Maurer and M. Pontil, Proc. COLT (2009), arXiv:0907.3740, theorem 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qcattn.evidence import Estimate

__all__ = ["binomial_p_value", "estimated_share", "mean", "proportion"]


def proportion(hits: ArrayLike, shots: ArrayLike, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson interval of a probability; it is (0, 1) without shots.

    Args:
        hits: Numbers of hits, integers (...).
        shots: Numbers of shots, integers that broadcast with hits.
        alpha: Probability that the interval misses, at most; half of it on either side.

    Returns:
        Lower and upper ends, shape (...).

    Example:
        >>> low, high = proportion(0, 100, alpha=0.02)
        >>> float(low), float(high.round(4))
        (0.0, 0.045)
    """
    k, n = np.asarray(hits, dtype=float), np.asarray(shots, dtype=float)
    low = special.betaincinv(np.maximum(k, 1), n - k + 1, alpha / 2)
    high = special.betaincinv(k + 1, np.maximum(n - k, 1), 1 - alpha / 2)
    return np.where(k > 0, low, 0.0), np.where(n > k, high, 1.0)


def estimated_share(hits: Any, shots: Any, alpha: float) -> Estimate:
    """A probability as the share of hits, with its Clopper-Pearson interval.

    Shots whose probabilities differ scatter less than binomial ones, so that the interval of their
    mean is on the safe side.

    Args:
        hits: The number of hits among the shots, one whole number.
        shots: The number of shots, one whole number; without shots the estimate is NaN, between 0
            and 1.
        alpha: Probability that the interval misses, at most; half of it on either side.

    Example:
        >>> found = estimated_share(25, 100, alpha=0.01)
        >>> found.best, round(found.low, 3), round(found.high, 3)
        (0.25, 0.148, 0.377)
    """
    low, high = proportion(int(hits), int(shots), alpha)
    best = float(hits / shots) if shots else float("nan")
    return Estimate(best, float(low), float(high))


def binomial_p_value(
    hits: ArrayLike, shots: ArrayLike, low: ArrayLike, high: ArrayLike
) -> np.ndarray:
    """P-value of the hypothesis that a probability lies between low and high.

    It is twice the smaller tail, each at the end of the range that makes it larger.

    Args:
        hits: Numbers of hits, integers (...).
        shots: Numbers of shots, integers.
        low: Smallest probability of the hypothesis.
        high: The largest probability of the hypothesis.

    Returns:
        Shape (...); 1 without shots.

    Example:
        >>> float(binomial_p_value(60, 100, 0.5, 0.5).round(4))
        0.0569
    """
    k, n = np.asarray(hits, dtype=float), np.asarray(shots, dtype=float)
    most, least = np.clip(high, 0.0, 1.0), np.clip(low, 0.0, 1.0)
    above = np.where(k > 0, special.betainc(np.maximum(k, 1), n - k + 1, most), 1.0)
    below = np.where(n > k, special.betainc(np.maximum(n - k, 1), k + 1, 1 - least), 1.0)
    return np.minimum(1.0, 2 * np.minimum(above, below))


def mean(
    groups: Sequence[tuple[np.ndarray, np.ndarray]], alpha: float, *, offset: float = 0.0
) -> Estimate:
    """Interval of the sum of the means of values that were drawn in independent groups.

    Args:
        groups: The values that can come out of each group, and how often each did, shapes
            (outcomes,).
        alpha: Probability that the interval misses, at most.
        offset: A number that is added to the sum.

    Returns:
        The estimate, within what the values can sum to.

    Example:
        >>> import numpy as np
        >>> got = mean([(np.array([1.0, -1.0]), np.array([700, 300]))], alpha=0.01)
        >>> round(got.best, 3), round(got.low, 3), round(got.high, 3)
        (0.4, 0.292, 0.508)
    """
    best, least, most, variance, largest = offset, offset, offset, 0.0, 0.0
    for values, counts in groups:
        shots = int(counts.sum())
        span = float(np.ptp(values))
        least, most = least + float(values.min()), most + float(values.max())
        if span == 0.0:
            best += float(values[0])
            continue
        if shots == 0:
            best, variance = np.nan, np.inf
            continue
        centre = float(values @ counts) / shots
        best += centre
        spread = span / 2
        if shots > 1:
            sample = float(np.sqrt((values - centre) ** 2 @ counts / (shots - 1)))
            part = 0.1 * alpha / len(groups)
            spread = min(spread, sample + span * np.sqrt(-2 * np.log(part) / (shots - 1)))
        variance += spread**2 / shots
        largest = max(largest, span / shots)
    if np.isinf(variance):
        return Estimate(float("nan"), least, most)
    log_term = np.log(2 / (0.9 * alpha))
    tail = largest * log_term / 3
    width = float(tail + np.sqrt(tail**2 + 2 * variance * log_term))
    return Estimate(best, max(least, best - width), min(most, best + width))
