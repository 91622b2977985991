"""JSON and NumPy files that anybody may have written: nothing unpickled, nothing there twice.

All of the house reads them by these functions. A document or an archive that holds two things
under one name would be read by its last one here and by its first one elsewhere, so it is refused.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from qcattn.errors import TooLarge
from qcattn.machine import memory_bytes
from qcattn.plurals import plural

__all__ = ["parse_json", "read_npy", "read_npz", "shape_in_npz"]

#: The most digits of a whole number, which is Python's own limit too.
_MOST_DIGITS = 4300


def parse_json(content: str | bytes, parse_float: Any = float) -> Any:
    """Read a JSON document.

    Args:
        content: The document; bytes in UTF-8, 16 or 32, with or without a mark of that.
        parse_float: A function that makes a number of a text that has a point or an exponent.

    Raises:
        ValueError: If it is not JSON, or an object has one name twice; the message begins with
            "it", for the name of the file to stand before.

    Example:
        >>> parse_json('{"a": [1, 2.5]}')
        {'a': [1, 2.5]}
        >>> parse_json('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ...
        ValueError: it has 'a' twice in one object, 1 and 2; keep one
    """
    try:
        if isinstance(content, bytes):
            content = content.decode(json.detect_encoding(content))
        return json.loads(
            content.removeprefix("\ufeff"),
            parse_float=parse_float,
            parse_int=_whole,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"it is not JSON ({error}); check it with `python -m json.tool`"
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not JSON, which must be UTF-8 text ({error}); save it as UTF-8"
        ) from error
    except RecursionError as error:
        raise ValueError(
            "it is JSON that cannot be read: its lists are nested too deeply; nest them less"
        ) from error


def read_npz(
    file: IO[bytes],
    names: Collection[str] | Callable[[list[str]], Collection[str]] | None = None,
    most: int | None = None,
) -> dict[str, NDArray[Any]]:
    """Read arrays of an archive by name.

    Args:
        file: The file, open for reading.
        names: The names of the arrays to read, if they are there, or a function that chooses them
            from the names there are; the other arrays are not unpacked. All if None.
        most: Bytes that they may take unpacked, all together; half of the memory there is if None.
            Their headers say it, before anything else is read.

    Raises:
        TooLarge: If they take more.
        ValueError: If it is not an archive, is damaged, holds Python objects or a name twice;
            the message begins with "it".

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> np.savez(file, scores=[0.5, 1.5], more=[1])
        >>> read_npz(io.BytesIO(file.getvalue()), ["scores"])
        {'scores': array([0.5, 1.5])}
    """
    with _unspoilt():
        archive = np.load(file, allow_pickle=False)
    if not isinstance(archive, NpzFile):
        raise ValueError("it is one array, not an .npz archive; name it .npy")
    with archive:
        twice = [name for name, times in Counter(archive.files).items() if times > 1]
        if twice:
            raise ValueError(f"it holds the array {twice[0]!r} twice; keep one")
        wanted = names(archive.files) if callable(names) else names
        chosen = [name for name in archive.files if wanted is None or name in wanted]
        with _unspoilt():
            sizes = {name: _unpacked(archive, name) for name in chosen}
        _check_sizes(sizes, most)
        with _unspoilt():
            return {name: archive[name] for name in chosen}


def shape_in_npz(file: IO[bytes], name: str) -> tuple[int, ...]:
    """Read the shape of an array of an archive from its header, without unpacking it.

    Raises:
        ValueError: If there is none of that name, or it is damaged.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> np.savez(file, scores=[[0.5, 1.5]])
        >>> shape_in_npz(io.BytesIO(file.getvalue()), "scores")
        (1, 2)
    """
    with (
        _unspoilt(),
        np.load(file, allow_pickle=False) as archive,
        archive.zip.open(f"{name}.npy") as packed,
    ):
        return _header(packed)[0]


def read_npy(file: IO[bytes], most: int | None = None) -> NDArray[Any]:
    """Read the array of a .npy file.

    Args:
        file: The file, open for reading.
        most: Bytes that it may take, as its header says; half of the memory there is if None.

    Raises:
        TooLarge: If it takes more.
        ValueError: If it is an archive, is damaged, or holds Python objects; the message begins
            with "it".
    """
    if file.read(2) != b"PK":
        file.seek(0)
        with _unspoilt():
            _, size = _stated(file)
        _check_sizes({"its array": size}, most)
    file.seek(0)
    with _unspoilt():
        array = np.load(file, allow_pickle=False)
    if isinstance(array, NpzFile):
        array.close()
        raise ValueError("it is an .npz archive, not a single array; name it .npz")
    out: NDArray[Any] = array
    return out


def _unpacked(archive: NpzFile, name: str) -> int:
    """Bytes that an array of an archive takes, as its header says and as there are."""
    assert archive.zip is not None
    member = name if name in archive.zip.namelist() else f"{name}.npy"
    there = archive.zip.getinfo(member).file_size
    with archive.zip.open(member) as packed:
        stated, computed = _stated(packed)
    if stated > there:
        raise ValueError(f"its header states {stated:,} bytes, but there are {there:,}")
    return max(there, computed)


def _stated(file: IO[bytes]) -> tuple[int, int]:
    """Bytes that the array takes which begins here, as its header says; 0 if it says nothing.

    The bytes count as they are stored and as they are computed with: small numbers become numbers
    of eight bytes.
    """
    shape, dtype = _header(file)
    numbers = math.prod(shape)
    return numbers * dtype.itemsize, numbers * max(dtype.itemsize, 8 if dtype.kind in "iuf" else 0)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of the array that begins here; one of no bytes if its header is unknown."""
    headers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    read = headers.get(np.lib.format.read_magic(file))
    if read is None:
        return (0,), np.dtype(np.uint8)
    shape, _, dtype = read(file)
    return shape, dtype


def _check_sizes(sizes: Mapping[str, int], most: int | None) -> None:
    """Refuse what would take too much memory.

    Raises:
        TooLarge: If the arrays take more memory than allowed; the message names the one that takes
            most.
    """
    allowed, needed = memory_bytes() // 2 if most is None else most, sum(sizes.values())
    if needed > allowed:
        name = max(sizes, key=lambda name: sizes[name])
        most_of = f", most of them {name!r}" if len(sizes) > 1 else ""
        raise TooLarge(
            f"it takes {needed:,} bytes ({needed / 2**30:,.3g} GiB) once it is read{most_of}, but "
            f"{max(0, allowed):,} bytes may be taken for it; take fewer rows, or more memory"
        )


@contextmanager
def _unspoilt() -> Iterator[None]:
    """Whatever the zip and npy readers raise of a spoilt file is a ValueError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise ValueError(
            "it is damaged, is not a NumPy file, or holds Python objects, which are never "
            "unpickled "
            f"({error}); write a numeric array with numpy.save or numpy.savez"
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, of which JSON would keep the last of several equal names."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            first, second = repr(found[name])[:40], repr(value)[:40]
            raise ValueError(
                f"it has {name[:80]!r} twice in one object, {first} and {second}; keep one"
            )
        found[name] = value
    return found


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"it holds a whole number of {plural(len(text), 'digit')}; write fewer")
    return int(text)
