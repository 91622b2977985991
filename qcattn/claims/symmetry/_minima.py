"""Minima of the energy of many keys, |x|^2/2 - ln mean exp(beta k.x) / beta."""

from __future__ import annotations

import numpy as np
from scipy.special import gamma, softmax

__all__ = ["MEAN_FIELD", "binder", "largest_spread", "minima"]

#: Binder's cumulant of exp(-x^4), at which the curves of all sizes cross.
MEAN_FIELD = float(1 - gamma(1 / 4) * gamma(5 / 4) / (3 * gamma(3 / 4) ** 2))


def minima(keys: np.ndarray, beta: float, *, tolerance: float = 1e-3) -> int:
    """The number of minima that the iteration x -> sum_j softmax(beta k.x)_j k_j finds [1].

    It starts from every key, and from near their mean. Each step of it lowers the energy, so that
    what it converges to is a minimum, but for starts of measure zero.

    Args:
        keys: Shape (keys, d).
        beta: Inverse temperature.
        tolerance: Distance up to which two ends are one, in units of the longest key.

    Example:
        >>> [minima(np.array([[1.0], [-1.0]]), beta) for beta in (0.8, 1.5)]
        [1, 2]

    References:
        [1] H. Ramsauer et al., ICLR (2021), arXiv:2008.02217, theorem 2.
    """
    centre = keys.mean(axis=0)
    x = np.vstack([keys, centre + 0.05 * (keys[0] - centre)])
    reach = tolerance * np.linalg.norm(keys, axis=1).max()
    for _ in range(200):
        after = softmax(beta * x @ keys.T, axis=1) @ keys
        moved, x = np.abs(after - x).max(), after
        if moved < reach * 1e-3:
            break
    found: list[np.ndarray] = []
    for one in x:
        if all(np.linalg.norm(one - other) > reach for other in found):
            found.append(one)
    return len(found)


def largest_spread(keys: np.ndarray) -> float:
    """The largest eigenvalue of the covariance of keys (keys, d)."""
    return float(np.linalg.eigvalsh(np.cov(keys.T, bias=True)).max())


def binder(x: np.ndarray, counts: np.ndarray, quantile: float) -> tuple[float, float]:
    r"""Binder's cumulant :math:`1 - \langle x^4\rangle / 3 \langle x^2\rangle^2` and its margin.

    The margin is ``quantile`` standard deviations by the delta method.

    Args:
        x: Values, shape (points,).
        counts: How often each value came, shape (points,).
        quantile: The quantile of the normal distribution.

    Example:
        >>> binder(np.array([-1.0, 1.0]), np.array([50, 50]), 2.0)[0].round(4)
        np.float64(0.6667)
    """
    shots = counts.sum()
    second, fourth = counts @ x**2 / shots, counts @ x**4 / shots
    influence = -(x**4) / (3 * second**2) + 2 * fourth * x**2 / (3 * second**3)
    variance = counts @ (influence - counts @ influence / shots) ** 2 / shots
    return 1 - fourth / (3 * second**2), float(quantile * np.sqrt(variance / shots))
