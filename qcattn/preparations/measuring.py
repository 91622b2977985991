"""Shots of the measurements from which a search finds its circuit: how many it may ask for."""

from __future__ import annotations

from typing import Any

from qcattn.arguments import check_shots, whole_number
from qcattn.backends.aer import Aer

__all__ = ["MOST_DRAWN", "SHOT", "check_measured"]

#: Shots of one circuit that are drawn one by one: ten seconds of it, and a search has thousands.
MOST_DRAWN = 10**7
#: Seconds that such a shot takes; one core of 2024.
SHOT = 1e-6


def check_measured(shots: Any, backend: Any) -> int:
    """Shots of each circuit that a search measures.

    Args:
        shots: What was given.
        backend: The backend that measures them, `Aer` if None.

    Raises:
        ValueError: If there are more than 2**53, or, where Aer draws them one by one, more than
            `MOST_DRAWN`, from which on one measurement takes longer than ten seconds.

    Example:
        >>> check_measured(10**9, Aer(draws="born"))
        1000000000
        >>> check_measured(10**9, None)
        Traceback (most recent call last):
        ...
        ValueError: `shots` must be at most 10,000,000, but is 1,000,000,000; with
        `backend=Aer(draws="born")`, which draws the counts and not each shot, any number is quick
    """
    number = check_shots(shots)
    if backend is None or (isinstance(backend, Aer) and backend.draws == "shots"):
        whole_number(
            number,
            "shots",
            most=MOST_DRAWN,
            cure='with `backend=Aer(draws="born")`, which draws the counts and not each shot, any '
            "number is quick",
        )
    return number
