"""Expected: the law and covariance of a readout, and fits that know about it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons._measured import _third, energy_moments, upper_tail
from qcattn.comparisons.certify import certify
from qcattn.comparisons.expected import Expected, expected
from qcattn.comparisons.fit import fit


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def confusion(rng, size):
    matrix = 0.05 * rng.dirichlet(np.ones(size), size=size).T + 0.95 * np.eye(size)
    return matrix / matrix.sum(axis=0)


def qubits(rng, number):
    flips = rng.uniform(0.01, 0.06, (number, 2))
    return [np.array([[1 - a, b], [a, 1 - b]]) for a, b in flips]


def recalibrated(rng, matrix, shots):
    return np.stack([rng.multinomial(shots, column) / shots for column in matrix.T], axis=-1)


def test_tensored_is_the_kronecker_product():
    rng = np.random.default_rng(0)
    matrices = qubits(rng, 3)
    p = softmax(rng.standard_normal((2, 8)))
    whole = np.kron(matrices[2], np.kron(matrices[1], matrices[0]))
    np.testing.assert_allclose(expected(p, readout=matrices).p, p @ whole.T, atol=1e-12)
    np.testing.assert_allclose(expected(p, readout=whole).p, p @ whole.T, atol=1e-12)
    for readout in (matrices, whole):
        assert expected(p, readout=readout).covariance is None
        measured = expected(p, readout=readout, calibration_shots=1e12)
        assert 0 < np.abs(measured.covariance).max() < 1e-11


def test_an_exact_readout_of_many_outcomes_takes_no_covariance():
    """2^14 outcomes: a covariance would be 2 GiB. False-failure rate 1e-8; the planted fault is
    the law without its readout."""
    p = softmax(np.random.default_rng(0).standard_normal(2**14))
    law = expected(p, readout=[np.array([[0.98, 0.03], [0.02, 0.97]])] * 14)
    counts = np.random.default_rng(1).multinomial(10**5, law.p)
    assert fit(counts, law, alpha=1e-8).overall() > 1e-8
    assert fit(counts, p, alpha=1e-8).overall() <= 1e-8


@pytest.mark.parametrize("kind", ["whole", "tensored"])
def test_covariance_by_simulation(kind):
    """2,000 calibrations: entries within 6 standard errors of the largest; fails below 1e-6."""
    rng = np.random.default_rng(1)
    p = softmax(rng.standard_normal(8))
    shots = 500
    if kind == "whole":
        matrix = confusion(rng, 8)
        found = [recalibrated(rng, matrix, shots) @ p for _ in range(2_000)]
        law = expected(p, readout=matrix, calibration_shots=shots)
    else:
        matrices = qubits(rng, 3)
        found = []
        for _ in range(2_000):
            again = [recalibrated(rng, m, shots) for m in matrices]
            found.append(expected(p, readout=again).p)
        law = expected(p, readout=matrices, calibration_shots=shots)
    sample = np.cov(np.array(found).T)
    scale = np.sqrt(np.outer(np.diag(law.covariance), np.diag(law.covariance)))
    assert np.abs(sample - law.covariance).max() < 6 * (2 / 2_000) ** 0.5 * scale.max()
    assert scale.max() > 1e-7


def calibrated(rng, p, readout, shots, number):
    """The law that each of a number of calibrations gives, as rows."""
    laws = []
    for _ in range(number):
        if isinstance(readout, list):
            again = [recalibrated(rng, matrix, shots) for matrix in readout]
        else:
            again = recalibrated(rng, readout, shots)
        laws.append(expected(p, readout=again, calibration_shots=shots))
    return Expected(
        **{
            name: np.stack([getattr(law, name) for law in laws])
            for name in Expected.__dataclass_fields__
        }
    )


@pytest.mark.parametrize("kind", ["whole", "tensored"])
@pytest.mark.parametrize(("scale", "n", "shots"), [(1.5, 20_000, 1_000), (4, 20_000, 1_000)])
def test_size_with_a_measured_readout(kind, scale, n, shots):
    """1,000 calibrations: the row and its parts alarm at 5% in at most 5% (8% for the parts, which
    are approximate), left once in 1e6 at most.

    Plugging the measured matrix in as if it were exact refutes three times as often. In a peaked
    row an outcome is read a few times in calibration; sets of rare outcomes that follow the
    measured law would alarm in 45%.
    """
    rng = np.random.default_rng(2)
    p = softmax(scale * rng.standard_normal(16))
    readout = qubits(rng, 4) if kind == "tensored" else confusion(rng, 16)
    truth = expected(p, readout=readout).p
    law = calibrated(rng, p, readout, shots, 1_000)
    counts = rng.multinomial(n, truth, size=1_000)
    found, naive = fit(counts, law), fit(counts, law.p)
    alarms = int((found.p_values <= 0.05).sum())
    assert stats.binom.sf(alarms - 1, 1_000, 0.05) > 1e-7
    assert stats.binom.cdf(alarms, 1_000, 0.015) > 1e-7
    for part in (found.u, found.tail, found.energy):
        assert stats.binom.sf((part <= 0.05).sum() - 1, 1_000, 0.08) > 1e-7
    assert (naive.p_values <= 0.05).sum() > 150
    # A leak over the rare outcomes, by the scan alone.
    leak = fit(
        rng.multinomial(n, 0.8 * truth + 0.2 / 16, size=100),
        calibrated(rng, p, readout, shots, 100),
    )
    assert (leak.tail <= 0.01).mean() > 0.9


def test_power_and_certificate():
    rng = np.random.default_rng(3)
    p = softmax(rng.standard_normal((20, 8)))
    matrices = qubits(rng, 3)
    law = expected(p, readout=matrices, calibration_shots=100_000)
    good = rng.multinomial(30_000, law.p)
    bad = rng.multinomial(30_000, expected(np.roll(p, 1, axis=-1), readout=matrices).p)
    assert not fit(good, law).refuted
    assert fit(bad, law).rows().mean() > 0.9
    assert np.all(fit(good, law).resolution > fit(good, law.p).resolution)
    claimed = certify(good, law, 0.06)
    assert claimed.certified.mean() > 0.9
    assert np.all(claimed.upper > certify(good, law.p, 0.06).upper)
    assert not certify(bad, law, 0.06).certified.any()


@pytest.mark.parametrize(
    ("readout", "shots", "message"),
    [
        (np.array([[0.9, 0.2], [0.2, 0.8]]), 10, "column 0"),
        (np.eye(3), 10, r"shape \(2, 2\)"),
        ([np.eye(2), np.eye(2)], 10, "one 2 x 2 matrix a qubit"),
        (np.eye(2), 0, "calibration_shots"),
        (np.eye(2), [1, 2, 3], "calibration_shots"),
        (np.array([[np.nan, 0], [0, 1]]), 1, "column 0"),
    ],
)
def test_bad_input(readout, shots, message):
    with pytest.raises(ValueError, match=message):
        expected([0.5, 0.5], readout=readout, calibration_shots=shots)


def test_what_calibration_never_saw_is_not_impossible():
    """Misreadings of 1e-3 in 500 calibration shots are often unseen: 1,000 rows at 5%, fails below
    1e-7. Taken as exact zeros they refute a perfect device in a third of them.
    """
    rng = np.random.default_rng(5)
    matrix = np.full((4, 4), 1e-3) + np.eye(4) * (1 - 4e-3)
    matrix[3] = [1e-3, 0, 0, 1]
    matrix /= matrix.sum(axis=0)
    p = np.array([0.95, 0.03, 0.02, 0.0])
    law = calibrated(rng, p, matrix, 500, 1_000)
    counts = rng.multinomial(2_000, expected(p, readout=matrix).p, size=1_000)
    assert (law.p == 0).any(axis=-1).sum() > 250
    assert (fit(counts, law.p).zero == 0).sum() > 200
    alarms = (fit(counts, law).p_values <= 0.05).sum()
    assert stats.binom.sf(alarms - 1, 1_000, 0.05) > 1e-7
    # A real leak there is found, and a stray shot still refutes.
    law = expected(p, readout=np.eye(4), calibration_shots=500)
    assert fit([1_700, 60, 40, 0], law).zero == 1
    assert fit([1_640, 60, 40, 60], law).p_values < 1e-3
    assert 0.1 < fit([1_755, 60, 40, 3], law).zero <= 1
    assert fit([1_755, 60, 40, 3], law.p).zero == 0
    stray = SimpleNamespace(keys=np.array([1_755, 60, 40, 0]), stray=np.array(1))
    assert fit(stray, law).zero == fit(stray, law).p_values == 0


def test_offenders_of_a_measured_law():
    """No outcome of a perfect device is named in more than 5% of 500 rows, left once in 1e7; as if
    the matrix were exact, in most. An outcome that is off is named.
    """
    rng = np.random.default_rng(7)
    p = softmax(2 * rng.standard_normal(16))
    matrix = confusion(rng, 16)
    law = calibrated(rng, p, matrix, 1_000, 500)
    truth = expected(p, readout=matrix).p
    counts = rng.multinomial(50_000, truth, size=500)
    good, naive = fit(counts, law, alpha=0.05), fit(counts, law.p, alpha=0.05)
    named = sum(bool(good.offenders(row)) for row in range(500))
    assert stats.binom.sf(named - 1, 500, 0.05) > 1e-7
    assert sum(bool(naive.offenders(row)) for row in range(500)) > 250
    off = truth.copy()
    first, second = np.argsort(-truth)[:2]
    off[first], off[second] = off[first] - 0.03, off[second] + 0.03
    bad = fit(rng.multinomial(50_000, off), expected(p, readout=matrix, calibration_shots=1_000))
    assert {one.outcome for one in bad.offenders()} == {first, second}


@pytest.mark.parametrize("kind", ["whole", "tensored"])
def test_coverage_with_a_measured_readout(kind):
    """400 calibrations at alpha = 5%: the bound is below the true distance in at most 5%, left once
    in 1e7.
    """
    rng = np.random.default_rng(6)
    p = softmax(2 * rng.standard_normal(16))
    readout = qubits(rng, 4) if kind == "tensored" else confusion(rng, 16)
    other = softmax(np.log(p) * 1.02)
    tv = np.abs(expected(p, readout=readout).p - expected(other, readout=readout).p).sum() / 2
    assert tv > 2e-3
    law = calibrated(rng, p, readout, 300, 400)
    counts = rng.multinomial(300_000, expected(other, readout=readout).p, size=400)
    # What is bounded is the distance of the law sampled from the law that the true matrix gives.
    wrong = (certify(counts, law, 0.1, alpha=0.05).upper < tv).sum()
    assert stats.binom.sf(wrong - 1, 400, 0.05) > 1e-7


def test_a_calibration_that_errs_towards_what_is_sampled():
    """One qubit, where every second calibration brings the law nearer to the wrong one: at 5%, 400
    of them leave the distance out in at most 5%, left once in 1e7. Without the calibration's own
    error it is left out in most of that half.
    """
    rng = np.random.default_rng(8)
    p, other, readout = np.array([0.6, 0.4]), np.array([0.63, 0.37]), qubits(rng, 1)
    right, sampled = (expected(x, readout=readout).p for x in (p, other))
    tv = np.abs(right - sampled).sum() / 2
    law = calibrated(rng, p, readout, 300, 400)
    counts = rng.multinomial(300_000, sampled, size=400)
    wrong = (certify(counts, law, 0.1, alpha=0.05).upper < tv).sum()
    assert stats.binom.sf(wrong - 1, 400, 0.05) > 1e-7
    assert (certify(counts, law.p, 0.1, alpha=0.05).upper < tv).sum() > 100


def test_offenders_of_a_measured_law_are_few_and_a_real_one_is_named():
    """200 calibrations of 1,000 shots, a million shots each: at 1% a perfect row names an outcome
    in at most 1%, left once in 1e6. The same limits from the average weight in place of the
    largest named one in every tenth. An outcome that gained 2% of all shots is named.
    """
    rng = np.random.default_rng(3)
    named = found = 0
    for _ in range(200):
        p = softmax(4 * rng.standard_normal(16))
        matrix = 0.1 * rng.dirichlet(np.full(16, 0.5), size=16).T + 0.9 * np.eye(16)
        again = recalibrated(rng, matrix, 1_000)
        law = expected(p, readout=again, calibration_shots=1_000)
        counts = rng.multinomial(1_000_000, matrix @ p)
        named += bool(fit(counts, law).offenders())
        rarest = int(np.argmin(p))
        counts[rarest] += 20_000
        found += any(one.outcome == rarest for one in fit(counts, law).offenders())
    assert stats.binom.sf(named - 1, 200, 0.01) > 1e-6, "at most 11 of 200"
    assert found >= 190


def families(rng, kind, number, size, shots):
    """Calibrations, each with its own readout and common to a family of peaked rows: the laws and
    what is read of a perfect device."""
    laws, truths = [], []
    for _ in range(number):
        p = softmax(4 * rng.standard_normal((size, 16)))
        if kind == "tensored":
            readout = qubits(rng, 4)
            again = [recalibrated(rng, matrix, shots) for matrix in readout]
        else:
            readout = confusion(rng, 16)
            again = recalibrated(rng, readout, shots)
        laws.append(expected(p, readout=again, calibration_shots=shots))
        truths.append(expected(p, readout=readout).p)
    names = Expected.__dataclass_fields__
    law = Expected(**{name: np.stack([getattr(one, name) for one in laws]) for name in names})
    return law, np.stack(truths)


def refuted_families(found):
    """Families refuted at 1% by Holm's half."""
    return int((2 * found.p_values.shape[-1] * found.p_values.min(axis=-1) <= 0.01).sum())


@pytest.mark.parametrize("kind", ["whole", "tensored"])
def test_families_that_share_a_calibration(kind):
    """1,000 families of 30 peaked rows, 1,000 calibration shots a state: at 1% at most 1% of the
    families are refuted, left once in 1e6. The planted faults: a calibration said to have four
    times its shots; counts without the readout; in each tenth row 5% of the shots moved from the
    likeliest outcome to three others.
    """
    rng = np.random.default_rng(11)
    law, truth = families(rng, kind, 1_000, 30, 1_000)
    counts = rng.multinomial(100_000, truth)
    most = stats.binom.isf(1e-6, 1_000, 0.01)
    assert refuted_families(fit(counts, law)) <= most
    trusted = replace(law, covariance=law.covariance / 4, coarse=law.coarse / 4)
    assert refuted_families(fit(counts, trusted)) > most
    names, some = Expected.__dataclass_fields__, slice(0, 100)
    law, truth = Expected(**{name: getattr(law, name)[some] for name in names}), truth[some]
    assert refuted_families(fit(rng.multinomial(100_000, law.ideal), law)) >= 99
    order = np.argsort(-truth, axis=-1)[:, 9]
    for rank, change in ((0, -0.05), (2, 0.05 / 3), (4, 0.05 / 3), (6, 0.05 / 3)):
        truth[np.arange(100), 9, order[:, rank]] += change
    refuted = fit(rng.multinomial(100_000, truth), law).p_values[:, 9] <= 0.01 / 60
    assert refuted.sum() >= 95


def test_moments_and_tails_of_what_was_read_a_few_times():
    """A negative binomial count: its third moment exactly, its upper tails where all calibration
    shots weigh the same; on the safe side where the heaviest weighs more."""
    for shape, scale in ((3.0, 0.2), (5.0, 2.0), (0.7, 20.0)):
        law = stats.nbinom(shape, 1 / (1 + scale))
        k = np.arange(int(law.isf(1e-30)) + 1)
        mean, added = shape * scale, shape * scale**2
        x = (k - mean) ** 2 - k
        third = law.pmf(k) @ (x - law.pmf(k) @ x) ** 3
        known = 4 * mean**2 * (1 + 2 * mean) + 8 * (mean + added) ** 3 - 8 * mean**3
        assert third == pytest.approx(known + _third(mean, added, scale), rel=1e-9)
    # Seven reads of 1,000 shots, taken for eight: 2,000 shots hold 40 or more.
    one = np.array([1e-3])
    found = upper_tail(np.array([40.0]), np.array([2_000]), 7 * one, 7 * one**2, one)
    assert found == pytest.approx(stats.nbinom(8, 1 / 3).sf(39), rel=1e-9)
    assert upper_tail(np.array([40.0]), np.array([2_000]), 7 * one, 7 * one**2, 2 * one) > found


def test_a_few_calibration_shots_skew_the_energy_score_to_the_hot_side():
    """Exactly: an error that has a gamma law of scale c, in one of two outcomes."""
    n, coarse, spread, energy = 5_000.0, 0.002, 1e-5, -1.5
    p, score = np.array([[0.9, 0.1]]), np.array([[0.0, energy]])
    covariance = spread * np.array([[[1.0, -1.0], [-1.0, 1.0]]])
    at = np.array([n]), covariance, np.array([coarse])
    variance, above, below = energy_moments(p, score, *at)
    law = stats.gamma(spread / coarse**2, scale=coarse)
    skew = float(law.stats("s"))
    assert variance[0] == pytest.approx((n * energy) ** 2 * law.var())
    assert below[0] - above[0] == pytest.approx((n * energy) ** 3 * law.std() ** 3 * skew)
