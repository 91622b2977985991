"""How far a piece of work is, told in one way everywhere.

A long piece of work takes a `Progress`. What it calls on its way (a preparation, a backend, a
dense reference) tells its own steps by `tell`; whoever waits for that hears them by `hearing`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

__all__ = ["Progress", "hearing", "silent", "tell"]

#: Seconds between two steps that are passed on.
_PAUSE = 0.1


class Progress(Protocol):
    """A function that is called from time to time while work goes on.

    Example:
        >>> def say(done: float, total: float, what: str) -> None:
        ...     print(f"{done:g} of {total:g}: {what}")
        >>> say(3, 10, "rows")
        3 of 10: rows
    """

    def __call__(self, done: float, total: float, what: str) -> None:
        """Take note.

        Args:
            done: How much of the work is done, in units of the work (rows, trials, batches,
                claims).
            total: How much work there is, in the same units.
            what: What is being done now, for people to read.
        """


def silent(done: float, total: float, what: str) -> None:
    """Tell nobody: the default where a caller asks for no progress."""


_heard: ContextVar[Progress] = ContextVar("heard", default=silent)


def tell(done: float, total: float, what: str) -> None:
    """Report how far the work inside the block is to whoever waits for it.

    It may be called as often as one likes; a step is passed on ten times a second at most.

    Args:
        done: How much of the work is done, in units of this piece of work.
        total: How much work there is, in the same units.
        what: What is being done now, for people to read.
    """
    _heard.get()(done, total, what)


@contextmanager
def hearing(progress: Progress) -> Iterator[None]:
    """Receive what is reported inside the block.

    Args:
        progress: A function that is called with each report.

    Example:
        >>> with hearing(lambda done, total, what: print(f"{what}: {done} of {total}")):
        ...     tell(1, 8, "steps")
        steps: 1 of 8
    """
    last = -_PAUSE

    def now_and_then(done: float, total: float, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PAUSE:
            last = now
            progress(done, total, what)

    token = _heard.set(now_and_then)
    try:
        yield
    finally:
        _heard.reset(token)
