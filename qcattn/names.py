"""A name out of a few, or an error that names the nearest."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["known"]


def known(where: str, value: str, names: Iterable[str]) -> str:
    """The value, if it is one of the names.

    Args:
        where: What has these names, such as an option or a file.
        value: The name that was given.
        names: Those there are.

    Raises:
        ValueError: Naming where it was given, the nearest name and all names.

    Example:
        >>> known("--method", "born", ["shots", "born"])
        'born'
        >>> known("--method", "borne", ["shots", "born"])
        Traceback (most recent call last):
        ValueError: `--method` has no 'borne'; did you mean 'born'? known are shots, born
    """
    from difflib import get_close_matches

    names = list(names)
    if value not in names:
        near = get_close_matches(value, names, 1, 0.3)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"`{where}` has no {value!r}; {hint}known are {', '.join(names)}")
    return value
