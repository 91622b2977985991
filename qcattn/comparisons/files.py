"""Counts and probabilities from files, as Qiskit and others write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.arguments import rounding
from qcattn.comparisons.outcomes import Outcomes, counted, kind_of, labelled, number_of, role_in
from qcattn.legible import shortened
from qcattn.opening import open_file
from qcattn.parsing import parse_json, read_npy
from qcattn.plurals import plural
from qcattn.texts import (
    CURE,
    Line,
    decimal_mark,
    lines_of,
    matrix_of,
    number_in,
    read_text,
    split_table,
    uncounted,
)

__all__ = ["normalised", "read_outcomes"]

_KINDS = ".json, .csv, .tsv, .txt or .npy"
#: The largest error of a sum that rounding may explain.
_ROUNDED = 0.05


def read_outcomes(path: str | Path, role: str = "counts") -> Outcomes:
    """Read counts or probabilities.

    - JSON: ``{"00": 512, "11": 488}`` with outcomes in binary (spaces between registers are
      dropped; all of one length), hexadecimal, decimal, or any text; that dictionary inside of
      another, as ``counts``, ``measurementCounts``, ``probabilities`` or ``histogram``; a list of
      those, one a row, with ``row_names`` beside it if rows have names; a Qiskit ``Result`` as a
      dictionary; a list of numbers, or of rows of numbers; for counts also shots one by one, a list
      of texts such as ``"01"``.
    - Tables (``.csv``, ``.tsv``, ``.txt``; see `qcattn.texts`): lines of outcome and value, rows of
      numbers with or without outcomes above them and names of rows beside them, or for counts one
      outcome a line.
    - NumPy ``.npy``: numbers, or shots as texts.

    Args:
        path: The file.
        role: ``"counts"`` or ``"probabilities"``.

    Raises:
        ValueError: If the file is missing, empty, of another kind, not numbers, names an outcome
            twice, or cannot be told from something else; the message names the file and the place.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "counts.json"
        ...     _ = path.write_text('{"00": 512, "11": 488}')
        ...     read_outcomes(path).labels
        (0, 3)
    """
    path = Path(path)
    try:
        content, row_names = _content(path, role)
        if isinstance(content, np.ndarray):
            outcomes = _positions(content, path, role)
        else:
            outcomes = labelled(content, f"`{path}`")
        return replace(outcomes, row_names=row_names)
    except FileNotFoundError:
        raise ValueError(f"`{path}` is missing; check the name and the folder") from None
    except ValueError as error:
        raise ValueError(f"`{path}`: {shortened(str(error))}") from None


def normalised(law: Outcomes, *, anyway: bool = False) -> tuple[Outcomes, float]:
    """Normalise rows of probabilities, and say by how much the worst row was off.

    Args:
        law: Probabilities.
        anyway: Divide by the sum where it is off by more than rounding of the numbers' own
            precision, as it is where few digits were written.

    Raises:
        ValueError: If a sum is off by more than that, or by more than 5% anyway.
    """
    sums = law.values.sum(axis=-1, dtype=float)
    off = np.abs(sums - 1)
    row = int(np.argmax(np.where(np.isfinite(off), off, -1)))
    farthest, most = float(off[row]), rounding(law.values)
    if not anyway and farthest > most:
        cure = "give the probabilities of all outcomes"
        if farthest <= _ROUNDED:
            cure = "if that is rounding, add `--normalise`"
        elif abs(sums[row] - 100) <= 100 * _ROUNDED:
            cure = "if these are percentages, divide them by 100"
        raise ValueError(
            f"{law.source} must sum to one, but row {law.row(row)} sums to {sums[row]:.12g}; {cure}"
        )
    if farthest > _ROUNDED:
        raise ValueError(
            f"{law.source} has row {law.row(row)}, which sums to {sums[row]:.6g}; that is more "
            "than rounding, so it is not normalised: give the probabilities of all outcomes"
        )
    return replace(law, values=law.values / sums[:, None]), farthest


def _positions(array: np.ndarray, path: Path, role: str) -> Outcomes:
    """Numbers without labels."""
    values = np.atleast_2d(array)
    if array.dtype.kind not in "iuf" or values.ndim != 2 or not values.size:
        raise ValueError(
            f"it holds an array of shape {array.shape} and type {array.dtype}; pass "
            "numbers of shape (outcomes,) or (rows, outcomes)"
        )
    if role == "counts" and array.ndim == 2 and len(array) > 1 and np.isin(array, (0, 1)).all():
        raise ValueError(
            f"it holds {plural(len(values), 'row')} of {plural(values.shape[1], 'number')} that "
            "all are 0 or 1, which "
            'may be shots bit by bit or counts; write each shot as one text such as "01", or '
            "counts as dictionaries {outcome: number}"
        )
    return Outcomes(tuple(range(values.shape[1])), values, 0, f"`{path}`", "positions")


def _content(path: Path, role: str) -> tuple[Any, tuple[str, ...]]:
    """An array, or a list of dictionaries of texts and numbers; and names of rows, or ()."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with open_file(path) as file:
            array = read_npy(file)
        if array.dtype.kind == "U" and array.ndim in (1, 2) and role == "counts":
            return [counted(row) for row in np.atleast_2d(array).tolist()], ()
        return array, ()
    if suffix in (".csv", ".tsv", ".txt"):
        return _table(lines_of(read_text(path)), role)
    if suffix != ".json":
        raise ValueError(f"it ends in {suffix!r}; pass {_KINDS}")
    with open_file(path) as file:
        content = parse_json(file.read())
    table = split_table(content)
    if table is not None:
        rows: list[Any] = table.values
        if uncounted(table.heading):
            rows = [dict(zip(table.heading, row, strict=True)) for row in table.values]
        return _of_json(rows, role), uncounted(table.beside)
    names = content.get("row_names") if isinstance(content, dict) else None
    if not isinstance(names, list):
        return _of_json(content, role), ()
    if not all(isinstance(name, str) for name in names):
        raise ValueError("it holds `row_names` that are not texts; give one label for each row")
    return _of_json({key: content[key] for key in content if key != "row_names"}, role), uncounted(
        names
    )


def _of_json(content: Any, role: str) -> Any:
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        content = [_of_result(entry) for entry in content["results"]]
    if isinstance(content, dict):
        content = role_in(content, role)
        content = [content] if isinstance(content, Mapping) else content
    if not isinstance(content, list) or not content:
        raise ValueError(
            "it holds neither a dictionary {outcome: number} nor a list; write one of them"
        )
    if all(isinstance(row, dict) for row in content):
        return [role_in(row, role) for row in content]
    if role == "counts":
        if all(isinstance(shot, str) for shot in content):
            return [counted(content)]
        if all(isinstance(row, list) and row and isinstance(row[0], str) for row in content):
            return [counted(row) for row in content]
    try:
        array = np.array(content)
        if array.dtype.kind == "b":
            return array.astype(np.int64)
        return array if array.dtype.kind in "iu" else np.array(content, dtype=float)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(
            "it holds a list that is not an array of numbers; write rows of equal length"
        ) from None


def _of_result(entry: Any) -> Any:
    data = entry.get("data") if isinstance(entry, dict) else None
    if isinstance(data, dict):
        if isinstance(data.get("counts"), dict):
            return data["counts"]
        if isinstance(data.get("memory"), list):
            return counted(data["memory"])
    raise ValueError("it is a result without counts; measure into classical bits")


def _table(lines: list[Line], role: str) -> tuple[Any, tuple[str, ...]]:
    if not lines:
        raise ValueError("it is empty; write the numbers again")
    widths = {len(cells) for _, cells in lines}
    if widths == {1}:
        return _column(lines, role), ()
    if _has_index(lines):
        lines = [(number, cells[1:]) for number, cells in lines[1:]]
        if kind_of(label for _, (label, _) in lines) == "decimals":
            raise ValueError(
                f"line {lines[0][0]} may hold an outcome and its number, or the numbers of two "
                "outcomes; delete the first column if it is the former, else write JSON: "
                '[{"heads": 5, "tails": 7}, ...], one dictionary a row'
            )
        return [_pairs(lines)], ()
    if widths == {2}:
        return [_pairs(lines)], ()
    found = matrix_of(lines, number_of)
    if not found.heading:
        return np.array(found.values), uncounted(found.beside)
    rows = [dict(zip(found.heading, row, strict=True)) for row in found.values]
    return rows, uncounted(found.beside)


def _has_index(lines: list[Line]) -> bool:
    """Whether lines of outcome and value have a heading, and numbers of the lines before them.

    An index is as pandas and R write it: they leave the corner empty or out, and count from 0 and
    from 1.
    """
    (_, top), body = lines[0], [cells for _, cells in lines[1:]]
    if {len(cells) for cells in body} != {3} or not _words(top[-2:]):
        return False
    index = [cells[0] for cells in body]
    counted = any(index == [str(first + i) for i in range(len(body))] for first in (0, 1))
    return counted and (len(top) == 2 or (len(top) == 3 and top[0] in ("", "Unnamed: 0")))


def _words(cells: list[str]) -> bool:
    return all(number_in(cell) is None for cell in cells)


def _column(lines: list[Line], role: str) -> Any:
    """One cell a line: outcomes one by one, or numbers below each other."""
    cells = [cell for _, (cell,) in lines]
    if cells[0].isalpha() and len(cells) > 1 and not cells[1].isalpha():
        lines, cells = lines[1:], cells[1:]  # a heading
    bits = {len(cell) for cell in cells} != {1} and all(set(cell) <= {"0", "1"} for cell in cells)
    based = all(cell.lower().startswith(("0x", "0b")) for cell in cells)
    words = all(number_in(cell) is None for cell in cells)
    if role == "counts" and (bits or based or words):
        return [counted(cells)]
    return np.array([number_of(cell, f"line {number}, column 1") for number, (cell,) in lines])


def _pairs(lines: list[Line]) -> dict[str, float]:
    """Lines of outcome and value, with or without a heading."""
    first, value = lines[0][1]
    if first == "" and value == "0":
        lines = lines[1:]  # as pandas writes a Series
    elif number_in(value) is None and not re.fullmatch(r"[+-]?\d*,\d+", value):
        # What may be an outcome is no heading. Above texts, one has a word for the values.
        wordy = kind_of(label for _, (label, _) in lines[1:]) == "texts"
        if any(mark.isdigit() for mark in first) or (wordy and not value.isalpha()):
            raise ValueError(
                f"line {lines[0][0]}, column 2 is {value!r}, which is not a number; {CURE}, "
                "or delete the line if it is a heading"
            )
        lines = lines[1:]
    placed = [(f"line {number}, column 2", value) for number, (_, value) in lines]
    mark = decimal_mark(placed)
    table: dict[str, float] = {}
    for (number, (label, value)), (place, _) in zip(lines, placed, strict=True):
        if label in table:
            raise ValueError(f"line {number} has outcome {label!r} again; keep one")
        table[label] = number_of(value, place, mark)
    if not table:
        raise ValueError("it has a heading and no lines; write the numbers below it")
    return table
