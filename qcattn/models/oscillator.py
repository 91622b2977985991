r"""A harmonic oscillator of unit frequency cut off at L levels, n = 0 ... L - 1.

Qubits hold n in binary. The displacement is the Weyl operator of the cut-off ladder operator,
:math:`W = e^{\alpha(a^\dagger - a)}` with a real displacement, a unitary on the L levels that is
not the top left corner of the true one.
"""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy.linalg import expm

__all__ = [
    "displaced_thermal",
    "displacement",
    "ladder",
    "number_distribution",
    "thermal_scores",
    "truncation_bound",
]


def ladder(levels: int) -> np.ndarray:
    """The annihilation operator, shape (levels, levels)."""
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def displacement(levels: int, amount: float) -> np.ndarray:
    """The Weyl operator of a real displacement, real orthogonal, shape (levels, levels)."""
    a = ladder(levels)
    return np.asarray(expm(amount * (a.T - a)))


def thermal_scores(levels: int, mean_number: float) -> np.ndarray:
    r"""Scores whose softmax is the thermal state, :math:`n \ln(m / (1 + m))`, shape (levels,).

    ``mean_number`` m is that of all levels, none cut off; at m = 0 all levels but the lowest are
    masked.
    """
    return np.asarray(special.xlogy(np.arange(levels), mean_number / (1 + mean_number)))


def displaced_thermal(levels: int, mean_number: float, amount: float) -> np.ndarray:
    """The state W rho W+ on the levels that are kept, shape (levels, levels)."""
    w = displacement(levels, amount)
    return (w * special.softmax(thermal_scores(levels, mean_number))) @ w.T


def number_distribution(levels: int, mean_number: float, amount: float) -> np.ndarray:
    r"""The number distribution of a displaced thermal state, without a cut-off [1].

    .. math:: P(n) = \frac{m^n}{(1+m)^{n+1}} e^{-|\alpha|^2/(1+m)} L_n(-|\alpha|^2 / (m(1+m)))

    and Poisson's distribution at m = 0.

    Args:
        levels: The number of levels whose probabilities are given; they sum to less than one.
        mean_number: m, of the thermal state, 0 or more.
        amount: The displacement.

    Returns:
        Shape (levels,).

    Example:
        >>> number_distribution(3, 1.0, 0.0).round(6).tolist()
        [0.5, 0.25, 0.125]

    References:
        [1] B. R. Mollow and R. J. Glauber, Phys. Rev. 160, 1076 (1967).
    """
    n, square = np.arange(levels), amount**2
    if mean_number == 0:
        return np.asarray(np.exp(special.xlogy(n, square) - square - special.gammaln(n + 1)))
    m = mean_number
    series = special.eval_laguerre(n, -square / (m * (1 + m)))
    return np.asarray(np.exp(n * np.log(m / (1 + m)) - np.log1p(m) - square / (1 + m)) * series)


def truncation_bound(levels: int, mean_number: float, amount: float) -> float:
    r"""A bound on the trace distance that the cut-off causes, from the cut-off state alone.

    The thermal weight above the cut-off is :math:`(m/(1+m))^L`. The generators
    of the two displacements differ on level L - 1 only, by :math:`\alpha \sqrt L\,|L\rangle`, so by
    Duhamel's formula a vector :math:`|k\rangle` ends up at most
    :math:`\alpha \sqrt L \int_0^1 |\langle L-1|W(s)|k\rangle|\,ds` off; with Jensen's inequality
    over the thermal weights

    .. math:: T \le (m/(1+m))^L + |\alpha| \sqrt L \Big(\int_0^1 P_{L-1}(s)\, ds\Big)^{1/2},

    P the weight of the top level on the way, when s of the displacement is done.

    Args:
        levels: The number of levels L.
        mean_number: The mean number m of the thermal state.
        amount: The displacement.
    """
    nodes, weights = np.polynomial.legendre.leggauss(24)
    top = [displaced_thermal(levels, mean_number, amount * (1 + x) / 2)[-1, -1] for x in nodes]
    way = max(0.0, float(weights @ top) / 2)
    tail = (mean_number / (1 + mean_number)) ** levels
    return float(min(1.0, tail + abs(amount) * np.sqrt(levels * way)))
