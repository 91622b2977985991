"""B12: a fidelity without its error rate says nothing."""

import numpy as np
import pytest

from qcattn.claims.symmetry.figures import QuotedFigures, _fidelity

QUICK = {"shots": 60_000, "epsilon": 0.05, "alpha": 1e-6}


def test_the_quoted_fidelity_is_one_point_of_a_curve():
    """False-failure rate 1e-6."""
    found = QuotedFigures(**QUICK)(seed=1)
    assert found.standing == "refuted"
    assert found.check("fixed").holds is False and found.check("experiment").holds is False
    assert all(one.reference in one.estimate for one in found.numbers)
    assert "98.5% at 0.041 only" in found.words


def test_at_that_point_and_for_a_better_experiment_it_is_exact():
    found = QuotedFigures(**QUICK, rates=(0.0414, 0.042), cycle=0.01)(seed=1)
    assert found.standing == "exact"


def test_a_faulty_simulator_decides_nothing(faulty):
    found = QuotedFigures(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_distance_three_fails_by_two_flips_at_low_rates():
    """Of the 36 pairs of flips those that fail: the leading coefficient of the failure."""
    rates = np.array([1e-4, 2e-4])
    coefficients = [(1 - _fidelity(3, rate)) / rate**2 for rate in rates]
    assert coefficients[0] == pytest.approx(coefficients[1], rel=0.01)
    assert coefficients[0] == pytest.approx(round(coefficients[0]), abs=0.05)
