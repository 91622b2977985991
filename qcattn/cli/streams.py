"""The standard streams of a command: what they do not take stops nothing and is no verdict.

If a reader goes away (``| head``), a disk behind ``>`` is full, a stream is closed or an encoding
lacks a character, the command goes on, and its exit code stays its own.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any

import typer

from qcattn.legible import legible

__all__ = ["lost", "mend_streams", "say", "shown"]


class _Patient(io.RawIOBase):
    """Bytes to a file, until the first that cannot be written; from then on they are let go.

    Attributes:
        error: Why it could not be written, or None.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        """Write a text, or drop it, and return its length."""
        while self.error is None:
            try:
                written: int | None = self._raw.write(content)
            except OSError as error:
                self.error = error
                break
            if written is not None:
                return written
            select.select([], [self._raw], [])  # a pipe that is full and does not wait by itself
        return len(memoryview(content).cast("B"))

    def writable(self) -> bool:
        """Whether it can be written to, which is always true."""
        return True

    def fileno(self) -> int:
        """The file descriptor."""
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._raw.isatty())


def shown(text: str) -> str:
    r"""Make a text of several lines safe for a terminal, whatever it quotes.

    Example:
        >>> shown("layer \x1b[31m\n2")
        'layer \\x1b[31m\n2'
    """
    return "\n".join(legible(line) for line in text.split("\n"))


def say(text: object, *, err: bool = False) -> None:
    """Print lines as they are, on standard output or on the error stream."""
    typer.echo(shown(str(text)), err=err)


def mend_streams() -> None:
    """Mend standard output and the error stream, so that writing to them never fails."""
    if os.name == "posix":
        _fill_descriptors()
    sys.stdout, sys.stderr = _mended(sys.stdout), _mended(sys.stderr)


def lost() -> OSError | None:
    """Why something that was printed did not arrive, unless a reader chose not to read it."""
    sys.stdout.flush()
    error = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "error", None)
    return None if error is None or error.errno == errno.EPIPE else error


def _fill_descriptors() -> None:
    """Open 0, 1 and 2 where they are closed; else a file of results would be opened there."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free


def _mended(stream: Any) -> Any:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8", errors="replace")
    if not hasattr(stream, "buffer"):
        return stream
    stream.flush()
    raw = getattr(stream.buffer, "raw", stream.buffer)
    return io.TextIOWrapper(
        io.BufferedWriter(_Patient(raw)),
        encoding=stream.encoding,
        errors="replace",
        line_buffering=True,
    )
