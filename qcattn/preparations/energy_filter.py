r"""Jumps that are filtered in energy: the dissipative part of an exact quantum Gibbs sampler.

An operator A is Fourier transformed with a Gaussian line of standard deviation s around each energy
omega, and the jump at omega happens at the rate gamma(omega) [1]:

.. math:: \int d\omega\, \gamma(\omega) A(\omega) \rho A(\omega)^\dagger
    = \sum_{\nu\nu'} \alpha(\nu, \nu') A_\nu \rho A_{\nu'}^\dagger, \quad
    \alpha(\nu, \nu') = e^{-(\nu - \nu')^2 / 8 s^2} \int d\omega\, \gamma(\omega)
    \mathcal{N}(\omega; \tfrac{\nu + \nu'}2, s^2).

Energies are in units of 1/beta. The rates gamma, shifted for the width of the line, make
:math:`\alpha(\nu, \nu') = e^{-(\nu + \nu')/2} \alpha(-\nu', -\nu)`, which is detailed balance once
the coherent term of `qcattn.preparations.lindblad.coherent` is added.

The integral needs no grid: :math:`e^{(\nu + \nu')/4} \alpha(\nu, \nu')` is positive and does not
change when both frequencies change sign. It is a sum of squares of even and of odd functions of
nu, and each of them is a jump that is in detailed balance by itself. A handful of them carries all
of the rate.

References:
    [1] C.-F. Chen, M. Kastoryano and A. Gilyen, arXiv:2311.09207.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr

__all__ = ["Rates", "filtered_jumps", "transition_weight"]

#: Transition rates gamma of reference [1].
Rates = Literal["gaussian", "metropolis"]
#: Bohr frequencies that are nearer than this, in units of the largest, are one.
_SAME = 1e-9
#: Elements of an operator of norm about one that are rounding.
_NOTHING = 1e-13


def transition_weight(
    first: np.ndarray, second: np.ndarray, rates: Rates, width: float, lift: ArrayLike = 0.0
) -> np.ndarray:
    r""":math:`\alpha(\nu, \nu')` of two reduced Bohr frequencies, elementwise.

    Args:
        first: nu, in units of 1/beta.
        second: The second frequency nu'.
        rates: ``"metropolis"``, :math:`\gamma = \min(1, e^{-\omega - s^2/2})`, or ``"gaussian"``,
            :math:`\gamma = e^{-(\omega + (s^2 + 1)/2)^2 / 2}`.
        width: Standard deviation s of the line.
        lift: Logarithm of a factor, which is taken in before anything overflows.

    Example:
        >>> nu = np.array([3.0, -3.0])
        >>> up, down = transition_weight(nu, nu, "metropolis", 1.0)
        >>> round(float(up), 4), round(float(down), 4), round(float(down / up / np.exp(3)), 12)
        (0.0497, 0.9985, 1.0)
    """
    middle = (first + second) / 2
    near = lift - (first - second) ** 2 / (8 * width**2)
    if rates == "gaussian":
        spread = width**2 + 1
        return np.exp(near - (middle + spread / 2) ** 2 / (2 * spread)) / np.sqrt(spread)
    below = near + log_ndtr(-middle / width - width / 2)
    above = near - middle + log_ndtr(middle / width - width / 2)
    return np.exp(below) + np.exp(above)


def filtered_jumps(
    operator: np.ndarray, nu: np.ndarray, rates: Rates, width: float, kept: float = 1.0
) -> list[np.ndarray]:
    r"""Jumps :math:`L_k` that give the integral over energies, :math:`\sum_k L_k \rho L_k^\dagger`.

    Args:
        operator: Hermitian A in the eigenbasis of H, shape (N, N).
        nu: Reduced Bohr frequencies, shape (N, N).
        rates: The rates, as for `transition_weight`.
        width: The width, as for `transition_weight`.
        kept: Share of the rate out of the maximally mixed state that they carry at least, the most
            frequent ones first. The balance is exact whatever is left out.

    Returns:
        Jumps, each of shape (N, N), up to a phase in detailed balance: :math:`L_{ij} = \pm
        e^{-\nu_{ij}/2} \bar L_{ji}`.

    Example:
        >>> nu = np.array([[0.0, -2.0], [2.0, 0.0]])
        >>> jumps = filtered_jumps(np.array([[0, 1], [1, 0]]), nu, "metropolis", 1.0)
        >>> len(jumps), sum(jump**2 for jump in jumps).round(4).tolist()
        (2, [[0.0, 0.9791], [0.1325, 0.0]])
    """
    there = np.abs(operator) > _NOTHING * np.abs(operator).max()
    if not there.any():
        return []
    size = np.abs(nu)
    levels, still = _levels(size[there])
    place = np.abs(size[..., None] - levels).argmin(-1)
    falling = transition_weight(-levels[:, None], -levels, rates, width)
    both = transition_weight(levels[:, None], -levels, rates, width, lift=levels[:, None] / 2)
    parts = []
    # A frequency of zero is its own opposite: it has an even part only.
    for sign, parity, once in ((1, 1.0, np.where(still, 0.5, 1.0)), (-1, np.sign(nu), ~still)):
        scale = np.sqrt(once)
        values, vectors = np.linalg.eigh((falling + sign * both) * np.outer(scale, scale))
        heights = np.where(still, 1.0, np.sqrt(0.5))[:, None] * vectors
        parts += [
            operator * np.sqrt(value) * height[place] * parity * np.exp(-(nu + size) / 4)
            for value, height in zip(values, heights.T, strict=True)
            if value > _NOTHING
        ]
    parts = sorted((np.where(there, part, 0) for part in parts), key=_rate, reverse=True)
    carried = np.cumsum([_rate(part) for part in parts])
    return parts[: 1 + int(np.searchsorted(carried, kept * carried[-1]))]


def _levels(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Absolute Bohr frequencies, each once, in order; and which of them is none."""
    levels = np.unique(sizes)
    near = _SAME * levels[-1]
    levels = levels[np.append(True, np.diff(levels) > near)]
    still = levels <= near
    return np.where(still, 0.0, levels), still


def _rate(jump: np.ndarray) -> float:
    """The rate of a jump from the maximally mixed state, times the dimension."""
    return float(np.linalg.norm(jump) ** 2)
