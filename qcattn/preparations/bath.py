r"""One qubit of a bath: its populations, the pulse that couples it, what a pulse does.

The system evolves beside it under :math:`H + H_E + a f(t) A \otimes X`, with
:math:`H_E = -\omega Z / 2` and :math:`f(t) = (2 \pi \sigma^2)^{-1/4} e^{-t^2 / 4 \sigma^2}`
from -5 sigma to 5 sigma, in Trotter steps of second order.

References:
    [1] Z. Ding, Y. Zhan, J. Preskill and L. Lin, arXiv:2508.05703.
    [2] arXiv:2512.03457.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from scipy.special import expit, log_expit

__all__ = ["bath_shares", "cycle_unitary", "flip_probability", "pulse"]

#: The number of its widths that a pulse lasts before and after its top.
_REACH = 5.0


def bath_shares(
    frequencies: np.ndarray, beta: float, width: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""The excited share of the bath at each frequency, and the scale of its rates.

    Rates up and down by nu are the integral over omega of a line of variance
    :math:`s^2 = 1/4\sigma^2` times :math:`\gamma(\pm\omega)`, the scaled shares of excited and of
    idle. Their ratio is :math:`e^{-\beta\nu}` for all nu if
    :math:`\gamma(\omega) = e^{-\beta\omega/2} h(\omega + \beta s^2/2)` with h even; here
    :math:`h(x) = 1/2\cosh(\beta x/2)`. Lines without width (sigma = inf) leave the shares of a
    thermal qubit, and 1.

    Returns:
        Excited share, and logarithm of the scale.

    Example:
        >>> excited, log_scale = bath_shares(np.array([1.0]), 1.0, np.inf)
        >>> excited.round(4), np.abs(log_scale.round(12))
        (array([0.2689]), array([0.]))
    """
    shift = beta / (8 * width**2)
    # e^{-+bw/2} / 2 cosh(b(w+-m)/2), as logarithms, so that nothing overflows.
    up = beta * shift / 2 + log_expit(-beta * (frequencies + shift))
    down = beta * shift / 2 + log_expit(beta * (frequencies - shift))
    return expit(up - down), np.logaddexp(up, down)


def pulse(width: float, step: float) -> tuple[np.ndarray, float]:
    """The values of f in the middle of each Trotter step, and the length of a step."""
    count = ceil(2 * _REACH * width / step)
    length = 2 * _REACH * width / count
    times = (np.arange(count) + 0.5) * length - _REACH * width
    return np.exp(-((times / (2 * width)) ** 2)) / (2 * np.pi * width**2) ** 0.25, length


def cycle_unitary(
    energies: np.ndarray,
    operator: np.ndarray,
    omega: float,
    strength: float,
    width: float,
    step: float,
) -> np.ndarray:
    """The evolution of one cycle, (2N, 2N), in the eigenbasis of H, with the bath as highest bit.

    Args:
        energies: Energies of H, shape (N,).
        operator: A in the eigenbasis, Hermitian, shape (N, N).
        omega: Splitting of the bath; its state 1 lies higher.
        strength: The coupling a.
        width: Width of the pulse in time.
        step: Longest Trotter step.
    """
    values, length = pulse(width, step)
    half = np.exp(-0.5j * length * np.concatenate([energies - omega / 2, energies + omega / 2]))
    levels, turn = np.linalg.eigh(operator)
    # A X has the eigenvectors of A beside |+> and |->.
    pair = np.array([[1, 1], [1, -1]]) / sqrt(2)
    kick = np.kron(pair, turn)
    signed = np.concatenate([levels, -levels])
    between = kick.conj().T @ (half[:, None] ** 2 * kick)
    out = kick.conj().T * half
    for number, value in enumerate(values):
        if number:
            out = between @ out
        out = np.exp(-1j * strength * value * length * signed)[:, None] * out
    evolution: np.ndarray = half[:, None] * (kick @ out)
    return evolution


def flip_probability(detuned: np.ndarray, strength: float, width: float, step: float) -> np.ndarray:
    """The probability that levels this far apart change places in a pulse, shape of ``detuned``."""
    values, length = pulse(width, step)
    half = np.exp(0.25j * length * detuned)
    stays, flips = np.ones_like(half), np.zeros_like(half)
    for angle in strength * length * values:
        stays, flips = half * stays, flips / half
        stays, flips = (
            np.cos(angle) * stays - 1j * np.sin(angle) * flips,
            np.cos(angle) * flips - 1j * np.sin(angle) * stays,
        )
        stays, flips = half * stays, flips / half
    return np.abs(flips) ** 2
