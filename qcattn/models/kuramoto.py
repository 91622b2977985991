r"""Kuramoto oscillators, integrated by SciPy, and the theory of where they lock.

.. math:: \dot\phi_i = \omega_i + K \sum_j W_{ij} \sin(\phi_j - \phi_i), \qquad
          r e^{i\theta} = \frac1N \sum_j e^{i\phi_j}

With :math:`W = 1/N` and frequencies from a Lorentzian of width gamma the order parameter of
infinitely many oscillators is zero up to :math:`K_c = 2\gamma` and :math:`\sqrt{1 - K_c/K}` above
[1].

*Finite numbers.* Below :math:`K_c` incoherent phases leave :math:`\langle r^2\rangle =
1/(N (1 - K/K_c))` [2]. Above, a draw of frequencies locks where r is the mean of
:math:`f(\omega) = \sqrt{1 - (\omega/Kr)^2}` over those with :math:`|\omega| < Kr` (the drifting
ones add nothing). To first order its r is off by :math:`(\bar f - r)/(1 - F')`, where F is the
expectation of f as a function of r; so :math:`K (1 - r^2)` scatters about :math:`K_c` with
standard deviation :math:`2 K r\,\mathrm{sd}(f) / (1 - F') / \sqrt N`.

References:
    [1] Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), section 5.4.
    [2] H. Daido, J. Phys. A 20, L629 (1987), below the threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

__all__ = ["integrate", "lorentzian", "order_parameter", "scatter_of_threshold"]


def lorentzian(levels: ArrayLike, width: float) -> np.ndarray:
    """The frequencies at these levels (0 to 1) of the Lorentzian's cumulative distribution."""
    return np.asarray(width * np.tan(np.pi * (np.asarray(levels, dtype=float) - 0.5)))


def order_parameter(phases: np.ndarray) -> np.ndarray:
    """The order parameter r of phases (..., N), shape (...)."""
    return np.asarray(np.abs(np.exp(1j * phases).mean(axis=-1)))


def integrate(
    frequencies: np.ndarray,
    coupling: ArrayLike,
    start: np.ndarray,
    times: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    tolerance: float = 1e-4,
) -> np.ndarray:
    """Integrate the phases up to some times.

    It uses Runge and Kutta's method of order 5(4) for the phases less what each would drift alone.
    The error allowed to an oscillator grows with its frequency: those that are far too fast to lock
    need not be followed as closely.

    Args:
        frequencies: Shape (..., N), radians per unit of time.
        coupling: K, shape (...) or a number.
        start: Phases at time zero, shape (..., N).
        times: Times, increasing, from 0 or later, shape (times,).
        weights: W, shape (N, N), rows of sum one, the same for all leading axes; None is 1/N.
        tolerance: The tolerance of a phase in one step, radians.

    Returns:
        Shape (times, ..., N).

    Raises:
        RuntimeError: If SciPy gives up.

    Example:
        >>> phases = integrate(np.zeros(8), 1.0, np.linspace(0, 3, 8), np.array([20.0]))
        >>> bool(order_parameter(phases)[0] > 0.999999)
        True
    """
    shape = start.shape
    strength = np.broadcast_to(np.asarray(coupling, dtype=float), shape[:-1])[..., None]

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        unit = np.exp(1j * (flat.reshape(shape) + frequencies * t))
        field = unit.mean(axis=-1, keepdims=True) if weights is None else unit @ weights.T
        return np.asarray((strength * (field * unit.conj()).imag).ravel())

    allowed = tolerance * (1 + (frequencies / np.maximum(strength, 1e-12)) ** 2)
    found = solve_ivp(
        slope,
        (0.0, float(times[-1])),
        start.ravel(),
        t_eval=times,
        rtol=1e-12,  # all of the tolerance is absolute
        atol=np.broadcast_to(allowed, shape).ravel(),
    )
    if not found.success:
        raise RuntimeError(f"the phases could not be integrated: {found.message}")
    return found.y.T.reshape(len(times), *shape) + np.multiply.outer(times, frequencies)


def scatter_of_threshold(oscillators: int, couplings: ArrayLike, width: float) -> float:
    """The standard deviation, between draws, of the mean of K (1 - r^2) over couplings.

    Args:
        oscillators: The number of oscillators N.
        couplings: Couplings, all above 2 width.
        width: The width of the Lorentzian.

    Returns:
        The standard deviation, in the unit of the width.
    """
    levels = (np.arange(100_000) + 0.5) / 100_000
    omega = lorentzian(levels, width)
    influence = np.zeros_like(omega)
    for coupling in np.ravel(couplings):
        r = np.sqrt(1 - 2 * width / coupling)
        reach = coupling * r / width
        f = np.sqrt(np.clip(1 - (omega / (coupling * r)) ** 2, 0, None))
        slope = coupling / width * (1 - 1 / np.sqrt(1 + reach**2)) / reach**2
        influence += 2 * coupling * r * (f - r) / (1 - slope) / np.size(couplings)
    return float(influence.std() / np.sqrt(oscillators))
