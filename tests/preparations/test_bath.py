"""One qubit of a bath: pulses against an ODE, smeared rates against detailed balance."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm

from qcattn.models.spins import ising
from qcattn.preparations.bath import bath_shares, cycle_unitary, flip_probability, pulse

X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])


def test_a_pulse_has_norm_one_and_the_spectral_line_that_is_claimed():
    """The integral of f^2 is 1, and |f(omega)|^2 a Gaussian of standard deviation 1/(2 sigma)."""
    for width in (0.7, 2.0):
        values, length = pulse(width, 0.05)
        assert abs((values**2).sum() * length - 1) < 1e-6
        times = (np.arange(len(values)) - (len(values) - 1) / 2) * length
        omega = np.linspace(-4, 4, 801)
        line = np.abs((values * np.exp(1j * np.outer(omega, times))).sum(axis=1) * length) ** 2
        deviation = np.sqrt((line * omega**2).sum() / line.sum())
        assert abs(deviation * 2 * width - 1) < 1e-3


@pytest.mark.parametrize(("beta", "width"), [(0.5, 1.0), (2.0, 4.0), (3.0, 0.6)])
@pytest.mark.parametrize("nu", [0.3, 1.5, 4.0])
def test_smeared_rates_are_in_detailed_balance(beta, width, nu):
    """Integrals of the line over omega: up over down is exp(-beta nu); a thermal bath misses it."""
    spread = 1 / (2 * width)

    def rate(shares, energy):
        def integrand(omega):
            excited, scale = shares(np.array([omega]), beta, width)
            line = np.exp(-(((omega - abs(energy)) / spread) ** 2) / 2)
            # A negative frequency is a positive one, its bath turned over.
            share = excited[0] if energy > 0 else 1 - excited[0]
            return line * share * np.exp(scale[0])

        low, high = abs(nu) - 8 * spread, abs(nu) + 8 * spread
        return quad(integrand, low, high, epsabs=1e-13, limit=200)[0]

    def thermal(omega, beta, width):
        return 1 / (1 + np.exp(beta * omega)), np.zeros_like(omega)

    assert abs(rate(bath_shares, nu) / rate(bath_shares, -nu) - np.exp(-beta * nu)) < 1e-9
    plain = rate(thermal, nu) / rate(thermal, -nu)
    assert abs(plain / np.exp(-beta * nu) - 1) > 1e-3


def test_sharp_lines_leave_a_thermal_bath():
    omega = np.array([0.0, 0.5, 3.0])
    excited, scale = bath_shares(omega, 1.3, np.inf)
    assert np.allclose(excited, 1 / (1 + np.exp(1.3 * omega))) and np.allclose(scale, 0)
    for values in bath_shares(np.array([1e-9, 1e3]), 500.0, 0.5):
        assert np.isfinite(values).all()


def by_ode(hamiltonian, operator, omega, strength, width):
    """H + H_E + a f(t) A X in continuous time; the bath is the highest bit."""
    size = len(hamiltonian)
    still = np.kron(np.eye(2), hamiltonian) - np.kron(omega * Z / 2, np.eye(size))
    kick = np.kron(X, operator)

    def slope(t, flat):
        f = np.exp(-((t / (2 * width)) ** 2)) / (2 * np.pi * width**2) ** 0.25
        return (-1j * (still + strength * f * kick) @ flat.reshape(2 * size, -1)).ravel()

    start = np.eye(2 * size, dtype=complex).ravel()
    span = (-5 * width, 5 * width)
    found = solve_ivp(slope, span, start, method="DOP853", rtol=1e-9, atol=1e-10)
    return found.y[:, -1].reshape(2 * size, 2 * size)


def test_a_cycle_is_its_evolution_in_continuous_time_to_second_order():
    chain = ising(2, field=1.2, periodic=False).matrix
    levels, vectors = np.linalg.eigh(chain)
    operator = vectors.conj().T @ np.kron(np.eye(2), [[0, -1j], [1j, 0]]) @ vectors
    exact = by_ode(np.diag(levels), operator, 1.7, 0.8, 1.0)
    away = [
        np.linalg.norm(cycle_unitary(levels, operator, 1.7, 0.8, 1.0, step) - exact, 2)
        for step in (0.1, 0.05)
    ]
    assert away[1] < 5e-3 and 3.5 < away[0] / away[1] < 4.5
    free = np.exp(-10j * np.concatenate([levels - 0.85, levels + 0.85]))
    assert np.linalg.norm(exact - np.diag(free), 2) > 0.3, "the pulse does something"


def test_two_levels_change_places_as_in_a_cycle_of_two_levels():
    levels = np.array([0.0, 1.3])
    unitary = cycle_unitary(levels, X.astype(complex), 0.9, 0.7, 1.1, 0.2)
    moved = np.abs(unitary.reshape(2, 2, 2, 2)) ** 2  # bath, key, bath, key
    for bath in (0, 1):
        for key in (0, 1):
            detuned = levels[1 - key] - levels[key] + 0.9 * (1 - 2 * bath)
            expected = moved[1 - bath, 1 - key, bath, key]
            got = flip_probability(np.array([detuned]), 0.7, 1.1, 0.2)[0]
            assert abs(got - expected) < 1e-12
    assert moved[0, 1, 1, 0] > 10 * moved[1, 1, 0, 0], "resonance"


def test_weak_pulses_follow_perturbation_theory():
    """a^2 |integral f exp(i d t)|^2 = a^2 sqrt(8 pi) sigma exp(-2 sigma^2 d^2)."""
    detuned = np.array([0.0, 0.4, -0.8])
    got = flip_probability(detuned, 1e-3, 1.5, 0.02)
    line = 1e-6 * np.sqrt(8 * np.pi) * 1.5 * np.exp(-2 * 1.5**2 * detuned**2)
    assert np.allclose(got, line, rtol=2e-3)


def test_resonance_without_detuning_is_a_full_turn():
    """exp(-i a X integral f): sin^2 of the area, whatever the steps."""
    values, length = pulse(1.0, 0.3)
    turned = expm(-1j * 0.9 * values.sum() * length * X)
    got = flip_probability(np.zeros(1), 0.9, 1.0, 0.3)[0]
    assert abs(got - abs(turned[1, 0]) ** 2) < 1e-12
