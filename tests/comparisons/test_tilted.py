"""Importance sampled p-values: validity on rows that can be enumerated, accuracy, and reach."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import special, stats

from qcattn.comparisons import _quadratic, _tilted

ROWS = [((0.5, 0.3, 0.2), 7), ((0.9, 0.07, 0.03), 7), ((0.97, 0.03), 30)]


def tables(outcomes, shots):
    choices = combinations_with_replacement(range(outcomes), shots)
    return np.array([np.bincount(c, minlength=outcomes) for c in choices], dtype=float)


def quadratic(counts, p, draws, rng):
    return _tilted.quadratic_tail(counts, p, draws, rng)


def too_cold(counts, p, draws, rng):
    return _tilted.energy_tail(counts, p, 1, draws, rng)


def too_hot(counts, p, draws, rng):
    return _tilted.energy_tail(counts, p, -1, draws, rng)


@pytest.mark.parametrize("tail", [quadratic, too_cold, too_hot])
@pytest.mark.parametrize(("p", "n"), ROWS)
def test_valid_at_every_level(tail, p, n):
    """P(p-value <= t) <= t, summed exactly over the counts and averaged over 24 seeds.

    The seeds leave a relative standard error of at most 8% (measured); the slack of 50% is six of
    them, so this fails by chance less than once in 1e6 runs.
    """
    p = np.array(p)
    counts = tables(p.size, n)
    chance = stats.multinomial(n, p).pmf(counts)
    levels = np.array([0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6, 1e-7])
    size, wrong = np.zeros(len(levels)), np.zeros(len(levels))
    for seed in range(24):
        values = np.array([tail(x, p, 9, np.random.default_rng([seed, 1])) for x in counts])
        size += chance @ (values[:, None] <= levels) / 24
        wrong += chance @ (values[:, None] / 5 <= levels) / 24
    assert np.all(size <= 1.5 * levels)
    # The planted fault: p-values a fifth of what they should be.
    assert np.any(wrong > 1.5 * levels)


def test_accurate_far_out():
    """Two outcomes, so that the exact p-value is a binomial one; down to 1e-9."""
    p, n = np.array([0.7, 0.3]), 1000
    law = _quadratic.weigh(p[None], np.array([n]))
    for k in (370, 380, 388):
        counts = np.array([n - k, k], dtype=float)
        every = np.stack([n - np.arange(n + 1.0), np.arange(n + 1.0)], axis=-1)
        u = _quadratic.statistic(every, law)
        far = u >= u[k] - 1e-6
        exact = stats.binom.pmf(np.arange(n + 1), n, p[1])[far].sum()
        value = _tilted.quadratic_tail(counts, p, 4000, np.random.default_rng(k))
        assert exact / 2 < value < exact * 2
        hot = _tilted.energy_tail(counts, p, -1, 4000, np.random.default_rng(k))
        assert hot == pytest.approx(special.bdtrc(k - 1, n, p[1]), rel=0.5)


def test_certain_rows_need_no_draws():
    p = np.array([0.7, 0.2, 0.1])
    value = _tilted.quadratic_tail(np.array([500.0, 500, 0]), p, 0, np.random.default_rng(0))
    assert 0 <= value < 1e-20
