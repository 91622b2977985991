"""A result as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qcattn.records import Result
from qcattn.views import sheets
from qcattn.views.run.words import sentence

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["codebook", "details", "heralds", "sentence", "set_in_type", "summary", "worst"]

_UNBROKEN = 24


def summary(result: Result) -> Table:
    """One line a layer: rows, keys, qubits, two-qubit gates, the worst row and p-values.

    Args:
        result: Of any shape. Rows are grouped by the first of several leading axes; a result with
            one leading axis, or none, has a single line.

    Returns:
        A table; lines of layers with refuted rows stand out.

    Example:
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0, 2.0], [0.5, 0.5, 0.5]], shots=1000, seed=7)
        >>> summary(result).row_count
        1
    """
    return set_in_type(sheets.summary(result))


def worst(result: Result, number: int = 10) -> Table:
    """The rows with the smallest p-values, the key that deviates most in each, and by how much.

    Args:
        result: Of any shape.
        number: How many rows at most.

    Returns:
        A table; refuted rows stand out.
    """
    return set_in_type(sheets.worst(result, number))


def codebook(result: Result) -> Table:
    """Key, token and bitstring, one line a key."""
    return set_in_type(sheets.codebook(result))


def heralds(result: Result, number: int = 20) -> Table:
    """Success of a heralded preparation, predicted and counted, row by row.

    Args:
        result: Of any shape.
        number: How many rows at most; those that fit worst are kept.

    Returns:
        A table; rows whose herald differs stand out.

    Raises:
        ValueError: If the result was not heralded.
    """
    return set_in_type(sheets.heralds(result, number))


def details(result: Result) -> Table:
    """Settings, resources, success, versions."""
    return set_in_type(sheets.details(result))


def set_in_type(sheet: sheets.Sheet) -> Table:
    """A sheet as a table of rich; marked lines stand out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(sheet.title),
        caption=Text(sheet.caption) if sheet.caption else None,
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        show_header=any(sheet.columns),
        title_justify="left",
        caption_justify="left",
    )
    columns = zip(*sheet.lines, strict=True) if sheet.lines else [()] * len(sheet.columns)
    for name, align, cells in zip(sheet.columns, sheet.align, columns, strict=True):
        # In a narrow terminal long headings and long sentences are broken, short cells are not.
        whole = len(name) <= max(map(len, cells), default=0) <= _UNBROKEN
        table.add_column(Text(name), justify="right" if align == "r" else "left", no_wrap=whole)
    for i, line in enumerate(sheet.lines):
        table.add_row(*map(Text, line), style="bold red" if i in sheet.marked else None)
    return table
