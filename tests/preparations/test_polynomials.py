"""Polynomials against mpmath and on grids; phases against products of 2 x 2 matrices."""

import mpmath
import numpy as np
import pytest
from numpy.polynomial import chebyshev

from qcattn.preparations import polynomials
from qcattn.preparations.polynomials import bessel_degree, exponential, phases_of

CASES = [
    (1.0, -1.0, 1.0, 1e-6),
    (12.0, -1.0, 1.0, 1e-10),
    (60.0, -1.0, 0.3, 1e-9),
    (3.0, -0.71, 1.0, 1e-8),
    (15.0, -0.71, 0.71, 1e-8),
    (5.0, -0.3, 0.4, 1e-10),
    (10.0, -0.25, 0.3, 1e-7),
]


@pytest.mark.parametrize(("rate", "low", "high", "error"), CASES)
def test_a_polynomial_is_as_close_as_it_claims_and_within_one(rate, low, high, error):
    coefficients, scale = exponential(rate, low, high, error)
    everywhere = np.cos(np.linspace(0, np.pi, 30_011))
    assert np.abs(chebyshev.chebval(everywhere, coefficients)).max() <= 1
    grid = np.linspace(low, high, 20_011)
    miss = chebyshev.chebval(grid, coefficients) - scale * np.exp(-rate * (grid - low))
    assert np.abs(miss).max() <= error * scale
    assert np.abs(miss).max() >= 1e-4 * error * scale, "no more degree than is needed"
    assert scale >= 0.999 * np.exp(-rate * (1 + low)), "never worse than the expansion"


@pytest.mark.parametrize("rate", [0.3, 4.0, 40.0])
def test_the_expansion_is_that_of_bessel_functions(rate):
    coefficients, scale = exponential(rate, -1.0, 1.0, 1e-11)
    with mpmath.workdps(40):
        for k, coefficient in enumerate(coefficients):
            exact = (2 if k else 1) * (-1) ** k * mpmath.besseli(k, rate) * mpmath.exp(-rate)
            assert abs(coefficient - float(exact) * scale) < 1e-15
        rest = mpmath.nsum(lambda k: 2 * mpmath.besseli(k, rate), [len(coefficients), mpmath.inf])
        assert rest * mpmath.exp(-rate) <= 1e-11
        before = rest + 2 * mpmath.besseli(len(coefficients) - 1, rate)
        assert before * mpmath.exp(-rate) > 1e-11, "one degree less would not do"


def test_bending_below_the_spectrum_keeps_more_for_more_degree():
    """At rate 15 the expansion keeps 1.7e-4 in 27 degrees; a bend is cheaper for a kept shot."""
    kept = [polynomials._capped(15.0, -0.71, 1.0, 1e-8, degree)[1] ** 2 for degree in (30, 45, 60)]
    assert np.all(np.diff(kept) > 0)
    coefficients, scale = exponential(15.0, -0.71, 1.0, 1e-8)
    expansion = bessel_degree(15.0, 1e-8 * np.exp(-15 * 0.29)) / np.exp(-2 * 15 * 0.29)
    assert (len(coefficients) - 1) / scale**2 < expansion / 100


def test_a_degree_beyond_all_tried_is_none():
    assert exponential(5e3, -1.0, 1.0, 1e-8) is None
    assert exponential(5e3, 0.0, 1.0, 1e-8) is None
    assert bessel_degree(1.0, 1e-14) is None


def response(phases, x):
    """Product of the phases about Z and about an axis at the angle arccos x, entry (0, 0)."""
    z = np.diag([1.0, -1.0])
    r = np.array([[x, np.sqrt(1 - x * x)], [np.sqrt(1 - x * x), -x]])
    out = np.eye(2, dtype=complex)
    for step, phase in enumerate(phases):
        out = out @ (np.cos(phase) * np.eye(2) + 1j * np.sin(phase) * (r if step % 2 else z))
    return out[0, 0].real


@pytest.mark.parametrize(("rate", "low", "high", "error"), [*CASES[:2], CASES[3]])
def test_phases_give_the_polynomial(rate, low, high, error):
    coefficients, _ = exponential(rate, low, high, error)
    phases = phases_of(coefficients)
    assert phases.shape == (2 * len(coefficients) - 1,)
    grid = np.linspace(-1, 1, 41)
    found = np.array([response(phases, x) for x in grid])
    wanted = chebyshev.chebval(grid, coefficients)
    sign = np.sign(found @ wanted)
    assert np.abs(sign * found - wanted).max() < 1e-12
    phases[len(phases) // 2] += 0.01
    wrong = np.array([response(phases, x) for x in grid])
    assert np.abs(sign * wrong - wanted).max() > 1e-3, "one phase off by 0.01 shows"


def test_phases_that_do_not_exist_are_refused():
    """|P| reaches 1.5: no product of unitaries has such an entry."""
    with pytest.raises(ValueError, match="phases were found"):
        phases_of(np.array([0.0, 0.0, 1.5]))
