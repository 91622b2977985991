r"""Do counts agree with probabilities? A test of fit for many sparse rows at once.

Rows are peaked: most keys expect far less than one count, masked ones have probability exactly
zero, and the shots go from hundreds to millions. Five parts look at each row, and the row's
p-value is their weighted Bonferroni minimum [1]:

- *zero*: one shot on an outcome of probability zero refutes, p-value 0 (it takes no share);
- *u*: the quadratic statistic of `qcattn.comparisons._quadratic` [3], against the shifted gamma law
  of its exact first three null moments;
- *tail*: exact binomial tests of too many shots in nested sets of the rarest outcomes, for a leak
  spread too thinly over them for any single one to show;
- *energy*: the two-sided score test of :math:`\sum_i k_i \log p_i`, the efficient one for a wrong
  temperature, against a shifted gamma law too;
- *top*: exact tests of the two likeliest outcomes (`qcattn.comparisons._likeliest`), for a move
  between them in a row with many others.

A gamma tail is good at 1e-2 but not at 1e-6, where thousands of rows are decided together. So a
part whose p-value comes out below `ESCALATE` is computed again by importance sampling
(`qcattn.comparisons._tilted`), which is valid at every level. So is, from 0.1 down, the part of a
row that is too discrete for a gamma law at all, such as 300 shots with 0.01 expected outside the
first key; above 0.1 such a part gets Cantelli's bound, valid for any law. Nothing else is sampled.

Over rows, faults are looked for in two ways: one row alone (Holm at alpha / 2), and all rows a
little (alpha / 2, shared by the sum of the standardised U and the sum of the energy scores). The
sum of the energy scores is the score test for one inverse temperature common to all rows, which is
why its terms are summed as they are. A sum of skewed terms is not normal, so both sums get a
shifted gamma law with their own third moment, and in the sum of U a row counts for less the more
its skewness exceeds that of any smooth law (`SMOOTH_SKEW`).

References:
    [1] C. E. Bonferroni, Pubbl. R. Ist. Super. Sci. Econ. Commer. Firenze 8, 3 (1936); S. Holm,
        Scand. J. Statist. 6, 65 (1979).
    [2] Y. Benjamini and Y. Hochberg, J. R. Statist. Soc. B 57, 289 (1995).
    [3] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy import special

from qcattn.comparisons import _quadratic, _tilted
from qcattn.comparisons._likeliest import likeliest_two
from qcattn.comparisons._resolution import Sensitivity
from qcattn.comparisons._rows import Bools, Floats, Ints, Rows, check_level, check_rows

#: Shares of the error rate that the parts get.
SHARES = {"u": 0.5, "tail": 0.28, "energy": 0.14, "top": 0.08}
#: A part's p-value over its share below this is replaced by a valid one.
ESCALATE = 1e-3
#: Skewness above which a part is too discrete for the gamma law: Cantelli's bound takes its place,
#: and p-values below `ESCALATE_ROUGH` are computed again.
ROUGH_SKEW = {"u": 4.0, "energy": 1.5}
ESCALATE_ROUGH = 0.1
#: Draws of the importance sampling.
DRAWS = 100
#: Nested sets of rare outcomes at most.
SETS = 20
#: Skewness of a chi-square with one degree of freedom, the largest a smooth U can have.
SMOOTH_SKEW = 8**0.5
#: Calibration shots that an outcome of a measured law needs for a weight or an energy of its own.
CALIBRATED = 5
#: Elements of a block of rows worked on together, so that it stays in cache.
BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class Offender:
    """One outcome whose count does not fit.

    Attributes:
        outcome: Its index on the last axis; -1 for stray shots, which have no column.
        observed: Its count.
        expected: Shots times probability.
        p_value: Two-sided exact binomial, not corrected for the number of outcomes.
    """

    outcome: int
    observed: int
    expected: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Fit:
    """How well rows of counts fit their probabilities. Arrays are of shape (...).

    Attributes:
        p_values: One p-value a row; 1 where there are no shots.
        zero: 0 where a shot fell on an outcome of probability zero, else 1. Of probabilities that
            were measured, a p-value.
        u: P-value of the quadratic statistic (not pursued below 1e-3 where another part is
            certain already).
        tail: P-value of the scan over rare sets.
        energy: P-value of the energy score.
        top: P-value of the two likeliest outcomes.
        u_score: U in units of its null standard deviation.
        energy_score: The energy score, centred, in units of its null standard deviation; positive
            means too much on the likely outcomes, that is too cold.
        shots: Shots a row.
        undecided: Rows without shots: they neither agree nor differ.
        alpha: Error rate of the whole answer.
    """

    p_values: Floats
    zero: Floats
    u: Floats
    tail: Floats
    energy: Floats
    top: Floats
    u_score: Floats
    energy_score: Floats
    shots: Ints
    undecided: Bools
    alpha: float
    _sums: tuple[float, float] = field(repr=False)
    _rows: Rows = field(repr=False)

    @property
    def overall(self) -> float:
        """Global p-value of the hypothesis that every row fits (rows without shots left out)."""
        decided = self.p_values[~self.undecided]
        if decided.size <= 1:
            return float(decided.min(initial=1.0))
        u_sum, energy_sum = self._sums
        return float(min(1.0, 2 * decided.size * decided.min(), 4 * u_sum, 4 * energy_sum))

    @property
    def refuted(self) -> bool:
        """Whether the rows together differ from their probabilities, at error rate alpha."""
        return self.overall <= self.alpha

    def rows(self, method: Literal["holm", "bh"] = "holm") -> Bools:
        """Rows that differ.

        Args:
            method: ``"holm"`` for at most alpha / 2 of any false one among them (the other half
                belongs to the sums over rows; a single row gets all of alpha), ``"bh"`` for a
                false discovery rate of at most alpha [2].

        Returns:
            Boolean, shape (...).

        Raises:
            ValueError: If the method is unknown.
        """
        decided = ~self.undecided
        p = self.p_values[decided]
        order = np.argsort(p, kind="stable")
        rank = np.arange(1, p.size + 1)
        if method == "holm":
            level = self.alpha if p.size <= 1 else self.alpha / 2
            kept = np.logical_and.accumulate(p[order] <= level / (p.size + 1 - rank))
        elif method == "bh":
            below = p[order] <= self.alpha * rank / max(p.size, 1)
            kept = np.logical_or.accumulate(below[::-1])[::-1]
        else:
            raise ValueError(f"Argument `method` must be 'holm' or 'bh', but is {method!r}.")
        found = np.zeros(p.size, dtype=bool)
        found[order] = kept
        refuted = np.zeros(self.p_values.shape, dtype=bool)
        refuted[decided] = found
        return refuted

    def offenders(self, row: tuple[int, ...] | int = (), limit: int = 10) -> tuple[Offender, ...]:
        """Outcomes of a row that do not fit, the worst first.

        Args:
            row: Index of the row on the leading axes; nothing if there are none.
            limit: How many to name at most.

        Returns:
            Outcomes whose p-value times the number of possible outcomes is at most alpha, shots on
            impossible outcomes before all others. A row can differ with no single offender.

        Raises:
            IndexError: If there is no such row.
        """
        shape = self._rows.shape
        index = (row,) if isinstance(row, (int, np.integer)) else tuple(row)
        if len(index) != len(shape):
            raise IndexError(f"Argument `row` must have {len(shape)} indices, but is {row!r}.")
        flat = int(np.arange(self.p_values.size).reshape(shape)[index])
        counts, p, n = self._rows.counts[flat], self._rows.p[flat], int(self._rows.shots[flat])
        upper = np.where(counts > 0, special.bdtrc(counts - 1, n, p), 1.0)
        both = np.minimum(1.0, 2 * np.minimum(upper, special.bdtr(counts, n, p)))
        both = np.where(p > 0, both, np.where(counts > 0, 0.0, 1.0))
        bad = np.flatnonzero(both * max(np.count_nonzero(p), 1) <= self.alpha)
        bad = bad[np.lexsort((-np.abs(counts - n * p)[bad], both[bad]))]
        found = [Offender(int(i), int(counts[i]), float(n * p[i]), float(both[i])) for i in bad]
        stray = int(self._rows.stray[flat])
        return tuple(([Offender(-1, stray, 0.0, 0.0)] if stray else []) + found)[:limit]

    @cached_property
    def resolution(self) -> Floats:
        r"""Smallest total variation each row would have shown with 90% power, shape (...).

        Of the deviations of one size the hardest to see are meant:
        :math:`\epsilon_i = \min(c p_i^{2/3}, p_i)` with unknown signs, or a move between two
        halves if that is harder. They are seen where the mean of U,
        :math:`n (n-1) \sum w_i \epsilon_i^2`, exceeds U's critical value, at the level of a single
        row among the others (Holm's first, alpha / 2 over the rows) times U's share, by 1.28 of
        its standard deviations
        :math:`(\sigma_0^2 + 4 n^3 \sum w_i^2 \epsilon_i^2 p_i)^{1/2}`. (With optimal weights, no
        share taken and no second term this is the floor
        :math:`n = \sqrt 2 z / (\sum \epsilon_i^4 / p_i^2)^{1/2}`.) 1 where nothing would have
        been seen, as without shots.
        """
        decided = np.count_nonzero(~self.undecided)
        level = self.alpha if decided <= 1 else self.alpha / 2 / decided
        seen = self._sensitivity.each(level * SHARES["u"])
        if self._rows.covariance is not None:
            # A deviation hides behind the calibration's own.
            seen = np.minimum(1.0, seen + calibration_error(self._rows.covariance, self.alpha))
        return np.reshape(seen, self.shots.shape)

    @cached_property
    def resolution_together(self) -> float:
        """Smallest total variation that all rows together would have shown with 90% power.

        The same in every row, signs unknown, seen by the sum of the standardised U at alpha / 4.
        """
        skew = self._sensitivity.skew
        weights = np.where(skew > 0, _damping(skew), 0.0)
        if np.count_nonzero(weights) <= 1 or self._rows.covariance is not None:
            return float(self.resolution.min(initial=1.0))
        return self._sensitivity.together(self.alpha / 4, weights)

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        return Sensitivity(self._rows.p, self._rows.shots.astype(np.float64))


def fit(counts: Any, p: Any, *, alpha: float = 0.01, seed: int = 0) -> Fit:
    r"""Test whether counts agree with probabilities, row by row and together.

    Args:
        counts: Integers of shape (..., outcomes), or an object with attributes ``keys`` of that
            shape and ``stray`` of shape (...), shots on outcomes that must not occur.
        p: Probabilities of shape (..., outcomes), or (outcomes,) for all rows. Each row sums to
            one within 1e-9 (1e-5 in float32); it is normalised. Zeros are exact. Or what
            `qcattn.comparisons.expected` returns, probabilities with a covariance: then shots where
            calibration saw none are weighed against its shots, in place of the part of the two
            likeliest; small p-values are not sampled, since no law is known exactly that could
            be drawn from, and those below 1e-3 are approximate; and only Holm's half of the
            overall p-value is used, because one calibration is common to all rows.
        alpha: Error rate of the answer, between 0 and 1.
        seed: Seed of the importance sampling of rows with small p-values. It must not be chosen
            by looking at the counts.

    Returns:
        The p-values and what they are made of.

    Raises:
        ValueError: If p does not sum to one, counts are negative or no integers, shapes differ, a
            row is empty, or alpha is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> p = np.array([[0.7, 0.2, 0.1, 0.0], [0.4, 0.3, 0.2, 0.1]])
        >>> result = fit([[690, 208, 102, 0], [360, 400, 140, 100]], p)
        >>> result.rows()
        array([False,  True])
        >>> [(bad.outcome, bad.observed) for bad in result.offenders(1)]
        [(1, 400), (2, 140)]
        >>> bool(result.overall < 1e-6)
        True
    """
    rows = check_rows(counts, p)
    alpha = check_level(alpha)
    size, outcomes = rows.counts.shape
    names = ("p", "zero", "u", "tail", "energy", "top", "u_score", "energy_score")
    table = {name: np.empty(size) for name in names}
    moments = np.zeros(6)
    step = max(1, BLOCK // outcomes)
    for start in range(0, size, step):
        part = slice(start, start + step)
        block = _fit_block(rows, part, seed, moments)
        for name in names:
            table[name][part] = block[name]
    shots = rows.shots
    shaped = {name: value.reshape(rows.shape) for name, value in table.items()}
    return Fit(
        p_values=shaped.pop("p"),
        **shaped,
        shots=shots.reshape(rows.shape),
        undecided=(shots == 0).reshape(rows.shape),
        alpha=alpha,
        _sums=_sum_p_values(moments) if rows.covariance is None else (1.0, 1.0),
        _rows=rows,
    )


def _fit_block(rows: Rows, part: slice, seed: int, moments: Floats) -> dict[str, Floats]:
    """Test a block of rows, and add what the sums over all rows need to ``moments``."""
    p = rows.p[part]
    counts = rows.counts[part].astype(np.float64)
    n = counts.sum(axis=-1) + rows.stray[part]
    possible = p > 0
    zero_hits = rows.stray[part] + np.where(possible, 0.0, counts).sum(axis=-1)
    covariance = None if rows.covariance is None else rows.covariance[part]
    coarse = rows.coarse[part]
    # Weights and energies that followed the errors of a measured p would favour those errors.
    least = CALIBRATED * coarse
    law = _quadratic.weigh(p, n, least)
    exact = covariance is None

    u, u_var, u_third = _u(counts, law, n)
    if covariance is not None:
        shift, more_var, more_third = _calibration(law, n, covariance)
        u, u_var, u_third = u - shift, u_var + more_var, u_third + more_third
    live_u = u_var > 0
    spread = np.sqrt(np.where(live_u, u_var, 1.0))
    u_score = u / spread
    u_skew = u_third / spread**3
    u_p = np.where(live_u, _quadratic.gamma_tail(u_score, u_skew), 1.0)
    rough_u = live_u & (u_skew > ROUGH_SKEW["u"])
    u_p = np.where(rough_u, _cantelli(u_score), u_p)

    score = _energies(law, least)
    energy, e_var, e_third = _energy(counts, law, n, score)
    if covariance is not None:
        e_var = e_var + n**2 * np.einsum("ri,rij,rj->r", score, covariance, score)
    live_e = e_var > 0
    e_spread = np.sqrt(np.where(live_e, e_var, 1.0))
    e_score = energy / e_spread
    e_skew = e_third / e_spread**3
    upper = _quadratic.gamma_tail(e_score, e_skew)
    e_p = np.where(live_e, 2 * np.minimum(upper, 1 - upper), 1.0)
    rough_e = live_e & (np.abs(e_skew) > ROUGH_SKEW["energy"])
    e_p = np.where(rough_e, np.minimum(1.0, 2 * _cantelli(np.abs(e_score))), e_p)

    tail_p, live_t = _tail_scan(counts, p, n, rows.ideal[part], covariance)
    top_p, live_top = likeliest_two(counts, law)
    zero = np.where(zero_hits > 0, 0.0, 1.0)
    if not exact:
        # Measured zeros take the share of the two likeliest; stray shots still refute.
        top_p, live_top = _unseen(counts, p, n, coarse), (coarse > 0) & ~possible.all(axis=-1)
        zero = np.where(live_top & (rows.stray[part] == 0), 1.0, zero)

    live = {"u": live_u, "tail": live_t, "energy": live_e, "top": live_top}
    shares = {name: live[name] * SHARES[name] for name in SHARES}
    total = np.maximum(sum(shares.values()), 1e-300)
    for name in shares:
        shares[name] = shares[name] / total
    pursued = (zero > 0) & exact
    far = (e_p < np.where(rough_e, ESCALATE_ROUGH, ESCALATE * shares["energy"])) & pursued
    for row in np.flatnonzero(far):
        rng = np.random.default_rng([seed, part.start + int(row), 1])
        side = 1 if e_score[row] > 0 else -1
        e_p[row] = min(1.0, 2 * _tilted.energy_tail(counts[row], p[row], side, DRAWS, rng))
    far = (u_p < np.where(rough_u, ESCALATE_ROUGH, ESCALATE * shares["u"])) & pursued
    certain = np.minimum(np.minimum(tail_p, top_p), e_p) <= _tilted.CERTAIN
    u_p[far & certain & ~rough_u] = ESCALATE
    for row in np.flatnonzero(far & ~certain):
        rng = np.random.default_rng([seed, part.start + int(row), 0])
        u_p[row] = _tilted.quadratic_tail(counts[row], p[row], DRAWS, rng)

    row_p = zero.copy()
    for name, value in (("u", u_p), ("tail", tail_p), ("energy", e_p), ("top", top_p)):
        share = shares[name]
        np.minimum(row_p, value / np.where(share > 0, share, 1.0), out=row_p, where=share > 0)
    damp = np.where(live_u, _damping(u_skew), 0.0)
    moments += (
        (damp * u_score).sum(),
        (damp**2).sum(),
        (damp**3 * u_skew).sum(),
        energy[live_e].sum(),
        e_var[live_e].sum(),
        e_third[live_e].sum(),
    )
    return {
        "p": row_p,
        "zero": zero if exact else np.where(live_top, zero * top_p, zero),
        "u": u_p,
        "tail": tail_p,
        "energy": e_p,
        "top": top_p if exact else np.ones_like(top_p),
        "u_score": u_score,
        "energy_score": e_score,
    }


def _unseen(counts: Floats, p: Floats, n: Floats, coarse: Floats) -> Floats:
    r"""P-value of shots on outcomes that calibration never read.

    If one calibration shot stands for a probability of at most c, an outcome that is expected h
    times in n shots is expected in calibration at least h / (n c) times. Of all that are seen of
    it, in counts and calibration together, each is among the counts with probability at most
    :math:`\pi = n c / (1 + n c)`, so that h or more of them all are with at most
    :math:`\pi^h`; times the number of outcomes, any of which may be the one.
    """
    most = np.where(p > 0, 0.0, counts).max(axis=-1)
    mean = n * coarse
    bound = np.minimum(1.0, p.shape[1] * (mean / (1 + mean)) ** most)
    return np.where(most > 0, bound, 1.0)


def _cantelli(z: Floats) -> Floats:
    """Bound on the upper tail of any standardised law."""
    return 1 / (1 + np.maximum(z, 0.0) ** 2)


def _damping(skew: Floats) -> Floats:
    """Weights of standardised U in their sum."""
    return 1 / np.maximum(1.0, skew / SMOOTH_SKEW)


def _u(counts: Floats, law: _quadratic.Law, n: Floats) -> tuple[Floats, Floats, Floats]:
    """U, its variance and third moment; a variance of zero where U cannot vary."""
    u = _quadratic.statistic(counts, law)
    variance, third = _quadratic.null_moments(law)
    dead = (n < 2) | (law.gap[:, 0] <= 0)
    return np.where(dead, 0.0, u), np.where(dead, 0.0, variance), np.where(dead, 0.0, third)


def calibration_error(covariance: Floats, alpha: float) -> Floats:
    r"""Upper bound on the total variation between p and the law it estimates, each row's own.

    With normal errors d of covariance C, :math:`\frac12 \sum |d_i|` has mean
    :math:`\frac12 \sum (2 C_{ii} / \pi)^{1/2}` and is a Lipschitz function whose constant is at
    most :math:`\frac12 (\sum |C_{ij}|)^{1/2}` in standard normal coordinates, so it exceeds its
    mean by z times that with probability at most exp(-z^2 / 2).

    Args:
        covariance: Shape (rows, outcomes, outcomes).
        alpha: Probability that the bound fails.

    Returns:
        Shape (rows,).
    """
    mean = np.sqrt(np.einsum("rii->ri", covariance) * (2 / np.pi)).sum(axis=-1) / 2
    steep = np.sqrt(np.abs(covariance).sum(axis=(-1, -2))) / 2
    return mean + np.sqrt(-2 * np.log(alpha)) * steep


def _calibration(
    law: _quadratic.Law, n: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats]:
    r"""What an uncertain p adds to the mean, variance and third moment of U.

    Counts minus n p have covariance :math:`A + B` with :math:`A = n (diag p - p p^T)` from the
    shots and :math:`B = n^2 C` from p. As a quadratic form of a nearly normal vector, U has the
    cumulants :math:`2 tr (W(A+B))^2` and :math:`8 tr (W(A+B))^3`; of these, what is left without
    B is subtracted, since U's own moments are known exactly.
    """
    p, w = law.p.copy(), law.w.copy()
    np.put_along_axis(p, law.top, law.p_top, axis=-1)
    np.put_along_axis(w, law.top, law.w_top, axis=-1)
    root = np.sqrt(w)
    shots = n[:, None, None] * (p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :])
    a = root[:, :, None] * shots * root[:, None, :]
    b = root[:, :, None] * (n**2)[:, None, None] * covariance * root[:, None, :]
    shift = (1 - 1 / np.maximum(n, 1)) * np.einsum("rii->r", b)
    moments = []
    for matrix in (a + b, a):
        square = matrix @ matrix
        moments.append((np.einsum("rii->r", square), np.einsum("rij,rij->r", square, matrix)))
    (two, three), (two_less, three_less) = moments
    return shift, 2 * (two - two_less), 8 * (three - three_less)


def _energies(law: _quadratic.Law, least: Floats) -> Floats:
    """Logarithms of probabilities over the largest, 0 where impossible, (rows, outcomes)."""
    score = np.log(np.where(law.p > 0, np.maximum(law.p, least[:, None]), law.p_top))
    score -= np.log(law.p_top)
    return score


def _energy(
    counts: Floats, law: _quadratic.Law, n: Floats, score: Floats
) -> tuple[Floats, Floats, Floats]:
    """Centred energy score, its variance and third moment; variance zero for equal energies."""
    weighted = law.p * score
    m1 = weighted.sum(axis=-1)
    weighted *= score
    m2 = weighted.sum(axis=-1)
    m3 = np.einsum("ij,ij->i", weighted, score)
    variance = m2 - m1**2
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    variance = np.where((variance > 1e-20) & (n > 0), variance, 0.0)
    return np.einsum("ij,ij->i", counts, score) - n * m1, n * variance, n * third


def _tail_scan(
    counts: Floats, p: Floats, n: Floats, ideal: Floats, covariance: Floats | None = None
) -> tuple[Floats, Bools]:
    """Exact binomial upper tails over nested sets of rare outcomes, their minimum corrected.

    The sets are {i: 0 < p_i <= t}, by the exact p; the thresholds t are the probabilities at ranks
    that fall geometrically from the last but one to the second, so ties never split and the order
    of outcomes is free. The smallest tail is multiplied by the number of sets, and where that is
    small it is replaced by the sum over the sets of the levels they can attain [R. E. Tarone,
    Biometrics 46, 515 (1990)]: a set that expects 1e-6 shots cannot give a tail of just 1e-4.

    Where p is measured, the sets are chosen by the exact probabilities before the readout (sets
    chosen by p would collect what calibration happened to underrate), impossible ones included. A
    set of probability m whose error has variance v is known as from :math:`M = m (1 - m) / v`
    shots, M m of them in it. Its tail is that of the hits among these and the hits, each of which
    is a hit with probability n / (n + M): exact if the calibration is a Poisson number of equal
    parts, and on the safe side where m is large.
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
        """Sum of the weights inside each set, shape (size, number)."""
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
    shots = np.broadcast_to(n[:, None], mass.shape).astype(np.int64)
    tails[look] = special.bdtrc(hits[look] - 1, shots[look], np.minimum(mass[look], 1.0))
    if covariance is not None:
        inner = (ideal[:, None, :] <= thresholds[:, :, None]).astype(float)
        variance = np.maximum(np.einsum("rsi,rsi->rs", inner @ covariance, inner), 1e-300)
        known = (mass * (1 - np.minimum(mass, 1.0)) / variance)[look]
        own = shots[look] / (shots[look] + known)
        measured = special.betainc(hits[look], known * mass[look] + 1, own)
        tails[look] = np.where(known < 1e12, measured, tails[look])
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
    shots = np.broadcast_to(n[:, None], mass.shape).astype(np.int64)
    mean, bound = n[:, None] * mass, -np.log(level)[:, None]
    mass, level = np.minimum(mass, 1.0), level[:, None] * (1 + 1e-9)
    # Bernstein's inequality: a count of `high` or more is rarer than the level.
    high = np.ceil(mean + np.sqrt(2 * mean * bound) + bound).astype(np.int64) + 1
    low = np.zeros_like(high)
    for _ in range(int(high.max(initial=1)).bit_length()):
        middle = (low + high) // 2
        rare = special.bdtrc(middle - 1, shots, mass) <= level
        low, high = np.where(rare, low, middle), np.where(rare, middle, high)
    return np.where(high > shots, 0.0, special.bdtrc(np.minimum(high, shots) - 1, shots, mass))


def _sum_p_values(moments: Floats) -> tuple[float, float]:
    """P-values of the summed U and of the summed energy scores."""
    u, u_var, u_third, energy, e_var, e_third = moments
    u_p = energy_p = 1.0
    if u_var > 0:
        z, skew = u / np.sqrt(u_var), u_third / u_var**1.5
        rough = skew > ROUGH_SKEW["u"]
        u_p = float(_cantelli(z) if rough else _quadratic.gamma_tail(z, skew))
    if e_var > 0:
        z, skew = energy / np.sqrt(e_var), e_third / e_var**1.5
        upper = float(_quadratic.gamma_tail(z, skew))
        rough = abs(skew) > ROUGH_SKEW["energy"]
        energy_p = 2 * float(_cantelli(abs(z)) if rough else min(upper, 1 - upper))
    return u_p, energy_p
