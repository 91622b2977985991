"""One SQLite file of counts: a batch is written whole, once, and read without trust.

Each job is a transaction with ``synchronous=EXTRA``: what is recorded survives kill -9 and power
loss at a few disk flushes a job, which is nothing beside drawing it. Between the writes all of it
is in the one file (see `qcattn.sweeps.journal`). The file is made under another name and linked to
its own, so it is a store or is not there. It must lie on a disk of the machine: what keeps two
writers apart does not hold over every network.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.errors import Damaged
from qcattn.parsing import parse_json
from qcattn.sweeps.file import (
    ALONE,
    SCHEMA,
    check_store,
    connect,
    create,
    is_store,
    may_write,
    translated,
)
from qcattn.sweeps.grid import ROWS, GridCell, task_key
from qcattn.sweeps.rows import (
    COLUMNS,
    named,
    read_row,
    seal,
    seal_of_batch,
    unpacked,
)
from qcattn.sweeps.strategies import canonical, digest
from qcattn.sweeps.worker import Drawn

__all__ = ["Store", "is_store"]


class Store:
    """The file of a sweep, open for writing or for reading only.

    Args:
        path: The file.
        write: Whether to open the file for writing; it is made if it is not there.
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
        # A write that was cut off is undone by the first that looks, if it may write.
        self._connection = connect(self.path, "rw" if write or may_write(self.path) else "ro")
        try:
            (self.schema,) = self.rows("PRAGMA user_version")[0]
            if write and self.schema != SCHEMA:
                raise ValueError(
                    f"`{path}` was written by an earlier qcattn (schema {self.schema}) and is only "
                    f"read; make a new store of it: `qcattn merge {path} --into NEW.sqlite`"
                )
            self.rows(f"PRAGMA query_only={'OFF' if write else 'ON'}")
            self.rows("PRAGMA synchronous=EXTRA")
            # Else a journal could be without the first page, which says of what file it is.
            self.rows("PRAGMA cache_spill=OFF")
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
        with self.transaction() as connection:
            for cell in cells:
                connection.execute(
                    "INSERT OR IGNORE INTO arrays VALUES (?, ?)",
                    (
                        cell.spec["scores"]["sha256"],
                        zlib.compress(np.ascontiguousarray(cell.scores, "<f8").tobytes(), 1),
                    ),
                )
                connection.execute(
                    "INSERT OR IGNORE INTO cells VALUES (?, ?)", (cell.key, canonical(cell.spec))
                )
                said = {"axes": list(cell.axes), "tokens": list(cell.tokens), **details}
                if cell.row_names:
                    said["row_names"] = list(cell.row_names)
                self._put("points", (cell.key, _ordered(cell.point), canonical(said)), "REPLACE")

    def record(self, drawn: Iterable[Drawn]) -> int:
        """Write what was drawn, all of it or nothing.

        Returns:
            The number of batches that another process had recorded meanwhile; they are not written
            again.
        """
        known = 0
        with self.transaction():
            for one in drawn:
                cell, block = one.piece.cell, one.piece.block
                if one.about:
                    self._put("blocks", (cell, block, canonical(one.about)))
                for batch in one.batches:
                    task = task_key(cell, block, batch.batch)
                    packed = zlib.compress(batch.counts, 1)
                    known += 1 - self._put(
                        "batches",
                        (task, cell, block, batch.batch, batch.seconds, packed),
                        stated=seal_of_batch(task, batch.counts),
                    )
                if one.error:
                    self._put("failures", (cell, one.error), "REPLACE")
        return known

    def forgive(self, cells: Iterable[str]) -> None:
        """Forget that cells failed, so that they are tried again."""
        with self.transaction() as connection:
            connection.executemany("DELETE FROM failures WHERE cell = ?", [(c,) for c in cells])

    def look(self, cell: str, rule: str, look: int, batches: int, met: bool) -> None:
        """Write down that a cell was looked at under a rule for stopping."""
        with self.transaction():
            query = "SELECT look FROM looks WHERE cell = ? AND rule = ?"
            if not any(before >= look for (before,) in self.rows(query, (cell, rule))):
                self._put("looks", (cell, rule, look, batches, int(met)), "REPLACE")

    def take_over(self, other: Store) -> tuple[int, int]:
        """Add the content of another store; every row is checked on the way.

        Returns:
            The number of batches that were new, and of those that were here already.
        """
        specs = other.specs()
        other.check_homes(specs)
        for spec in specs.values():
            other.scores(spec)
        found = {
            table: [(values, other.read(table, values, stated, specs)) for values, stated in rows]
            for table in ("points", "blocks", "failures", "looks")
            for rows in (other.stated(table),)
        }
        with self.transaction() as connection:
            for table, columns in (("arrays", "sha256, numbers"), ("cells", "cell, spec")):
                for row in other.rows(f"SELECT {columns} FROM {table} ORDER BY rowid"):
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", row)
            done = set(self.column("SELECT DISTINCT cell FROM batches"))
            failed = set(self.failures())
            for table in ("points", "blocks"):
                for values, _ in found[table]:
                    self._put(table, values)
            for values, error in found["failures"]:
                if values[0] not in done or values[0] in failed:
                    self._put("failures", (values[0], error))
        theirs = set(other.column("SELECT DISTINCT cell FROM batches")) - set(other.failures())
        self.forgive(theirs)
        for values, look in found["looks"]:
            self.look(values[0], *look)
        new = known = 0
        for cell in specs:
            with self.transaction():
                for values, stated in other.stated("batches", "WHERE cell = ?", (cell,)):
                    other.read("batches", values, stated, specs)
                    added = self._put("batches", values, stated=stated)
                    new, known = new + added, known + 1 - added
        return new, known

    def restore(self, tables: Mapping[str, Iterable[tuple[Any, ...]]]) -> None:
        """Add rows as another store holds them, each with its seal; they have been checked."""
        with self.transaction() as connection:
            for table, rows in tables.items():
                for row in rows:
                    places = ", ".join("?" * len(row))
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)

    def _put(
        self, table: str, values: Sequence[Any], on_conflict: str = "IGNORE", stated: str = ""
    ) -> int:
        """Write a row with its seal; how many were written."""
        places = ", ".join("?" * (len(values) + 1))
        return self._connection.execute(
            f"INSERT OR {on_conflict} INTO {table} VALUES ({places})",
            (*values, stated or seal(table, values)),
        ).rowcount

    # --- reading ---------------------------------------------------------------------------

    def specs(self, only: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """All cells, or some: address to description.

        Raises:
            ValueError: If a description does not match its address.
        """
        out = {}
        for cell, text in self.rows("SELECT cell, spec FROM cells ORDER BY rowid"):
            if only is not None and cell not in only:
                continue
            if digest(str(text).encode("utf-8", "replace")) != cell:
                raise self.damaged(f"the description of cell {str(cell)[:12]}")
            out[cell] = parse_json(text)
        return out

    def check_homes(self, specs: Collection[str]) -> None:
        """Refuse rows that belong to no cell, since their content would go unnoticed.

        Raises:
            ValueError: If there is one.
        """
        for table, columns in COLUMNS.items():
            for values, _ in self.stated(table, "WHERE cell NOT IN (SELECT cell FROM cells)"):
                if values[columns.index("cell")] not in specs:
                    raise self.damaged(named(table, values), "there is no such cell")

    def points(
        self, specs: dict[str, dict[str, Any]]
    ) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Cells, places on the axes and details, in the order of registration."""
        return [
            (values[0], *self.read("points", values, stated, specs))
            for values, stated in self.stated("points", "ORDER BY rowid")
            if values[0] in specs
        ]

    def scores(self, spec: dict[str, Any]) -> np.ndarray:
        """Scores of a cell, shape (..., keys)."""
        sha, shape = spec["scores"]["sha256"], tuple(spec["scores"]["shape"])
        rows = self.rows("SELECT numbers FROM arrays WHERE sha256 = ?", (sha,))
        content = unpacked(rows[0][0], 8 * int(np.prod(shape))) if rows else b""
        if digest(content) != sha:
            raise self.damaged(f"the array of scores {sha[:12]}")
        return np.frombuffer(content, "<f8").reshape(shape)

    def recorded(self, cell: str) -> set[tuple[int, int]]:
        """The blocks and batches of a cell that are recorded."""
        rows = self.rows("SELECT block, batch FROM batches WHERE cell = ?", (cell,))
        return {(block, batch) for block, batch in rows}

    def tally(self, most: int) -> dict[str, int]:
        """Count the batches of each cell below a number."""
        query = "SELECT cell, COUNT(*) FROM batches WHERE batch < ? GROUP BY cell"
        return dict(self.rows(query, (most,)))

    def table(self, cell: str, spec: dict[str, Any], most: int | None = None) -> np.ndarray:
        """Counts of a cell, all batches (below ``most``) together, shape (rows, keys + 2).

        Raises:
            ValueError: If a batch is damaged.
        """
        *leading, keys = spec["scores"]["shape"]
        total = np.zeros((int(np.prod(leading)), keys + 2), np.int64)
        for values, stated in self.stated("batches", "WHERE cell = ?", (cell,)):
            counts = self.read("batches", values, stated, {cell: spec})
            block, batch = (values[COLUMNS["batches"].index(name)] for name in ("block", "batch"))
            if most is None or batch < most:
                total[block * ROWS : (block + 1) * ROWS] += counts
        return total

    def blocks(self, cell: str, spec: dict[str, Any]) -> dict[int, dict[str, Any]]:
        """What is known about each block of a cell."""
        return {
            values[COLUMNS["blocks"].index("block")]: self.read(
                "blocks", values, stated, {cell: spec}
            )
            for values, stated in self.stated("blocks", "WHERE cell = ?", (cell,))
        }

    def failures(self, specs: dict[str, dict[str, Any]] | None = None) -> dict[str, str]:
        """The cells that failed, all or some of them, and why."""
        there = self.specs() if specs is None else specs
        return {
            values[0]: self.read("failures", values, stated, there)
            for values, stated in self.stated("failures")
            if values[0] in there
        }

    def looks(
        self, specs: dict[str, dict[str, Any]]
    ) -> dict[str, list[tuple[str, int, int, bool]]]:
        """The rule of each cell, looks taken, batches at the last one, whether it was met then."""
        out: dict[str, list[tuple[str, int, int, bool]]] = {}
        for values, stated in self.stated("looks"):
            if values[0] in specs:
                out.setdefault(values[0], []).append(self.read("looks", values, stated, specs))
        return out

    def stated(
        self, table: str, where: str = "", values: Sequence[Any] = ()
    ) -> list[tuple[tuple[Any, ...], Any]]:
        """Rows of a table, unread, each with the seal that it states."""
        seals = "sha256" if table == "batches" or self.schema == SCHEMA else "NULL"
        query = f"SELECT {', '.join(COLUMNS[table])}, {seals} FROM {table} {where}"
        return [(tuple(row[:-1]), row[-1]) for row in self.rows(query, values)]

    def read(
        self, table: str, values: Sequence[Any], stated: Any, specs: dict[str, dict[str, Any]]
    ) -> Any:
        """Read a row; see `qcattn.sweeps.rows.read_row`.

        Raises:
            ValueError: If it is damaged.
        """
        spec = specs.get(values[COLUMNS[table].index("cell")])
        try:
            if spec is None:
                raise ValueError("there is no such cell")
            return read_row(table, values, stated, spec, by_seal=self.schema == SCHEMA)
        except ValueError as error:
            raise self.damaged(named(table, values), str(error)) from error

    # --- SQLite ----------------------------------------------------------------------------

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._errors():
            return self._connection.execute(query, values).fetchall()

    def column(self, query: str) -> list[Any]:
        """The first column of the rows of a query."""
        return [row[0] for row in self.rows(query)]

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything inside the block, or nothing."""
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
            with ALONE:
                yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise translated(self.path, error) from error

    def damaged(self, what: str, why: str = "") -> Damaged:
        """The error for a row that is not as it was written."""
        return Damaged(
            f"`{self.path}` is damaged: {what} is not as it was written{f' ({why})' if why else ''}"
            "; run its plan on this file again, which draws damaged batches again, or restore a "
            "copy"
        )


def _ordered(point: Any) -> str:
    """A place on the axes; their order is kept."""
    return json.dumps(dict(point), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
