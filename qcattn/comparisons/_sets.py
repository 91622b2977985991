r"""An upper confidence bound on the total variation from exact binomial bounds on sets of outcomes.

**The bound.** The total variation between the sampled law q and p is a largest difference,
:math:`TV = \max_S (p(S) - q(S)) = p(S^*) - q(S^*)` with :math:`S^* = \{i: q_i < p_i\}`. That set
depends on q and not on the counts, so its count :math:`k(S^*)` is binomial with n shots and
probability :math:`q(S^*)`. If :math:`\ell(k)` is a lower confidence limit of one binomial
probability at level 1 - alpha,

.. math:: B = \max_S \left(p(S) - \ell(k(S))\right) \ge p(S^*) - \ell(k(S^*)) \ge TV

with probability at least 1 - alpha, for every q and n. The maximum runs over all sets, but no
correction for their number is needed, because only one of them, unknown but fixed, has to hold.
(Weissman's bound, and any that asks all sets to hold at once, pays for 2^K of them.)

**The limit.** Zubkov and Serov [1] bound the binomial law by the normal one at every n, k and q:
:math:`P(X \ge k) \le 1 - \Phi((2 n \, \mathrm{KL}((k-1)/n \,\|\, q))^{1/2})` for q < (k-1)/n. So
:math:`\ell(k) = L((k-1)/n)` with :math:`\mathrm{KL}(x \| L(x)) = z^2 / 2n, L(x) < x`, z the normal
quantile, is a lower limit; against the exact one of Clopper and Pearson it loses about 1/n.

**The maximum over sets.** KL is convex in its two arguments together, so L is convex, and lies
above each of its tangents: :math:`L(x) \ge y + \lambda (x - x_0)`. Hence for every tangent

.. math:: \max_S (p(S) - \ell(k(S))) \le
          \sum_i \left(p_i - \lambda k_i/n\right)_+ - y + \lambda (x_0 + 1/n),

which is convex in :math:`\lambda`; the smallest value found by golden section is the bound (any
other one holds too, and is larger). Sets with and without the likeliest outcome are bounded apart,
since a tangent in between is far from both in a peaked row; the larger counts. Impossible outcomes
are in no such set, and an outcome that expects less than one shot adds at most its probability:
nothing has to be lumped.

**What it costs.** For a perfect sampler B is about
:math:`\sum_i (p_i (1 - p_i) / 2 \pi n)^{1/2} + z (v / n)^{1/2}` with v = 1/4 (or p_t (1 - p_t)
where the likeliest outcome has more than half). The first term, the luck of the best of all sets,
grows with the number of outcomes at work; for flat rows of many outcomes the quadratic bound of
`qcattn.comparisons.certify` is lower.

References:
    [1] A. M. Zubkov and A. A. Serov, Theory Probab. Appl. 57, 539 (2013), arXiv:1207.3838.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._rows import Floats, Ints

#: Golden sections of the range of tangents.
_STEPS = 18
_GOLDEN = (5**0.5 - 1) / 2


def limit(share: Floats, n: Floats, alpha: float) -> Floats:
    """The logit of the lower limit L, given the logit of the share x = (k-1)/n.

    Args:
        share: Logit of x, any shape.
        n: Shots, broadcastable.
        alpha: Probability that the limit fails.

    Returns:
        Logit of L(x), never above the true one (Newton's steps come from below).

    Example:
        >>> from scipy.special import expit, logit
        >>> float(expit(limit(logit(0.5), 100.0, 0.01)).round(4))  # 51 of 100; exact: 0.3903
        0.3852
    """
    z = max(-special.ndtri(alpha), 1e-2)
    x, far = special.expit(share), z * z / (2 * n)
    # KL(x||y) less z^2/2n is convex in the logit of y and falls towards x.
    start = x * special.log_expit(share) + (1 - x) * special.log_expit(-share) - far
    found = np.minimum(start / x, share)
    for _ in range(40):
        excess = start - x * found + np.logaddexp(0, found)
        step = np.maximum(excess, 0) / np.maximum(x - special.expit(found), 1e-300)
        found = np.minimum(found + step, share)
        if np.all(step <= 1e-9):
            break
    return found


def likeliest(counts: Floats, p: Floats) -> Ints:
    """The index of the most likely outcome; of equal ones, that with the largest count."""
    first = np.argmax(np.where(p == p.max(axis=-1, keepdims=True), counts, -1.0), axis=-1)
    return first[:, None]


def bound(counts: Floats, p: Floats, n: Floats, alpha: float) -> Floats:
    """Upper confidence bound on the total variation of each row.

    Args:
        counts: Shape (rows, outcomes); they may sum to less than the shots (stray ones).
        p: Shape (rows, outcomes).
        n: Shots, at least 1, shape (rows,).
        alpha: Probability that the bound fails, for one row.

    Returns:
        Shape (rows,), at most 1.

    Example:
        >>> import numpy as np
        >>> row = np.array([[5020.0, 2980, 2000]]), np.array([[0.5, 0.3, 0.2]])
        >>> float(bound(*row, np.array([1e4]), alpha=0.01)[0].round(4))
        0.0137
    """
    n = n[:, None].astype(np.float64)
    top = likeliest(counts, p)
    p_top, share_top = (np.take_along_axis(x, top, axis=-1) for x in (p, counts / n))
    rest, share = p.copy(), counts / n
    for x in (rest, share):
        np.put_along_axis(x, top, 0.0, axis=-1)

    def largest(logit: Floats, with_top: bool) -> Floats:
        low = limit(logit, n, alpha)
        x, y = special.expit(logit), special.expit(low)
        slope = (logit - low) * y * special.expit(-low) / np.maximum(x - y, 1e-300)
        over = rest - slope * share
        sums = np.maximum(over, 0.0, out=over).sum(axis=-1, keepdims=True)
        sums += (p_top - slope * share_top) if with_top else 0.0
        return sums - y + slope * (x + 1 / n)

    best = np.zeros(len(p))
    for with_top in (True, False):
        low, high = -np.log(n) - 3, np.log(n) + 3
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_left, at_right = largest(left, with_top), largest(right, with_top)
        smallest = np.minimum(at_left, at_right)
        for _ in range(_STEPS):
            down = at_left < at_right
            low, high = np.where(down, low, left), np.where(down, right, high)
            fresh = np.where(down, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
            value = largest(fresh, with_top)
            left, right = np.where(down, fresh, right), np.where(down, left, fresh)
            at_left, at_right = np.where(down, value, at_right), np.where(down, at_left, value)
            np.minimum(smallest, value, out=smallest)
        # Without the likeliest outcome no set has more than the rest.
        cap = 1.0 if with_top else 1 - p_top
        best = np.maximum(best, np.minimum(smallest, cap)[:, 0])
    return np.minimum(best, 1.0)


def foreseen(p: Floats, n: Floats, alpha: float, luck: float) -> Floats:
    """The bound that a perfect sampler gets if its luck is this many standard deviations off.

    Args:
        p: Shape (rows, outcomes).
        n: Shots, shape (rows,).
        alpha: Probability that the bound fails.
        luck: Standard deviations above the mean.

    Returns:
        Shape (rows,), by the normal approximation, for planning; no guarantee.
    """
    n = np.maximum(n, 2.0)[:, None].astype(np.float64)
    top = np.argmax(p, axis=-1)[:, None]
    p_top = np.take_along_axis(p, top, axis=-1)
    rest = p.copy()
    np.put_along_axis(rest, top, 0.0, axis=-1)
    gap = rest.sum(axis=-1, keepdims=True)
    variance = p * (1 - p) / n
    bias = np.minimum(np.sqrt(variance / (2 * np.pi)), p).sum(axis=-1, keepdims=True)
    root = p * np.sqrt(p / np.maximum(1 - p, 1e-12))
    pairs = root.sum(axis=-1, keepdims=True) ** 2 - (root**2).sum(axis=-1, keepdims=True)
    spread = np.sqrt((1 - 2 / np.pi) / 4 * (variance.sum(axis=-1, keepdims=True) + pairs / n))
    x = np.minimum(np.maximum(p_top, 0.5), 1 - 1 / n)
    reach = x - special.expit(limit(special.logit(x), n, alpha))
    even = bias + luck * spread + reach + 1 / n
    # A peaked row: the shots outside the likeliest outcome count, with a normal quantile's skew.
    outside = n * gap + luck * np.sqrt(n * gap * (1 - gap)) + (luck**2 - 1) / 6
    x = np.clip(1 - (np.maximum(outside, 0.0) + 1) / n, 1e-12, 1 - 1 / n)
    within = rest * np.maximum(1 - rest / np.maximum(gap, 1e-300), 0.0)
    bias = np.minimum(np.sqrt(within / (2 * np.pi * n)), rest).sum(axis=-1, keepdims=True)
    peaked = p_top - special.expit(limit(special.logit(x), n, alpha)) + bias
    return np.clip(np.where(p_top > 0.5, peaked, even)[:, 0], 0.0, 1.0)
