"""Binomial tails against scipy's, and where those end, against the normal and Poisson limits."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons._binomial import as_far, lower, two_sided, upper


@pytest.mark.parametrize("n", [0, 1, 7, 1000])
@pytest.mark.parametrize("p", [0.0, 1e-12, 0.3, 1 - 1e-9, 1.0])
def test_against_scipy(n, p):
    k = np.unique(np.clip([0, 1, 2, n // 3, n - 1, n], 0, n))
    law = stats.binom(n, p)
    np.testing.assert_allclose(upper(k, n, p), law.sf(k - 1), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(lower(k, n, p), law.cdf(k), rtol=1e-9, atol=1e-300)
    both = np.minimum(1, 2 * np.minimum(law.sf(k - 1), law.cdf(k)))
    np.testing.assert_allclose(two_sided(k, n, p), both, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("n", [2**31, 10**12, 2**53])
def test_many_shots_are_normal(n):
    p = 0.3
    k = np.rint(n * p + np.array([-3, -1, 0.5, 2]) * np.sqrt(n * p * (1 - p)))
    z = (k - 0.5 - n * p) / np.sqrt(n * p * (1 - p))
    np.testing.assert_allclose(upper(k, n, p), stats.norm.sf(z), rtol=1e-3)
    np.testing.assert_allclose(upper(k, n, p) + lower(k - 1, n, p), 1.0, rtol=1e-8)


def test_a_rare_outcome_in_many_shots_is_poisson():
    assert float(upper(1300, 10**12, 1e-9)) == pytest.approx(stats.poisson.sf(1299, 1000), rel=1e-5)
    assert float(lower(700, 10**12, 1e-9)) == pytest.approx(stats.poisson.cdf(700, 1000), rel=1e-5)


@pytest.mark.parametrize(("n", "p"), [(30, 0.5), (31, 0.5), (40, 0.1)])
def test_as_far_counts_all_that_are_as_far(n, p):
    k, centre = np.arange(n + 1), n * p + 0.5 - p
    chance = stats.binom.pmf(k, n, p)
    away = np.abs(k - centre)
    expected = [chance[away >= a - 1e-9].sum() for a in away]
    np.testing.assert_allclose(as_far(k, n, p, centre), expected, rtol=1e-9)


@pytest.mark.parametrize("n", [2**52, 6 * 10**15, 2**53])
@pytest.mark.parametrize("p", [0.5, 0.3, 0.01])
def test_no_tail_gives_up_near_the_median(n, p):
    """No chance: SciPy's continued fraction ends in NaN there, from 2**52 shots on."""
    k = np.floor(n * p) + np.array([-1, 0, 1, 2])
    np.testing.assert_allclose([upper(k, n, p), lower(k, n, p)], 0.5, atol=1e-6)
    np.testing.assert_allclose(two_sided(k, n, p), 1.0, atol=1e-6)
