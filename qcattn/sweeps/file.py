"""The SQLite file itself: made whole, refused untouched, its errors in plain words."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["check_store", "connect", "create", "is_store", "translated"]

#: "qcat", in the header of the file.
APPLICATION = 0x71636174
SCHEMA = 1
#: Seconds to wait for another process that is writing.
PATIENCE = 60
_TABLES = """
CREATE TABLE arrays (sha256 TEXT PRIMARY KEY, shape TEXT NOT NULL, numbers BLOB NOT NULL);
CREATE TABLE cells (cell TEXT PRIMARY KEY, spec TEXT NOT NULL);
CREATE TABLE points (cell TEXT NOT NULL, point TEXT NOT NULL, details TEXT NOT NULL,
                     PRIMARY KEY (cell, point));
CREATE TABLE blocks (cell TEXT NOT NULL, block INTEGER NOT NULL, about TEXT NOT NULL,
                     PRIMARY KEY (cell, block));
CREATE TABLE batches (task TEXT PRIMARY KEY, cell TEXT NOT NULL, block INTEGER NOT NULL,
                      batch INTEGER NOT NULL, seconds REAL NOT NULL, counts BLOB NOT NULL,
                      sha256 TEXT NOT NULL);
CREATE INDEX batches_of_cell ON batches (cell, block, batch);
CREATE TABLE failures (cell TEXT PRIMARY KEY, error TEXT NOT NULL);
CREATE TABLE looks (cell TEXT NOT NULL, rule TEXT NOT NULL, look INTEGER NOT NULL,
                    batches INTEGER NOT NULL, met INTEGER NOT NULL, PRIMARY KEY (cell, rule));
"""


def is_store(path: str | Path) -> bool:
    """Whether a file says in its header that it is a store of a sweep."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(100)
    except OSError:
        return False
    return head[:16] == b"SQLite format 3\0" and head[68:72] == APPLICATION.to_bytes(4, "big")


def translated(path: Path, error: sqlite3.Error) -> Exception:
    """SQLite's error as the house words it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"):
        return ValueError(
            f"`{path}` is damaged ({error}) and is left as it is; restore a copy, or name another "
            "file"
        )
    if name.startswith("SQLITE_BUSY") or name == "SQLITE_LOCKED":
        return OSError(
            errno.EBUSY,
            f"`{path}` has been locked by another process for {PATIENCE} s; end that one first",
        )
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return OSError(
            errno.ENOSPC if name == "SQLITE_FULL" else errno.EIO,
            f"`{path}` cannot be written ({error}); what was recorded before is kept. Free space "
            "and run the same again",
        )
    if name.startswith("SQLITE_READONLY") or name in ("SQLITE_CANTOPEN", "SQLITE_PERM"):
        return OSError(errno.EACCES, f"`{path}` cannot be written ({error})")
    return RuntimeError(f"`{path}`: {error}")


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection; ``mode`` is rw, or ro to leave every byte as it is."""
    # A log needs a folder that can be written. In one that cannot the file is read as it lies, but
    # for what the log of another process, or of one that was killed, holds beside it.
    log = path.with_name(path.name + "-wal")
    logged = log.exists() and log.stat().st_size > 0
    still = mode == "ro" and not os.access(path.absolute().parent, os.W_OK) and not logged
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if still else ''}",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise translated(path, error) from error


def create(path: Path) -> None:
    """An empty store that appears under its name whole, unless another made one meanwhile."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            fresh = Path(folder) / "fresh"
            connection = sqlite3.connect(fresh, isolation_level=None)
            try:
                connection.execute(f"PRAGMA application_id={APPLICATION}")
                connection.execute(f"PRAGMA user_version={SCHEMA}")
                connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
                connection.execute("PRAGMA journal_mode=WAL")
            finally:
                connection.close()
            with suppress(FileExistsError):
                try:
                    os.link(fresh, path)
                except PermissionError:  # a file system without hard links
                    if not path.exists():
                        os.rename(fresh, path)
    except sqlite3.Error as error:
        raise translated(path, error) from error
    except OSError as error:
        raise OSError(
            error.errno, f"`{path}` cannot be made ({error.strerror}); name another place"
        ) from error


def check_store(path: Path) -> None:
    """Refuse what is no whole store of this version, without a byte of it changed."""
    if not path.exists():
        raise ValueError(f"`{path}` is missing; name a store that `qcattn sweep` wrote")
    if path.is_file():
        with path.open("rb"):  # an OSError says that it cannot be read
            pass
    if not is_store(path):
        raise ValueError(f"`{path}` is no store of qcattn and is left as it is; name another file")
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm")]
    before = [one.exists() for one in beside]
    connection = connect(path, "ro")
    try:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        if schema != SCHEMA:
            raise ValueError(
                f"`{path}` has schema {schema}, but this qcattn knows {SCHEMA}; use the version of "
                "qcattn that wrote it"
            )
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise ValueError(
                f"`{path}` is damaged ({verdict}) and is left as it is; restore a copy, or name "
                "another file"
            )
    except (ValueError, sqlite3.Error) as error:
        connection.close()
        # What a look at it left beside it, where nobody else has it open.
        if not any(before) and not (beside[0].exists() and beside[0].stat().st_size):
            for one in beside:
                one.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise translated(path, error) from error
        raise
    connection.close()
