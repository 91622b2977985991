"""The SQLite file itself: made whole, refused untouched, its errors in plain words."""

from __future__ import annotations

import errno
import os
import re
import secrets
import sqlite3
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from qcattn.errors import Damaged
from qcattn.opening import open_file
from qcattn.sweeps.journal import LOG, check_beside, is_filled, journal_of

__all__ = [
    "ALONE",
    "SCHEMA",
    "check_store",
    "connect",
    "create",
    "is_store",
    "may_write",
    "translated",
]

#: "qcat", in the header of the file.
APPLICATION = 0x71636174
#: Version 2 seals each row, and keeps no log: all that is recorded is in the file.
SCHEMA = 2
#: Seconds to wait for another process that is writing.
PATIENCE = 60
#: A lock that is held while this process or SQLite reads the file. A file that is closed takes all
#: locks of the process with it (POSIX), those of a write in another thread too.
ALONE = threading.RLock()
#: What a file system without hard links says.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}

_TABLES = """
CREATE VIEW identity AS SELECT '{identity}' AS store;
CREATE TABLE arrays (sha256 TEXT PRIMARY KEY, numbers BLOB NOT NULL);
CREATE TABLE cells (cell TEXT PRIMARY KEY, spec TEXT NOT NULL);
CREATE TABLE points (cell TEXT NOT NULL, point TEXT NOT NULL, details TEXT NOT NULL,
                     sha256 TEXT NOT NULL, PRIMARY KEY (cell, point));
CREATE TABLE blocks (cell TEXT NOT NULL, block INTEGER NOT NULL, about TEXT NOT NULL,
                     sha256 TEXT NOT NULL, PRIMARY KEY (cell, block));
CREATE TABLE batches (task TEXT PRIMARY KEY, cell TEXT NOT NULL, block INTEGER NOT NULL,
                      batch INTEGER NOT NULL, seconds REAL NOT NULL, counts BLOB NOT NULL,
                      sha256 TEXT NOT NULL);
CREATE INDEX batches_of_cell ON batches (cell, block, batch);
CREATE TABLE failures (cell TEXT PRIMARY KEY, error TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE looks (cell TEXT NOT NULL, rule TEXT NOT NULL, look INTEGER NOT NULL,
                    batches INTEGER NOT NULL, met INTEGER NOT NULL, sha256 TEXT NOT NULL,
                    PRIMARY KEY (cell, rule));
"""
_IDENTITY = re.compile(r"CREATE VIEW identity AS SELECT '(?P<identity>[0-9a-f]{32})' AS store")


def _head(path: Path) -> bytes:
    """The header of the file, as far as it goes."""
    with ALONE, open_file(path) as file:
        return file.read(100)


def is_store(path: str | Path) -> bool:
    """Whether a file says in its header that it is a store of a sweep."""
    try:
        head = _head(Path(path))
    except (OSError, ValueError):
        return False
    return head[:16] == b"SQLite format 3\0" and head[68:72] == APPLICATION.to_bytes(4, "big")


def _schema(head: bytes) -> int:
    return int.from_bytes(head[60:64], "big")


def _logs(head: bytes) -> bool:
    """Whether the file is one of version 1, which kept a log beside it."""
    return head[18:20] == b"\2\2"


def translated(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> Exception:
    """Put an error of SQLite into the words of the house; what it quotes may be no text."""
    if isinstance(error, UnicodeDecodeError):
        return _damaged(path, "its tables are described in bytes that are not text")
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_CORRUPT") or name in (
        "SQLITE_NOTADB",
        "SQLITE_FORMAT",
        "SQLITE_ERROR",  # a table or a column is not there
        "SQLITE_TOOBIG",
        "SQLITE_MISMATCH",
    ):
        return _damaged(path, str(error))
    if name.startswith("SQLITE_BUSY") or name == "SQLITE_LOCKED":
        return OSError(
            errno.EBUSY,
            f"`{path}` has been locked by another process for {PATIENCE} s; end that one first",
        )
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return OSError(
            errno.ENOSPC if name == "SQLITE_FULL" else errno.EIO,
            f"`{path}` cannot be written ({error}), but what was recorded before is kept; free "
            "space and run the same again",
        )
    if name.startswith("SQLITE_READONLY") or name in ("SQLITE_CANTOPEN", "SQLITE_PERM"):
        return OSError(errno.EACCES, f"`{path}` cannot be written ({error}); name another file")
    return RuntimeError(f"`{path}`: {error}")


def _damaged(path: Path, what: str) -> Damaged:
    """What is said of a file that SQLite, or its header, shows to be damaged."""
    return Damaged(
        f"`{path}` is damaged ({what}) and is left as it is; restore a copy, or save what can be "
        f"read of it into a new file: `qcattn sweep --check {path}`"
    )


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a connection; ``mode`` is rw, or ro to leave every byte as it is.

    Each wrong byte of a text that is no UTF-8 is kept as half a character, so that no seal fits it.
    """
    try:
        # What keeps a log is read without it, and without leaving another there.
        still = _logs(_head(path))
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'ro&immutable=1' if still else mode}",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise translated(path, error) from error
    connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
    return connection


def create(path: Path) -> None:
    """Create an empty store that appears whole, unless another was made meanwhile.

    Raises:
        ValueError: If a log or a journal lies there already, of a store that was moved away.
        OSError: If it cannot be made.
    """
    _check_nothing_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            fresh = Path(folder) / "fresh"
            connection = sqlite3.connect(fresh, isolation_level=None)
            try:
                connection.execute(f"PRAGMA application_id={APPLICATION}")
                connection.execute(f"PRAGMA user_version={SCHEMA}")
                tables = _TABLES.format(identity=secrets.token_hex(16))
                connection.executescript(f"BEGIN; {tables} COMMIT;")
            finally:
                connection.close()
            with suppress(FileExistsError):
                _put(fresh, path)
    except sqlite3.Error as error:
        raise translated(path, error) from error
    except OSError as error:
        raise OSError(
            error.errno, f"`{path}` cannot be made ({error.strerror}); name another place"
        ) from error


def _put(fresh: Path, path: Path) -> None:
    """Give a whole file its name, unless the name is taken.

    Raises:
        FileExistsError: If it is.
    """
    try:
        os.link(fresh, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The name is taken first, by an empty file, which the whole one then replaces.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            os.replace(fresh, path)
        except BaseException:
            path.unlink()
            raise


def _check_nothing_beside(path: Path) -> None:
    """Refuse to make a store where the log or journal of another one lies."""
    for beside in (path.with_name(path.name + LOG), journal_of(path)):
        if is_filled(beside) and not path.exists():
            raise ValueError(
                f"`{path}` cannot be made, because `{beside}` is left there of a store that was "
                "moved or deleted; put that back beside it, delete this one too, or name another "
                "file"
            )


def check_store(path: Path) -> None:
    """Refuse anything but a whole store of a known version, without changing a byte of it."""
    if path.is_symlink() and not path.exists():
        raise ValueError(
            f"`{path}` is a link to a file that does not exist; name a file, or delete the link"
        )
    if not path.exists():
        raise ValueError(f"`{path}` is missing; name a store that `qcattn sweep` wrote")
    if not is_store(path):
        if path.is_file():
            _head(path)  # an OSError says that it cannot be read
        raise ValueError(
            f"`{path}` is not a store of qcattn and is left as it is; name another file"
        )
    head = _head(path)
    schema = _schema(head)
    if not 1 <= schema <= SCHEMA:
        raise ValueError(
            f"`{path}` has schema {schema}, but this qcattn knows 1 to {SCHEMA}; use the version "
            "of qcattn that wrote it"
        )
    if head[18:20] != b"\1\1" and not (schema == 1 and _logs(head)):
        raise _damaged(path, "its header states another way of writing")
    with ALONE:
        check_beside(path)
    if is_filled(journal_of(path)) and not may_write(path):
        raise OSError(
            errno.EACCES,
            f"`{path}` cannot be read: a write was cut off and must be undone, which needs "
            f"permission to write; copy it and `{journal_of(path)}` into a folder of yours",
        )
    try:
        connection = connect(path, "rw" if may_write(path) else "ro")
        try:
            with ALONE:
                _check_structure(path, connection, schema)
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise translated(path, error) from error


def may_write(path: Path) -> bool:
    """Whether the file, and what SQLite puts beside it, may be written."""
    return all(os.access(place, os.W_OK) for place in (path, path.absolute().parent))


def _check_structure(path: Path, connection: sqlite3.Connection, schema: int) -> None:
    """Refuse a file whose pages, indices or tables are not as SQLite left them."""
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path, verdict)
    there = dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
    if schema == SCHEMA:
        named = _IDENTITY.fullmatch(str(there.get("identity")))
        # SQLite's own tables are of its own making. Another could do something at each writing.
        own = {name: text for name, text in there.items() if not str(name).startswith("sqlite_")}
        if named is None or own != _made(named["identity"]):
            raise _damaged(path, "its tables are not those that were made")
    elif "identity" in there:
        raise _damaged(path, "its header states another schema than its tables")


def _made(identity: str) -> dict[str, str]:
    """What each table, view and index of a store was made by."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(_TABLES.format(identity=identity))
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        return dict(connection.execute(query).fetchall())
    finally:
        connection.close()
