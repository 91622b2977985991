"""The rows of a store: each sealed by its SHA-256, and held against what they must say.

The seal shows that a row is as it was written. What it says must fit the description of its cell
too, which has its own SHA-256 for an address: nobody can change what a cell is by changing what is
said of it, whatever the seals.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, real_array, whole_number
from qcattn.parsing import parse_json
from qcattn.records import Resources
from qcattn.sweeps.grid import ROWS, labels, task_key
from qcattn.sweeps.strategies import digest

__all__ = ["COLUMNS", "has_its_seal", "named", "read_row", "seal", "seal_of_batch", "unpacked"]

#: The most bytes of a batch, where its cell is not known.
_MOST_BYTES = 2**30
#: Columns of each table whose rows state their seal, which comes after them.
COLUMNS = {
    "points": ("cell", "point", "details"),
    "blocks": ("cell", "block", "about"),
    "batches": ("task", "cell", "block", "batch", "seconds", "counts"),
    "failures": ("cell", "error"),
    "looks": ("cell", "rule", "look", "batches", "met"),
}


def seal(table: str, values: Sequence[Any]) -> str:
    """The SHA-256 of a row and its table."""
    return digest([table, *values])


def seal_of_batch(task: str, counts: bytes) -> str:
    """The SHA-256 of a batch and its address."""
    return digest(task.encode("ascii") + counts)


def unpacked(packed: Any, size: int) -> bytes:
    """Unpack at most ``size`` bytes, whatever the content says; b"" if it cannot be unpacked."""
    try:
        unpack = zlib.decompressobj()
        content = unpack.decompress(packed, size + 1)
    except (zlib.error, TypeError):
        return b""
    return content if len(content) == size and unpack.eof else b""


def has_its_seal(table: str, values: Sequence[Any], stated: Any) -> bool:
    """Whether a row is still as it was written."""
    try:
        if table != "batches":
            return bool(stated == seal(table, values))
        task, cell, block, batch, _, packed = values
        content = zlib.decompressobj().decompress(packed, _MOST_BYTES)
        return task == task_key(cell, block, batch) and seal_of_batch(task, content) == stated
    except (TypeError, ValueError, zlib.error):
        return False


def named(table: str, values: Sequence[Any]) -> str:
    """Name a row in words, whatever it holds."""
    said = {name: str(value)[:12] for name, value in zip(COLUMNS[table], values, strict=True)}
    of = f"of cell {said['cell']}"
    return {
        "points": f"a place on the axes {of}",
        "blocks": f"what is known of block {said.get('block')} {of}",
        "batches": f"batch {said.get('batch')} of block {said.get('block')} {of}",
        "failures": f"the failure {of}",
        "looks": f"how often a rule looked at its counts, {of},",
    }[table]


def read_row(
    table: str, values: Sequence[Any], stated: Any, spec: Mapping[str, Any], *, by_seal: bool = True
) -> Any:
    """Read a row: the counts of a batch, shape (rows of the block, keys + 2), or plain values.

    Args:
        table: The table that it is in.
        values: The values of its columns.
        stated: The seal that it states.
        spec: The description of its cell.
        by_seal: Whether it has a seal; each batch has.

    Raises:
        ValueError: If it is not as it was written, or does not fit the cell; the message begins
            with "it".
    """
    row = dict(zip(COLUMNS[table], values, strict=True))
    try:
        if table == "batches":
            return _table(digest(spec), spec, values, stated)
        if by_seal and stated != seal(table, values):
            raise ValueError("it has another SHA-256 than it states")
        if table == "points":
            return _point(spec, row["point"]), _details(spec, row["details"])
        if table == "blocks":
            return _about(spec, row["block"], row["about"])
        if table == "looks":
            look, batches = whole_number(row["look"]), whole_number(row["batches"])
            return str(row["rule"]), look, batches, bool(row["met"])
        return str(row["error"])
    except UnicodeEncodeError as error:
        raise ValueError("it holds bytes that are not text") from error
    except (TypeError, AttributeError) as error:
        raise ValueError("it holds values of other kinds") from error


def _table(cell: str, spec: Mapping[str, Any], values: Sequence[Any], stated: Any) -> np.ndarray:
    """Counts of a batch, shape (rows of the block, keys + 2).

    Raises:
        ValueError: If it is not as it was written, or is no batch of the cell.
    """
    task, of, block, batch, _, packed = values
    *leading, keys = spec["scores"]["shape"]
    whole = type(block) is int and type(batch) is int and block >= 0
    rows = min(ROWS, int(np.prod(leading)) - ROWS * block) if whole else 0
    if of != cell or rows < 1 or task != task_key(cell, block, batch):
        raise ValueError("it is not at the place where it was written")
    content = unpacked(packed, 8 * rows * (keys + 2))
    if seal_of_batch(task, content) != stated:
        raise ValueError("its counts are others than were written")
    table = np.frombuffer(content, "<i8").reshape(rows, keys + 2)
    if (table < 0).any() or (table.sum(axis=1) != int(spec["batch"])).any():
        raise ValueError("its counts are not those of a batch")
    return table


def _point(spec: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A place on the axes.

    Raises:
        ValueError: If it is none, or names another beta or strategy than the cell has.
    """
    point = parse_json(text)
    known = labels(spec)
    if not isinstance(point, dict) or {name: point.get(name) for name in known} != known:
        raise ValueError("it names another cell than its own")
    return point


def _details(spec: Mapping[str, Any], text: str) -> dict[str, Any]:
    """What is said of a cell: names of axes and keys, and what was asked for.

    Raises:
        ValueError: If something is missing, or does not fit the cell.
    """
    said = parse_json(text)
    *leading, keys = spec["scores"]["shape"]
    if not isinstance(said, dict):
        raise ValueError("it is empty")
    said.setdefault("row_names", [])  # which are written down only where there are some
    rows = leading[-1] if leading else 0
    for name, number in (("axes", len(leading)), ("tokens", keys), ("row_names", rows)):
        texts = said.get(name)
        if (
            not isinstance(texts, list)
            or not all(isinstance(one, str) for one in texts)
            or len(texts) not in (0, number)
        ):
            raise ValueError(f"its {name} are not those of the scores")
    check_alpha(said.get("alpha"))
    whole_number(said.get("shots"))
    if not isinstance(said.get("until"), str):
        raise ValueError("its rule is not text")
    return said


def _about(spec: Mapping[str, Any], block: Any, text: str) -> dict[str, Any]:
    """What is known of a block of a cell.

    Raises:
        ValueError: If something is missing, or does not fit the cell.
    """
    about = parse_json(text)
    left = int(np.prod(spec["scores"]["shape"][:-1])) - ROWS * whole_number(block, least=0)
    if not isinstance(about, dict) or left < 1 or about.get("kind") not in ("told", "thermal"):
        raise ValueError("it belongs to no block of the cell")
    if (success := about.get("success")) is not None:
        chances = real_array(success, "success")
        if (
            chances.shape != (min(ROWS, left),)
            or not ((chances >= 0) & (chances <= 1 + 1e-9)).all()
        ):
            raise ValueError("it predicts no success of each row")
    cost = about.get("resources")
    if not isinstance(cost, dict) or set(cost) != {field.name for field in fields(Resources)}:
        raise ValueError("it states no cost")
    for name, number in cost.items():
        whole_number(number, name, least=0)
    return about
