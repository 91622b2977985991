"""Bound by sets: the limit against Clopper and Pearson's, the maximum by brute force, coverage."""

import itertools

import numpy as np
import pytest
from scipy import special, stats

from qcattn.comparisons import _sets, certify
from qcattn.comparisons.certify import few_at_work


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def clopper_pearson(k, n, alpha):
    """Exact lower limits, 0 for no shot."""
    k = np.asarray(k)
    return np.where(k > 0, special.betaincinv(np.maximum(k, 1), n - k + 1, alpha), 0.0)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 1e-4])
@pytest.mark.parametrize("n", [5, 60, 1_000, 30_000])
def test_limit_is_below_the_exact_one_and_near(n, alpha):
    k = np.unique(np.geomspace(2, n, 400).astype(int))
    k = np.union1d(k, n + 2 - k)
    low = special.expit(_sets.limit(special.logit((k - 1) / n), np.float64(n), alpha))
    exact = clopper_pearson(k, n, alpha)
    assert np.all(low <= exact * (1 + 1e-9))
    # One shot less moves a limit by its slope over n, at most 1 + z / 2 near one.
    assert np.max(exact - low) < (2 - special.ndtri(alpha)) / n


def test_limit_solves_its_equation():
    x, n, alpha = np.array([1e-6, 0.01, 0.5, 0.999, 1 - 1e-6]), 1e7, 0.01
    y = special.expit(_sets.limit(special.logit(x), n, alpha))
    divergence = special.rel_entr(x, y) + special.rel_entr(1 - x, 1 - y)
    np.testing.assert_allclose(2 * n * divergence, special.ndtri(alpha) ** 2, rtol=1e-4)
    assert np.all(y < x)


@pytest.mark.parametrize("scale", [0.5, 2, 5])
@pytest.mark.parametrize("n", [40, 700, 20_000])
def test_bound_is_the_largest_over_all_sets(n, scale):
    """Never below the maximum over 255 sets with exact limits, and above by a few shots at most."""
    rng = np.random.default_rng(n)
    p = softmax(scale * rng.standard_normal((30, 8)))
    p[:5, 3] = 0
    p /= p.sum(-1, keepdims=True)
    q = softmax(np.where(p > 0, np.log(np.maximum(p, 1e-300)) * 1.1, -30))
    counts = rng.multinomial(n, q)
    sets = np.array(list(itertools.product([0, 1], repeat=8)))
    largest = (p @ sets.T - clopper_pearson(counts @ sets.T, n, 0.01)).max(axis=-1)
    found = _sets.bound(counts.astype(float), p, np.full(30, float(n)), 0.01)
    assert np.all(found >= largest - 1e-12)
    gap = found - largest
    assert np.all(gap < 6 / n + 0.05 * largest)
    # The limits matter: without them the bound would be the plug-in distance, which is far below.
    assert np.all(found > np.abs(counts / n - p).sum(-1) / 2)


def exact_failure(p, q, n, alpha, level):
    """Probability that the bound at this level, of two outcomes, is below the true distance."""
    k = np.arange(n + 1)
    chance = stats.binom.pmf(k, n, q)
    k, chance = k[chance > 1e-12], chance[chance > 1e-12]
    rows = np.column_stack([n - k, k]).astype(float)
    law = np.broadcast_to([1 - p, p], rows.shape)
    upper = _sets.bound(rows, law, np.full(len(k), float(n)), level)
    return chance[upper < abs(q - p) * (1 - 1e-9)].sum() / alpha


def test_exact_coverage_of_two_outcomes():
    """No chance: binomial sums. Fails at most with probability alpha, and nearly that often."""
    worst = planted = 0.0
    for p, q in [(0.5, 0.52), (0.02, 0.002), (0.02, 0.05), (0.3, 0.2), (1e-3, 0.02), (0.1, 0.0)]:
        for n in (60, 300, 1_000, 4_000):
            worst = max(worst, exact_failure(p, q, n, 0.01, 0.01))
            planted = max(planted, exact_failure(p, q, n, 0.01, 0.02))
    assert 0.8 < worst <= 1
    assert planted > 1.5


def test_coverage_of_the_hardest_distance_and_a_set_chosen_by_eye():
    """At 5%, 4,000 rows: fails below 1e-7. Taking the set by looking at the counts' best guess
    without its limit, which is the plug-in distance, is caught: it fails for most laws near p.
    """
    rng = np.random.default_rng(3)
    p = softmax(2 * rng.standard_normal((4_000, 12)))
    q = p * np.exp(0.04 * rng.choice([-1, 1], p.shape))
    q /= q.sum(-1, keepdims=True)
    distance = np.abs(p - q).sum(-1) / 2
    counts = rng.multinomial(100_000, q)
    found = _sets.bound(counts.astype(float), p, np.full(4_000, 1e5), 0.05)
    wrong = (found < distance).sum()
    assert stats.binom.sf(wrong - 1, 4_000, 0.05) > 1e-7
    plug_in = (np.abs(counts / 1e5 - p).sum(-1) / 2 < distance).sum()
    assert stats.binom.sf(plug_in - 1, 4_000, 0.05) < 1e-9


@pytest.mark.parametrize("top", [0.2, 0.6, 0.95, 0.998])
def test_foreseen(top):
    """The 90% quantile of 400 bounds of a perfect sampler, within 20%."""
    rng = np.random.default_rng(0)
    rest = softmax(2 * rng.standard_normal(15))
    p = np.concatenate([[top], (1 - top) * rest])
    n = 3_000
    counts = rng.multinomial(n, p, size=400).astype(float)
    found = _sets.bound(counts, np.tile(p, (400, 1)), np.full(400, float(n)), 0.01)
    ahead = _sets.foreseen(p[None], np.array([float(n)]), 0.01, stats.norm.ppf(0.9))[0]
    assert ahead == pytest.approx(np.quantile(found, 0.9), rel=0.2)


def test_peaked_rows_need_few_shots():
    """No shot elsewhere in 268 certifies 2%: log(0.01) / log(0.98) = 228 is the least there is."""
    p = np.array([1 - 1e-6, 1e-6, 0.0])
    assert certify([268, 0, 0], p, 0.02).certified
    assert not certify([260, 0, 0], p, 0.02).certified
    assert not certify([270, 1, 0], p, 0.02).certified


def test_which_rows_are_bounded_by_sets():
    p = np.full((2, 4096), 1e-9)
    p[0, 0], p[1] = 1 - 4095e-9, 1 / 4096
    assert few_at_work(p, np.full(2, 1e5), 0.01).tolist() == [True, False]
    # Whatever the counts: a row is bounded the same way beside any others.
    counts = np.random.default_rng(0).multinomial(100_000, p)
    both = certify(counts, p, 0.1).upper
    np.testing.assert_allclose([certify(counts[i], p[i], 0.1).upper for i in range(2)], both)
    assert both[1] < 0.5 * _sets.bound(counts[1:] * 1.0, p[1:], np.full(1, 1e5), 0.01)[0]
