r"""How many shots are needed to detect a deviation, to certify agreement, and at the very least.

**The floor.** No test at level alpha finds every law at total variation epsilon with the given
power from fewer shots than the larger of two numbers that hold for every p and without any limit
(`qcattn.comparisons._floors`): those of Neyman and Pearson's test for one set of outcomes, and
those that the second moment of a mixture of laws leaves to any test.

Beside them stands the number by which efficiency is measured on rows with many outcomes at work:
the law :math:`p_i \pm \epsilon_i` with unknown signs in the normal limit. The likelihood ratio of
that mixture to p has a logarithm of variance :math:`\frac12 n^2 \sum \epsilon_i^4 / p_i^2`, hence
:math:`n = \sqrt 2 z / (\sum \epsilon_i^4 / p_i^2)^{1/2}, z = z_\alpha + z_\beta`. The hardest of
all patterns with :math:`\sum \epsilon_i = 2 \epsilon` is
:math:`\epsilon_i = \min(c p_i^{2/3}, p_i, 1 - p_i)`: at fixed sum, :math:`\epsilon^4 / p^2` has
slope :math:`4 \epsilon^3 / p^2`, equal for all free outcomes. Where few outcomes are at work a test
can do with less, so it is no floor; where no signs sum to zero it is not given.

**To detect**: shots at which `fit` is foreseen (`qcattn.comparisons._foreseen`) to find the worst
of four laws at this total variation. Outcomes are put in two groups of like weight, by
:math:`p^{2/3}` or by p; one group gains what the other loses. Where all outcomes but the likeliest
have less than epsilon together, they can only gain: a leak.

**To certify**: shots at which `certify` is foreseen to bound the total variation of a perfect
sampler by epsilon, with luck of this power.

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
from qcattn.comparisons._floors import mixture_floor
from qcattn.comparisons._foreseen import found
from qcattn.comparisons._parts import SHARES
from qcattn.comparisons._rows import Bools, Floats, check_probabilities
from qcattn.comparisons.certify import foreseen
from qcattn.progress import tell

#: The number of shots beyond which shots are given as infinite.
MOST = 1e12
#: Exponents of the patterns of deviation that are followed.
PATTERNS = {"signs": 2 / 3, "halves": 1.0}
#: Outcomes from which on each look at the bound counts. On rows of fewer the bound may pass epsilon
#: more than once, where one of its two kinds takes over from the other, and halving is cheap.
_WIDE = 2000


@dataclass(frozen=True, eq=False)
class Plan:
    """The shots of each row for one total variation. Arrays are of shape (...), shots as floats.

    Attributes:
        detect: Shots for `fit` to refute the worst law at this total variation.
        certify: Shots for `certify` to certify a perfect sampler at this total variation.
        floor: What no test can beat, for any p: the larger of `floor_two_points` and
            `floor_rigorous`.
        floor_two_points: The floor for one known set of outcomes.
        floor_rigorous: The floor for unknown signs.
        floor_mixture: The floor for unknown signs in the normal limit of many outcomes, where it is
            sharper than `floor_rigorous`; 0 where p is too peaked for it.
        worst: Pattern of deviation that takes `detect` shots: ``"signs"`` (by p**(2/3)),
            ``"halves"`` (by p), or ``"leak"`` out of the likeliest outcome where the others have
            less than epsilon.
        epsilon: Total variation.
        alpha: Error rate.
        power: Probability that the test succeeds.
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
    """Say how many shots rows of probabilities need.

    The progress of long work, on 200,000 outcomes and more, is told to whoever hears it
    (`qcattn.progress.hearing`).

    Args:
        p: Probabilities of shape (..., outcomes).
        epsilon: Total variation to be detected, or within which to certify.
        alpha: Error rate of a single row.
        power: Probability that the test succeeds.

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
        (2065.0, 1978.0)
    """
    epsilon = check_alpha(epsilon, "epsilon")
    alpha, power = check_alpha(alpha), check_alpha(power, "power")
    if power <= alpha:
        raise ValueError(f"`power` must be above alpha ({alpha}), but is {power}")
    law = check_probabilities(p)
    shape, rows = law.shape[:-1], law.reshape(-1, law.shape[-1])
    z_alpha, z_power = -special.ndtri(alpha), special.ndtri(power)

    mixture = _mixture(rows, epsilon, z_alpha + z_power)
    rigorous = np.array([mixture_floor(row, epsilon, alpha, power) for row in rows])
    half = _half(rows, epsilon)
    moved = np.minimum(half + epsilon, 1.0)
    two_points = _first(lambda n: _best_power(n, half, moved, alpha) >= power, len(rows))

    detect, worst = _detecting(rows, epsilon, alpha, power)
    likely = 2 * np.maximum(np.maximum(mixture, rigorous), two_points)
    if rows.shape[1] < _WIDE:
        certified = _first(lambda n: foreseen(rows, n, alpha, z_power) <= epsilon, len(rows))
    else:
        certified = _certifying(rows, epsilon, alpha, z_power, likely)
    certified = np.maximum(certified, 2.0)  # one shot certifies nothing
    floors = (np.maximum(rigorous, two_points), two_points, mixture, rigorous)
    floor, two_points, mixture, rigorous = (np.ceil(x).reshape(shape) for x in floors)
    return Plan(
        np.ceil(detect).reshape(shape),
        np.ceil(certified).reshape(shape),
        floor,
        two_points,
        mixture,
        rigorous,
        worst.reshape(shape),
        epsilon,
        alpha,
        power,
    )


def _detecting(
    rows: Floats, epsilon: float, alpha: float, power: float
) -> tuple[Floats, np.ndarray]:
    """Shots to find the deviation that is hardest to see, and which one it is."""
    shots = np.zeros(len(rows))
    worst = np.full(len(rows), next(iter(PATTERNS)), dtype=object)
    deviations = _deviations(rows, epsilon)
    for number, ((name, _), (q, possible)) in enumerate(deviations.items()):
        tell(number, len(deviations), "shots to detect")
        # Only where the shots that found the patterns so far do not find this one.
        more = possible & (shots < np.inf)
        more[more] = ~found(rows[more], q[more], np.maximum(shots[more], 0.5), alpha, power, SHARES)
        p, moved = rows[more], q[more]
        if more.any():
            shots[more] = _first(
                lambda n, p=p, q=moved: found(p, q, n, alpha, power, SHARES), len(p)
            )
            worst[more] = name
    # Too little to lose: a leak to the others, which the scan of rare sets counts exactly.
    others = 1 - rows.max(axis=-1)
    level = alpha * SHARES["tail"] / 2
    leak = _first(lambda n: _power(n, others, others + epsilon, level) >= power, len(rows))
    small = others < epsilon
    return np.where(small, leak, shots), np.where(small, "leak", worst).astype(str)


def _certifying(p: Floats, epsilon: float, alpha: float, z_power: float, likely: Floats) -> Floats:
    """Shots at which the bound is foreseen to be epsilon, to 1e-4, near those that are likely.

    The bound falls about as the root of the shots, so that a secant of the logarithms finds them
    in a few steps; each is checked from both sides.
    """
    low, high = np.full(len(p), np.log(0.5)), np.full(len(p), np.log(MOST))
    at = np.clip(np.log(np.maximum(likely, 1.0)), low, high)
    slope, before = np.full(len(p), -0.5), np.full((2, len(p)), np.nan)
    reached = np.zeros(len(p), dtype=bool)
    for step in range(100):
        tell(min(step, 8), 9, "shots to certify")
        (left,) = np.nonzero(high - low > 1e-4)
        if not left.size:
            break
        x = at[left]
        value = np.log(foreseen(p[left], np.exp(x), alpha, z_power) / epsilon)
        yes = value <= 0
        high[left], low[left] = np.where(yes, x, high[left]), np.where(yes, low[left], x)
        reached[left] |= yes
        with np.errstate(invalid="ignore", divide="ignore"):
            secant = (value - before[1, left]) / (x - before[0, left])
        slope[left] = np.where((secant < -0.05) & (secant > -5), secant, slope[left])
        before[:, left] = x, value
        # A little beyond the root, so that it is soon shut in from both sides.
        beyond = np.where(yes, -4e-5, 4e-5)
        target = x - value / slope[left] + beyond
        inside = (target > low[left]) & (target < high[left]) & (step < 12)
        at[left] = np.where(inside, target, (low[left] + high[left]) / 2)
    return np.where(reached, np.exp(high), np.inf)


def _mixture(p: Floats, epsilon: float, z: float) -> Floats:
    """Shots for the mixture of all signs in the normal limit; 0 where p has no room for it."""
    direction, most = p ** (2 / 3), np.minimum(p, 1 - p)
    low, high = np.zeros((len(p), 1)), np.full((len(p), 1), 2.0)
    for _ in range(60):
        c = (low + high) / 2
        short = np.minimum(c * direction, most).sum(axis=-1, keepdims=True) < 2 * epsilon
        low, high = np.where(short, c, low), np.where(short, high, c)
    size = np.minimum(high * direction, most)
    room = (most.sum(axis=-1) >= 2 * epsilon) & (2 * size.max(axis=-1) <= size.sum(axis=-1) + 1e-9)
    ratio = np.divide(size**2, p, out=np.zeros_like(p), where=p > 0)
    strength = np.sqrt((ratio**2).sum(axis=-1))
    return np.where(room, np.sqrt(2) * z / np.where(strength > 0, strength, 1.0), 0.0)


def _deviations(p: Floats, epsilon: float) -> dict[tuple[str, int], tuple[Floats, Bools]]:
    """Laws at this total variation that are hard to see, and the rows that have room for them.

    Outcomes are put in two groups, the likeliest first, each where less is. One group gains
    epsilon and the other loses it, in proportion to p**(2/3) or to p; then the other way round.
    """
    found = {}
    for name, exponent in PATTERNS.items():
        size = p**exponent
        gains = _groups(size)
        for sign in (1, -1):
            up, down = (gains, ~gains) if sign > 0 else (~gains, gains)
            more, _ = _filled(size, np.where(up, np.inf, 0.0), epsilon)
            less, room = _filled(size, np.where(down, p, 0.0), epsilon)
            enough = room & (np.where(up, size, 0.0).sum(axis=-1) > 0)
            q = np.where(enough[:, None], np.maximum(p + more - less, 0.0), p)
            found[name, sign] = q / q.sum(axis=-1, keepdims=True), enough
    return found


def _groups(size: Floats) -> Bools:
    """Which outcomes are in the first of two groups of nearly equal sums."""
    order = np.argsort(-size, axis=-1, kind="stable")
    first = np.zeros(size.shape, dtype=bool)
    for row, places in enumerate(order):
        balance, chosen = 0.0, []
        for here in size[row, places].tolist():
            plus = balance <= 0
            balance += here if plus else -here
            chosen.append(plus)
        first[row, places] = chosen
    return first


def _filled(size: Floats, most: Floats, total: float) -> tuple[Floats, Bools]:
    """Amounts min(c size, most) with this sum, and the rows that have room for it."""
    low, high = np.zeros((len(size), 1)), np.ones((len(size), 1))
    with np.errstate(invalid="ignore"):
        room = np.nan_to_num(most.sum(axis=-1), posinf=np.inf) >= total
        for _ in range(200):
            short = np.minimum(high * size, most).sum(axis=-1, keepdims=True) < total
            if not (short[:, 0] & room & (high[:, 0] < 1e12)).any():
                break
            high = np.where(short, 2 * high, high)
        for _ in range(60):
            c = (low + high) / 2
            short = np.minimum(c * size, most).sum(axis=-1, keepdims=True) < total
            low, high = np.where(short, c, low), np.where(short, high, c)
    return np.minimum(high * size, most), room


def _half(p: Floats, epsilon: float) -> Floats:
    """Probability, at most one half, of a set near one half that has room for epsilon more.

    The set is of the likeliest outcomes that fit, or of all but the likeliest.
    """
    order = np.sort(p, axis=-1)[:, ::-1]
    most, total = min(0.5, 1 - epsilon), np.zeros(len(p))
    for row, ordered in enumerate(order):
        held = 0.0
        for one in ordered.tolist():
            if held + one <= most:
                held += one
        total[row] = held
    others = 1 - order[:, 0]
    return np.where((order[:, 0] > 0.5) & (others <= most), others, total)


def _power(n: Floats, p: Floats, q: Floats, level: float) -> Floats:
    """Power against q of the exact test that n shots hit a set of probability p too often."""
    from scipy.stats import binom

    n = np.ceil(n)
    return binom.sf(binom.isf(level, n, p), n, np.minimum(q, 1.0))


def _best_power(n: Floats, p: Floats, q: Floats, level: float) -> Floats:
    """The same if the test draws lots at the edge, so that it has just this level."""
    from scipy.stats import binom

    n = np.ceil(n)
    edge = binom.isf(level, n, p)
    lot = (level - binom.sf(edge, n, p)) / binom.pmf(edge, n, p)
    return binom.sf(edge, n, q) + lot * binom.pmf(edge, n, q)


def _first(enough: Any, rows: int) -> Floats:
    """Smallest n for which ``enough(n)`` holds in each row, to 1e-4, by bisection of log n."""
    low, high = np.full(rows, np.log(0.5)), np.full(rows, np.log(MOST))
    possible = enough(np.exp(high))
    while np.any(high - low > 1e-4):
        middle = (low + high) / 2
        yes = enough(np.exp(middle))
        low, high = np.where(yes, low, middle), np.where(yes, middle, high)
    return np.where(possible, np.exp(high), np.inf)
