"""What a piece of work will take, told before it begins."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from qcattn.errors import TakesLong

__all__ = ["Forecast", "announce", "duration"]

#: Seconds from which on a piece of work is announced.
LONG = 30.0


@dataclass(frozen=True)
class Forecast:
    """The time that a piece of work is expected to take, and what would be quicker.

    Attributes:
        seconds: Wall time, to a factor of about two; infinite where nobody can tell.
        bytes: Memory at the peak, beside what the process holds.
        gates: Gates of one circuit; 0 where there is none yet.

    Example:
        >>> print(Forecast(seconds=185, bytes=3 * 2**30, gates=31_904))
        about 3 minutes, 31,904 gates, 3 GiB
    """

    seconds: float
    bytes: int = 0
    gates: int = 0

    @property
    def is_long(self) -> bool:
        """Whether the work is expected to take so long that it is announced."""
        return LONG < self.seconds < float("inf")

    def __str__(self) -> str:
        """Time, gates and memory, as far as they are known and more than nothing."""
        gates = f", {self.gates:,} gates" if self.gates else ""
        memory = f", {self.bytes / 2**30:.2g} GiB" if self.bytes > 2**28 else ""
        return f"{duration(self.seconds)}{gates}{memory}"


def duration(seconds: float) -> str:
    """Write a time as people say it.

    Example:
        >>> [duration(seconds) for seconds in (0.3, 4.2, 95, 1800, 20_000, 4e7, float("inf"))]
        ['less than 1 second', 'about 4 seconds', 'about 2 minutes', 'about 30 minutes', 'about 6
        hours', 'about 463 days', 'an unknown time']
    """
    if seconds == float("inf"):
        return "an unknown time"
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= 1.5 * length or (unit == "second" and seconds >= 1):
            number = round(seconds / length)
            return f"about {number:,} {unit}{'s' * (number != 1)}"
    return "less than 1 second"


def announce(what: str, forecast: Forecast, cures: Iterable[str] = ()) -> None:
    """Warn of work that takes long, and say what would be quicker.

    Args:
        what: What is to be done, such as "drawing 1 row".
        forecast: The forecast of the work; below half a minute nothing is said.
        cures: What would be quicker.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as said:
        ...     warnings.simplefilter("always")
        ...     announce("drawing 1 row", Forecast(600, gates=16_382), ["Amplitude takes 1 second"])
        >>> print(said[0].message)
        drawing 1 row takes about 10 minutes, 16,382 gates; Amplitude takes 1 second
    """
    if forecast.is_long:
        text = "; ".join([f"{what} takes {forecast}", *cures])
        warnings.warn(text, TakesLong, stacklevel=3)
