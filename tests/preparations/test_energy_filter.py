"""Jumps filtered in energy, against the integral that defines them and the Gibbs state."""

import numpy as np
import pytest
from scipy.integrate import quad_vec

from qcattn.preparations.energy_filter import filtered_jumps, transition_weight
from qcattn.preparations.lindblad import coherent, frequencies, gap, lindbladian
from qcattn.thermal import gibbs_state

RNG = np.random.default_rng(7)
RATES = ["metropolis", "gaussian"]


def hermitian(size):
    matrix = RNG.normal(size=(size, size)) + 1j * RNG.normal(size=(size, size))
    return (matrix + matrix.conj().T) / 2


def rate(omega, width, rates):
    """gamma of Chen, Kastoryano and Gilyen, energies in units of 1/beta."""
    if rates == "metropolis":
        return min(1.0, np.exp(-omega - width**2 / 2))
    return np.exp(-((omega + (width**2 + 1) / 2) ** 2) / 2)


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("width", [0.6, 1.0])
def test_the_jumps_are_the_integral_over_energies(rates, width):
    """Quadrature over A(omega), the Gaussian transform of A, and the rates of the paper."""
    a, nu = hermitian(4), frequencies(np.array([0.0, 0.7, 1.1, 3.2]), 1.0)

    def integrand(omega):
        line = np.exp(-((omega - nu) ** 2) / (4 * width**2)) / (2 * np.pi * width**2) ** 0.25
        return rate(omega, width, rates) * np.kron(a * line, (a * line).conj())

    expected, _ = quad_vec(integrand, -20, 20, epsabs=1e-11, points=[-(width**2) / 2])
    jumps = filtered_jumps(a, nu, rates, width)
    found = sum(np.kron(one, one.conj()) for one in jumps)
    assert np.abs(found - expected).max() < 1e-10
    other = sum(np.kron(one, one.conj()) for one in filtered_jumps(a, nu, rates, 1.1 * width))
    assert np.abs(other - expected).max() > 1e-3, "another width is another integral"


def test_the_gaussian_weights_are_those_of_the_paper():
    """alpha ~ exp(-(nu1 + nu2 + 2)^2 / 16) exp(-(nu1 - nu2)^2 / 8) for width 1, energies in 1/beta:
    equation of arXiv:2311.09207 with all three parameters 1/beta."""
    one, two = RNG.normal(size=(2, 50)) * 3
    published = np.exp(-((one + two + 2) ** 2) / 16 - (one - two) ** 2 / 8)
    ratio = transition_weight(one, two, "gaussian", 1.0) / published
    assert np.ptp(ratio) < 1e-12 and abs(ratio[0] - np.sqrt(0.5)) < 1e-12


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("kept", [1.0, 0.8])
@pytest.mark.parametrize(("size", "beta"), [(2, 1.0), (4, 0.3), (4, 1.0), (4, 3.0), (8, 1.0)])
def test_the_gibbs_state_is_fixed_with_the_coherent_term_and_not_without(rates, kept, size, beta):
    energies = np.cumsum(RNG.uniform(0.2, 0.8, size))
    nu = frequencies(energies, beta)
    jumps = [one for _ in range(2) for one in filtered_jumps(hermitian(size), nu, rates, 1.0, kept)]
    generator, fixed = lindbladian(jumps, nu), gibbs_state(np.diag(energies), beta)
    assert np.abs(generator @ fixed.ravel()).max() < 1e-12
    assert np.abs(np.eye(size).ravel() @ generator).max() < 1e-12, "traces are kept"
    term, one = coherent(jumps, nu), np.eye(size)
    without = generator + 1j * (np.kron(term, one) - np.kron(one, term.conj()))
    assert np.abs(without @ fixed.ravel()).max() > 1e-6, "and is none without it"
    wrong = gibbs_state(np.diag(energies), 1.05 * beta)
    assert np.abs(generator @ wrong.ravel()).max() > 1e-5, "no other temperature is"


@pytest.mark.parametrize("rates", RATES)
def test_each_jump_is_in_detailed_balance_by_itself_however_cold(rates):
    """L_ij = +-exp(-nu_ij / 2) conj(L_ji), also where energies lie 3,000 apart."""
    a = hermitian(5)
    nu = frequencies(np.array([0.0, 0.4, 0.4, 30.0, 3000.0]), 1.0)
    jumps = filtered_jumps(a, nu, rates, 1.0)
    assert len(jumps) >= 3 and np.isfinite(jumps).all()
    down = nu < 0
    for one in jumps:
        back = np.exp(-np.where(down, -nu, 0) / 2)[down] * one.conj()[down]
        up = one.T[down]
        sign = 1 if np.abs(up - back).max() < np.abs(up + back).max() else -1
        assert np.abs(up - sign * back).max() < 1e-12


def test_the_most_frequent_jumps_are_kept_and_the_gap_shows_it():
    nu = frequencies(np.array([0.0, 0.5, 1.7, 2.0]), 1.0)
    whole = filtered_jumps(np.ones((4, 4)), nu, "metropolis", 1.0)
    some = filtered_jumps(np.ones((4, 4)), nu, "metropolis", 1.0, kept=0.9)
    rates = [np.linalg.norm(one) ** 2 for one in whole]
    assert rates == sorted(rates, reverse=True) and 0 < len(some) < len(whole)
    assert sum(rates[: len(some)]) >= 0.9 * sum(rates) > sum(rates[: len(some) - 1])
    assert 0 < gap(lindbladian(some, nu)) < gap(lindbladian(whole, nu))


def test_no_operator_gives_no_jump():
    nu = frequencies(np.array([0.0, 1.0]), 1.0)
    assert filtered_jumps(np.zeros((2, 2)), nu, "metropolis", 1.0) == []
