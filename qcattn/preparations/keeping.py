"""Shots that a herald keeps: refuse a success too small to ever see one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qcattn.errors import DoesNotFit

__all__ = ["check_kept"]

#: The smallest probability that a shot is kept.
LEAST = 1e-12


def check_kept(success: ArrayLike, cure: str) -> None:
    """Refuse a preparation that would keep almost no shots.

    Args:
        success: Probability that a shot is kept, any shape.
        cure: What to do instead, the end of the message.

    Raises:
        DoesNotFit: Saying how many shots one kept shot would take.

    Example:
        >>> check_kept(1e-15, "lower `beta`")
        Traceback (most recent call last):
        ...
        qcattn.errors.DoesNotFit: `beta` leaves a success of 1e-15, so one kept shot would take
        about 1e+15 shots (1e+12 are the most); lower `beta`
    """
    kept = np.asarray(success, dtype=float)
    if (kept >= LEAST).all():
        return
    row = np.unravel_index(int(np.argmin(kept)), kept.shape)
    place = f" in row {', '.join(map(str, row))}" if row else ""
    least = float(kept[row])
    shots = f"about {1 / least:.3g}" if least > 0 else "infinitely many"
    raise DoesNotFit(
        f"`beta` leaves a success of {least:.3g}{place}, so one kept shot would take {shots} shots "
        f"({1 / LEAST:.3g} are the most); {cure}"
    )
