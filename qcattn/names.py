"""A name out of a few, or an error that names the nearest."""

from __future__ import annotations

from collections.abc import Iterable

from qcattn.legible import quoted

__all__ = ["known"]


def known(where: str, value: str, names: Iterable[str]) -> str:
    """Return the value if it is one of the names.

    Args:
        where: What the name was given for: an option or argument, or words for it.
        value: The name that was given.
        names: The names that there are.

    Raises:
        ValueError: If the value is none of the names; the message says where it was given, lists
            all names and proposes the nearest.

    Example:
        >>> known("--draws", "born", ["shots", "born"])
        'born'
        >>> known("--draws", "borne", ["shots", "born"])
        Traceback (most recent call last):
        ValueError: `--draws` must be one of shots, born, but is 'borne'; did you mean 'born'?
        >>> known("a key of the plan", "bta", ["beta"])
        Traceback (most recent call last):
        ValueError: a key of the plan must be one of beta, but is 'bta'; did you mean 'beta'?
    """
    from difflib import get_close_matches

    names = list(names)
    if value not in names:
        written = {name.lower(): name for name in names}
        near = get_close_matches(value.lower()[:80], written, 1, 0.3)
        hint = f"; did you mean {written[near[0]]!r}?" if near else ""
        subject = where if " " in where else f"`{where}`"
        raise ValueError(
            f"{subject} must be one of {', '.join(names)}, but is {quoted(value)}{hint}"
        )
    return value
