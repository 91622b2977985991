"""How far a piece of work is, told in one way everywhere."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Is called from time to time while work goes on.

    Example:
        >>> def tell(done: float, total: float, what: str) -> None:
        ...     print(f"{done:g} of {total:g}: {what}")
        >>> tell(3, 10, "rows")
        3 of 10: rows
    """

    def __call__(self, done: float, total: float, what: str) -> None:
        """Take note.

        Args:
            done: How much is done, in units of the work (rows, trials, batches, claims).
            total: How much there is, in the same units.
            what: What is being done now, for people to read.
        """


def silent(done: float, total: float, what: str) -> None:
    """Tell nobody: the default where a caller asks for no progress."""
