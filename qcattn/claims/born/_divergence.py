r"""Kullback-Leibler divergence of what is counted from a known law, with an interval.

With any reference r that was fixed beforehand,
:math:`D(p\|q) = E_p[\ln(r/q)] + D(p\|r)`. The first part is a mean, bounded by Bernstein's
inequality; the second is zero or more, and small where the reference is right.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.certification.intervals import mean, proportion
from qcattn.evidence import Estimate

__all__ = ["divergence", "largest_divergence"]


def divergence(counts: np.ndarray, reference: np.ndarray, q: np.ndarray, alpha: float) -> Estimate:
    """Divergence of the law of counts from q, nats.

    Args:
        counts: Shape (outcomes,).
        reference: What the law should be, positive, shape (outcomes,); a wrong one widens the
            interval and leaves it valid.
        q: Positive numbers, shape (outcomes,).
        alpha: Probability that the interval misses, at most.

    Example:
        >>> p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
        >>> found = divergence(np.array([5010, 4990]), p, q, 0.01)
        >>> round(found.low, 3), round(found.high, 3), float(special.rel_entr(p, q).sum().round(3))
        (0.126, 0.165, 0.144)
    """
    part = mean([(np.log(reference / q), counts)], alpha / 2)
    more = largest_divergence(counts, reference, alpha / 2)
    return Estimate(part.best, max(0.0, part.low), part.high + more)


def largest_divergence(counts: np.ndarray, reference: np.ndarray, alpha: float) -> float:
    r"""Upper bound on the divergence of the law of counts from a reference, nats.

    Each term :math:`p\ln(p/r) - p + r` is convex, so largest at an end of the interval of p.
    Outcomes that are expected less than once are taken together, all on the rarest of them.

    Args:
        counts: Shape (outcomes,).
        reference: Positive numbers, shape (outcomes,).
        alpha: Probability that it fails, at most.
    """
    shots = int(counts.sum())
    rare = reference * shots < 1
    level = alpha / (np.count_nonzero(~rare) + 1)
    low, high = proportion(counts[~rare], shots, level)
    body = np.maximum(
        special.kl_div(low, reference[~rare]), special.kl_div(high, reference[~rare])
    ).sum()
    if not rare.any():
        return float(body)
    least = float(reference[rare].min())
    most = max(float(proportion(counts[rare].sum(), shots, level)[1]), least)
    tail = most * np.log(most / least) - most + float(reference[rare].sum())
    return float(body + tail)
