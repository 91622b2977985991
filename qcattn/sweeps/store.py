"""One SQLite file of counts: a batch is written whole, once, and read without trust.

Write-ahead log, ``synchronous=FULL``: what is recorded survives kill -9 and power loss at one disk
flush a job, which is nothing beside drawing it. The file is made under another name and linked
to its own, so it is a store or is not there. It must lie on a disk of the machine: the log does
not work over network file systems.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.parsing import parse_json
from qcattn.sweeps.file import check_store, connect, create, is_store, translated
from qcattn.sweeps.grid import ROWS, GridCell, task_key
from qcattn.sweeps.strategies import canonical, digest
from qcattn.sweeps.worker import Drawn

__all__ = ["Store", "is_store"]


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
            create(self.path)
        if not checked:
            check_store(self.path)
        # A reader that may write tidies up beside the file when it is the last to leave.
        folder = self.path.absolute().parent
        may = write or all(os.access(place, os.W_OK) for place in (self.path, folder))
        self._connection = connect(self.path, "rw" if may else "ro")
        try:
            with self._errors():
                self._connection.execute(f"PRAGMA query_only={'OFF' if write else 'ON'}")
                self._connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            self.close()
            raise

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

    def record(self, drawn: Iterable[Drawn]) -> int:
        """Write what was drawn, all of it or nothing.

        Returns:
            How many batches another process had recorded meanwhile; they are not written again.
        """
        known = 0
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
                    known += 1 - added
                if one.error:
                    connection.execute(
                        "INSERT OR REPLACE INTO failures VALUES (?, ?)", (cell, one.error)
                    )
        return known

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
        other.points()  # each of these checks what it reads
        for cell, spec in other.specs().items():
            other.scores(spec)
            other.blocks(cell)
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
            out[cell] = parse_json(text)
        return out

    def points(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Cells, places on the axes and details, in the order of registration."""
        rows = self._rows("SELECT cell, point, details FROM points ORDER BY rowid")
        try:
            return [(str(cell), parse_json(point), parse_json(said)) for cell, point, said in rows]
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
            return {int(block): dict(parse_json(about)) for block, about in rows}
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
            raise translated(self.path, error) from error

    def _damaged(self, what: str) -> ValueError:
        return ValueError(
            f"`{self.path}` is damaged: {what} is not as it was written; restore a copy, or draw "
            "again into another file"
        )


def _seal(task: str, counts: bytes) -> str:
    """SHA-256 of a batch and its address."""
    return digest(task.encode("ascii") + counts)


def _ordered(point: Any) -> str:
    """A place on the axes; their order is kept."""
    return json.dumps(dict(point), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
