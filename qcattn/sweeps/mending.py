"""Damage in a store: all of it found, and what can be drawn again taken out for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from qcattn.errors import Damaged
from qcattn.sweeps.file import SCHEMA, check_store
from qcattn.sweeps.grid import GridCell
from qcattn.sweeps.rows import COLUMNS, has_its_seal, named, read_row, unpacked
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import digest

__all__ = ["damages", "mend"]

_OTHER = "it has another SHA-256 than it states"


@dataclass(frozen=True)
class _Fault:
    """A row that is not as it was written, or that does not fit its cell.

    Attributes:
        table: The table that it is in.
        row: The number of the row in that table.
        values: The values of its columns.
        why: What is wrong with it.
        spoilt: Whether the row's own seal shows it.
    """

    table: str
    row: int
    values: tuple[Any, ...]
    why: str
    spoilt: bool

    def __str__(self) -> str:
        return f"{named(self.table, self.values)}: {self.why}"

    def of(self, column: str) -> Any:
        """The value of a column."""
        return self.values[COLUMNS[self.table].index(column)]


def damages(path: str | Path) -> list[str]:
    """Say in words all that is damaged in a store; the file is left as it is.

    Args:
        path: The file that `sweep` or ``qcattn sweep`` wrote.

    Returns:
        A line for each row that is not as it was written; one for the file, if its pages or indices
        are not; none if it is whole.

    Raises:
        ValueError: If the file is missing, of another kind or newer.
        OSError: If it cannot be read.

    Example:
        >>> import tempfile
        >>> from qcattn.sweeps import Grid, sweep
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = sweep(Grid([0.0, 1.0], shots=1000), store=folder + "/runs.sqlite")
        ...     damages(folder + "/runs.sqlite")
        []
    """
    path = Path(path)
    try:
        check_store(path)
    except Damaged as error:
        return [str(error)]
    with Store(path, checked=True) as store:
        specs: dict[str, dict[str, Any]] = {}
        said = []
        for cell in store.column("SELECT cell FROM cells ORDER BY rowid"):
            try:
                specs |= store.specs({cell})
            except Damaged:
                said.append(_of_cell(cell))
        for spec in {spec["scores"]["sha256"]: spec for spec in specs.values()}.values():
            try:
                store.scores(spec)
            except Damaged:
                said.append(_of_array(spec["scores"]["sha256"]))
        return said + [str(fault) for fault in _faults(store, specs, lambda cell: True)]


def mend(store: Store, cells: Iterable[GridCell]) -> list[str]:
    """Take what is damaged in some cells out of a store, if it can be written or drawn again.

    A row is taken out only if its own seal shows that it is not as it was written, and if it is of
    one of the cells, or of none that there is. What was known of a block is found again by drawing,
    so the first batch of that block is taken out with it; drawn again it is the same.

    Args:
        store: The store, open for writing.
        cells: The cells of a grid, which `Store.register` writes down next.

    Returns:
        What was damaged, in words.
    """
    mine = {cell.key: dict(cell.spec) for cell in cells}
    with store.transaction():
        said = _without_wrong_cells(store, mine)
        there = set(store.column("SELECT cell FROM cells"))
        for fault in _faults(store, mine, lambda cell: cell in mine or cell not in there):
            if fault.spoilt:
                _take_out(store, fault.table, "rowid = ?", fault.row)
                said.append(str(fault))
        _without_unknown_blocks(store, mine)
    return said


def _without_wrong_cells(store: Store, mine: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Take out descriptions and scores that are others than those of a grid."""
    said = []
    for row, cell, text in store.rows("SELECT rowid, cell, spec FROM cells"):
        address = digest(str(text).encode("utf-8", "replace"))
        if address != cell and {address, cell} & set(mine):
            _take_out(store, "cells", "rowid = ?", row)
            said.append(_of_cell(cell))
    for spec in {spec["scores"]["sha256"]: spec for spec in mine.values()}.values():
        sha = spec["scores"]["sha256"]
        size = 8 * prod(spec["scores"]["shape"])
        for row, packed in store.rows("SELECT rowid, numbers FROM arrays WHERE sha256 = ?", (sha,)):
            if digest(unpacked(packed, size)) != sha:
                _take_out(store, "arrays", "rowid = ?", row)
                said.append(_of_array(sha))
    return said


def _without_unknown_blocks(store: Store, mine: Mapping[str, Mapping[str, Any]]) -> None:
    """Take out the first batch of each block of which nothing is known."""
    for cell in mine:
        known = store.rows("SELECT block FROM blocks WHERE cell = ?", (cell,))
        first: dict[int, int] = {}
        for block, batch in store.recorded(cell):
            first[block] = min(batch, first.get(block, batch))
        for block in set(first) - {block for (block,) in known}:
            place = "cell = ? AND block = ? AND batch = ?"
            _take_out(store, "batches", place, cell, block, first[block])


def _take_out(store: Store, table: str, where: str, *values: Any) -> None:
    store.rows(f"DELETE FROM {table} WHERE {where}", values)


def _faults(
    store: Store, specs: Mapping[str, Mapping[str, Any]], chosen: Callable[[Any], bool]
) -> Iterator[_Fault]:
    """Rows of chosen cells that are not as they were written, or of no cell that is known."""
    by_seal = store.schema == SCHEMA
    for table in COLUMNS:
        for row, cell in store.rows(f"SELECT rowid, cell FROM {table}"):
            if not chosen(cell):
                continue
            # One by one: all of them together may be more than the memory holds.
            ((values, stated),) = store.stated(table, "WHERE rowid = ?", (row,))
            try:
                if cell not in specs:
                    raise ValueError("there is no such cell")
                read_row(table, values, stated, specs[cell], by_seal=by_seal)
            except ValueError as error:
                spoilt = not has_its_seal(table, values, stated)
                yield _Fault(table, row, values, _OTHER if spoilt else str(error), spoilt)


def _of_cell(cell: Any) -> str:
    return f"the description of cell {str(cell)[:12]}: {_OTHER}"


def _of_array(sha: str) -> str:
    return f"the array of scores {sha[:12]}: {_OTHER}"
