"""Same: exactness of the permutation test, power, unequal shots."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.same import _statistics, same


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
    """800 pairs at 5%: rejections within bands left once in 1e7."""
    rng = np.random.default_rng(0)
    p = softmax(3 * rng.standard_normal((800, 24)))
    a, b = rng.multinomial(shots[0], p), rng.multinomial(shots[1], p)
    result = same(a, b, permutations=99)
    alarms = int((result.p_values <= 0.05).sum())
    assert stats.binom.sf(alarms - 1, 800, 0.05) > 1e-7
    assert stats.binom.cdf(alarms, 800, 0.03) > 1e-7
    assert result.overall > 1e-3
    q = softmax(np.log(p) * 1.15)
    other = same(a, rng.multinomial(shots[1], q), permutations=199)
    assert other.refuted
    assert (other.p_values <= 0.05).mean() > 0.08


def test_swapped_keys_are_found_in_one_row():
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
    assert first.p_values[0] == pytest.approx(same(b, a).p_values[0], abs=0.02)
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
