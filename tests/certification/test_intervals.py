import numpy as np
import pytest
from scipy.stats import binom, binomtest

from qcattn.certification.intervals import binomial_p_value, mean, proportion
from qcattn.evidence import Estimate


@pytest.mark.parametrize("shots", [1, 7, 100])
def test_proportions_are_those_of_scipy(shots):
    hits = np.arange(shots + 1)
    low, high = proportion(hits, shots, 0.03)
    for k in hits:
        ends = binomtest(int(k), shots).proportion_ci(0.97, "exact")
        assert np.allclose([low[k], high[k]], ends, rtol=0, atol=1e-9)


def test_nothing_is_known_without_shots():
    assert [float(end) for end in proportion(0, 0, 0.01)] == [0.0, 1.0]
    assert float(binomial_p_value(0, 0, 0.5, 0.5)) == 1.0
    values = np.array([1.0, -3.0])
    nothing = mean([(values, np.zeros(2, int))], 0.01, offset=2.0)
    assert (nothing.low, nothing.high) == (-1.0, 3.0) and np.isnan(nothing.best)


@pytest.mark.parametrize("low, high", [(0.3, 0.3), (0.2, 0.45), (0.0, 0.1), (0.9, 1.0)])
def test_p_values_are_twice_the_smaller_tail_at_the_kinder_end(low, high):
    n = 23
    for k in range(n + 1):
        want = min(1.0, 2 * min(binom.sf(k - 1, n, high), binom.cdf(k, n, low)))
        assert abs(float(binomial_p_value(k, n, low, high)) - want) < 1e-12


def test_p_values_of_a_true_range_are_valid():
    """Exact: P(p-value <= a) <= a for every truth in the range, no draws."""
    n, k = 40, np.arange(41)
    p_values = binomial_p_value(k, n, 0.25, 0.4)
    for truth in (0.25, 0.3, 0.4):
        for a in (0.5, 0.1, 0.01, 1e-4):
            assert binom.pmf(k[p_values <= a], n, truth).sum() <= a + 1e-12
    outside = binom.pmf(k[p_values <= 0.1], n, 0.6).sum()
    assert outside > 0.5, "a truth outside of the range is seen"


def test_impossible_outcomes_refute():
    assert float(binomial_p_value(1, 10**6, 0.0, 0.0)) == 0.0
    assert float(binomial_p_value(10**6 - 1, 10**6, 1.0, 1.0)) == 0.0
    assert float(binomial_p_value(0, 10**6, 0.0, 0.0)) == 1.0


def test_a_mean_is_covered_and_a_narrower_interval_is_not(tools):
    """400 draws at level 5%: fails a correct interval with probability at most 1e-6.

    Skewed values with a rare large one, groups of unequal shots.
    """
    rng = np.random.default_rng(5)
    laws = [
        (np.array([0.0, 1.0, 40.0]), np.array([0.68, 0.31, 0.01]), 300),
        (np.array([-2.0, 5.0]), np.array([0.5, 0.5]), 2000),
    ]
    truth = 1.5 + sum(float(values @ p) for values, p, _ in laws)
    misses = narrow = 0
    for _ in range(400):
        groups = [(values, rng.multinomial(shots, p)) for values, p, shots in laws]
        got = mean(groups, 0.05, offset=1.5)
        misses += truth not in got
        half = (got.high - got.low) / 20
        narrow += not got.best - half <= truth <= got.best + half
    assert misses <= tools.most_misses(400, 0.05)
    assert narrow > tools.most_misses(400, 0.05), "a tenth of the width is too narrow"


def test_a_mean_is_sharp_where_the_variance_is_small():
    """Within 1.5 of the normal interval at a million shots; Hoeffding's would be 20 times wider."""
    values, p = np.array([0.0, 100.0]), np.array([0.999, 0.001])
    counts = (p * 1_000_000).astype(int)
    got = mean([(values, counts)], 0.01)
    normal = 2.5758 * 100 * np.sqrt(0.001 * 0.999 / 1_000_000)
    assert got.best == pytest.approx(0.1)
    assert normal < got.high - got.best < 1.5 * normal


def test_an_estimate_holds_what_is_between():
    assert 0.0 in Estimate(0.5, 0.0, 1.0) and 1.0 + 1e-6 not in Estimate(0.5, 0.0, 1.0)
    assert np.inf in Estimate(np.inf, 2.0, np.inf) and np.inf not in Estimate(1.0, 0.0, 2.0)
    assert float("nan") not in Estimate(0.5, 0.0, 1.0)
