"""What can still be read of a store whose pages are damaged, into a new file beside it.

SQLite refuses such a file, or gives a part of it without a word. Here its pages are read one by one
instead: each leaf of a table names its rows, and a row that goes on elsewhere names the next page
[1]. No tree and no list of tables is needed, because each row has a seal that says in which table
it was and that it is as it was written (see `qcattn.sweeps.rows`). So what is kept is right, from
wherever in the file it comes; failures are left out, and those cells are tried again.

References:
    [1] SQLite, "Database File Format", sections 1.5 to 2.1, https://sqlite.org/fileformat2.html
"""

from __future__ import annotations

import itertools
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from qcattn.errors import Damaged
from qcattn.opening import open_file
from qcattn.sweeps.file import ALONE, check_store
from qcattn.sweeps.rows import COLUMNS, has_its_seal
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import digest

__all__ = ["Salvaged", "salvage"]

_Content = bytes | mmap.mmap

_LEAF = 0x0D
_SIZES = {2**power for power in range(9, 17)}
_USUAL_SIZE = 4096
#: The most bytes of the numbers of one array.
_MOST_BYTES = 2**30
_TABLES = ("points", "blocks", "batches", "looks")


@dataclass(frozen=True)
class Salvaged:
    """What was read of a store whose pages are damaged.

    Attributes:
        why: What is wrong with the old file, in words.
        store: The new file.
        batches: The number of batches of shots in it.
        cells: The number of cells that the batches belong to.
    """

    why: str
    store: Path
    batches: int
    cells: int


def salvage(path: str | Path) -> Salvaged | None:
    """Put what can be read of a store with damaged pages into a new file beside it.

    The old file is left as it is, and no file is ever replaced. What is damaged is drawn again, to
    the same counts, when the plan is run on the new file.

    Args:
        path: A store.

    Returns:
        What there is now; None if the pages are whole, so that running the plan again draws what
        else is damaged.

    Raises:
        ValueError: If the file is missing, or nothing in it is of a store.
        OSError: If it cannot be read, or the new file cannot be written.

    Example:
        >>> import tempfile
        >>> from qcattn.sweeps import Grid, sweep
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "runs.sqlite")
        ...     done = sweep(Grid([0.0, 1.0], shots=1000, batch=500), store=path)
        ...     content = path.read_bytes()
        ...     size = path.write_bytes(bytes(4096) + content[4096:])  # its first page is lost
        ...     found = salvage(path)
        ...     print(found.store.name, found.batches)
        runs.salvaged.sqlite 2
    """
    path = Path(path)
    try:
        check_store(path)
        return None
    except Damaged as error:
        why = str(error)
    except ValueError as error:
        if not path.is_file():
            raise
        why = str(error)
    tables = _read(path)
    if not tables["batches"]:
        raise ValueError(f"no batch of a store can be read in it: {why}")
    fresh = _free(path)
    try:
        with Store(fresh, write=True) as store:
            store.restore(tables)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    cells = {row[COLUMNS["batches"].index("cell")] for row in tables["batches"]}
    return Salvaged(why, fresh, len(tables["batches"]), len(cells))


def _free(path: Path) -> Path:
    """A name beside a file that no other has."""
    for number in itertools.count(1):
        place = path.with_name(f"{path.stem}.salvaged{f'-{number}' * (number > 1)}{path.suffix}")
        if not place.exists():
            return place
    raise AssertionError


def _read(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that are as they were written, each with its seal, by table."""
    found: dict[str, dict[tuple[Any, ...], None]] = {
        name: {} for name in ("arrays", "cells", *_TABLES)
    }
    with ALONE, open_file(path) as file, _mapped(file) as content:
        for row in _rows(content):
            table = _table_of(row)
            if table is not None:
                found[table][row] = None
    return {table: list(rows) for table, rows in found.items()}


def _table_of(row: tuple[Any, ...]) -> str | None:
    """The table that a row was written to, as its seal says; None for what has none."""
    if len(row) == 2:
        address, content = row
        if isinstance(content, str):
            return "cells" if digest(content.encode("utf-8", "replace")) == address else None
        return "arrays" if digest(_unpacked(content)) == address else None
    *values, stated = row
    for table in _TABLES:
        if len(values) == len(COLUMNS[table]) and has_its_seal(table, values, stated):
            return table
    return None


def _unpacked(packed: Any) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST_BYTES)
    except (zlib.error, TypeError):
        return b""


@contextmanager
def _mapped(file: BinaryIO) -> Iterator[_Content]:
    """The bytes of a file, which are read as they are looked at; a file may have none."""
    if not os.fstat(file.fileno()).st_size:
        yield b""
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _rows(content: _Content) -> Iterator[tuple[Any, ...]]:
    """What can be read as a row, in any leaf of any table."""
    size = int.from_bytes(content[16:18], "big")
    size = 65536 if size == 1 else size
    size = size if size in _SIZES else _USUAL_SIZE
    for start in range(0, len(content), size):
        at = start + 100 * (start == 0)
        if content[at : at + 1] != bytes([_LEAF]):
            continue
        number = int.from_bytes(content[at + 3 : at + 5], "big")
        pointers = content[at + 8 : min(at + 8 + 2 * number, start + size)]
        for where in _pairs(pointers):
            try:
                yield _record(_payload(content, start + where, start + size, size))
            except (IndexError, ValueError):
                continue  # the seal could not fit it


def _pairs(content: bytes) -> Iterable[int]:
    """Numbers of two bytes."""
    return (int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content) - 1, 2))


def _varint(content: _Content, at: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where it ends."""
    value = 0
    for i in range(8):
        byte = content[at + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    return value << 8 | content[at + 8], at + 9


def _payload(content: _Content, at: int, end: int, size: int) -> bytes:
    """What a cell of a leaf holds, with what of it lies on other pages.

    Raises:
        IndexError: If it ends too soon.
        ValueError: If it cannot be one.
    """
    length, at = _varint(content, at)
    _, at = _varint(content, at)  # the number of the row
    if length > len(content):
        raise ValueError("longer than the file")
    most, least = size - 35, (size - 12) * 32 // 255 - 23
    here = length
    if length > most:
        here = least + (length - least) % (size - 4)
        here = here if here <= most else least
    if at + here > end:
        raise ValueError("beyond its page")
    parts, got = [content[at : at + here]], here
    following = int.from_bytes(content[at + here : at + here + 4], "big")
    while got < length:
        page = content[(following - 1) * size : following * size] if following else b""
        if len(page) < 5:
            raise IndexError("a page is missing")
        following = int.from_bytes(page[:4], "big")
        parts.append(page[4 : 4 + length - got])
        got += len(parts[-1])
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Any, ...]:
    """The values of a row.

    Raises:
        IndexError: If it ends too soon.
        ValueError: If it cannot be one.
    """
    header, at = _varint(payload, 0)
    kinds = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    """One value, and where it ends."""
    if kind >= 12:
        length = (kind - 12) // 2
        content = payload[at : at + length]
        if len(content) < length:
            raise ValueError("it ends too soon")
        return (content.decode("utf-8") if kind % 2 else content), at + length
    if kind in (8, 9):
        return kind - 8, at
    lengths = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8}
    if kind not in lengths:
        raise ValueError("there is no such kind")
    content = payload[at : at + lengths[kind]]
    if kind == 7:
        return struct.unpack(">d", content)[0], at + 8
    return (int.from_bytes(content, "big", signed=True) if kind else None), at + lengths[kind]
