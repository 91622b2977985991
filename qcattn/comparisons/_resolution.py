r"""Which deviation the quadratic statistic U would have seen, for rows and for all together.

Two patterns of deviations with unknown signs are followed as they grow, :math:`\epsilon_i =
\min(c\, p_i^a, p_i, 1 - p_i)` with a = 2/3 (of all patterns of one total variation
:math:`\frac12 \sum \epsilon_i` the one that moves the mean of U least) and a = 1 (a move between
two halves). On the way the mean of U is :math:`n(n-1) \sum w_i \epsilon_i^2` and its variance
:math:`\sigma_0^2 + 4 n^3 \sum w_i^2 \epsilon_i^2 p_i`. The deviation is seen with 90% power where
the mean passes the critical value by 1.28 standard deviations.

A peaked row of few shots shows neither pattern however far it grows, since no key can lose more
than it has: both end at a total variation of :math:`1 - p_t`, t the likeliest key. A larger one
takes :math:`\epsilon` from t and gives it to the others, hardest to see in proportion to
:math:`p_i^{2/3}`, the signs being known. That third pattern is followed where the first two show
nothing.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons import _quadratic
from qcattn.comparisons._rows import Floats, Ints

#: Standard normal quantile of 90% power.
POWER = 1.2815515655446004
_GROWTH = np.geomspace(1e-9, 1.0, 73)
#: Smallest total variation of the third pattern, and how often the range above it is halved.
_SMALLEST, _HALVINGS = 1e-6, 14
#: The value at which a search that found nothing ends, or above it.
_ALMOST = 1 - 1e-6


def critical_value(level: Floats | float, skew: Floats) -> Floats:
    """The value that a standardised shifted gamma law of this skewness exceeds at this level."""
    k = 4 / np.maximum(skew, 1e-4) ** 2
    return (special.gammainccinv(k, level) - k) / np.sqrt(k)


class Sensitivity:
    """The mean and spread of U along the two patterns, for rows of probabilities and shots.

    Attributes:
        variation: Total variation, shape (2, steps, rows).
        shift: Mean of U there over its null standard deviation, same shape.
        spread: Standard deviation of U there over its null standard deviation, same shape.
        skew: Null skewness of U, shape (rows,).
    """

    def __init__(self, p: Floats, shots: Floats, block: int = 1 << 16) -> None:
        size, outcomes = p.shape
        self.variation = np.zeros((2, len(_GROWTH), size))
        self.shift = np.zeros_like(self.variation)
        self.spread = np.ones_like(self.variation)
        self.skew = np.zeros(size)
        self._p, self._shots = p, shots
        step = max(1, block // outcomes)
        for start in range(0, size, step):
            part = slice(start, start + step)
            self._follow(part, p[part], shots[part])

    def _follow(self, part: slice, p: Floats, shots: Floats) -> None:
        law = _quadratic.weigh(p, shots)
        n = law.shots[:, 0]
        variance, third = _quadratic.null_moments(law)
        live = (shots >= 2) & (law.gap[:, 0] > 0) & (variance > 0)
        variance = np.where(live, variance, 1.0)
        self.skew[part] = np.where(live, third / variance**1.5, 0.0)
        w = law.w.copy()
        np.put_along_axis(w, law.top, law.w_top, axis=-1)
        w2p = w * w * p
        most = np.minimum(p, 1 - p)
        np.put_along_axis(most, law.top, np.minimum(law.p_top, law.gap), axis=-1)
        for pattern, power in enumerate((2 / 3, 1.0)):
            direction = p**power
            for step, growth in enumerate(_GROWTH):
                epsilon = np.minimum(growth * direction, most)
                square = epsilon * epsilon
                mean = n * (n - 1) * np.einsum("ij,ij->i", w, square)
                extra = 4 * n**3 * np.einsum("ij,ij->i", w2p, square)
                self.variation[pattern, step, part] = epsilon.sum(axis=-1) / 2
                self.shift[pattern, step, part] = np.where(live, mean / np.sqrt(variance), 0.0)
                self.spread[pattern, step, part] = np.sqrt(1 + np.where(live, extra / variance, 0))

    def each(self, level: float) -> Floats:
        """The smallest total variation that each row shows at this level, (rows,); 1 if none."""
        critical = critical_value(level, self.skew)
        found = self._cross(self.shift - critical - POWER * self.spread).max(axis=0)
        rows = np.flatnonzero(found >= 1)
        low, high = np.full(len(rows), _SMALLEST), np.ones(len(rows))
        for _ in range(_HALVINGS if rows.size else 0):
            middle = np.sqrt(low * high)
            shift, spread = self._from_the_likeliest(rows, middle)
            seen = shift >= critical[rows] + POWER * spread
            low, high = np.where(seen, low, middle), np.where(seen, middle, high)
        found[rows] = np.where(high > self._p[rows].max(axis=-1), 1.0, high)
        return found

    def _from_the_likeliest(self, rows: Ints, epsilon: Floats) -> tuple[Floats, Floats]:
        """Mean and spread of U, over its null standard deviation, of the third pattern."""
        p, n = self._p[rows], self._shots[rows]
        law = _quadratic.weigh(p, n)
        root = np.cbrt(law.p) ** 2
        total = root.sum(axis=-1)
        variance = _quadratic.null_moments(law)[0]
        live = (n >= 2) & (total > 0) & (epsilon <= law.p_top[:, 0]) & (variance > 0)
        more = epsilon[:, None] * root / np.where(total > 0, total, 1.0)[:, None]
        top, w_top = law.p_top[:, 0], law.w_top[:, 0]
        mean = n * (n - 1) * ((law.w * more**2).sum(axis=-1) + w_top * epsilon**2)
        extra = ((law.w * more) ** 2 * (law.p + more)).sum(axis=-1)
        extra += np.maximum(top - epsilon, 0.0) * (w_top * epsilon) ** 2
        variance = np.where(live, variance, 1.0)
        shift = np.where(live, mean / np.sqrt(variance), 0.0)
        return shift, np.sqrt(1 + np.where(live, 4 * n**3 * extra / variance, 0.0))

    def together(self, level: float, weights: Floats) -> float:
        """The smallest total variation, equal in all rows, that the weighted sum of U shows."""
        norm = np.sqrt((weights**2).sum())
        if norm == 0:
            return 1.0
        skew = (weights**3 * self.skew).sum() / norm**3
        critical = critical_value(level, np.asarray(skew))
        low, high = 1e-9, 1.0
        for _ in range(40):
            middle = np.sqrt(low * high)
            seen = True
            for pattern in range(2):
                at = (self.variation[pattern] < middle).sum(axis=0)
                at = np.minimum(at, len(_GROWTH) - 1)[None]
                tv = np.take_along_axis(self.variation[pattern], at, axis=0)[0]
                scale = np.minimum(1.0, middle / np.maximum(tv, 1e-300)) ** 2
                shift = np.take_along_axis(self.shift[pattern], at, axis=0)[0] * scale
                spread = np.take_along_axis(self.spread[pattern], at, axis=0)[0]
                variance = (weights**2 * (1 + (spread**2 - 1) * scale)).sum()
                seen &= (weights * shift).sum() >= critical * norm + POWER * np.sqrt(variance)
            low, high = (low, middle) if seen else (middle, high)
        return (
            float(high) if high < _ALMOST else self._together_from_the_likeliest(critical, weights)
        )

    def _together_from_the_likeliest(self, critical: Floats, weights: Floats) -> float:
        """The same by the third pattern."""
        low, high = _SMALLEST, 1.0
        rows = np.arange(len(self._p))
        for _ in range(_HALVINGS):
            middle = np.sqrt(low * high)
            shift, spread = self._from_the_likeliest(rows, np.full(len(rows), middle))
            noise = np.sqrt((weights**2 * spread**2).sum())
            seen = weights @ shift >= critical * np.sqrt((weights**2).sum()) + POWER * noise
            low, high = (low, middle) if seen else (middle, high)
        return float(high)

    def _cross(self, margin: Floats) -> Floats:
        """Total variation where the margin turns positive along each pattern, (2, rows)."""
        seen = margin >= 0
        first = np.argmax(seen, axis=1)[:, None]
        before = np.maximum(first - 1, 0)
        m0, m1 = (np.take_along_axis(margin, at, axis=1)[:, 0] for at in (before, first))
        t0, t1 = (np.take_along_axis(self.variation, at, axis=1)[:, 0] for at in (before, first))
        # Between two steps the shift grows as the square of the variation.
        slope = np.where(m1 > m0, -m0 / np.where(m1 > m0, m1 - m0, 1.0), 1.0)
        square = t0**2 + (t1**2 - t0**2) * np.clip(slope, 0.0, 1.0)
        return np.where(seen.any(axis=1), np.sqrt(square), 1.0)
