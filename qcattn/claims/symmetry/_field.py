r"""A field in the energy of keys, cut into points, and its thermal state.

For keys :math:`\pm k` the energy of a query x is [1]

.. math:: E(x) = \frac{x^2}{2} - \frac1\beta \ln \cosh(\beta k x)

whose term :math:`x^2/2` is no part of attention. Its minima are at x = 0 up to
:math:`\beta k^2 = 1`, and beyond that where :math:`x = k \tanh(\beta k x)`, which is
:math:`x^2 = 3 (\beta k^2 - 1) / (\beta^3 k^4)` to first order. The thermal state of the field has a
temperature of its own: its distribution is :math:`e^{-c E}`.

References:
    [1] H. Ramsauer et al., ICLR (2021), arXiv:2008.02217, equation 2.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

__all__ = ["energy_of_pair", "minimum_of_pair", "points"]


def energy_of_pair(x: np.ndarray, beta: float) -> np.ndarray:
    """E(x) for keys +1 and -1, shape of x.

    Example:
        >>> float(energy_of_pair(np.array(0.0), 2.0))
        0.0
    """
    return np.asarray(x**2 / 2 - (np.logaddexp(beta * x, -beta * x) - np.log(2)) / beta)


def minimum_of_pair(beta: float) -> float:
    """The minimum at x >= 0 for keys +1 and -1; 0 up to beta = 1.

    Example:
        >>> minimum_of_pair(0.9), round(minimum_of_pair(2.0), 4)
        (0.0, 0.9575)
    """
    if beta <= 1:
        return 0.0
    return float(brentq(lambda x: x - np.tanh(beta * x), 1e-9 + (beta - 1) / 10, 1.0))


def points(qubits: int, reach: float) -> np.ndarray:
    """The points of the field, evenly spaced from -reach to reach, shape (2**qubits,)."""
    return np.linspace(-reach, reach, 2**qubits)
