"""What ``--json`` prints: documents of plain values, which every reader of JSON takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["strict", "without_arrays"]


def strict(value: Any) -> Any:
    """The same as JSON holds it: arrays as lists, and null for what is not a finite number.

    Example:
        >>> strict({"p": np.array([[0.5, np.nan]]), "shots": np.int64(3), "axes": ("row",)})
        {'p': [[0.5, None]], 'shots': 3, 'axes': ['row']}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): strict(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [strict(entry) for entry in value]
    return value


def without_arrays(value: Any) -> Any:
    """The same without entries that are lists of numbers, or lists of such lists.

    Example:
        >>> without_arrays({"parts": [{"verdict": "agrees", "counts": [[1, 2], [3, 4]]}]})
        {'parts': [{'verdict': 'agrees'}]}
    """
    if isinstance(value, Mapping):
        return {name: without_arrays(v) for name, v in value.items() if not _is_array(v)}
    return [without_arrays(entry) for entry in value] if isinstance(value, list) else value


def _is_array(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return bool(value) and all(
        _is_array(entry) or entry is None or isinstance(entry, int | float) for entry in value
    )
