"""Mitigated values: false alarms, power and coverage of the comparison that knows their scatter."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from qcattn.comparisons.mitigated import mitigated

ROWS, SHOTS = 1500, 4000
FLIPS = np.array([[0.97, 0.08], [0.03, 0.92]])


def confusion(bits):
    whole = np.ones((1, 1))
    for _ in range(bits):
        whole = np.kron(FLIPS, whole)
    return whole


def undone(law, seed, known=True):
    """Rows of frequencies read wrong and set right, with their covariance (or that of counts)."""
    matrix = confusion(len(law).bit_length() - 1)
    inverse = np.linalg.inv(matrix)
    shares = np.random.default_rng(seed).multinomial(SHOTS, matrix @ law, size=ROWS) / SHOTS
    values = shares @ inverse.T
    if not known:
        inverse, shares = np.eye(len(law)), np.clip(values, 0, None)
    spread = -np.einsum("ri,rj->rij", shares, shares)
    index = np.arange(len(law))
    spread[:, index, index] += shares
    return SimpleNamespace(values=values, covariance=inverse @ (spread / SHOTS) @ inverse.T)


def law_of(keys, peak=1.0):
    weights = np.exp(peak * np.random.default_rng(keys).normal(size=keys))
    return weights / weights.sum()


def alarms(quasi, law):
    """Rows refuted at 1%."""
    return (mitigated(quasi, np.tile(law, (ROWS, 1))).p_values <= 0.01).sum()


@pytest.mark.parametrize(("keys", "peak"), [(4, 1.0), (8, 1.0), (16, 2.0), (8, 4.0)])
def test_false_alarms_are_what_was_asked_for(keys, peak):
    """At most 2% at a nominal 1%, as the law is near normal only: binomial tail below 1e-6.

    The planted fault is half of the true scatter."""
    law = law_of(keys, peak)
    most = binom.isf(1e-6, ROWS, 0.02)
    quasi = undone(law, 1)
    assert alarms(quasi, law) <= most
    halved = SimpleNamespace(values=quasi.values, covariance=quasi.covariance / 4)
    assert alarms(halved, law) > 2 * most


@pytest.mark.parametrize(("keys", "peak"), [(4, 1.0), (8, 1.0), (16, 2.0)])
def test_values_taken_for_counts_would_alarm(keys, peak):
    """What mitigation adds to the scatter is a deviation then. (Of a row that is all one outcome it
    adds too little.)"""
    law = law_of(keys, peak)
    assert alarms(undone(law, 1, known=False), law) > binom.isf(1e-6, ROWS, 0.02)


@pytest.mark.parametrize("keys", [4, 16])
def test_the_bound_covers_the_total_variation(keys):
    """It is missed in at most 1% of the rows (binomial tail below 1e-6), and is no empty bound."""
    law = law_of(keys)
    p = law + 0.04 * np.where(np.arange(keys) < keys // 2, 1, -1) * law.min() * 2
    p /= p.sum()
    distance = np.abs(law - p).sum() / 2
    found = mitigated(undone(law, 2), np.tile(p, (ROWS, 1)))
    assert (found.upper < distance).sum() <= binom.isf(1e-6, ROWS, 0.01)
    assert np.median(found.upper) < 0.15


def test_a_deviation_is_refuted():
    """4,000 shots, a total variation of 0.1: false-failure rate far below 1e-6 (20 deviations)."""
    law = law_of(8)
    other = np.roll(law, 1)
    found = mitigated(undone(law, 3), np.tile(other, (ROWS, 1)), alpha=1e-6)
    assert found.refuted and (found.p_values < 1e-6).all()
    assert (found.upper > np.abs(law - other).sum() / 2).mean() > 0.99


def test_impossible_outcomes_that_never_came_are_no_evidence():
    law = np.array([0.6, 0.4, 0.0, 0.0])
    spread = np.zeros((4, 4))
    spread[:2, :2] = 0.24 / SHOTS * np.array([[1, -1], [-1, 1]])
    values = law + np.array([0.001, -0.001, 0, 0])
    assert not mitigated(SimpleNamespace(values=values, covariance=spread), law).refuted
    leaking = values + np.array([-0.1, 0, 0.1, 0])
    assert mitigated(SimpleNamespace(values=leaking, covariance=spread), law).refuted


def test_shapes_that_do_not_fit_are_named():
    quasi = SimpleNamespace(values=np.ones(3) / 3, covariance=np.eye(3))
    with pytest.raises(ValueError, match="must be of shape"):
        mitigated(quasi, np.ones(4) / 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["values", "covariance"])
def test_what_is_not_finite_is_named(part, bad):
    """NaN compares false with any level, so that it would pass."""
    quasi = SimpleNamespace(values=np.full((3, 2), 0.5), covariance=np.tile(np.eye(2), (3, 1, 1)))
    assert not mitigated(quasi, np.full((3, 2), 0.5)).refuted
    getattr(quasi, part)[1, ..., 0] = bad
    with pytest.raises(ValueError, match=rf"`quasi.{part}` must be finite, but quasi.{part}\[1, 0"):
        mitigated(quasi, np.full((3, 2), 0.5))
