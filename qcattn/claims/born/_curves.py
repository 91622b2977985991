"""Points of a picture from estimates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qcattn.evidence import Curve, Estimate

__all__ = ["points"]


def points(name: str, x: ArrayLike, estimates: Sequence[Estimate]) -> Curve:
    """Measured numbers with their intervals, over what was varied.

    Args:
        name: The name in the legend.
        x: Abscissas, shape (points,).
        estimates: The measured numbers, one a point.

    Example:
        >>> points("a", [0.5], [Estimate(best=2.0, low=1.0, high=3.0)]).high.tolist()
        [3.0]
    """
    best, low, high = np.array([(one.best, one.low, one.high) for one in estimates]).T
    return Curve(name, np.asarray(x), best, low, high)
