"""B1: with a spring two keys make a hat, without one nothing does, and real keys make many."""

import numpy as np
import pytest
from scipy.integrate import quad

from qcattn.claims.symmetry._field import energy_of_pair, points
from qcattn.claims.symmetry._minima import MEAN_FIELD, binder, largest_spread, minima
from qcattn.claims.symmetry.mexican_hat import MexicanHat

QUICK = {"keys": 64, "qubits": 6, "shots": 60_000, "epsilon": 0.1, "rows": 8, "alpha": 1e-6}


def test_a_spring_and_two_keys_make_a_hat():
    """False-failure rate 1e-6."""
    found = MexicanHat(**QUICK)(seed=1)
    assert found.standing == "conditional" and "a spring is added" in found.condition
    for name in ("onset", "mean field", "landau", "uniform"):
        assert found.check(name).holds, name
    assert found.check("no spring").holds is False and found.check("real keys").holds is False
    assert all(one.reference in one.estimate for one in found.numbers)


def test_attention_as_it_is_makes_none():
    found = MexicanHat(**QUICK, spring=0.0)(seed=1)
    assert found.standing == "refuted" and found.check("onset").holds is False
    assert "has no Mexican hat" in found.words


def test_a_faulty_simulator_decides_nothing(faulty):
    found = MexicanHat(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_the_mean_field_value_is_that_of_exp_of_minus_a_fourth_power():
    second, fourth, norm = (
        quad(lambda x, p=p: x**p * np.exp(-(x**4)), -np.inf, np.inf)[0] for p in (2, 4, 0)
    )
    known = 1 - fourth * norm / (3 * second**2)
    assert pytest.approx(known) == MEAN_FIELD == pytest.approx(0.27052, abs=1e-5)
    x = points(9, 1.5)
    weights = np.exp(-20_000 * energy_of_pair(x, 1.0))
    assert binder(x, weights, 0.0)[0] == pytest.approx(known, abs=2e-3)


def test_the_margin_of_the_cumulant_covers_it():
    """400 draws at two deviations: 95.4% expected, five standard deviations allowed."""
    x = points(6, 1.8)
    law = np.exp(-200 * energy_of_pair(x, 1.0))
    law /= law.sum()
    exact, _ = binder(x, law, 0.0)
    rows = np.random.default_rng(1).multinomial(20_000, law, size=400)
    covered = [abs(u - exact) <= m for u, m in (binder(x, row, 2.0) for row in rows)]
    assert np.mean(covered) == pytest.approx(0.954, abs=0.053)


def test_minima_are_counted():
    circle = np.exp(2j * np.pi * np.arange(5) / 5)
    keys = np.stack([circle.real, circle.imag], axis=1)
    assert minima(keys, 1.5) == 1 and minima(keys, 30.0) == 5
    assert largest_spread(keys) == pytest.approx(0.5)
