"""Counts and probabilities from files, as Qiskit and others write them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Outcomes", "read_outcomes", "together"]

_KINDS = ".json, .csv or .npy"


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Numbers for outcomes, one table a row of the experiment.

    Attributes:
        labels: The outcomes: integers where the file writes them in binary (all of one width),
            hexadecimal or decimal, texts else; or the positions 0, 1, ... of an array without
            labels.
        values: Shape (rows, outcomes).
        bits: Length of the bitstrings, 0 if there are none.
        path: Where they come from.
    """

    labels: tuple[int | str, ...]
    values: np.ndarray
    bits: int
    path: Path

    def name(self, column: int) -> str:
        """The outcome of a column as it is written."""
        label = self.labels[column]
        return f"{label:0{self.bits}b}" if self.bits and isinstance(label, int) else str(label)


def read_outcomes(path: str | Path) -> Outcomes:
    """Read counts or probabilities.

    Args:
        path: JSON: ``{"00": 512, "11": 488}`` with outcomes in binary (spaces between registers are
            dropped), hexadecimal, decimal, or any text; a list of those, one a row; a Qiskit
            ``Result`` as a dictionary; or a list of numbers, or of rows of numbers. CSV, separated
            by commas, semicolons or tabs: lines of outcome and value (a heading is allowed, which
            names no outcome), or with other than two columns, rows of numbers. NumPy ``.npy``.

    Raises:
        ValueError: If the file is missing, empty, of another kind or not numbers; the message names
            the file and the place.

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
            return Outcomes(tuple(range(values.shape[1])), values, 0, path)
        return _labelled(content, path)
    except FileNotFoundError:
        raise ValueError(f"File '{path}' is missing.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"File '{path}': {error}") from None


def together(counts: Outcomes, probabilities: Outcomes) -> tuple[np.ndarray, np.ndarray, Outcomes]:
    """Counts and probabilities over the same outcomes; an outcome that one lacks has 0 there.

    Returns:
        Counts (rows, outcomes), probabilities (rows or 1, outcomes), and how outcomes are called.

    Raises:
        ValueError: If the two do not name outcomes alike or the rows do not match.
    """
    kinds = [{type(label) for label in one.labels} for one in (counts, probabilities)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"'{counts.path}' and '{probabilities.path}' name outcomes differently (such as "
            f"{counts.name(0)!r} and {probabilities.name(0)!r}); write both alike"
        )
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
    return spread[0], spread[1], Outcomes(labels, spread[0], bits, counts.path)


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
            try:
                return np.load(file, allow_pickle=False)
            except (ValueError, EOFError, OSError) as error:
                raise ValueError(f"is no array of numbers ({error})") from None
    if suffix == ".csv":
        return _csv(path)
    if suffix != ".json":
        raise ValueError(f"ends in {suffix!r}; pass {_KINDS}")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON ({error})") from None
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
        return np.array(content, dtype=float) if not _whole(content) else np.array(content)
    except (ValueError, TypeError):
        raise ValueError("holds a list that is no array of numbers") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, which must not name anything twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has {again!r} twice; add up what belongs together")
    return found


def _of_result(entry: Any) -> Any:
    try:
        return entry["data"]["counts"]
    except (TypeError, KeyError):
        raise ValueError("is a result without counts; measure into classical bits") from None


def _whole(content: Any) -> bool:
    if isinstance(content, list):
        return all(map(_whole, content))
    return isinstance(content, int) and not isinstance(content, bool)


def _csv(path: Path) -> Any:
    text = path.read_text(encoding="utf-8-sig")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    lines = [
        (number, [cell.strip() for cell in line])
        for number, line in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1)
        if any(cell.strip() for cell in line)
    ]
    if not lines:
        raise ValueError("is empty")
    if len({len(cells) for _, cells in lines}) > 1:
        raise ValueError("has lines of different lengths; pass outcome,value or whole rows")
    if len(lines[0][1]) == 2:
        (_, (label, value)), rest = lines[0], lines[1:]
        alike = _base([label]) in {_base([other]) for _, (other, _) in rest}
        # A heading names no outcome; among outcomes in words, its value is a word too.
        if not (_is_number(value) or (alike and (_base([label]) or not value.isalpha()))):
            lines = rest
        table: dict[str, float] = {}
        for number, (label, value) in lines:
            if label in table:
                raise ValueError(f"line {number} has outcome {label!r} again")
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
        raise ValueError(f"{place} is {text!r}, which is not a number")
    value = float(text)
    return int(value) if math.isfinite(value) and value == int(value) else value


def _base(texts: Sequence[str]) -> int:
    """The base in which outcomes are written, 0 if they are no numbers."""
    texts = [text.replace(" ", "") for text in texts]
    if all(text.lower().startswith("0x") for text in texts):
        return 16
    if len({len(text) for text in texts}) == 1 and set("".join(texts)) <= {"0", "1"}:
        return 2
    return 10 if all(text.isascii() and text.isdigit() for text in texts) else 0


def _labelled(rows: Sequence[dict[str, Any]], path: Path) -> Outcomes:
    texts = [text.replace(" ", "") for row in rows for text in row]
    bits = 0
    base = _base(texts)
    if base == 2:
        bits = len(texts[0])
    labels: dict[int | str, int] = {}
    entries = []
    for i, row in enumerate(rows):
        seen = set()
        for text, value in row.items():
            try:
                label = int(text.replace(" ", ""), base) if base else text
            except ValueError:
                raise ValueError(f"has outcome {text!r}, which is not hexadecimal") from None
            if label in seen:
                raise ValueError(f"has outcome {text!r} twice")
            seen.add(label)
            column = labels.setdefault(label, len(labels))
            entries.append((i, column, _number(value, f"outcome {text!r}")))
    values = np.zeros((len(rows), len(labels)))
    for i, column, value in entries:
        values[i, column] = value
    if all(float(value).is_integer() for *_, value in entries):
        values = values.astype(np.int64)
    return Outcomes(tuple(labels), values, bits, path)
