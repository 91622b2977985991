"""Where results go: a free folder, checked before anything is drawn, written whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["check_folder", "free_folder", "write_whole"]


def free_folder(name: str) -> Path:
    """The first of NAME, NAME-2, NAME-3 ... that does not exist."""
    number, folder = 1, Path(name)
    while folder.exists():
        number += 1
        folder = Path(f"{name}-{number}")
    return folder


def check_folder(folder: Path) -> None:
    """Refuse a folder that is taken or cannot be written, before anything is drawn."""
    from tempfile import TemporaryDirectory

    from qcattn.folders.whole import check_free

    check_free(folder)
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        with TemporaryDirectory(dir=parent):
            pass
    except OSError as error:
        raise ValueError(
            f"`--out` is {folder}, but {parent} cannot be written ({error.strerror}); name another "
            "folder"
        ) from error


def write_whole(out: Path | None, name: str, write: Callable[[Path], None]) -> Path:
    """Write into a new folder, whole; Ctrl-C waits until that is done.

    Args:
        out: The folder that was asked for, or None for a free one of this name.
        name: Of the default folder.
        write: Writes into the folder that it is given.

    Returns:
        The folder.
    """
    import signal
    import threading

    from qcattn.folders.whole import whole_folder

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        while True:
            target = out or free_folder(name)
            try:
                with whole_folder(target) as folder:
                    write(folder)
                return target
            except (ValueError, OSError):
                # Another run may have taken the free name meanwhile.
                if out is not None or not target.exists():
                    raise
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
