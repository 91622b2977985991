"""One SQLite file of counts: a batch is written whole, once, and read without trust.

Write-ahead log, ``synchronous=FULL``: what is recorded survives kill -9 and power loss at one disk
flush a job, which is nothing beside drawing it. The file is made under another name and linked
to its own, so it is a store or is not there. It must lie on a disk of the machine: the log does
not work over network file systems.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.sweeps.drawing import Drawn
from qcattn.sweeps.grid import ROWS, GridCell, task_key
from qcattn.sweeps.strategies import canonical, digest

__all__ = ["Store", "is_store"]

#: "qcat", in the header of the file.
APPLICATION = 0x71636174
SCHEMA = 1
#: Seconds to wait for another process that is writing.
_PATIENCE = 60
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


class Store:
    """The file of a sweep, open for writing or for reading only.

    Args:
        path: The file.
        write: Open for writing; made if it is not there.
        checked: Whether this process has looked it through before; that is not done again.

    Raises:
        ValueError: If the file is missing (for reading), of another kind, of a newer version, or
            damaged; it is left as it is.
        OSError: If it cannot be read or written.
    """

    def __init__(self, path: str | Path, *, write: bool = False, checked: bool = False) -> None:
        self.path = Path(path)
        if write and not self.path.exists():
            _create(self.path)
        if not checked:
            _check(self.path)
        # A reader that may write tidies up beside the file when it is the last to leave.
        may = write or os.access(self.path, os.W_OK)
        self._connection = _connect(self.path, "rw" if may else "ro")
        with self._errors():
            self._connection.execute(f"PRAGMA query_only={'OFF' if write else 'ON'}")
            self._connection.execute("PRAGMA synchronous=FULL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # --- writing ---------------------------------------------------------------------------

    def register(self, cells: Iterable[GridCell], details: dict[str, Any]) -> None:
        """Write down which cells there are and where they lie on the axes."""
        with self._transaction() as connection:
            for cell in cells:
                connection.execute(
                    "INSERT OR IGNORE INTO arrays VALUES (?, ?, ?)",
                    (
                        cell.spec["scores"]["sha256"],
                        canonical(list(cell.scores.shape)),
                        zlib.compress(np.ascontiguousarray(cell.scores, "<f8").tobytes(), 1),
                    ),
                )
                connection.execute(
                    "INSERT OR IGNORE INTO cells VALUES (?, ?)", (cell.key, canonical(cell.spec))
                )
                said = {"axes": list(cell.axes), "tokens": list(cell.tokens), **details}
                connection.execute(
                    "INSERT OR REPLACE INTO points VALUES (?, ?, ?)",
                    (cell.key, _ordered(cell.point), canonical(said)),
                )

    def record(self, drawn: Iterable[Drawn]) -> tuple[int, int]:
        """Write what was drawn, all of it or nothing.

        Returns:
            How many batches were new, and how many another process had recorded meanwhile.
        """
        new = known = 0
        with self._transaction() as connection:
            for one in drawn:
                cell, block = one.piece.cell, one.piece.block
                if one.about:
                    connection.execute(
                        "INSERT OR IGNORE INTO blocks VALUES (?, ?, ?)",
                        (cell, block, canonical(one.about)),
                    )
                for batch in one.batches:
                    task = task_key(cell, block, batch.batch)
                    added = connection.execute(
                        "INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (
                            task,
                            cell,
                            block,
                            batch.batch,
                            batch.seconds,
                            zlib.compress(batch.counts, 1),
                            _seal(task, batch.counts),
                        ),
                    ).rowcount
                    new, known = new + added, known + 1 - added
                if one.error:
                    connection.execute(
                        "INSERT OR REPLACE INTO failures VALUES (?, ?)", (cell, one.error)
                    )
        return new, known

    def forgive(self, cells: Iterable[str]) -> None:
        """Forget that cells failed, so that they are tried again."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM failures WHERE cell = ?", [(c,) for c in cells])

    def look(self, cell: str, rule: str, look: int, batches: int, met: bool) -> None:
        """Write down that a cell was looked at under a rule for stopping."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO looks VALUES (?, ?, ?, ?, ?) ON CONFLICT (cell, rule) DO UPDATE SET "
                "look = excluded.look, batches = excluded.batches, met = excluded.met "
                "WHERE excluded.look > look",
                (cell, rule, look, batches, int(met)),
            )

    def take_over(self, other: Store) -> tuple[int, int]:
        """Add what another store holds; every batch is checked on the way.

        Returns:
            How many batches were new, and how many were here already.
        """
        new = known = 0
        for spec in other.specs().values():
            other.scores(spec)  # checks it
        tables = {"arrays": 3, "cells": 2, "points": 3, "blocks": 3}
        with self._transaction() as connection:
            done = set(self._column("SELECT DISTINCT cell FROM batches"))
            failed = set(self.failures())
            for table, columns in tables.items():
                places = ", ".join("?" * columns)
                for row in other._rows(f"SELECT * FROM {table}"):
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)
            for cell, error in other.failures().items():
                if cell not in done or cell in failed:
                    connection.execute(
                        "INSERT OR IGNORE INTO failures VALUES (?, ?)", (cell, error)
                    )
        theirs = set(other._column("SELECT DISTINCT cell FROM batches")) - set(other.failures())
        self.forgive(theirs)
        for row in other._rows("SELECT * FROM looks"):
            self.look(row[0], row[1], row[2], row[3], bool(row[4]))
        for cell, spec in other.specs().items():
            with self._transaction() as connection:
                for row in other._rows("SELECT * FROM batches WHERE cell = ?", (cell,)):
                    other._table(cell, spec, row)  # checks it
                    added = connection.execute(
                        "INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?)", row
                    ).rowcount
                    new, known = new + added, known + 1 - added
        return new, known

    # --- reading ---------------------------------------------------------------------------

    def specs(self) -> dict[str, dict[str, Any]]:
        """All cells: address to description.

        Raises:
            ValueError: If a description does not match its address.
        """
        out = {}
        for cell, text in self._rows("SELECT cell, spec FROM cells ORDER BY rowid"):
            if digest(str(text).encode("utf-8", "replace")) != cell:
                raise self._damaged(f"the description of cell {str(cell)[:12]}")
            out[cell] = json.loads(text)
        return out

    def points(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Cells, places on the axes and details, in the order of registration."""
        rows = self._rows("SELECT cell, point, details FROM points ORDER BY rowid")
        try:
            return [(str(cell), json.loads(point), json.loads(said)) for cell, point, said in rows]
        except (ValueError, TypeError):
            raise self._damaged("a place on the axes") from None

    def scores(self, spec: dict[str, Any]) -> np.ndarray:
        """Scores of a cell, shape (..., keys)."""
        sha, shape = spec["scores"]["sha256"], tuple(spec["scores"]["shape"])
        rows = self._rows("SELECT numbers FROM arrays WHERE sha256 = ?", (sha,))
        content = self._unpacked(rows[0][0], 8 * int(np.prod(shape))) if rows else b""
        if digest(content) != sha:
            raise self._damaged(f"the scores {sha[:12]}")
        return np.frombuffer(content, "<f8").reshape(shape)

    def recorded(self, cell: str) -> set[tuple[int, int]]:
        """Blocks and batches of a cell that are recorded."""
        rows = self._rows("SELECT block, batch FROM batches WHERE cell = ?", (cell,))
        return {(block, batch) for block, batch in rows}

    def tally(self, most: int) -> dict[str, int]:
        """How many batches below a number each cell has."""
        query = "SELECT cell, COUNT(*) FROM batches WHERE batch < ? GROUP BY cell"
        return dict(self._rows(query, (most,)))

    def table(self, cell: str, spec: dict[str, Any], most: int | None = None) -> np.ndarray:
        """Counts of a cell, all batches (below ``most``) together, shape (rows, keys + 2).

        Raises:
            ValueError: If a batch is damaged.
        """
        *leading, keys = spec["scores"]["shape"]
        total = np.zeros((int(np.prod(leading)), keys + 2), np.int64)
        query = "SELECT * FROM batches WHERE cell = ? AND batch < ?"
        for row in self._rows(query, (cell, 2**62 if most is None else most)):
            start = int(row[2]) * ROWS
            total[start : start + ROWS] += self._table(cell, spec, row)
        return total

    def blocks(self, cell: str) -> dict[int, dict[str, Any]]:
        """What is known of each block of a cell."""
        rows = self._rows("SELECT block, about FROM blocks WHERE cell = ?", (cell,))
        try:
            return {int(block): dict(json.loads(about)) for block, about in rows}
        except (ValueError, TypeError):
            raise self._damaged(f"what is known of cell {cell[:12]}") from None

    def failures(self) -> dict[str, str]:
        """Cells that failed, and why."""
        return dict(self._rows("SELECT cell, error FROM failures"))

    def looks(self) -> dict[str, list[tuple[str, int, int, bool]]]:
        """For each cell: rule, looks taken, batches at the last one, whether it was met then."""
        out: dict[str, list[tuple[str, int, int, bool]]] = {}
        for cell, rule, look, batches, met in self._rows("SELECT * FROM looks"):
            out.setdefault(cell, []).append((rule, look, batches, bool(met)))
        return out

    def _table(self, cell: str, spec: dict[str, Any], row: Sequence[Any]) -> np.ndarray:
        """One batch, checked in every way."""
        task, of, block, batch, _, packed, seal = row
        *leading, keys = spec["scores"]["shape"]
        rows = min(ROWS, int(np.prod(leading)) - ROWS * block) if isinstance(block, int) else 0
        what = f"batch {batch} of block {block} of cell {cell[:12]}"
        if of != cell or rows < 1 or task != task_key(cell, block, batch):
            raise self._damaged(what)
        content = self._unpacked(packed, 8 * rows * (keys + 2))
        if _seal(task, content) != seal:
            raise self._damaged(what)
        table = np.frombuffer(content, "<i8").reshape(rows, keys + 2)
        if (table < 0).any() or (table.sum(axis=1) != int(spec["batch"])).any():
            raise self._damaged(what)
        return table

    # --- SQLite ----------------------------------------------------------------------------

    def _unpacked(self, packed: Any, size: int) -> bytes:
        """At most ``size`` bytes, whatever the content says; b"" if it is not what it should be."""
        try:
            unpack = zlib.decompressobj()
            content = unpack.decompress(packed, size + 1)
        except (zlib.error, TypeError):
            return b""
        return content if len(content) == size else b""

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._errors():
            return self._connection.execute(query, values).fetchall()

    def _column(self, query: str) -> list[Any]:
        return [row[0] for row in self._rows(query)]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or nothing."""
        connection = self._connection
        with self._errors():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already.
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translated(self.path, error) from error

    def _damaged(self, what: str) -> ValueError:
        return ValueError(
            f"`{self.path}` is damaged: {what} is not as it was written; restore a copy, or draw "
            "again into another file"
        )


def _translated(path: Path, error: sqlite3.Error) -> Exception:
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
            f"`{path}` has been locked by another process for {_PATIENCE} s; end that one first",
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


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # A log needs a folder that can be written; where there is none, nobody else writes either.
    still = mode == "ro" and not os.access(path.absolute().parent, os.W_OK)
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if still else ''}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise _translated(path, error) from error


def _create(path: Path) -> None:
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
                os.link(fresh, path)
    except sqlite3.Error as error:
        raise _translated(path, error) from error
    except OSError as error:
        raise OSError(
            error.errno, f"`{path}` cannot be made ({error.strerror}); name another place"
        ) from error


def _check(path: Path) -> None:
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
    connection = _connect(path, "ro")
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
            raise _translated(path, error) from error
        raise
    connection.close()


def _seal(task: str, counts: bytes) -> str:
    """SHA-256 of a batch and its address."""
    return digest(task.encode("ascii") + counts)


def _ordered(point: Any) -> str:
    """A place on the axes; their order is kept."""
    return json.dumps(dict(point), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
