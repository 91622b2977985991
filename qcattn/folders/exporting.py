"""Counts as a table for other tools: one line for each key of each row of each cell."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.folders.whole import whole_file
from qcattn.frames import named_columns
from qcattn.sweeps.results import Cell, Sweep

__all__ = ["export_csv", "export_parquet"]

#: Beginnings of texts that spreadsheets take for formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS: dict[str, type] = {
    "row_name": str,
    "key": int,
    "token": str,
    "count": int,
    "stray": int,
    "kept": int,
    "shots": int,
    "expected": float,
}


def export_csv(sweep: Sweep, path: str | Path) -> int:
    """Write counts as CSV, whole or not at all.

    Columns: the address of the cell, the axes of the sweep, the leading axes of the scores, the
    name of the row where rows have names, then key, token, count, the row's stray, kept and all
    shots, and expected, the softmax of the key. An axis of the name of another column has " of
    sweep" or " of scores" behind it. Before a text that a spreadsheet would take for a formula,
    such as the token "=1+1", there is an apostrophe.

    Args:
        sweep: What to write.
        path: The file; it must not exist yet.

    Returns:
        The number of lines, the heading left out.

    Raises:
        ValueError: If the file exists.
        OSError: If it cannot be written; nothing is left behind.
    """
    columns = _columns(sweep)

    lines = 0
    with whole_file(path) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(map(_plain, columns.types))
        for cell in sweep:
            table = _lines(cell, columns)
            for name, kind in columns.types.items():
                if kind is str:
                    table[name] = [text and _plain(text) for text in table[name]]
            writer.writerows(zip(*table.values(), strict=True))
            lines += len(table["key"])
    return lines


def export_parquet(sweep: Sweep, path: str | Path) -> int:
    """Write counts as Parquet, whole or not at all; see `export_csv`.

    Raises:
        ValueError: If the file exists.
        ImportError: If pyarrow is not installed.
        OSError: If it cannot be written; nothing is left behind.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            "Parquet needs pyarrow: `pip install 'qcattn[parquet]'`, or export CSV"
        ) from error
    columns = _columns(sweep)
    types = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.types.items()])

    lines = 0
    with whole_file(path) as fresh, parquet.ParquetWriter(fresh, schema) as writer:
        for cell in sweep:
            table = _lines(cell, columns)
            writer.write_table(pyarrow.table(table, schema=schema))
            lines += len(table["key"])
    return lines


@dataclass(frozen=True)
class _Columns:
    """What each column is called, so that no two have one name.

    Attributes:
        types: Column to its type, in their order.
        outer: Axis of the sweep to its column.
        inner: Leading axis of the scores to its column.
    """

    types: dict[str, type]
    outer: dict[str, str]
    inner: dict[str, str]


def _columns(sweep: Sweep) -> _Columns:
    """Columns of all cells together. What is named as another column has "of ..." behind it."""
    own = {name: kind for name, kind in _COLUMNS.items() if name != "row_name"}
    if any(cell.row_names for cell in sweep):
        own = _COLUMNS
    taken = {"cell", *own}
    outer = named_columns(sweep.axes, taken, "of sweep")
    inner = named_columns([name for cell in sweep for name in _axes(cell)], taken, "of scores")
    types: dict[str, type] = {"cell": str}
    types |= {outer[name]: _type(values) for name, values in sweep.axes.items()}
    types |= dict.fromkeys(inner.values(), int)
    return _Columns(types | own, outer, inner)


def _axes(cell: Cell) -> tuple[str, ...]:
    """Names of the leading axes."""
    return cell.axes or tuple(f"row{i}" if i else "row" for i in range(len(cell.shape)))


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(cell: Cell, columns: _Columns) -> dict[str, list[Any]]:
    """The lines of a cell, column by column."""
    counts, keys = cell.counts, cell.expected.shape[-1]
    size = cell.num_rows * keys
    table: dict[str, list[Any]] = {name: [None] * size for name in columns.types}
    table["cell"] = [cell.key] * size
    for name, value in cell.point.items():
        column = columns.outer[name]
        table[column] = [columns.types[column](value)] * size
    places = np.indices(cell.shape)
    for name, index in zip(_axes(cell), places, strict=True):
        table[columns.inner[name]] = np.repeat(index.ravel(), keys).tolist()
    if cell.row_names:
        table["row_name"] = np.repeat(
            [cell.row_names[i] for i in places[-1].ravel()], keys
        ).tolist()
    table["key"] = list(range(keys)) * cell.num_rows
    table["token"] = list(cell.tokens or [""] * keys) * cell.num_rows
    table["count"] = counts.keys.ravel().tolist()
    for name in ("stray", "kept", "shots"):
        table[name] = np.repeat(getattr(counts, name).ravel(), keys).tolist()
    table["expected"] = cell.expected.ravel().tolist()
    return table


def _type(values: list[Any]) -> type:
    # A seed may be beyond the 64 bits of a column of numbers.
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        return str
    for kind in (int, float):
        if all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
            return kind
    return str
