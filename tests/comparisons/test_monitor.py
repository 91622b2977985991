"""Monitor: mean one under the null, anytime validity, power, several rows."""

from decimal import Decimal, localcontext
from itertools import combinations_with_replacement
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import monitor as monitoring
from qcattn.comparisons.expected import expected
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


def exact_log_gamma(x):
    """Stirling's series to 40 digits, of a Decimal of 1,000 or more."""
    half, pi = Decimal("0.5"), Decimal("3.14159265358979323846264338327950288419717")
    series = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)
    return (x - half) * x.ln() - x + half * (2 * pi).ln() + series


@pytest.mark.parametrize("shots", [10**6, 10**12, 4 * 10**15, 2**53 - 3])
def test_many_shots_against_forty_digits(shots):
    """No chance: two outcomes, one of them 0, 3 and 40 standard deviations off."""
    p, concentrations = [Decimal("0.75"), Decimal("0.25")], [Decimal(10) ** 8, Decimal(10) ** 4]
    with localcontext() as context:
        context.prec = 60
        for sigmas in (0, 3, 40):
            first = round(0.75 * shots) + round(sigmas * (shots * 0.1875) ** 0.5)
            counts = [Decimal(first), Decimal(shots - first)]
            logs = []
            for c in concentrations:
                terms = [
                    exact_log_gamma(c * q + k) - exact_log_gamma(c * q) - k * q.ln()
                    for q, k in zip(p, counts, strict=True)
                ]
                logs.append(float(sum(terms) - exact_log_gamma(c + shots) + exact_log_gamma(c)))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(monitoring, "CONCENTRATIONS", np.array([1e8, 1e4]))
                found = float(Monitor([0.75, 0.25]).update([first, shots - first]).log_e_values)
            assert found == pytest.approx(np.logaddexp(*logs) - np.log(2), abs=1e-6)


@pytest.mark.parametrize("p", [(0.5, 0.5), (0.7, 0.2, 0.1)])
def test_fair_runs_of_very_many_shots(p):
    """200 fair runs of 4e15 shots: 10 alarms at 1% by a chance below 1e-4. A sampler that is off by
    2e-7, some 25 standard deviations, is refuted in every run.
    """
    rng, law = np.random.default_rng(0), np.tile(p, (200, 1))
    fair = rng.multinomial(4 * 10**15, law)
    shifted = fair.copy()
    shifted[:, 0] += 8 * 10**8
    shifted[:, 1] -= 8 * 10**8
    assert np.count_nonzero(Monitor(law).update(fair).p_values <= 0.01) < 10
    assert (Monitor(law).update(shifted).p_values <= 0.01).all()


def test_more_shots_than_are_exact_are_refused():
    monitor = Monitor([0.5, 0.5]).update([2**52, 2**52])
    with pytest.raises(ValueError, match=r"at most 2\*\*53 shots a row"):
        monitor.update([1, 1])


def test_thirty_looks():
    """400 perfect samplers, 30 looks each, alpha 5%: at most 50 ever refuted (below 1e-8).

    A chi-square looked at as often refutes more than 80 of them; the wrong beta is caught. All
    together are ever refuted at 1e-6 by that chance.
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
    assert monitor.peak_together < -np.log(1e-6)
    assert (wrong.p_values <= 0.05).mean() > 0.9
    assert wrong.refuted


def test_several_rows():
    """At 1e-8: beside the ten rows that are off, one of 20 has an e-value of 30 / (11 alpha) by a
    chance below 1e-7.
    """
    rng = np.random.default_rng(1)
    p = softmax(rng.standard_normal((3, 10, 16)))
    q = p.copy()
    q[0] = np.roll(q[0], 1, axis=-1)
    monitor = Monitor(p, 1e-8).update(rng.multinomial(1_000, q))
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


def looked_at_every_shot(p):
    """Shots until a law that gives nothing but the first outcome is refuted at 1%."""
    monitor, shots = Monitor(p), 0
    while not monitor.refuted:
        monitor, shots = monitor.update([1, 0]), shots + 1
    return shots


@pytest.mark.parametrize("p", [(0.5, 0.5), (0.9, 0.1), (0.97, 0.03), (0.99, 0.01)])
def test_expected_stopping_without_chance(p):
    """All shots are alike, so that every run stops alike: within 5% of the first shot at which it
    can. Looking when the shots have doubled it would be up to 60% late.
    """
    shots = looked_at_every_shot(p)
    assert shots <= Monitor(p).expected_stopping([1, 0], paths=2) <= max(shots, 1.05 * shots + 1)


def test_expected_stopping():
    """Against 400 runs looked at every five shots: means within six standard errors, and 6% for
    looking more rarely or often. Fails below 1e-8 by the normal law of the means, below 1e-6 with
    room for their skewness. The planted fault is a law that is a tenth nearer in temperature.
    """
    p = softmax(np.random.default_rng(2).standard_normal(8))
    nearer, q = (softmax(np.log(p) * beta) for beta in (1.4, 1.5))
    foreseen, wrong = (float(Monitor(p).expected_stopping(law, paths=200)) for law in (q, nearer))
    rng = np.random.default_rng(3)
    monitor = Monitor(np.tile(p, (400, 1)))
    stops = np.zeros(400)
    while not (monitor.p_values <= 0.01).all():
        monitor = monitor.update(rng.multinomial(5, q, size=400))
        stops += 5 * ~(monitor.p_values <= 0.01)
    stops += 5
    error = stops.std() * (1 / 400 + 1 / 200) ** 0.5
    assert abs(foreseen - stops.mean()) < 6 * error + 0.06 * stops.mean()
    assert wrong - stops.mean() > 6 * error + 0.06 * stops.mean()


def test_rows_go_by_the_e_values_of_now():
    """No chance: of four rows one was far off and has come back; its largest e-value so far is no
    e-value, so e-BH does not name it. A single row, where Ville's inequality holds, stays refuted.
    """
    p, fine = np.array([0.5, 0.3, 0.2]), [50, 30, 20]
    back = [5_000_000, 3_000_000, 2_000_000]
    monitor = Monitor(np.tile(p, (4, 1))).update([[100, 50, 150]] + [fine] * 3)
    assert monitor.rows().tolist() == [True, False, False, False]
    later = monitor.update([back] * 4)
    assert later.refuted and later.p_values[0] < 1e-6
    assert not later.rows().any()
    for shape in ((3,), (1, 3)):
        one = Monitor(p.reshape(shape)).update(np.reshape([100, 50, 150], shape))
        one = one.update(np.reshape(back, shape))
        assert one.log_e_values < 0
        assert one.refuted and one.rows().all() and one.rows().shape == shape[:-1]
        assert not Monitor(p.reshape(shape)).update(np.reshape(fine, shape)).rows().any()


def test_e_values():
    """The exponential of their logarithms; beyond the largest number, infinite without a word."""
    monitor = Monitor([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])
    monitor = monitor.update([[8, 2], [0, 50_000], [5, 1]])
    assert monitor.e_values[0] == pytest.approx(np.exp(monitor.log_e_values[0]))
    assert np.isfinite(monitor.log_e_values[1]) and np.isinf(monitor.e_values[1:]).all()


@pytest.mark.parametrize("p", [5e-324, 1e-310, 1e-301])
def test_a_hit_on_next_to_nothing_refutes(p):
    """Its chance is below 1e-296 in 50,000 shots; 1 / p overflows."""
    monitor = Monitor([1 - p, p])
    assert monitor.update([50_000, 1]).log_e_values == np.inf
    assert monitor.update([50_000, 1]).refuted
    assert not monitor.update([50_000, 0]).refuted


def test_an_update_leaves_the_monitor_as_it_was():
    monitor = Monitor([0.5, 0.5])
    assert monitor.update([0, 100]).refuted
    assert not monitor.refuted and monitor.counts.sum() == 0


def test_a_measured_law_is_named():
    law = expected([0.5, 0.5], readout=np.eye(2), calibration_shots=100)
    with pytest.raises(ValueError, match=r"`p` must be .* exact .* `law.p`"):
        Monitor(law)


def test_bad_input():
    with pytest.raises(ValueError, match="shape of p"):
        Monitor([0.5, 0.5]).update([1, 2, 3])
    with pytest.raises(ValueError, match="alpha"):
        Monitor([0.5, 0.5], alpha=0)
    with pytest.raises(ValueError, match="sum to one"):
        Monitor([0.5, 0.4])
    with pytest.raises(ValueError, match="`q`"):
        Monitor([0.5, 0.5]).expected_stopping([0.2, 0.2, 0.6])
