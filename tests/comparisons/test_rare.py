"""Scan of rare sets: against exact binomial tails of scipy."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons._rare import scan


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_against_scipy():
    rng = np.random.default_rng(0)
    p = softmax(3 * rng.standard_normal((40, 20)))
    p[:10, 15:] = 0
    p /= p.sum(-1, keepdims=True)
    q = 0.9 * p + 0.1 * (p > 0) / (p > 0).sum(-1, keepdims=True)
    counts = rng.multinomial(500, q)
    found, live = scan(counts.astype(float), p, counts.sum(-1).astype(float), p)
    assert live.all()
    for row in range(40):
        order = np.argsort(p[row])
        order = order[p[row][order] > 0]
        ranks = np.ceil((order.size - 1) / 1.5 ** np.arange(20) - 1e-9).astype(int)
        ranks = np.maximum(ranks, 2)
        tails, every = [1.0], []
        for rank in sorted(set(ranks)):
            rare = order[:rank]
            hits, mass = counts[row, rare].sum(), p[row, rare].sum()
            every.append(stats.binom.sf(np.arange(501) - 1, 500, mass))
            if hits > 500 * mass + (500 * mass) ** 0.5:
                tails.append(every[-1][hits])
        expected = min(1.0, len(every) * min(tails))
        if expected < 0.02:
            expected = sum(sf[sf <= min(tails) * (1 + 1e-9)].max(initial=0) for sf in every)
        assert found[row] == pytest.approx(expected, rel=1e-8)
    assert (found < 1e-3).sum() > 10


def test_no_more_sets_than_ranks():
    _, live = scan(
        np.array([[3.0, 1]]), np.full((1, 2), 0.5), np.array([4.0]), np.full((1, 2), 0.5)
    )
    assert not live.any()
