"""Files that are opened for reading: what would wait for ever is refused."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_file"]

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_file(path: str | Path) -> BinaryIO:
    """Open a file to read its bytes.

    Args:
        path: The file.

    Raises:
        OSError: If it is missing or cannot be read.
        ValueError: If it is a pipe, a socket or a device; the message begins with "it", for the
            name of the file to stand before.

    Example:
        >>> open_file("/dev/null")
        Traceback (most recent call last):
        ...
        ValueError: it is a device, not a file; save what it gives as a file first
    """
    path = Path(path)
    kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    if kind is not None:
        raise ValueError(f"it is {kind}, not a file; save what it gives as a file first")
    return path.open("rb")
