"""Phases against closed forms: two oscillators, the Ott-Antonsen flow, finite-size scatter."""

import numpy as np
import pytest

from qcattn.models.kuramoto import (
    integrate,
    lorentzian,
    order_parameter,
    scatter_of_threshold,
)


def test_two_oscillators_lock_at_the_arcsine_of_their_detuning():
    frequencies, times = np.array([0.4, -0.4]), np.array([60.0])
    (phases,) = integrate(frequencies, 1.0, np.array([0.3, 1.1]), times, tolerance=1e-8)
    assert np.sin(phases[0] - phases[1]) == pytest.approx(0.8, abs=1e-6)


def test_two_oscillators_beyond_the_threshold_drift_with_the_period_of_theory():
    """Detuning 2, coupling 1: the mean beat frequency is sqrt(2^2 - 1)."""
    period = 2 * np.pi / np.sqrt(3)
    times = np.array([5 * period, 15 * period])
    phases = integrate(np.array([1.0, -1.0]), 1.0, np.zeros(2), times, tolerance=1e-9)
    turned = np.diff(phases[:, 0] - phases[:, 1])
    assert turned == pytest.approx(20 * np.pi, abs=1e-5)


def test_many_lorentzian_oscillators_follow_the_ott_antonsen_flow():
    """r' = (K/2 - 1) r - K r^3 / 2 for width 1 [E. Ott and T. M. Antonsen, Chaos 18, 037113].

    4000 oscillators: the mean of unit vectors is off by about 4000^-1/2 = 0.016; 0.08 is five of
    these (false-failure rate below 1e-6 at each time).
    """
    rng, n, coupling, first = np.random.default_rng(5), 4000, 3.0, 0.2
    levels = (np.arange(n) + 0.5) / n
    start = 2 * np.arctan((1 - first) / (1 + first) * np.tan(np.pi * (levels - 0.5)))
    times = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    phases = integrate(rng.permutation(lorentzian(levels, 1.0)), coupling, start, times)
    a, b = coupling / 2 - 1, coupling / 2
    square = a / (b + (a / first**2 - b) * np.exp(-2 * a * times))
    found = order_parameter(phases)
    assert np.abs(found - np.sqrt(square)).max() < 0.08
    assert np.sqrt(square[-1]) - first > 0.3, "the flow goes far enough to be seen"
    planted = integrate(rng.permutation(lorentzian(levels, 1.0)), 2.5, start, times)
    assert np.abs(order_parameter(planted) - np.sqrt(square)).max() > 0.08


def test_loosely_followed_oscillators_give_the_order_of_strictly_followed_ones():
    frequencies = lorentzian((np.arange(64) + 0.5) / 64, 1.0)
    start = np.random.default_rng(1).uniform(0, 6, 64)
    times = np.linspace(1, 10, 10)
    loose = integrate(frequencies, 4.0, start, times)
    strict = integrate(frequencies, 4.0, start, times, tolerance=1e-7)
    assert np.abs(order_parameter(loose) - order_parameter(strict)).max() < 1e-2
    careless = integrate(frequencies, 4.0, start, times, tolerance=1e-2)
    assert np.abs(order_parameter(careless) - order_parameter(strict)).max() > 1e-2


def test_weights_of_one_over_n_are_the_mean_field_and_rows_run_apart():
    rng = np.random.default_rng(2)
    frequencies, start = rng.normal(size=(2, 6)), rng.uniform(0, 6, (2, 6))
    times, strict = np.array([1.0, 3.0]), {"tolerance": 1e-9}
    both = integrate(frequencies, np.array([0.7, 2.0]), start, times, **strict)
    assert both.shape == (2, 2, 6)
    uniform = np.full((6, 6), 1 / 6)
    for row, coupling in enumerate((0.7, 2.0)):
        one = integrate(frequencies[row], coupling, start[row], times, weights=uniform, **strict)
        assert one == pytest.approx(both[:, row], abs=1e-6)
    other = integrate(frequencies[0], 0.7, start[0], times, weights=np.eye(6), **strict)
    assert other[-1] == pytest.approx(start[0] + 3 * frequencies[0])


def test_thresholds_scatter_as_predicted_and_small_orders_below():
    """120 draws: a standard deviation is known to 6.5%; 35% is more than five of these (1e-7).

    N r^2 (1 - K/2) is exponential of mean one below the threshold: the mean of 120 lies within
    0.55 of one (1e-6).
    """
    rng, n, draws = np.random.default_rng(7), 256, 120
    frequencies = np.repeat(lorentzian(rng.random((draws, 1, n)), 1.0), 2, axis=1)
    couplings = np.broadcast_to([1.0, 4.0], (draws, 2))
    times = np.linspace(8, 14, 7)
    start = rng.uniform(0, 2 * np.pi, (draws, 2, n))
    orders = order_parameter(integrate(frequencies, couplings, start, times, tolerance=1e-3))
    found = 4 * (1 - orders[:, :, 1].mean(axis=0) ** 2)
    predicted = scatter_of_threshold(n, [4.0], 1.0)
    assert found.std(ddof=1) == pytest.approx(predicted, rel=0.35)
    assert found.mean() == pytest.approx(2.0, abs=5 * predicted / np.sqrt(draws) + 3 / n)
    assert n * (orders[-1, :, 0] ** 2).mean() / 2 == pytest.approx(1.0, abs=0.55)
    assert scatter_of_threshold(4 * n, [4.0], 1.0) == pytest.approx(predicted / 2)
