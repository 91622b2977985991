"""Same: exactness of the permutation test, power, unequal shots."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.same import _deal, _statistics, same


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_p_value_against_all_ways_to_deal_the_shots():
    """1e5 permutations: within six standard errors, fails below 1e-8."""
    a, b = np.array([5, 1, 0, 2]), np.array([1, 4, 2, 0])
    total = a + b
    tables = [x for x in product(*(range(t + 1) for t in total)) if sum(x) == a.sum()]
    tables = np.array(tables, dtype=float)
    law = stats.multivariate_hypergeom(total, a.sum())
    chance = law.pmf(tables.astype(int))
    na, nb = a.sum(), b.sum()

    def statistic(x):
        y = total - x
        return (((nb * x - na * y) ** 2 - nb**2 * x - na**2 * y) / total ** (2 / 3)).sum(-1)

    exact = chance[statistic(tables) >= statistic(a[None]) - 1e-9].sum()
    assert 0.01 < exact < 0.5
    found = float(same(a, b, permutations=100_000).p_values)
    assert found == pytest.approx(exact, abs=6 * (exact / 1e5) ** 0.5)


def test_statistic_for_unequal_shots():
    a, b = np.array([50, 0, 8, 2]), np.array([3, 4, 0, 0])
    na, nb, total = a.sum(), b.sum(), a + b
    terms = (nb * a - na * b) ** 2 - nb**2 * a - na**2 * b
    expected = (terms / (na * nb * total ** (2 / 3))).sum()
    assert _statistics(a, b, 1, np.random.default_rng(0))[0] == pytest.approx(expected)


@pytest.mark.parametrize("shots", [(300, 300), (100, 2_000)])
def test_size_and_power(shots):
    """800 pairs at 5%: rejections within bands left once in 1e7 (two bands, two cases: 4e-7).

    A temperature off by 15% is found together in all 800 rows.
    """
    rng = np.random.default_rng(0)
    p = softmax(3 * rng.standard_normal((800, 24)))
    a, b = rng.multinomial(shots[0], p), rng.multinomial(shots[1], p)
    result = same(a, b, permutations=199)
    alarms = int((result.p_values <= 0.05).sum())
    assert stats.binom.sf(alarms - 1, 800, 0.05) > 1e-7
    assert stats.binom.cdf(alarms, 800, 0.03) > 1e-7
    q = softmax(np.log(p) * 1.15)
    other = same(a, rng.multinomial(shots[1], q), permutations=199)
    assert other.refuted
    assert (other.p_values <= 0.05).mean() > 0.08


def test_swapped_keys_are_found_in_one_row():
    """The row is off by 30 standard deviations of its score: fails far below 1e-6."""
    rng = np.random.default_rng(1)
    p = softmax(rng.standard_normal((30, 16)))
    q = p.copy()
    q[7] = np.roll(q[7], 1)
    result = same(rng.multinomial(2_000, p), rng.multinomial(2_000, q))
    assert result.refuted
    assert result.p_values[7] == 0.001
    assert np.argmax(result.scores) == 7


def test_symmetric_and_reproducible():
    a, b = np.array([[40, 30, 20, 10]]), np.array([[30, 40, 10, 20]])
    first = same(a, b)
    np.testing.assert_array_equal(first.p_values, same(a, b).p_values)
    # Two draws of 9,999 permutations: 7 standard errors at the least, below 1e-10.
    one, two = (same(*pair, permutations=9_999).p_values[0] for pair in ((a, b), (b, a)))
    assert one == pytest.approx(two, abs=0.05)
    np.testing.assert_allclose(
        first.p_values, same(np.pad(a, ((0, 0), (0, 3))), np.pad(b, ((0, 0), (0, 3)))).p_values
    )


def test_stray_shots_and_no_shots():
    keys = np.array([[50, 50], [50, 50]])
    clean = SimpleNamespace(keys=keys, stray=np.array([0, 0]))
    dirty = SimpleNamespace(keys=keys, stray=np.array([0, 40]))
    result = same(clean, dirty)
    assert result.p_values[1] == 0.001
    assert result.p_values[0] == 1.0
    nothing = same([[0, 0]], [[3, 4]])
    assert nothing.undecided.all()
    assert nothing.p_values == 1.0
    assert not nothing.refuted


def test_bad_input():
    with pytest.raises(ValueError, match="same shape"):
        same([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="`b`"):
        same([1, 2], [1, -2])
    with pytest.raises(ValueError, match="permutations"):
        same([1, 2], [1, 2], permutations=0)
    with pytest.raises(ValueError, match="alpha"):
        same([1, 2], [1, 2], alpha=1)


def test_overall_is_superuniform():
    """4,000 families of three rows from one law: overall p-values at three levels, each exceeded by
    chance below 1e-7 (3e-7 in all). Planted: the smaller of the two, not twice that.
    """
    rng = np.random.default_rng(3)
    a, b = (rng.multinomial(40, [0.45, 0.25, 0.15, 0.1, 0.05], size=(4_000, 3)) for _ in range(2))
    overall = np.array(
        [same(a[k], b[k], alpha=0.1, permutations=79, seed=k).overall for k in range(4_000)]
    )
    for level in (0.05, 0.1, 0.2):
        most = stats.binom.isf(1e-7, 4_000, level)
        assert (overall <= level).sum() <= most
        assert (overall / 2 <= level).sum() > most


def test_overall_is_twice_the_smaller_of_two():
    """No chance: rows so far apart that no permutation comes near, alone and in company."""
    a, b = np.array([500, 300, 200]), np.array([200, 300, 500])
    assert same(a, b).overall == 1 / 1000
    assert same([a, a], [b, b]).overall == 2 / 1000
    assert same([a, a], [b, b], alpha=2 / 1000).refuted


@pytest.mark.parametrize(("rows", "alpha", "needed"), [(1, 1e-4, 9_999), (2, 1e-4, 19_999)])
def test_permutations_that_cannot_refute_are_refused(rows, alpha, needed):
    a, b = np.tile([500, 300], (rows, 1)), np.tile([300, 500], (rows, 1))
    message = rf"`permutations` must be at least {needed} .* alpha = 0.0001, but is 999"
    with pytest.raises(ValueError, match=message):
        same(a, b, alpha=alpha)
    with pytest.raises(ValueError, match="permutations"):
        same(a, b, alpha=alpha, permutations=needed - 1)
    assert same(a, b, alpha=alpha, permutations=needed).refuted


def test_dealing_without_replacement():
    """20,000 deals of 4 out of 5 + 3 + 2 shots against every table's probability: chi-square at
    1e-8. Planted: deals with replacement, of tables that exist.
    """
    rng = np.random.default_rng(4)
    total, size, deals = np.array([5, 3, 2]), 4, 20_000
    tables = [x for x in product(*(range(t + 1) for t in total)) if sum(x) == size]
    law = stats.multivariate_hypergeom(total, size).pmf(tables)

    def surprise(drawn):
        drawn = drawn[(drawn <= total).all(axis=-1)]
        assert (drawn >= 0).all() and (drawn.sum(axis=-1) == size).all()
        seen = np.array([(drawn == table).all(axis=-1).sum() for table in tables])
        return stats.chisquare(seen, len(drawn) * law).pvalue

    found = _deal(np.tile(total, (deals, 1)), np.full(deals, size), rng)
    assert len(found) == deals and surprise(found) > 1e-8
    assert surprise(rng.multinomial(size, total / 10, size=deals)) < 1e-8


def test_more_shots_than_numpy_deals():
    """8e9 shots, 40 pairs of one law. Scores are like sums of two squares minus 2, halved: above 18
    below 3e-7 in all, never below -1. P-values are uniform by a test at 5e-7. So it fails below
    1e-6. A move of 2e-4, 17 standard errors, is found.
    """
    rng = np.random.default_rng(5)
    p = np.array([0.5, 0.3, 0.2 - 1e-9, 1e-9])
    a, b = rng.multinomial(3 * 10**9, p, size=40), rng.multinomial(5 * 10**9, p, size=40)
    found = same(a, b)
    assert (found.scores < 18).all() and found.scores.min() > -2
    assert stats.kstest(found.p_values, "uniform").pvalue > 5e-7
    moved = b[0] + np.array([1_000_000, -1_000_000, 0, 0])
    assert same(a[0], moved).p_values == 0.001
