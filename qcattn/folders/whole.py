"""Folders and files that appear under their names whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["check_free", "whole_file", "whole_folder"]


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Make a new folder that appears under its name when the block ends well, or not at all.

    Args:
        folder: The folder to make; it must not exist yet, or be empty.

    Yields:
        A hidden folder, to write into.

    Raises:
        ValueError: If ``folder`` is taken.
        OSError: If it cannot be written; nothing is left behind.
    """
    target = Path(folder).absolute()
    check_free(folder)
    parents = [parent for parent in target.parents if not parent.exists()]
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Inside an empty folder, which may be a disk of its own; else beside its place.
        place = target if target.is_dir() else target.parent
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=place))
        fresh.chmod(0o755)
        yield fresh
        if place == target:
            if set(target.iterdir()) != {fresh}:
                raise ValueError(f"`{folder}` was filled by another meanwhile; name another folder")
            _fill(target, fresh)
        else:
            check_free(folder)
            os.replace(fresh, target)
    except BaseException as error:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        for parent in parents:
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"`{folder}` cannot be written: {error.strerror or error}, and nothing was left "
                "there; free space, or name another folder",
            ) from error
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Make a new file that appears under its name when the block ends well, or not at all.

    Args:
        path: The file to make; it must not exist yet.

    Yields:
        A hidden file beside it, to write.

    Raises:
        ValueError: If ``path`` exists.
        OSError: If it cannot be written; nothing is left behind.
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"`{path}` exists and is left as it is; name another file")
    fresh = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
        os.close(handle)
        fresh = Path(name)
        yield fresh
        fresh.chmod(0o644)
        if path.exists():
            raise ValueError(f"`{path}` was made by another meanwhile; name another file")
        os.replace(fresh, path)
    except BaseException as error:
        if fresh is not None:
            with suppress(OSError):
                fresh.unlink()
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"`{path}` cannot be written: {error.strerror or error}, and nothing was left "
                "there; free space, or name another place",
            ) from error
        raise


def _fill(target: Path, fresh: Path) -> None:
    """Move everything into an empty folder; the documents that make it one come last."""
    moved = []
    try:
        for entry in sorted(fresh.iterdir(), key=lambda entry: entry.suffix == ".json"):
            os.replace(entry, target / entry.name)
            moved.append(target / entry.name)
        fresh.rmdir()
    except BaseException:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def check_free(folder: str | Path) -> None:
    """Refuse a name that is taken.

    Raises:
        ValueError: If there is a file, or a folder that is not empty.
    """
    target = Path(folder)
    try:
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    except OSError as error:
        raise ValueError(f"`{folder}` cannot be read: {error.strerror}; name another") from error
    if taken:
        raise ValueError(f"`{folder}` exists and is left as it is; name another folder")
