"""Checks of the arguments that many functions share: one wording, one place.

Every message says what the argument must be, which value was given, and what cures it.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

__all__ = ["check_alpha", "whole_number"]


def check_alpha(alpha: Any, name: str = "alpha") -> float:
    """An error rate, between 0 and 1.

    Args:
        alpha: What was given.
        name: Of the argument, as the caller knows it.

    Raises:
        ValueError: If it is no number strictly between 0 and 1.

    Example:
        >>> check_alpha(0.01)
        0.01
    """
    number = isinstance(alpha, Real) and not isinstance(alpha, bool)
    if not number or not 0 < float(alpha) < 1:
        raise ValueError(f"`{name}` must be a number between 0 and 1, but is {alpha!r}")
    return float(alpha)


def whole_number(value: Any, name: str = "shots") -> int:
    """A whole number, 1 or more.

    Args:
        value: What was given.
        name: Of the argument, as the caller knows it.

    Raises:
        ValueError: If it is no whole number, or less than 1.

    Example:
        >>> whole_number(4096)
        4096
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"`{name}` must be a whole number, 1 or more, but is {value!r}")
    return number
