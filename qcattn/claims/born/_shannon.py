r"""Shannon's entropy of what a circuit gives, from counts, between bounds that hold.

Every probability lies in its own Clopper-Pearson interval, all together at 1 - alpha. The largest
entropy within them is that of the most even distribution. The least one, of a concave sum
:math:`\sum_i h(p_i)` under :math:`\sum_i p_i = 1`, is bounded by duality: for every :math:`\mu`

.. math:: \sum_i h(p_i) \ge \mu + \sum_i \min_{p_i} (h(p_i) - \mu p_i) ,

each minimum being at an end of its interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from qcattn.certification.free_energy import largest_entropy
from qcattn.certification.intervals import proportion
from qcattn.evidence import Estimate

__all__ = ["shannon"]


def shannon(counts: ArrayLike, alpha: float) -> Estimate:
    """Estimate the entropy of a distribution from counts.

    Args:
        counts: Counts, integers, shape (outcomes,).
        alpha: Probability that the interval misses, at most.

    Returns:
        The entropy of the shares, in nats, and bounds on that of the distribution.

    Example:
        >>> found = shannon([5000, 5000], alpha=0.01)
        >>> round(found.best, 4), round(found.low, 4), round(found.high, 4)
        (0.6931, 0.6928, 0.6931)
    """
    hits = np.asarray(counts)
    total = int(hits.sum())
    low, high = proportion(hits, total, alpha / hits.size)
    at_low, at_high = special.entr(low), special.entr(high)
    slopes = np.append((at_high - at_low) / (high - low), 0.0)[:, None]
    dual = slopes[:, 0] + np.minimum(at_low - slopes * low, at_high - slopes * high).sum(axis=1)
    least, most = max(0.0, float(dual.max())), largest_entropy(low, high)
    best = float(special.entr(hits / total).sum()) if total else float("nan")
    return Estimate(float(np.clip(best, least, most)), least, most)
