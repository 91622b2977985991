"""Monitor: mean one under the null, anytime validity, power, several rows."""

from itertools import combinations_with_replacement
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.monitor import CONCENTRATIONS, Monitor


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("p", "n"), [((0.5, 0.3, 0.2), 7), ((0.98, 0.015, 0.005), 9)])
def test_mean_is_exactly_one_under_the_null(p, n):
    choices = combinations_with_replacement(range(3), n)
    counts = np.array([np.bincount(c, minlength=3) for c in choices])
    laws = np.broadcast_to(p, counts.shape)
    e = np.exp(Monitor(laws).update(counts).log_e_values)
    chance = stats.multinomial(n, p).pmf(counts)
    assert chance @ e == pytest.approx(1, rel=1e-8)
    assert e.max() > 10


def test_against_the_dirichlet_multinomial_of_scipy():
    p, counts = np.array([0.5, 0.3, 0.2]), np.array([3, 9, 1])
    null = stats.multinomial(13, p).logpmf(counts)
    logs = [stats.dirichlet_multinomial(c * p, 13).logpmf(counts) - null for c in CONCENTRATIONS]
    expected = np.log(np.mean(np.exp(logs)))
    assert float(Monitor(p).update(counts).log_e_values) == pytest.approx(expected, abs=1e-6)


def test_thirty_looks():
    """400 perfect samplers, 30 looks each, alpha 5%: at most 50 ever refuted (below 1e-8).

    A chi-square looked at as often refutes more than 80 of them; the wrong beta is caught.
    """
    rng = np.random.default_rng(0)
    p = softmax(rng.standard_normal((400, 8)))
    monitor, wrong = Monitor(p, 0.05), Monitor(p, 0.05)
    peeking = np.zeros(400, dtype=bool)
    for _ in range(30):
        monitor = monitor.update(rng.multinomial(200, p))
        wrong = wrong.update(rng.multinomial(200, softmax(1.5 * np.log(p))))
        n = monitor.counts.sum(-1, keepdims=True)
        chi = ((monitor.counts - n * p) ** 2 / (n * p)).sum(-1)
        peeking |= stats.chi2.sf(chi, 7) <= 0.05
    assert (monitor.p_values <= 0.05).sum() <= 50
    assert peeking.sum() > 80
    assert not monitor.refuted
    assert (wrong.p_values <= 0.05).mean() > 0.9
    assert wrong.refuted


def test_several_rows():
    rng = np.random.default_rng(1)
    p = softmax(rng.standard_normal((3, 10, 16)))
    q = p.copy()
    q[0] = np.roll(q[0], 1, axis=-1)
    monitor = Monitor(p).update(rng.multinomial(500, q))
    np.testing.assert_array_equal(
        monitor.rows(), np.broadcast_to([[True], [False], [False]], (3, 10))
    )
    assert monitor.refuted
    # The order of batches is of no account to the evidence.
    a, b = rng.multinomial(100, p), rng.multinomial(300, p)
    one = Monitor(p).update(a).update(b).log_e_values
    np.testing.assert_allclose(one, Monitor(p).update(b).update(a).log_e_values)
    np.testing.assert_allclose(one, Monitor(p).update(a + b).log_e_values)


@pytest.mark.parametrize(("off", "rows", "found"), [(1, 1, 1), (1, 2, 0), (3, 4, 3)])
def test_e_values_pay_for_the_number_of_rows(off, rows, found):
    """No chance: an e-value of 150 refutes at 1% alone, not beside a row that fits, and again with
    two more like it: of R rows e-BH asks for R / (alpha rank).
    """
    p, counts = np.array([0.5, 0.3, 0.2]), [100, 112, 51]
    assert 133.4 < float(np.exp(Monitor(p).update(counts).log_e_values)) < 199
    table = np.array([counts] * off + [[100, 60, 40]] * (rows - off))
    refuted = Monitor(np.broadcast_to(p, table.shape)).update(table).rows()
    np.testing.assert_array_equal(refuted, np.arange(rows) < found)


def test_what_was_refuted_stays_refuted():
    monitor = Monitor([[0.5, 0.3, 0.2]]).update([[100, 50, 150]])
    assert monitor.refuted
    again = monitor.update([[5_000_000, 3_000_000, 2_000_000]])
    assert again.log_e_values < monitor.log_e_values
    assert again.log_e_value_together < np.log(100)
    assert again.refuted
    np.testing.assert_array_equal(again.p_values, monitor.p_values)


def test_impossible_outcomes():
    p = np.array([[0.5, 0.5, 0.0]])
    assert np.isinf(Monitor(p).update([[3, 3, 1]]).log_e_values)
    assert np.isfinite(Monitor(p).update([[3, 3, 0]]).log_e_values)
    stray = Monitor(p).update(SimpleNamespace(keys=np.array([[3, 3, 0]]), stray=np.array([1])))
    assert stray.refuted
    assert stray.p_values == 0


def test_expected_stopping():
    p = softmax(np.random.default_rng(2).standard_normal((2, 8)))
    q = softmax(np.log(p) * np.array([[1.5], [1.2]]))
    stop = Monitor(p).expected_stopping(q, paths=60)
    assert stop[1] > 2 * stop[0]
    # By simulation of its own, one shot at a time.
    rng = np.random.default_rng(3)
    shots = []
    for _ in range(12):
        monitor = Monitor(p[0])
        while not monitor.refuted:
            monitor = monitor.update(rng.multinomial(5, q[0]))
        shots.append(int(monitor.counts.sum()))
    assert 0.5 < np.mean(shots) / stop[0] < 2


def test_bad_input():
    with pytest.raises(ValueError, match="shape of p"):
        Monitor([0.5, 0.5]).update([1, 2, 3])
    with pytest.raises(ValueError, match="alpha"):
        Monitor([0.5, 0.5], alpha=0)
    with pytest.raises(ValueError, match="sum to one"):
        Monitor([0.5, 0.4])
    with pytest.raises(ValueError, match="`q`"):
        Monitor([0.5, 0.5]).expected_stopping([0.2, 0.2, 0.6])
