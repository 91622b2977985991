"""A7: the closed form comes out with enough levels, and the cut-off shows where it is said to."""

import mpmath
import numpy as np
import pytest
from scipy.linalg import expm

from qcattn.backends import Aer
from qcattn.claims.born._cut_off import exact_error, measured_error, weight_above
from qcattn.claims.born.displaced import DisplacedThermal
from qcattn.evidence import Check
from qcattn.models.oscillator import (
    displaced_thermal,
    displacement,
    ladder,
    number_distribution,
    thermal_scores,
    truncation_bound,
)
from qcattn.preparations import Purification
from qcattn.progress import silent
from qcattn.records import Counts
from qcattn.thermal import trace_distance

SMALL = {
    "mean_numbers": (0.0, 1.0),
    "displacements": (0.0, 1.0),
    "levels": 32,
    "shots": 40_000,
    "epsilon": 0.03,
    "alpha": 1e-6,
    "backend": Aer(draws="born"),
}


def test_enough_levels_follow_the_closed_form_and_few_do_not():
    """False-failure rate 1e-6."""
    found = DisplacedThermal(**SMALL)(seed=1)
    assert found.standing == "conditional"
    assert {check.name: check.holds for check in found.checks} == {
        "sampler": True,
        "closed form": True,
        "enough levels": True,
        "counts": True,
        "cut-offs": True,
        "position": True,
        "same position": False,
    }
    assert found.number("total variation, the worst state").estimate.high < 0.03
    assert "must mean W† A W" in found.words
    assert found.condition


def test_too_few_levels_are_the_fault_of_the_qubits_and_refute_nothing():
    found = DisplacedThermal(**{**SMALL, "levels": 8, "mean_numbers": (2.0,)})(seed=1)
    assert found.check("enough levels").holds is False and found.check("counts").holds is False
    assert found.standing == "undecided"


def test_without_displacement_both_orders_of_ad_are_one():
    still = DisplacedThermal(**{**SMALL, "displacements": (0.0,)})(seed=1)
    assert still.check("same position").holds and still.standing == "exact"
    assert not still.condition and "must mean" not in still.words


def test_words_follow_from_the_names_of_checks_wherever_they_stand():
    claim = DisplacedThermal(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    said = claim.describe(measured, checks)
    other = {"other": Check("other", "Another one holds", False, "")}
    assert claim.describe(measured, other | dict(reversed(checks.items()))) == said
    assert claim.describe(measured, checks | {"same position": checks["counts"]}) != said


def test_a_hotter_state_is_caught():
    """A planted fault: the preparation is 10% off in beta."""
    hot = DisplacedThermal(**SMALL, preparation=lambda h, beta: Purification()(h, beta=0.9 * beta))
    assert hot(seed=1).standing == "refuted"


def test_a_bit_read_wrongly_is_caught(checked):
    def careless(prepared, shots, seed):
        counts = SMALL["backend"](prepared, shots, seed)
        moved = counts.keys // 20
        return Counts(counts.keys - moved + moved[..., ::-1], counts.stray, counts.discarded)

    found = checked(DisplacedThermal(**{**SMALL, "backend": careless}))
    assert found["counts"].holds is False


@pytest.mark.parametrize("m", [0.3, 2.0])
@pytest.mark.parametrize("amount", [0.0, 0.4, 1.5])
def test_the_closed_form_against_mpmath_and_many_levels(m, amount):
    p = number_distribution(40, m, amount)
    x = mpmath.mpf(amount) ** 2
    exact = [
        mpmath.mpf(m) ** n
        / (1 + mpmath.mpf(m)) ** (n + 1)
        * mpmath.exp(-x / (1 + m))
        * mpmath.laguerre(n, 0, -x / (mpmath.mpf(m) * (1 + m)))
        for n in range(40)
    ]
    assert p == pytest.approx([float(value) for value in exact], rel=1e-11)
    assert np.abs(np.diag(displaced_thermal(250, m, amount))[:40] - p).max() < 1e-12
    n = np.arange(400)
    assert n @ number_distribution(400, m, amount) == pytest.approx(m + amount**2)


def test_a_cold_state_is_poissonian():
    assert number_distribution(30, 0.0, 1.2) == pytest.approx(
        number_distribution(30, 1e-9, 1.2), abs=1e-8
    )
    assert thermal_scores(3, 0.0).tolist() == [0.0, -np.inf, -np.inf]


@pytest.mark.parametrize("levels", [4, 8, 16, 32])
@pytest.mark.parametrize(("m", "amount"), [(2.0, 1.5), (0.5, 1.0), (0.0, 1.5), (2.0, 0.0)])
def test_the_error_of_the_cut_off_lies_between_its_bounds(levels, m, amount):
    """Against 250 levels; total variation and trace distance."""
    cut = np.zeros((250, 250))
    cut[:levels, :levels] = displaced_thermal(levels, m, amount)
    true = displaced_thermal(250, m, amount)
    error = np.abs(np.diag(cut - true)).sum() / 2
    assert 1 - number_distribution(levels, m, amount).sum() <= error + 1e-12
    assert error <= trace_distance(cut, true) + 1e-9 <= truncation_bound(levels, m, amount) + 1e-8
    assert exact_error(levels, m, amount) == pytest.approx(error, abs=1e-9)
    assert weight_above(levels, m, amount) <= error + 1e-12


def test_the_measured_error_of_a_cut_off_holds_the_exact_one_and_no_other():
    """100 intervals at alpha = 1e-6 each: one misses in 1e-4 of runs at most."""
    rng, state = np.random.default_rng(4), (2.0, 1.5)
    law, exact = np.diag(displaced_thermal(8, *state)), exact_error(8, *state)
    for counts in rng.multinomial(40_000, law, size=100):
        found = measured_error(counts, 8, *state, 1e-6)
        assert exact in found and exact + 0.03 not in found and exact - 0.03 not in found


def test_the_displacement_is_the_exponential_and_displaces():
    a = ladder(60)
    w = displacement(60, 0.7)
    assert np.allclose(w, expm(0.7 * (a.T - a))) and np.allclose(w @ w.T, np.eye(60))
    assert np.allclose((w.T @ a @ w)[:20, :20], a[:20, :20] + 0.7 * np.eye(20))
