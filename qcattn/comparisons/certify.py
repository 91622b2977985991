r"""Counts agree with probabilities: a positive claim, with an upper confidence bound.

Not to be refuted proves nothing; "agrees" means that the total variation TV between the law q that
was sampled and p is at most epsilon, at confidence 1 - alpha. There are two bounds on TV, and p and
the shots alone decide which of them a row gets, before its counts are looked at, so that each has
all of alpha. The first serves where few outcomes are at work: nearly all rows of attention up to
some hundred keys, and peaked ones of any length. The second serves flat rows of many outcomes.

**By sets.** `qcattn.comparisons._sets`: the largest :math:`p(S) - \ell(k(S))` over all sets S of
outcomes, with :math:`\ell` a lower confidence limit for the count of a single set. Its coverage is
proved there, for every q and n.

**By the quadratic statistic** U of `qcattn.comparisons._quadratic`, here with weights
:math:`w = \max(p, 1/n)^{-2/3}`.

*Moments under any q.* Let :math:`d = q - p`. Hoeffding's decomposition of the kernel gives
:math:`E U = n(n-1) \sum w d^2` and

.. math:: V(q) = 4 n (n-1)^2 \mathrm{Var}_q(w_X d_X)
                 + 2 n (n-1) \sum_{ij} w_i w_j (q_i [i=j] - q_i q_j)^2 ,

where the variance is at most :math:`\sum_i q_i w_i^2 d_i^2` and the double sum at most
:math:`\sum_i w_i^2 q_i^2 (1 - q_i)^2 + (\sum w q^2)^2 - \sum w^2 q^4`.

*Laws that are kept.* A law q is kept if no count is too far below it and U is not too small:

1. :math:`q_i \le \bar q_i = (\sqrt{L/2} + \sqrt{L/2 + k_i})^2 / n` for every i, and
   :math:`1 - q_i \le` the same bound for n - k_i, with :math:`L = \log(2 K / (\alpha/20))` for K
   outcomes. By Chernoff's bound :math:`P(k \le nq - \sqrt{2nqL}) \le e^{-L}` the true law fails
   this with probability at most alpha / 20.
2. :math:`U > n(n-1) \sum w d^2 - z \sqrt{V(q)}`, z the normal quantile of 0.95 alpha. The true law
   fails this with probability 0.95 alpha if the lower tail of U is no heavier than normal. That is
   the one step measured and not proved: a sum of independent deviations that a flat row spreads
   over many outcomes is near normal or skewed to the right, so that its lower tail is lighter.

*The largest TV that is kept*, bounded by duality. For every tau > 0,
:math:`\sqrt V \le V / 2\tau + \tau / 2`, so what is kept satisfies a constraint that is a sum over
outcomes, :math:`\sum_i \phi_i(d_i) \le R`, with cubic :math:`\phi_i`; and for every mu > 0

.. math:: \sum_i |d_i| \le \mu R + \sum_i \max_{q_i \text{ within } (1)}
                         (|d| - \mu \phi_i(d)) ,

whatever the shape of :math:`\phi_i`. Each maximum is at an end or at a root of a quadratic. The
smallest value on a grid of (tau, mu) is the bound. It is taken for each small range of
:math:`d_t`, the deviation of the likeliest outcome, on its own, and the largest of these counts:
one tau does not fit all of them. Since the other deviations sum to :math:`-d_t`, any multiple nu of
that sum may be added, which a peaked row cannot do without: its top moves only with all the rest.
The bound is convex in nu: where its values at the smaller two leave no room, the third is skipped.
Outcomes with the smallest probabilities,
together at most 0.0005, count as one, and that mass is added back; impossible ones count as one of
weight zero, bounded by condition 1 alone. Besides, :math:`TV \le \max(1 - p_t, 1 - q_t)` for every
outcome t that stands alone, which condition 1 bounds.

Leaving V in the constraint per outcome, instead of bounding it by its largest factor, is what
saves shots: a large :math:`p_i` cannot be paired with the deviations of the rare outcomes.

**Which of the two** is the one foreseen to be smaller for a perfect sampler, by the approximations
`qcattn.comparisons._sets.foreseen` and :math:`d_i = c \max(p_i, 1/n)^{2/3}`, for which condition 2
is a quadratic equation in :math:`c^2`. A poor choice costs shots, never coverage.

References:
    [1] C. L. Canonne, A. Jain, G. Kamath and J. Li, Proc. Mach. Learn. Res. 178 (2022),
        on tolerant testing. [2] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017).
    [3] T. Weissman et al., HP Labs HPL-2003-97 (2003), the bound it is measured against.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import special

from qcattn.arguments import check_alpha
from qcattn.comparisons import _sets
from qcattn.comparisons._measured import calibration_error
from qcattn.comparisons._rows import Bools, Floats, Ints, check_rows
from qcattn.comparisons.fit import Fit, fit
from qcattn.plurals import plural

#: Part of alpha spent on the bounds of single outcomes.
BOX = 0.05
#: Probability of the rarest outcomes that are treated as one.
LUMP = 5e-4
#: Grids of tau (in null standard deviations of U), of mu (in units of a first guess) and of nu.
_TAUS = np.geomspace(1.2, 14.0, 8)
_MUS = np.geomspace(0.8, 1.9, 5)
_NUS = (0.0, 1.0, 3.0)
#: Pieces into which the deviation of the likeliest outcome is cut, on either side.
PIECES = 16
#: Luck, in standard deviations, at which the two bounds are compared beforehand: 90% power.
_LUCK = 1.2815515655446004
#: How much the rough forecast of the quadratic bound falls short of it, about.
_SHORT = 1.15
#: Elements of a block of rows worked on together, and of a part of it that stays in the core's
#: own memory while it is gone over again and again.
_BLOCK, _PART = 1 << 18, 1 << 15


#: Coefficients of a cubic, constant first.
Cubic = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is certified of each row. Arrays are of shape (...).

    A row may be both refuted and certified: it differs from p, by no more than epsilon.

    Attributes:
        certified: TV <= epsilon is claimed. For each row the claim is wrong with probability at
            most alpha; so is the claim that all rows are certified, since it needs every row.
        refuted: The row differs from p, Holm over the rows.
        upper: Upper confidence bound on TV, each at 1 - alpha; 1 without shots.
        epsilon: Total variation that still counts as agreement.
        alpha: Error rate.
        fit: The test of fit behind `refuted`.
    """

    certified: Bools
    refuted: Bools
    upper: Floats
    epsilon: float
    alpha: float
    fit: Fit

    def __str__(self) -> str:
        """Two lines: what is certified, and the test of fit behind it."""
        number, rows = int(np.sum(self.certified)), self.certified.size
        said = "certified" if number == rows else f"{number:,} of {plural(rows, 'row')} certified"
        return (
            f"{said} within a total variation of {self.epsilon:g}; it is at most "
            f"{float(np.max(self.upper)):.3g}, at {1 - self.alpha:.6g} confidence a row\n{self.fit}"
        )

    @property
    def undecided(self) -> Bools:
        """Rows that are neither certified nor refuted."""
        return ~self.certified & ~self.refuted

    @property
    def all_certified(self) -> bool:
        """Whether every row is certified; this is wrong with probability at most alpha."""
        return bool(self.certified.size) and bool(self.certified.all())


def certify(counts: Any, p: Any, epsilon: float, alpha: float = 0.01) -> Certificate:
    """Certify agreement within a total variation, or a difference, or neither, row by row.

    Args:
        counts: Integers of shape (..., outcomes), or an object with ``keys`` and ``stray``, or what
            Qiskit gives (see `fit`). Stray shots count as one more outcome of probability zero.
        p: Probabilities of shape (..., outcomes) or (outcomes,), or a dictionary, or what
            `qcattn.comparisons.expected` returns; then half of alpha goes to a bound on the
            calibration's own total variation, which is added.
        epsilon: Largest total variation that counts as agreement, between 0 and 1.
        alpha: Error rate of either claim.

    Returns:
        The claims and the upper confidence bound on the total variation.

    Raises:
        ValueError: If epsilon or alpha is not between 0 and 1, or for what `fit` refuses.

    Example:
        >>> certificate = certify([[5020, 2980, 2000]], [[0.5, 0.3, 0.2]], epsilon=0.05)
        >>> certificate.certified, certificate.refuted
        (array([ True]), array([False]))
        >>> float(certificate.upper[0].round(3))
        0.014
    """
    epsilon = check_alpha(epsilon, "epsilon")
    alpha = check_alpha(alpha)
    rows = check_rows(counts, p)
    tested = fit(counts, p, alpha=alpha)
    shots, size = rows.shots, len(rows.counts)
    whole, law = rows.counts, rows.p
    if rows.stray.any():
        whole = np.column_stack([whole, rows.stray])
        law = np.column_stack([law, np.zeros(size)])
    upper, added = np.ones(size), np.zeros(size)
    level = alpha
    if rows.covariance is not None:
        level = alpha / 2
        added = calibration_error(rows.covariance, level)
    step = max(1, _BLOCK // whole.shape[1])
    for start in range(0, size, step):
        part = slice(start, start + step)
        block = whole[part].astype(np.float64), law[part], np.maximum(shots[part], 1)
        upper[part] = upper_bound(*block, level)
    upper = np.where(shots < 2, 1.0, np.minimum(upper + added, 1.0)).reshape(rows.shape)
    return Certificate(upper <= epsilon, tested.rows("holm"), upper, epsilon, alpha, tested)


def upper_bound(counts: Floats, p: Floats, shots: Floats, alpha: float) -> Floats:
    """Upper confidence bound on the total variation of each row of a block.

    Args:
        counts: Shape (rows, outcomes); a column of probability zero for stray shots, if any.
        p: Shape (rows, outcomes).
        shots: The number of shots of each row, at least 1, shape (rows,).
        alpha: Probability that the bound of a row fails.

    Returns:
        Shape (rows,).
    """
    upper = np.empty(len(p))
    few = few_at_work(p, shots, alpha)
    for rows, bound in ((few, _sets.bound), (~few, _by_quadratic)):
        if rows.any():
            upper[rows] = bound(counts[rows], p[rows], shots[rows], alpha)
    return upper


def foreseen(p: Floats, shots: Floats, alpha: float, luck: float) -> Floats:
    """The bound of a perfect sampler whose luck is this many standard deviations off, (rows,)."""
    few = few_at_work(p, shots, alpha)
    upper = _sets.foreseen(p, shots, alpha, luck)
    if not few.all():
        flat, n = p[~few], shots[~few]
        upper[~few] = _by_quadratic(n[:, None] * flat, flat, n, alpha, luck)
    return upper


def few_at_work(p: Floats, shots: Floats, alpha: float) -> Bools:
    """The rows for which the bound by sets is expected to be smaller, whatever the counts."""
    n = np.maximum(shots, 2).astype(np.float64)
    m = np.maximum(p, 1 / n[:, None])
    root = np.cbrt(m)
    w = (p > 0) / (root * root)
    size = np.sum((p > 0) * root * root, axis=-1)
    pairs = n * (n - 1)
    z = max(-special.ndtri((1 - BOX) * alpha), 0.0)
    variance = 2 * pairs * np.sum((w * p * (1 - p)) ** 2, axis=-1)
    # pairs size c^2 = luck sigma + z (sigma^2 + 4 n^3 c^2)^(1/2), a quadratic equation in c^2.
    mean, lucky = pairs * size, _LUCK * np.sqrt(variance)
    half = lucky * mean + 2 * n**3 * z * z
    rest = np.maximum(half**2 - mean**2 * (lucky**2 - z * z * variance), 0.0)
    quadratic = np.sqrt(half + np.sqrt(rest)) / mean * size / 2
    return np.asarray(_sets.foreseen(p, n, alpha, _LUCK) <= _SHORT * quadratic)


def _by_quadratic(
    counts: Floats, p: Floats, shots: Floats, alpha: float, luck: float | None = None
) -> Floats:
    """The bound by U on the total variation of each row of a block.

    With `luck`, U is not computed from the counts but put this many null standard deviations above
    its mean.
    """
    merged, law, single, mass = _lump(counts, p)
    upper = np.empty(len(p))
    # Rows of as many outcomes go together, without the columns that only longer ones need.
    order = np.argsort(single.sum(axis=-1), kind="stable")
    step = max(1, _PART // law.shape[1])
    for start in range(0, len(p), step):
        rows = order[start : start + step]
        used = np.flatnonzero(single[rows].any(axis=0))
        used = np.union1d(used, [law.shape[1] - 2, law.shape[1] - 1])
        here = np.ix_(rows, used)
        upper[rows] = _of_lumped(
            merged[here], law[here], single[here], mass[rows], shots[rows], alpha, luck
        )
    return upper


def _of_lumped(
    k: Floats,
    p: Floats,
    left: Bools,
    lumped: Floats,
    shots: Floats,
    alpha: float,
    luck: float | None,
) -> Floats:
    """The bound of `_by_quadratic`, for rows whose rarest outcomes are one."""
    n = np.maximum(shots, 2).astype(np.float64)[:, None]
    log_term = np.log(2 * left.sum(axis=-1, keepdims=True) / (BOX * alpha))

    def above(count: Floats) -> Floats:
        return np.minimum((np.sqrt(log_term / 2) + np.sqrt(log_term / 2 + count)) ** 2 / n, 1.0)

    most = np.where(left, np.maximum(above(k), p), 0.0)
    most_else = above(n - k)
    least = np.where(left, np.clip(1 - most_else, 0.0, p), 0.0)
    m = np.maximum(p, 1 / n)
    w = (p > 0) / np.cbrt(m * m)
    pairs = n * (n - 1)
    flat = w * most**2
    cross = flat.sum(-1, keepdims=True) ** 2 - (flat**2).sum(-1, keepdims=True)
    # The null spread only sets the scale of the grid.
    spread = np.sqrt(2 * pairs * np.sum((w * p * (1 - p)) ** 2, axis=-1, keepdims=True))
    spread = np.maximum(spread, np.sqrt(2 * pairs) * 1e-6)
    if luck is None:
        u = np.sum(w * ((k - n * p) ** 2 - k * (1 - 2 * p) - n * p * p), axis=-1, keepdims=True)
    else:
        u = luck * spread
    size = np.sum((p > 0) * np.cbrt(m * m), axis=-1, keepdims=True)
    # The likeliest outcome is apart: its deviation is bounded piece by piece.
    top = _sets.likeliest(k, p)
    low, high = p - least, most - p
    far = np.stack([np.take_along_axis(x, top, axis=-1) for x in (high, low)], axis=1)
    for x in (low, high):
        np.put_along_axis(x, top, 0.0, axis=-1)
    ends = far * np.linspace(0, 1, PIECES + 1)
    dual = _Dual(p, w, most_else, low, high, n, top, u, cross, spread, size, ends)
    best = dual.smallest(-special.ndtri((1 - BOX) * alpha))
    # A piece below zero holds no law that is kept.
    farthest = np.maximum(best.max(axis=-1), 0.0) / 2
    # TV <= max(1 - p_t, 1 - q_t) for any outcome t, but not for several that count as one.
    elsewhere = np.where(left, np.maximum(1 - p, most_else), 1.0)[:, :-2].min(axis=-1, initial=1.0)
    return np.minimum(farthest + lumped, elsewhere)


@dataclass(frozen=True, eq=False)
class _Dual:
    """The dual of the largest sum of deviations that is kept, row by row.

    Attributes:
        p: Shape (rows, outcomes), as all of the next four.
        w: Weights.
        most_else: Upper bounds on 1 - q.
        low: How far q may be below p; 0 of the likeliest outcome.
        high: How far q may be above p.
        n: Shots, shape (rows, 1), as all of the next five.
        top: Index of the likeliest outcome.
        u: The statistic.
        cross: The cross terms of the bound on the variance of the statistic.
        spread: The null standard deviation of the statistic, about.
        size: A size from which the first guess of mu is made.
        ends: The ends of the pieces of the likeliest outcome's deviation, upwards and then
            downwards, shape (rows, 2, pieces + 1).
    """

    p: Floats
    w: Floats
    most_else: Floats
    low: Floats
    high: Floats
    n: Floats
    top: Ints
    u: Floats
    cross: Floats
    spread: Floats
    size: Floats
    ends: Floats

    def smallest(self, z: float) -> Floats:
        """The smallest value of each piece over the grid, shape (rows, pieces), if it matters.

        The value is convex in nu, so that those at the smaller two bound it from below at the
        third. The third is left out of rows whose largest piece it leaves as it is.
        """
        best, beyond = self._over_grid(_NUS[:2], z)
        first = best.argmax(axis=-1)[:, None]
        lower = np.take_along_axis(beyond, first, -1) < np.take_along_axis(best, first, -1)
        if (rows := np.flatnonzero(lower)).size:
            some = _Dual(*(getattr(self, name.name)[rows] for name in fields(self)))
            best[rows] = np.minimum(best[rows], some._over_grid(_NUS[2:], z)[0])
        return best

    def _over_grid(self, nus: tuple[float, ...], z: float) -> tuple[Floats, Floats]:
        """The smallest value, and what it is at least for the next nu; shape (rows, pieces)."""
        p, w, n, pairs = self.p, self.w, self.n, self.n * (self.n - 1)
        best = np.full((len(p), 2, PIECES), np.inf)
        beyond = best.copy()
        tilts = sorted({1 + sign * nu for sign in (1, -1) for nu in nus})
        for scale in _TAUS:
            tau = scale * self.spread
            v = z / (2 * tau)
            # phi(d) = c0 + c1 d + c2 d^2 + c3 d^3
            linear = 4 * v * n * (n - 1) ** 2 * w**2
            square = 2 * v * pairs * (w * self.most_else) ** 2
            phi: Cubic = (-square * p**2, -2 * square * p, pairs * w - linear * p - square, -linear)
            a, b, c, d = (np.take_along_axis(x, self.top, axis=-1) for x in phi)
            phi_top: Cubic = (a, b, c, d)
            room = self.u + z * tau / 2 + 2 * v * pairs * self.cross
            room -= phi[0].sum(-1, keepdims=True)
            guess = np.sqrt(self.size / (4 * pairs * np.maximum(room, 0.1 * self.spread)))
            more, less = _Largest.of(phi, 1.0, self.high), _Largest.of(phi, -1.0, self.low)
            at_rest = [one(0 * guess) if 0 in tilts else None for one in (more, less)]
            for factor in _MUS:
                mu = factor * guess
                # The slopes of a tilt, up and down, are these multiples of 1 / mu, together 2.
                largest = {}
                for tilt in tilts:
                    up = more(tilt / mu) if at_rest[0] is None or tilt else at_rest[0]
                    down = less((2 - tilt) / mu) if at_rest[1] is None or tilt != 2 else at_rest[1]
                    both = np.maximum(up, down)
                    largest[tilt] = np.maximum(both, 0.0, out=both).sum(-1, keepdims=True)
                apart = _peak(phi_top, mu, self.ends)
                apart += (mu * room)[..., None]
                found = []
                for nu in nus:
                    # The other deviations sum to minus this one, which is at least where it begins.
                    rest = mu[..., None] * np.stack([largest[1 - nu], largest[1 + nu]], axis=1)
                    found.append(apart + (rest - nu * self.ends[..., :-1]))
                    np.minimum(best, found[-1], out=best)
                reach = (_NUS[2] - _NUS[1]) / (_NUS[1] - _NUS[0])
                np.minimum(beyond, found[-1] + reach * (found[-1] - found[0]), out=beyond)
        return best.reshape(len(p), -1), beyond.reshape(len(p), -1)


@dataclass(frozen=True, eq=False)
class _Largest:
    r"""The largest :math:`t x - (\phi(\pm x) - \phi(0)), 0 < x <= end`, outcome by outcome.

    With slope t the cubic is largest at the end or where it is stationary and bent down,
    :math:`x = (t + b_1) / (r + c_2) = (c_2 - r) / 3 b_3`, r the root of the discriminant; of the
    two forms each keeps its digits where the other loses them. Where it falls from the beginning,
    and is bent down there, it is largest at one of the ends. What does not depend on t is here.
    """

    first: Floats
    second: Floats
    third: Floats
    inside: Floats
    rising: Floats
    end: Floats
    at_end: Floats
    bent_up: Bools | None
    steepest: Floats
    spare: tuple[Floats, Floats]

    @classmethod
    def of(cls, phi: Cubic, sign: float, end: Floats) -> _Largest:
        """The value for deviations of one sign, up to an end."""
        _, c1, c2, c3 = phi
        b1, b3 = -sign * c1, -sign * c3
        up, spare = c2 < 0, (np.empty_like(b3), np.empty_like(b3))
        return cls(b1, c2, b3, c2 * c2 - 3 * c1 * c3, 3 * sign * c3, end,
                   end * (b1 + end * (end * b3 - c2)), up if up.any() else None,
                   b1.max(axis=-1, keepdims=True), spare)  # fmt: skip

    def __call__(self, t: Floats) -> Floats:
        """Shape (rows, outcomes), for slopes t, (rows, 1); it may be below the 0 of x = 0."""
        slope, x = self.spare
        if self.bent_up is None and bool((self.steepest + t < 0).all()):
            best = np.multiply(self.end, t)
            best += self.at_end
            return best
        np.add(self.first, t, out=slope)
        root = self.rising * t
        root += self.inside
        with np.errstate(divide="ignore", invalid="ignore"):
            np.sqrt(root, out=root)  # no number where nothing is stationary
            np.add(root, self.second, out=x)
            np.divide(slope, x, out=x)
            if self.bent_up is not None:
                other = (self.second - root) / (3 * self.third)
                np.copyto(x, other, where=self.bent_up)
        np.fmin(np.fmax(x, 0.0, out=x), self.end, out=x)  # also where it is no number
        best = np.multiply(x, self.third, out=root)
        best -= self.second
        best *= x
        best += slope
        best *= x
        at_end = np.multiply(self.end, t, out=slope)
        at_end += self.at_end
        return np.maximum(best, at_end, out=best)


def _peak(phi: Cubic, mu: Floats, ends: Floats) -> Floats:
    """Largest |d| - mu (phi(d) - phi(0)) over d from one end of a piece to the next.

    Args:
        phi: The coefficients of phi, of shape (rows, 1) each.
        mu: Shape (rows, 1).
        ends: The ends of the pieces of |d|, shape (rows, 2, pieces + 1): d itself and then -d.

    Returns:
        Shape (rows, 2, pieces).
    """
    _, c1, c2, c3 = (x[..., None] for x in phi)
    mu, sign = mu[..., None], np.array([[1.0], [-1.0]])
    # In x = |d|: b1 x + b2 x^2 + b3 x^3, largest at an end or where it is stationary.
    b1, b2, b3 = 1 - mu * sign * c1, -mu * c2, -mu * sign * c3
    root = np.sqrt(np.maximum(b2 * b2 - 3 * b3 * b1, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Both roots in the form that keeps their digits.
        stationary = b1 / (root - b2), -(root + b2) / (3 * b3)
    at_ends = ends * (b1 + ends * (b2 + ends * b3))
    start, end = ends[..., :-1], ends[..., 1:]
    best = np.maximum(at_ends[..., :-1], at_ends[..., 1:])
    for place in stationary:
        x = np.fmin(np.fmax(place, start), end)  # an end where it is no number
        np.maximum(best, x * (b1 + x * (b2 + x * b3)), out=best)
    return best


def _lump(k: Floats, p: Floats) -> tuple[Floats, Floats, Bools, Floats]:
    """Merge each row's rarest outcomes, together at most `LUMP`, and its impossible ones.

    Returns:
        Counts, probabilities, which outcomes are left, and the mass to add back: over the merged
        outcomes, sum |d_i| / 2 is at most |sum d_i| / 2 plus their probability under p. The last
        column but one is the rare outcomes, the last the impossible ones.
    """
    order = np.argsort(p, axis=-1)
    ordered, counts = np.take_along_axis(p, order, -1), np.take_along_axis(k, order, -1)
    never = ordered <= 0
    rare = (np.cumsum(ordered, axis=-1) <= LUMP) & ~never
    apart = never | rare
    kept = ~apart.all(axis=0)
    ones = np.ones(len(p), dtype=bool)
    left = np.column_stack([~apart[:, kept], rare.any(axis=-1), ones])
    mass = np.where(rare, ordered, 0.0).sum(axis=-1)
    p = np.column_stack([np.where(apart, 0.0, ordered)[:, kept], mass, 0.0 * mass])
    hits = [np.where(which, counts, 0.0).sum(axis=-1) for which in (rare, never)]
    k = np.column_stack([np.where(apart, 0.0, counts)[:, kept], *hits])
    return k, p, left, np.where(rare.sum(axis=-1) > 1, mass, 0.0)
