"""Counts and probabilities from files, as Qiskit and others write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.parsing import parse_json, read_npy

__all__ = ["Outcomes", "read_outcomes", "together"]

_KINDS = ".json, .csv or .npy"
#: Integers beyond are kept as floats; int64 would wrap.
_MOST = 2**63
_CURE = "write digits, a point before decimals and nothing between thousands"


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Numbers for outcomes, one table a row of the experiment.

    Attributes:
        labels: The outcomes: integers where the file writes them in binary, hexadecimal or decimal,
            texts else; or the positions 0, 1, ... of an array without labels.
        values: Shape (rows, outcomes).
        bits: Length of the bitstrings, 0 if there are none.
        path: Where they come from.
        kind: As what the outcomes are read: bitstrings, hexadecimals, decimals, texts or positions.
    """

    labels: tuple[int | str, ...]
    values: np.ndarray
    bits: int
    path: Path
    kind: str

    def name(self, column: int) -> str:
        """The outcome of a column as it is written."""
        label = self.labels[column]
        return f"{label:0{self.bits}b}" if self.bits and isinstance(label, int) else str(label)

    @property
    def names(self) -> list[str]:
        """All outcomes as they are written."""
        return [self.name(column) for column in range(len(self.labels))]

    @property
    def open(self) -> bool:
        """Whether the bitstrings may be decimals too, such as 10 and 11."""
        return self.bits > 0 and all(name == "0" or name[0] != "0" for name in self.names)


def read_outcomes(path: str | Path) -> Outcomes:
    """Read counts or probabilities.

    Args:
        path: JSON: ``{"00": 512, "11": 488}`` with outcomes in binary (spaces between registers are
            dropped; all of one length), hexadecimal, decimal, or any text; a list of those, one a
            row; a Qiskit ``Result`` as a dictionary; or a list of numbers, or of rows of numbers.
            CSV, with commas, semicolons or tabs: lines of outcome,value (a heading without digits
            is allowed), or with other than two columns, rows of numbers. NumPy ``.npy``.

    Raises:
        ValueError: If the file is missing, empty, of another kind, not numbers, or names an outcome
            twice; the message names the file and the place.

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
        content = _content(path)
        if isinstance(content, np.ndarray):
            values = np.atleast_2d(content)
            if content.dtype.kind not in "iuf" or values.ndim != 2 or not values.size:
                raise ValueError(
                    f"holds an array of shape {content.shape} and type {content.dtype}; pass "
                    "numbers of shape (outcomes,) or (rows, outcomes)"
                )
            return Outcomes(tuple(range(values.shape[1])), values, 0, path, "positions")
        return _labelled(content, path)
    except FileNotFoundError:
        raise ValueError(f"File '{path}' is missing.") from None
    except (ValueError, csv.Error) as error:
        raise ValueError(f"File '{path}': {error}") from None


def together(counts: Outcomes, probabilities: Outcomes) -> tuple[np.ndarray, np.ndarray, Outcomes]:
    """Counts and probabilities over the same outcomes; an outcome that one lacks has 0 there.

    Outcomes such as 10 and 11, bitstrings or decimals, are what goes with the other file.

    Returns:
        Counts (rows, outcomes), probabilities (rows or 1, outcomes), and how outcomes are called,
        with what they were read as in either.

    Raises:
        ValueError: If the two do not name outcomes alike or the rows do not match.
    """
    counts, probabilities = _beside(counts, probabilities), _beside(probabilities, counts)
    if (counts.kind == "texts") != (probabilities.kind == "texts"):
        called = " and ".join(
            # A text that could be nothing else, if there is one.
            f"by {one.kind} such as {max(one.names, key=lambda name: _kind([name]) == 'texts')!r}"
            for one in (counts, probabilities)
        )
        raise ValueError(
            f"'{counts.path}' and '{probabilities.path}' name outcomes differently, {called}; "
            "write both alike"
        )
    _check_decimals(counts, probabilities)
    _check_decimals(probabilities, counts)
    if 0 < min(counts.bits, probabilities.bits) < max(counts.bits, probabilities.bits):
        raise ValueError(
            f"'{counts.path}' has outcomes of {counts.bits} bits, but '{probabilities.path}' of "
            f"{probabilities.bits}; write both with all bits"
        )
    rows = {len(counts.values), len(probabilities.values)}
    if len(rows) > 1 and len(probabilities.values) != 1:
        raise ValueError(
            f"'{counts.path}' has {len(counts.values)} rows, but '{probabilities.path}' has "
            f"{len(probabilities.values)}; give one row of probabilities for each, or one for all"
        )
    labels = tuple(dict.fromkeys((*probabilities.labels, *counts.labels)))
    bits = max(counts.bits, probabilities.bits)
    spread = [_spread(one, labels) for one in (counts, probabilities)]
    kind = counts.kind
    if probabilities.kind != kind:
        kind += f", in the probabilities as {probabilities.kind}"
    return spread[0], spread[1], Outcomes(labels, spread[0], bits, counts.path, kind)


def _beside(one: Outcomes, other: Outcomes) -> Outcomes:
    """The one with its outcomes read as what goes with the other."""
    names = one.names
    if other.kind == "texts":
        if one.kind == "decimals" and set(names) & set(other.labels):
            return replace(one, labels=tuple(names), kind="texts")
        return one
    if not one.open or other.open:
        return one
    if other.bits:
        # A lone bit is rather one of several than a decimal, and is refused.
        decimal = 1 < one.bits != other.bits
    else:
        decimal = max(map(int, other.labels)) >= 2**one.bits
    return replace(one, labels=tuple(map(int, names)), bits=0, kind="decimals") if decimal else one


def _check_decimals(one: Outcomes, other: Outcomes) -> None:
    """Refuse decimals that the other's bits or positions have no room for."""
    if one.kind != "decimals" or not (other.bits or other.kind == "positions"):
        return
    most = max(map(int, one.labels))
    if most >= (2**other.bits if other.bits else len(other.labels)):
        room = f"{other.bits} bits" if other.bits else f"{len(other.labels)} positions"
        raise ValueError(
            f"'{one.path}' has outcome '{most}', read as a decimal, but '{other.path}' has {room}; "
            "write bitstrings with all bits (spreadsheets drop leading zeros)"
        )


def _spread(one: Outcomes, labels: tuple[int | str, ...]) -> np.ndarray:
    column = {label: i for i, label in enumerate(labels)}
    out = np.zeros((len(one.values), len(labels)), one.values.dtype)
    out[:, [column[label] for label in one.labels]] = one.values
    return out


def _content(path: Path) -> Any:
    """An array, or a list of dictionaries of texts and numbers."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with path.open("rb") as file:
            return read_npy(file)
    if suffix == ".csv":
        return _csv(path)
    if suffix != ".json":
        raise ValueError(f"ends in {suffix!r}; pass {_KINDS}")
    content = parse_json(path.read_bytes())
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        content = [_of_result(entry) for entry in content["results"]]
    if isinstance(content, dict):
        content = [content.get("counts", content)]
    if not isinstance(content, list) or not content:
        raise ValueError("holds neither a dictionary {outcome: number} nor a list")
    if not all(content) and isinstance(content[0], dict):
        raise ValueError("holds a row without outcomes")
    if all(isinstance(row, dict) and row for row in content):
        return content
    try:
        array = np.array(content)
        return array if array.dtype.kind in "iu" else np.array(content, dtype=float)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("holds a list that is no array of numbers") from None


def _of_result(entry: Any) -> Any:
    try:
        return entry["data"]["counts"]
    except (TypeError, KeyError):
        raise ValueError("is a result without counts; measure into classical bits") from None


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers, split where all split alike, else at commas."""
    lines: list[tuple[int, list[str]]] = []
    for delimiter in "\t;,":
        lines = [
            (number, [cell.strip() for cell in line])
            for number, line in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1)
            if any(cell.strip() for cell in line)
        ]
        lengths = {len(cells) for _, cells in lines}
        if len(lengths) == 1 and max(lengths) > 1:
            break
    return lines


def _csv(path: Path) -> Any:
    lines = _lines(path.read_text(encoding="utf-8-sig"))
    if not lines:
        raise ValueError("is empty")
    if len({len(cells) for _, cells in lines}) > 1:
        raise ValueError("has lines of different lengths; pass outcome,value or whole rows")
    if len(lines[0][1]) == 2:
        first, value = lines[0][1]
        if not _is_number(value):
            # What may be an outcome is no heading. Above texts, one has a word for the values.
            wordy = _kind(label for _, (label, _) in lines[1:]) == "texts"
            if any(mark.isdigit() for mark in first) or (wordy and not value.isalpha()):
                raise ValueError(
                    f"line {lines[0][0]}, column 2 is {value!r}, which is not a number; {_CURE}, "
                    "or delete the line if it is a heading"
                )
            lines = lines[1:]
        table: dict[str, float] = {}
        for number, (label, value) in lines:
            if label in table:
                raise ValueError(f"line {number} has outcome {label!r} again; keep one")
            table[label] = _number(value, f"line {number}, column 2")
        if not table:
            raise ValueError("has a heading and no lines")
        return [table]
    return np.array(
        [
            [_number(cell, f"line {number}, column {i}") for i, cell in enumerate(cells, 1)]
            for number, cells in lines
        ]
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: Any, place: str) -> float:
    if (
        isinstance(text, bool)
        or not isinstance(text, int | float | str)
        or not _is_number(str(text))
    ):
        raise ValueError(f"{place} is {text!r}, which is not a number; {_CURE}")
    try:
        # Not by way of a float, which holds no odd number beyond 2**53.
        value: float = int(text) if not isinstance(text, float) else text
    except ValueError:
        value = float(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if abs(value) < _MOST else float(str(value))


def _kind(texts: Iterable[str]) -> str:
    """As what outcomes are read, seen by themselves."""
    texts = [text.replace(" ", "") for text in texts]
    if all(text.lower().startswith("0x") for text in texts):
        return "hexadecimals"
    if not all(text.isdecimal() for text in texts):
        return "texts"
    alike = len({len(text) for text in texts}) == 1
    return "bitstrings" if alike and set("".join(texts)) <= {"0", "1"} else "decimals"


def _labelled(rows: Sequence[dict[str, Any]], path: Path) -> Outcomes:
    kind = _kind(text for row in rows for text in row)
    base = {"hexadecimals": 16, "bitstrings": 2, "decimals": 10, "texts": 0}[kind]
    bits = len(next(iter(rows[0])).replace(" ", "")) if base == 2 else 0
    labels: dict[int | str, int] = {}
    entries = []
    for i, row in enumerate(rows):
        seen = set()
        for text, value in row.items():
            try:
                label = int(text.replace(" ", ""), base) if base else text
            except ValueError:
                raise ValueError(
                    f"has outcome {text!r}, which is not {kind[:-1]}; write all alike"
                ) from None
            if label in seen:
                raise ValueError(f"has outcome {text!r} twice; keep one, or their sum")
            seen.add(label)
            column = labels.setdefault(label, len(labels))
            entries.append((i, column, _number(value, f"outcome {text!r}")))
    whole = all(isinstance(value, int) for *_, value in entries)
    values = np.zeros((len(rows), len(labels)), np.int64 if whole else np.float64)
    for i, column, value in entries:
        values[i, column] = value
    return Outcomes(tuple(labels), values, bits, path, kind)
