"""Errors that callers tell apart by their type, never by their text."""

from __future__ import annotations

from typing import Any

__all__ = [
    "Damaged",
    "Died",
    "DoesNotFit",
    "Doubtful",
    "Interrupted",
    "NotWhole",
    "TakesLong",
    "TooLarge",
]


class DoesNotFit(ValueError):
    """A method, with its options, does not take this Hamiltonian at this temperature.

    The message names what would do: another method, option or temperature.
    """


class Doubtful(UserWarning):
    """A value is taken as it stands but may be meant otherwise; the message says how."""


class TakesLong(UserWarning):
    """The work that now begins is expected to take more than half a minute; Ctrl-C ends it."""


class TooLarge(ValueError):
    """The work does not fit into the memory of this machine; the message says how many bytes."""


class NotWhole(ValueError):
    """A stored file or folder is missing, foreign, newer or damaged; the message names the file."""


class Damaged(NotWhole):
    """A stored file was whole once, but some of its bytes are no longer as they were written."""


class Died(RuntimeError):
    """A process that worked for this one ended before it was done.

    Attributes:
        code: The exit status of the process; where a signal ended it, the number of the signal,
            negative.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    @property
    def killed(self) -> bool:
        """Whether the process was killed, as happens when it takes all the memory."""
        return self.code == -9


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended the work; what was done by then is kept.

    Attributes:
        result: What was done: a `Result`, `Trials` or `Sweep` that is marked as not complete, or
            a list of findings of which the ones not reached are undecided.
    """

    def __init__(self, result: Any) -> None:
        super().__init__("interrupted")
        self.result = result
