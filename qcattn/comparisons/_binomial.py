"""Tails of binomial laws, by the incomplete beta function, for any number of shots.

`scipy.special.bdtr` takes shots as 32-bit integers and gives NaN beyond them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from qcattn.comparisons._rows import Floats


def upper(k: Any, n: Any, p: Any) -> Floats:
    """The probability of k hits or more.

    Args:
        k: Hits, whole numbers of any shape.
        n: The number of shots, broadcastable.
        p: Probability of a hit, broadcastable.

    Returns:
        1 where k is 0 or less, 0 where it is more than n.

    Example:
        >>> upper([0, 2, 3, 5], 4, 0.5), float(upper(3e9, 6e9, 0.5).round(4))
        (array([1.    , 0.6875, 0.3125, 0.    ]), 0.5)
    """
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    tail = _beta_tail(np.maximum(k, 1.0), np.maximum(n - k + 1, 1.0), p, special.betainc)
    return np.where(k <= 0, 1.0, np.where(k > n, 0.0, tail))


def lower(k: Any, n: Any, p: Any) -> Floats:
    """The probability of k hits or fewer; arguments as for `upper`."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    tail = _beta_tail(np.maximum(k + 1, 1.0), np.maximum(n - k, 1.0), p, special.betaincc)
    return np.where(k < 0, 0.0, np.where(k >= n, 1.0, tail))


def _beta_tail(a: Floats, b: Floats, x: Any, tail: Callable[..., Floats]) -> Floats:
    """One tail of the beta law; where it gives up, the other one's complement.

    From about 2**52 shots on SciPy's continued fraction ends without an answer (NaN) near the
    median. There both tails are near one half, so that a complement loses no digits.
    """
    found = tail(a, b, x)
    lost = np.isnan(found)
    if lost.any():
        other = special.betaincc if tail is special.betainc else special.betainc
        found = np.where(lost, 1 - other(a, b, x), found)
    return found


def two_sided(k: Any, n: Any, p: Any) -> Floats:
    """Twice the smaller tail, at most 1; arguments as for `upper`."""
    return np.minimum(1.0, 2 * np.minimum(upper(k, n, p), lower(k, n, p)))


def as_far(k: Any, n: Any, p: Any, centre: Any) -> Floats:
    """The probability that hits lie as far from a centre as k, or farther, on either side.

    Args:
        k: The number of hits.
        n: The number of shots.
        p: Probability of a hit.
        centre: Any number.

    Returns:
        Probabilities, of the shape of k.

    Example:
        >>> float(as_far(9, 10, 0.5, 5.0))  # 0, 1, 9 or 10 heads
        0.021484375
    """
    away = np.abs(np.asarray(k, dtype=np.float64) - centre) * (1 - 1e-12)
    return np.minimum(
        1.0, upper(np.ceil(centre + away), n, p) + lower(np.floor(centre - away), n, p)
    )
