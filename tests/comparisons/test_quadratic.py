"""The statistic U and its null moments, against sums over every possible table of counts."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import _quadratic

LAWS = [
    ((0.5, 0.3, 0.2), 6),
    ((0.9, 0.06, 0.03, 0.01), 5),
    ((0.97, 0.03), 8),
    ((0.25, 0.25, 0.25, 0.25), 4),
    ((0.6, 0.0, 0.4, 0.0), 7),
    ((1 - 1e-9, 1e-9), 5),
]


def tables(outcomes: int, shots: int) -> np.ndarray:
    """Every way to put the shots on the outcomes."""
    found = []
    for choice in combinations_with_replacement(range(outcomes), shots):
        found.append(np.bincount(choice, minlength=outcomes))
    return np.array(found, dtype=float)


@pytest.mark.parametrize(("p", "n"), LAWS)
def test_statistic_and_moments_agree_with_enumeration(p, n):
    p = np.array(p)
    counts = tables(p.size, n)
    chance = stats.multinomial(n, p).pmf(counts)
    assert chance.sum() == pytest.approx(1)
    law = _quadratic.weigh(p[None], np.array([n]))
    u = _quadratic.statistic(counts, law)

    w = np.where(p > 0, np.maximum(p, 0.1 / n) ** (-2 / 3), 0)
    direct = (w * ((counts - n * p) ** 2 - counts * (1 - 2 * p) - n * p**2)).sum(axis=-1)
    possible = chance > 0
    np.testing.assert_allclose(u[possible], direct[possible], atol=1e-9)
    variance, third = _quadratic.null_moments(law)
    # Central to the method: no bias however sparse, and moments with no asymptotics in them.
    assert chance @ u == pytest.approx(0, abs=1e-9)
    if p.max() < 0.999:
        assert variance[0] == pytest.approx(chance @ u**2, rel=1e-10)
        assert third[0] == pytest.approx(chance @ u**3, rel=1e-10)
        assert abs(third[0]) > 1e-3  # the comparison is not one of zeros


@pytest.mark.parametrize("gap", [1e-6, 1e-9, 1e-12])
def test_moments_of_peaked_rows_keep_their_digits(gap):
    """Against the same sums in 60 digits; 1 - p computed by subtraction would lose them all."""
    import mpmath

    n, rest = 1000, np.array([gap * 0.7, gap * 0.3])
    p = np.array([1 - rest.sum(), *rest])
    variance, third = _quadratic.null_moments(_quadratic.weigh(p[None], np.array([n])))
    with mpmath.workdps(60):
        q = [mpmath.mpf(x) for x in rest]
        q = [1 - sum(q), *q]
        w = [max(x, mpmath.mpf("0.1") / n) ** (mpmath.mpf(-2) / 3) for x in q]
        e2 = e3 = mpmath.mpf(0)
        for x in range(3):
            for y in range(3):
                h = sum(w[i] * ((x == i) - q[i]) * ((y == i) - q[i]) for i in range(3))
                e2 += q[x] * q[y] * h**2
                e3 += q[x] * q[y] * h**3
        wc = mpmath.matrix(3, 3)
        for i in range(3):
            for j in range(3):
                wc[i, j] = w[i] * ((i == j) * q[i] - q[i] * q[j])
        cube = wc * wc * wc
        trace = sum(cube[i, i] for i in range(3))
        pairs = n * (n - 1)
        assert variance[0] == pytest.approx(float(2 * pairs * e2), rel=1e-7)
        expected = float(4 * pairs * e3 + 8 * pairs * (n - 2) * trace)
        assert third[0] == pytest.approx(expected, rel=1e-7)


def test_mean_under_another_law_is_the_weighted_distance():
    p, q, n = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3]), 6
    counts = tables(3, n)
    law = _quadratic.weigh(p[None], np.array([n]))
    mean = stats.multinomial(n, q).pmf(counts) @ _quadratic.statistic(counts, law)
    expected = n * (n - 1) * (p ** (-2 / 3) * (q - p) ** 2).sum()
    assert mean == pytest.approx(expected, rel=1e-10)
    assert expected > 0.5


@pytest.mark.parametrize("skew", [-1.5, 0.0, 1e-7, 1e-3, 0.3, 2.0, 6.0])
def test_gamma_tail_is_pearson_three(skew):
    z = np.linspace(-3, 8, 23)
    expected = stats.pearson3.sf(z, skew) if skew else stats.norm.sf(z)
    np.testing.assert_allclose(_quadratic.gamma_tail(z, skew), expected, rtol=2e-4, atol=1e-12)
