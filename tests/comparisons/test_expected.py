"""Expected: the law and covariance of a readout, and fits that know about it."""

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons.certify import certify
from qcattn.comparisons.expected import expected
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
    assert not expected(p, readout=whole).covariance.any()


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


@pytest.mark.parametrize("kind", ["whole", "tensored"])
def test_size_with_a_measured_readout(kind):
    """600 calibrations at 5%: rejections within 2 to 8%, left once in 1e6 at most.

    Plugging the measured matrix in as if it were exact refutes three times as often.
    """
    rng = np.random.default_rng(2)
    p, n, shots = softmax(1.5 * rng.standard_normal(8)), 20_000, 4_000
    matrices = qubits(rng, 3) if kind == "tensored" else confusion(rng, 8)
    truth = expected(p, readout=matrices).p
    alarms = naive = 0
    for _ in range(600):
        if kind == "tensored":
            again = [recalibrated(rng, m, shots) for m in matrices]
        else:
            again = recalibrated(rng, matrices, shots)
        counts = rng.multinomial(n, truth)
        law = expected(p, readout=again, calibration_shots=shots)
        alarms += bool(fit(counts, law).p_values <= 0.05)
        naive += bool(fit(counts, law.p).p_values <= 0.05)
    assert stats.binom.sf(alarms - 1, 600, 0.05) > 1e-6
    assert stats.binom.cdf(alarms, 600, 0.02) > 1e-7
    assert naive > 80


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
