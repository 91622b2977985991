r"""How many shots are needed to detect a deviation, to certify agreement, and at the very least.

**The floor.** No test at level alpha finds every law at total variation epsilon with the given
power from fewer shots than the larger of

- *two points*: shots from which the best test of one binomial probability, Neyman and Pearson's,
  tells :math:`p(S) = p_0` from :math:`p_0 + \epsilon`; exact. The set S is taken near one half, or
  is everything but the likeliest outcome where that has more; for many shots n is about
  :math:`(z_\alpha \sqrt{p_0 (1 - p_0)} + z_\beta \sqrt{p_1 (1 - p_1)})^2 / \epsilon^2`;
- *a mixture*: the law :math:`p_i \pm \epsilon_i` with unknown signs. The likelihood ratio of the
  mixture to p has a logarithm of variance :math:`\frac12 n^2 \sum \epsilon_i^4 / p_i^2`, hence
  :math:`n = \sqrt 2 z / (\sum \epsilon_i^4 / p_i^2)^{1/2}, z = z_\alpha + z_\beta`. Of all
  patterns with :math:`\sum \epsilon_i = 2 \epsilon` the hardest is
  :math:`\epsilon_i = \min(c p_i^{2/3}, p_i, 1 - p_i)`: at fixed sum, :math:`\epsilon^4 / p^2` has
  slope :math:`4 \epsilon^3 / p^2`, equal for all free outcomes.

The mixture's n is that of a normal limit with many outcomes at work; it is what efficiency is
measured by. Where few are at work a test may need more, or do with less. Beside it stands the
rigorous form: with Poisson counts the second moment of the mixture's likelihood ratio is at most
:math:`\prod \cosh(n \epsilon_i^2 / p_i)`, and a test of level alpha has power at most
:math:`\alpha + (\alpha (1 - \alpha) (\text{that} - 1))^{1/2}` by Cauchy and Schwarz, so
:math:`\sum \log\cosh(n \epsilon_i^2/p_i) \ge \log(1 + (\text{power} - \alpha)^2 / (\alpha (1 -
\alpha)))`.

**To detect**: shots at which the quadratic part of `fit` finds the worse of that mixture and of a
move between two halves, :math:`\epsilon_i \propto p_i`, by the moments of
`qcattn.comparisons._resolution`. Where all outcomes but the likeliest have less than epsilon
together, there is only a leak to them, which the scan of rare sets finds: shots for an exact
binomial test at half the scan's level. **To certify**: shots at which `certify` is foreseen to
bound the total variation of a perfect sampler by epsilon, with luck of this power.

References:
    [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017).
    [2] Y. Ingster and I. Suslina, Nonparametric Goodness-of-Fit Testing (2003), mixtures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from qcattn.arguments import check_alpha
from qcattn.comparisons import _quadratic
from qcattn.comparisons._parts import SHARES
from qcattn.comparisons._resolution import critical_value
from qcattn.comparisons._rows import Bools, Floats, check_probabilities
from qcattn.comparisons.certify import foreseen

#: More shots than this are given as infinite.
MOST = 1e12
#: Exponents of the patterns of deviation that are followed.
PATTERNS = {"signs": 2 / 3, "halves": 1.0}


@dataclass(frozen=True, eq=False)
class Plan:
    """Shots a row for one total variation. Arrays are of shape (...), shots as floats.

    Attributes:
        detect: Shots for `fit` to refute the worst law at this total variation.
        certify: Shots for `certify` to certify a perfect sampler at this total variation.
        floor: What no test can beat: the larger of the next two (the second is a limit).
        floor_two_points: For one known set of outcomes.
        floor_mixture: For unknown signs, in the normal limit; 0 where p is too peaked for it.
        floor_rigorous: For unknown signs, without a limit.
        worst: Pattern of deviation that takes `detect` shots: ``"signs"``, ``"halves"``, or
            ``"leak"`` out of the likeliest outcome where the others have less than epsilon.
        epsilon: Total variation.
        alpha: Error rate.
        power: Probability to succeed.
    """

    detect: Floats
    certify: Floats
    floor: Floats
    floor_two_points: Floats
    floor_mixture: Floats
    floor_rigorous: Floats
    worst: np.ndarray
    epsilon: float
    alpha: float
    power: float


def plan(p: Any, epsilon: float, alpha: float = 0.01, power: float = 0.9) -> Plan:
    """Shots needed for rows of probabilities.

    Args:
        p: Probabilities of shape (..., outcomes).
        epsilon: Total variation to be detected, or within which to certify.
        alpha: Error rate of a single row.
        power: Probability to succeed.

    Returns:
        The shots of each row.

    Raises:
        ValueError: If p does not sum to one or is an `Expected`, or a rate is not between 0 and 1,
            or the power is not above alpha.

    Example:
        >>> shots = plan([0.4, 0.3, 0.2, 0.1], epsilon=0.05)
        >>> float(shots.floor), str(shots.worst)
        (1269.0, 'signs')
        >>> float(shots.detect), float(shots.certify)
        (2073.0, 1978.0)
    """
    epsilon = check_alpha(epsilon, "epsilon")
    alpha, power = check_alpha(alpha), check_alpha(power, "power")
    if power <= alpha:
        raise ValueError(f"`power` must be above alpha ({alpha}), but is {power}")
    law = check_probabilities(p)
    shape, rows = law.shape[:-1], law.reshape(-1, law.shape[-1])
    z_alpha, z_power = -special.ndtri(alpha), special.ndtri(power)

    epsilons = {name: _pattern(rows, epsilon, power_) for name, power_ in PATTERNS.items()}
    size, reached = epsilons["signs"]
    ratio = np.divide(size**2, rows, out=np.zeros_like(rows), where=rows > 0)
    strength = np.sqrt((ratio**2).sum(axis=-1))
    strength = np.where(reached & (strength > 0), strength, np.inf)
    mixture = np.sqrt(2) * (z_alpha + z_power) / strength
    needed = np.log1p((power - alpha) ** 2 / (alpha * (1 - alpha)))
    rigorous = _first(lambda n: _log_cosh(n[:, None] * ratio).sum(axis=-1) >= needed, len(rows))

    half = _half(rows, epsilon)
    moved = np.minimum(half + epsilon, 1.0)
    two_points = _first(lambda n: _best_power(n, half, moved, alpha) >= power, len(rows))

    u_level, tail_level = alpha * SHARES["u"], alpha * SHARES["tail"] / 2
    found = np.stack(
        [
            _first(lambda n, e=e: _detects(rows, n, e, u_level, z_power), len(rows))
            for e, _ in epsilons.values()
        ]
    )
    leak = _first(lambda n: _power(n, half, moved, tail_level) >= power, len(rows))
    certified = _first(lambda n: foreseen(rows, n, alpha, z_power) <= epsilon, len(rows))
    certified = np.maximum(certified, 2.0)  # one shot certifies nothing
    floors = (np.maximum(mixture, two_points), two_points, mixture, np.where(reached, rigorous, 0))
    floor, two_points, mixture, rigorous = (np.ceil(x).reshape(shape) for x in floors)
    return Plan(
        np.ceil(np.where(reached, found.max(axis=0), leak)).reshape(shape),
        np.ceil(certified).reshape(shape),
        floor,
        two_points,
        mixture,
        rigorous,
        np.where(reached, np.array(list(PATTERNS))[found.argmax(axis=0)], "leak").reshape(shape),
        epsilon,
        alpha,
        power,
    )


def _log_cosh(x: Floats) -> Floats:
    return np.logaddexp(x, -x) - np.log(2)


def _pattern(p: Floats, epsilon: float, exponent: float) -> tuple[Floats, Bools]:
    """Sizes min(c p^exponent, p, 1 - p) with sum 2 epsilon, and whether p has room for them."""
    direction, most = p**exponent, np.minimum(p, 1 - p)
    low, high = np.zeros((len(p), 1)), np.full((len(p), 1), 2.0)
    for _ in range(60):
        c = (low + high) / 2
        short = np.minimum(c * direction, most).sum(axis=-1, keepdims=True) < 2 * epsilon
        low, high = np.where(short, c, low), np.where(short, high, c)
    return np.minimum(high * direction, most), most.sum(axis=-1) >= 2 * epsilon


def _half(p: Floats, epsilon: float) -> Floats:
    """Probability, at most one half, of a set near one half that has room for epsilon more.

    The set is of the likeliest outcomes that fit, or of all but the likeliest.
    """
    order = np.sort(p, axis=-1)[:, ::-1]
    most, total = min(0.5, 1 - epsilon), np.zeros(len(p))
    for column in order.T:
        total = np.where(total + column <= most, total + column, total)
    others = 1 - order[:, 0]
    return np.where((order[:, 0] > 0.5) & (others <= most), others, total)


def _power(n: Floats, p: Floats, q: Floats, level: Floats | float) -> Floats:
    """Power against q of the exact test that n shots hit a set of probability p too often."""
    from scipy.stats import binom

    n = np.ceil(n)
    return binom.sf(binom.isf(level, n, p), n, q)


def _best_power(n: Floats, p: Floats, q: Floats, level: float) -> Floats:
    """The same if the test draws lots at the edge, so that it has just this level."""
    from scipy.stats import binom

    n = np.ceil(n)
    edge = binom.isf(level, n, p)
    lot = (level - binom.sf(edge, n, p)) / binom.pmf(edge, n, p)
    return binom.sf(edge, n, q) + lot * binom.pmf(edge, n, q)


def _detects(p: Floats, n: Floats, size: Floats, level: float, z_power: float) -> Bools:
    """Whether U finds the deviation of these sizes."""
    law = _quadratic.weigh(p, n)
    variance, third = _quadratic.null_moments(law)
    live = (variance > 0) & (law.gap[:, 0] > 0)
    variance = np.where(live, variance, 1.0)
    w = law.w.copy()
    np.put_along_axis(w, law.top, law.w_top, axis=-1)
    shift = n * (n - 1) * (w * size**2).sum(axis=-1)
    extra = 4 * n**3 * (w**2 * size**2 * p).sum(axis=-1)
    critical = critical_value(level, np.maximum(third, 0) / variance**1.5)
    return live & (shift >= critical * np.sqrt(variance) + z_power * np.sqrt(variance + extra))


def _first(enough: Any, rows: int) -> Floats:
    """Smallest n for which ``enough(n)`` holds in each row, to 1e-4, by bisection of log n."""
    low, high = np.full(rows, np.log(0.5)), np.full(rows, np.log(MOST))
    possible = enough(np.exp(high))
    while np.any(high - low > 1e-4):
        middle = (low + high) / 2
        yes = enough(np.exp(middle))
        low, high = np.where(yes, low, middle), np.where(yes, middle, high)
    return np.where(possible, np.exp(high), np.inf)
