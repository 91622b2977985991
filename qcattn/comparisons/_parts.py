"""The parts of the test of fit, on a block of rows: p-values of each, and moments for the sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.comparisons import _quadratic, _tilted
from qcattn.comparisons._binomial import as_far
from qcattn.comparisons._collisions import equal_rows, equal_tail
from qcattn.comparisons._likeliest import likeliest_two
from qcattn.comparisons._measured import added_moments, energy_moments, unseen
from qcattn.comparisons._rare import scan
from qcattn.comparisons._rows import Bools, Floats, Ints, Rows

#: Shares of the error rate that the parts get. U has most, because it looks in all directions at
#: once. Where one direction is looked at, shots go with (z_alpha + z_power)^2 and a small share
#: costs few: at alpha = 1%, two-sided, .05 takes 1.5 times the shots of the whole.
SHARES = {"u": 0.68, "tail": 0.2, "energy": 0.05, "top": 0.07}
#: A part's p-value over its share below this is replaced by a valid one.
ESCALATE = 1e-3
#: Skewness above which a part is too discrete for the gamma law: Cantelli's bound takes its place,
#: and p-values below `ESCALATE_ROUGH` are computed again.
ROUGH_SKEW = {"u": 4.0, "energy": 1.5}
ESCALATE_ROUGH = 0.1
#: The same for a row in which U moves by nearly equal steps, so that no smooth law fits it.
ESCALATE_STEPPING = 0.3
#: Shots below which U takes too few values for the gamma law, whatever its skewness.
FEW_SHOTS = 30
#: Draws of the importance sampling.
DRAWS = 100
#: Skewness of a chi-square with one degree of freedom, the largest a smooth U can have.
SMOOTH_SKEW = 8**0.5
#: Calibration shots that an outcome of a measured law needs for a weight or an energy of its own.
CALIBRATED = 5


@dataclass(eq=False)
class Block:
    """A block of rows with what the parts of the test need.

    Attributes:
        counts: Shape (rows, outcomes).
        p: Probabilities, same shape.
        ideal: Probabilities before a measured readout.
        stray: Shots on outcomes without a column, shape (rows,).
        n: Shots, shape (rows,).
        covariance: The covariance of the errors of p, or None where p is exact.
        coarse: The most probability that one calibration shot stands for, shape (rows,).
        law: Probabilities and weights.
        least: Probabilities below this get the weight and the energy of this, shape (rows,).
        first: Number of the first row among all.
    """

    counts: Floats
    p: Floats
    ideal: Floats
    stray: Ints
    n: Floats
    covariance: Floats | None
    coarse: Floats
    law: _quadratic.Law
    least: Floats
    first: int

    @classmethod
    def of(cls, rows: Rows, part: slice) -> Block:
        """Select some of the rows."""
        p, coarse = rows.p[part], rows.coarse[part]
        counts = rows.counts[part].astype(np.float64)
        n = counts.sum(axis=-1) + rows.stray[part]
        covariance = None if rows.covariance is None else rows.covariance[part]
        # Weights and energies that followed the errors of a measured p would favour those errors.
        least = CALIBRATED * coarse
        law = _quadratic.weigh(p, n, least)
        stray, ideal = rows.stray[part], rows.ideal[part]
        return cls(counts, p, ideal, stray, n, covariance, coarse, law, least, part.start)

    @property
    def exact(self) -> bool:
        """Whether the probabilities are known without error."""
        return self.covariance is None


@dataclass(eq=False)
class Score:
    """A standardised statistic. Arrays are of shape (rows,).

    Attributes:
        value: The statistic as it is summed over rows.
        variance: The variance under the null hypothesis; 0 where the statistic cannot vary.
        third: Third moment.
        live: Whether the statistic can vary.
        score: The statistic in units of its standard deviation.
        skew: Skewness.
        p: P-value of the gamma law, or a bound.
        rough: Whether p is a bound, since the statistic takes too few values for a gamma law.
    """

    value: Floats
    variance: Floats
    third: Floats
    live: Bools
    score: Floats
    skew: Floats
    p: Floats
    rough: Bools


def tested_block(rows: Rows, part: slice, seed: int, moments: Floats) -> dict[str, Floats]:
    """Test a block of rows, and add what the sums over all rows need to ``moments``."""
    block = Block.of(rows, part)
    u, two = _quadratic_score(block)
    energy = _energy_score(block)
    tail_p, live_t = scan(
        block.counts, block.p, block.n, block.ideal, block.covariance, block.coarse
    )
    top_p, live_top = likeliest_two(block.counts, block.law, block.n)
    possible = block.p > 0
    zero_hits = block.stray + np.where(possible, 0.0, block.counts).sum(axis=-1)
    zero = np.where(zero_hits > 0, 0.0, 1.0)
    if not block.exact:
        # Measured zeros take the share of the two likeliest; stray shots still refute.
        top_p = unseen(block.counts, block.p, block.n, block.coarse)
        live_top = (block.coarse > 0) & ~possible.all(axis=-1)
        zero = np.where(live_top & (block.stray == 0), 1.0, zero)

    shares = _shares({"u": u.live, "tail": live_t, "energy": energy.live, "top": live_top})
    if block.exact:
        _pursue(block, u, two, energy, shares, zero > 0, np.minimum(tail_p, top_p), seed)
    parts = {"u": u.p, "tail": tail_p, "energy": energy.p, "top": top_p}
    row_p = zero.copy()
    for name, value in parts.items():
        share = shares[name]
        np.minimum(row_p, value / np.where(share > 0, share, 1.0), out=row_p, where=share > 0)
    damp = np.where(u.live, damping(u.skew), 0.0)
    moments += (
        (damp * u.score).sum(),
        (damp**2).sum(),
        (damp**3 * u.skew).sum(),
        energy.value[energy.live].sum(),
        energy.variance[energy.live].sum(),
        energy.third[energy.live].sum(),
    )
    return {
        "p": row_p,
        "zero": zero if block.exact else np.where(live_top, zero * top_p, zero),
        "u": u.p,
        "tail": tail_p,
        "energy": energy.p,
        "top": top_p if block.exact else np.ones_like(top_p),
        "u_score": u.score,
        "energy_score": energy.score,
        "live_u": u.live,
        "live_energy": energy.live,
    }


def _quadratic_score(block: Block) -> tuple[Score, Bools]:
    """U with its gamma law or bound, and where it has two outcomes, of which it is exact."""
    counts, law, n = block.counts, block.law, block.n
    u, variance, third = _u(counts, law, n)
    if block.covariance is not None:
        shift, more_var, more_third = added_moments(law, n, block.covariance, block.coarse)
        u, variance, third = u - shift, variance + more_var, third + more_third
    live = variance > 0
    spread = np.sqrt(np.where(live, variance, 1.0))
    score, skew = u / spread, third / spread**3
    p_value = np.where(live, _quadratic.gamma_tail(score, skew), 1.0)
    two = live & (np.count_nonzero(block.p > 0, axis=-1) == 2) & block.exact
    rough = live & ~two & ((skew > ROUGH_SKEW["u"]) | (n < FEW_SHOTS))
    p_value = np.where(rough, cantelli(score), p_value)
    if two.any():
        # U of two outcomes is a parabola in the hits on one of them.
        hits, gap = (counts * (law.p > 0))[two].sum(axis=-1), law.gap[two, 0]
        p_value[two] = as_far(hits, n[two], gap, n[two] * gap + 0.5 - gap)
    found = Score(u, variance, third, live, score, skew, p_value, rough)
    return found, two | _stepwise(block, found, live & ~two)


def _stepwise(block: Block, u: Score, rows: Bools) -> Bools:
    """Mend U where it takes few values: rows of equal or nearly equal probabilities.

    Where probabilities are equal its law is exact. Else p-values from `ESCALATE_STEPPING` on are
    kept, and smaller ones left to the importance sampling as those of a rough law.

    Args:
        block: The rows.
        u: The score of U; its p-values and what counts as rough are mended.
        rows: Rows that are looked at.

    Returns:
        Rows whose p-value is exact.
    """
    settled = np.zeros(len(block.n), dtype=bool)
    if not block.exact:
        return settled
    equal, nearly = equal_rows(block.law, block.n)
    stepping = nearly & rows
    for row in np.flatnonzero(equal & rows):
        outcomes = int(np.count_nonzero(block.law.p[row])) + 1
        tail = equal_tail(block.counts[row], outcomes, float(u.score[row]), float(u.skew[row]))
        if tail is None:
            stepping[row] = True
        else:
            u.p[row], u.rough[row], settled[row] = tail, False, True
    gamma = _quadratic.gamma_tail(u.score, u.skew)
    small = stepping & (gamma < ESCALATE_STEPPING)
    u.p[:] = np.where(stepping, np.maximum(gamma, ESCALATE_STEPPING), u.p)
    u.p[:] = np.where(small, 0.9 * ESCALATE_ROUGH, u.p)
    u.rough[:] = np.where(stepping, small, u.rough)
    return settled


def _energy_score(block: Block) -> Score:
    """The energy score with its gamma law or bound, two-sided."""
    counts, law, n = block.counts, block.law, block.n
    levels = _energies(law, block.least)
    energy, variance, third = _energy(counts, law, n, levels)
    if block.covariance is not None:
        more_var, more_third, more_below = energy_moments(
            block.p, levels, n, block.covariance, block.coarse
        )
        variance = variance + more_var
        third = third + np.where(energy < 0, more_below, more_third)
    live = variance > 0
    spread = np.sqrt(np.where(live, variance, 1.0))
    score, skew = energy / spread, third / spread**3
    upper = _quadratic.gamma_tail(score, skew)
    p_value = np.where(live, 2 * np.minimum(upper, 1 - upper), 1.0)
    rough = live & (np.abs(skew) > ROUGH_SKEW["energy"])
    p_value = np.where(rough, np.minimum(1.0, 2 * cantelli(np.abs(score))), p_value)
    return Score(energy, variance, third, live, score, skew, p_value, rough)


def _shares(live: dict[str, Bools]) -> dict[str, Floats]:
    """Each part's share of the error rate, those of parts that see nothing being dealt out."""
    shares = {name: live[name] * SHARES[name] for name in SHARES}
    total = np.maximum(sum(shares.values()), 1e-300)
    return {name: share / total for name, share in shares.items()}


def _pursue(
    block: Block,
    u: Score,
    two: Bools,
    energy: Score,
    shares: dict[str, Floats],
    possible: Bools,
    others: Floats,
    seed: int,
) -> None:
    """Small p-values of U and of the energy score again, by importance sampling.

    Args:
        block: The rows.
        u: The score of U; its p-values are replaced.
        two: Rows whose U is exact already.
        energy: The energy score; its p-values are replaced.
        shares: The shares of the parts in the level.
        possible: Rows without a shot on an impossible outcome.
        others: Smallest p-value of the parts that are exact; U is not pursued where one of them or
            of the energy score is certain.
        seed: The seed of the sampling.
    """
    counts, p = block.counts, block.p
    least = np.where(energy.rough, ESCALATE_ROUGH, ESCALATE * shares["energy"])
    for row in np.flatnonzero((energy.p < least) & possible):
        rng = np.random.default_rng([seed, block.first + int(row), 1])
        side = 1 if energy.score[row] > 0 else -1
        energy.p[row] = min(1.0, 2 * _tilted.energy_tail(counts[row], p[row], side, DRAWS, rng))
    least = np.where(u.rough, ESCALATE_ROUGH, ESCALATE * shares["u"])
    far = (u.p < least) & possible & ~two
    certain = np.minimum(others, energy.p) <= _tilted.CERTAIN
    u.p[far & certain & ~u.rough] = ESCALATE
    for row in np.flatnonzero(far & ~certain):
        rng = np.random.default_rng([seed, block.first + int(row), 0])
        u.p[row] = _tilted.quadratic_tail(counts[row], p[row], DRAWS, rng)


def cantelli(z: Floats) -> Floats:
    """Cantelli's bound on the upper tail of any standardised law."""
    return 1 / (1 + np.maximum(z, 0.0) ** 2)


def damping(skew: Floats) -> Floats:
    """The weights of the standardised U in their sum."""
    return 1 / np.maximum(1.0, skew / SMOOTH_SKEW)


def _u(counts: Floats, law: _quadratic.Law, n: Floats) -> tuple[Floats, Floats, Floats]:
    """U, its variance and third moment; a variance of zero where U cannot vary."""
    u = _quadratic.statistic(counts, law)
    variance, third = _quadratic.null_moments(law)
    dead = (n < 2) | (law.gap[:, 0] <= 0)
    return np.where(dead, 0.0, u), np.where(dead, 0.0, variance), np.where(dead, 0.0, third)


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
