"""The two likeliest outcomes: against scipy, exactly valid, and what they are for."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import fit
from qcattn.comparisons._likeliest import likeliest_two
from qcattn.comparisons._quadratic import weigh


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def two(counts, p):
    counts = np.atleast_2d(counts).astype(float)
    shots = counts.sum(-1)
    return likeliest_two(counts, weigh(np.broadcast_to(p, counts.shape), shots), shots)


def test_against_scipy():
    rng = np.random.default_rng(0)
    p = softmax(2 * rng.standard_normal((50, 9)))
    n = 300
    counts = rng.multinomial(n, softmax(1.1 * np.log(p)))
    found, live = two(counts, p)
    assert live.all()

    def both_sides(k, n, p):
        law = stats.binom(n, p)
        return min(1.0, 2 * min(law.cdf(k), law.sf(k - 1)))

    for row in range(50):
        a, b = np.argsort(-p[row])[:2]
        together = counts[row, a] + counts[row, b]
        product = both_sides(together, n, p[row, a] + p[row, b])
        product *= both_sides(counts[row, a], together, p[row, a] / (p[row, a] + p[row, b]))
        assert found[row] == pytest.approx(product * (1 - np.log(product)), rel=1e-8)
    assert found.min() < 0.05


@pytest.mark.parametrize("p", [(0.5, 0.3, 0.2), (0.97, 0.02, 0.01), (0.4, 0.2, 0.2, 0.2)])
@pytest.mark.parametrize("n", [6, 40])
def test_valid_at_every_level(p, n):
    """No chance: all outcomes of n shots. The p-value is at most x with probability at most x."""
    cells = np.array([p[0], sum(x for x in p[1:] if x == p[1])])
    cells = np.append(cells, 1 - cells.sum()) if cells.sum() < 1 - 1e-9 else cells
    k = np.array([[a, b, n - a - b] for a in range(n + 1) for b in range(n + 1 - a)])
    if len(cells) == 2:
        # The next outcome is three tied ones and nothing is left: no test.
        assert not two([[n, 0, 0, 0]], np.array(p))[1].any()
        return
    chance = stats.multinomial.pmf(k, n, cells)
    found = two(k, np.array(cells))[0]
    order = np.argsort(found)
    reached = np.cumsum(chance[order])
    last = np.append(np.diff(found[order]) > 1e-12, True)
    assert np.all(reached[last] <= found[order][last] * (1 + 1e-9))
    assert reached[last][0] > 0


def test_order_and_ties():
    rng = np.random.default_rng(1)
    p = np.array([0.3, 0.2, 0.2, 0.2, 0.1])
    counts = rng.multinomial(200, p, size=20)
    order = np.array([4, 2, 0, 3, 1])
    np.testing.assert_allclose(two(counts[:, order], p[order])[0], two(counts, p)[0])
    equal = np.array([0.3, 0.3, 0.2, 0.2])
    np.testing.assert_allclose(
        two(counts[:, [1, 0, 2, 3]], equal)[0], two(counts[:, :4], equal)[0], rtol=1e-12
    )
    assert not two([3, 4, 5], np.full(3, 1 / 3))[1].any()
    assert not two([3, 4], np.array([0.6, 0.4]))[1].any()
    assert not two([3, 0, 0], np.array([1.0, 0, 0]))[1].any()


def test_a_move_between_the_likeliest_of_many():
    """Power 77% where U alone has 20%: the bounds are over seven standard errors of 400 draws
    away, as is the size of the part, 0.7%, from 4%; each fails below 1e-10.
    """
    rng = np.random.default_rng(2)
    p = np.full(4096, 0.88 / 4094)
    p[:2] = 0.07, 0.05
    q = p.copy()
    q[:2] += -0.01, 0.01
    result = fit(rng.multinomial(6_000, q, size=400), p)
    assert (result.p_values <= 0.01).mean() > 0.6
    assert (result.u <= 0.01).mean() < 0.35
    fair = fit(rng.multinomial(6_000, p, size=400), p)
    assert (fair.top <= 0.01).mean() < 0.04
