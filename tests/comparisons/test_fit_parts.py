"""Fit: what the sums over rows are made of, sizes of the combined p-values, power that grows."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import expected, fit
from qcattn.comparisons._parts import SHARES


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_a_sum_of_very_discrete_rows_has_cantelli_s_bound():
    """No chance: two rows with 0.1 expected off the first outcome, one of them with two hits. No
    gamma law holds for so few; any law of mean 0 and variance 1 is beyond z at most 1 / (1 + z^2).
    """
    tested = fit([[98, 2], [100, 0]], [0.999, 0.001])
    z = tested.u_score.sum() / 2**0.5
    assert z > 5
    assert tested._sums[0] == pytest.approx(1 / (1 + z * z), rel=1e-9)


def test_rows_too_discrete_to_show_anything_do_not_drown_the_others():
    """No chance: 150 rows that are all off a little, beside 10,000 that fit, with 0.01 expected off
    the first outcome. Each row of these has a U of variance 1 too, but counts for less, as its
    skewness is large.
    """
    off, quiet = np.tile([275, 250, 247, 228], (150, 1)), np.tile([100, 0, 0, 0], (10_000, 1))
    p = np.vstack([np.full((150, 4), 0.25), np.tile([1 - 1e-4, 1e-4, 0, 0], (10_000, 1))])
    both = fit(np.vstack([off, quiet]), p)
    assert 0.5 < both.u_score[0] < 0.7
    equal = both.u_score.sum() / len(p) ** 0.5
    assert stats.norm.sf(equal) > 0.01, "nothing would show with equal weights"
    assert both._sums[0] < 1e-6


@pytest.mark.parametrize("shots", [[100, 1_000, 400], 250])
def test_the_coarsest_calibration_shot_is_that_of_the_likeliest_per_shot(shots):
    """One shot out of m_i on a state of probability p_i stands for p_i / m_i."""
    p, matrix = np.array([[0.2, 0.7, 0.1], [0.05, 0.15, 0.8]]), 0.9 * np.eye(3) + 0.1 / 3
    law = expected(p, readout=matrix, calibration_shots=shots)
    one, two = (0.2 / 100, 0.8 / 400) if isinstance(shots, list) else (0.7 / 250, 0.8 / 250)
    np.testing.assert_allclose(law.coarse, [one, two], rtol=1e-12)


@pytest.mark.parametrize(("scale", "shots"), [(1, 1_000), (4, 1_000), (4, 30_000)])
def test_combined_p_values_are_superuniform(scale, shots):
    """30,000 rows: too small p-values by the one-sided Kolmogorov-Smirnov test at 1e-8, and at four
    levels by the exact binomial one at 1e-8: fails below 5e-8 a case. Planted: the p-values of the
    parts without their shares, all of them or only that of U (which has most).
    """
    rng = np.random.default_rng(scale + shots)
    p = softmax(scale * rng.standard_normal((30_000, 32)))
    found = fit(rng.multinomial(shots, p), p)

    def too_small(p_values):
        """Ways in which these are smaller than uniform ones."""
        ways = [stats.kstest(p_values, "uniform", alternative="greater").pvalue <= 1e-8]
        for level in (0.1, 0.05, 0.01, 1e-3):
            below = (p_values <= level).sum()
            ways.append(stats.binom.sf(below - 1, p_values.size, level) <= 1e-8)
        return ways

    assert not any(too_small(found.p_values))
    smallest = np.min([getattr(found, name) for name in SHARES], axis=0)
    assert all(too_small(smallest))
    assert any(too_small(np.minimum(found.p_values, found.u / 2)))


def swapped(p):
    order = np.argsort(-p)
    q = p.copy()
    q[order[1]], q[order[2]] = p[order[2]], p[order[1]]
    return q


FAULTS = {
    "too cold": (lambda p: softmax(1.2 * np.log(np.maximum(p, 1e-300))), 64),
    "two keys swapped": (swapped, 256),
    "keys reversed": (lambda p: 0.9 * p + 0.1 * np.append(p[49::-1], p[50:]), 16),
    "leak to masked keys": (lambda p: 0.999 * p + 0.001 * (p == 0) / (p == 0).sum(), 64),
    "leak spread evenly": (lambda p: 0.97 * p + 0.03 * (p > 0) / (p > 0).sum(), 256),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_doubling_the_shots_raises_the_power(fault):
    """500 draws at each doubling, from a power below 0.25 to one above 0.95 after at most nine. A
    fall of 0.17 is refused, 5.4 standard errors even between equal powers of one half: fails below
    4e-8 a step, 4e-7 a case.
    """
    rng = np.random.default_rng(10)
    scores = 2 * rng.standard_normal(64)
    scores[50:] = -np.inf
    p = softmax(scores)
    change, first = FAULTS[fault]
    q = change(p)
    powers = [0.0]
    while powers[-1] < 0.95 and len(powers) <= 10:
        counts = rng.multinomial(first * 2 ** (len(powers) - 1), q / q.sum(), size=500)
        powers.append((fit(counts, p).p_values <= 0.01).mean())
    assert powers[1] < 0.25
    assert np.all(np.diff(powers) > -0.17)
    assert powers[-1] >= 0.95
