"""A document that seals itself by its SHA-256, and the files beside it by theirs.

A sealed folder holds one document, such as ``result.json``, and the files that it names. The
document states the SHA-256 of each file, and its own, which is taken of what it says and not of
how that is written: spaces, the order of the entries and escapes do not matter. A folder is read
whole or refused, and nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from qcattn.errors import NotWhole, TooLarge
from qcattn.opening import open_file
from qcattn.parsing import parse_json, read_npz, shape_in_npz

__all__ = ["Kind", "Sealed", "npz", "read_number", "read_sealed", "read_truth", "write_sealed"]

_CURE = "take the folder from a copy, or run again"

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """A kind of sealed folder, and what it may hold.

    Attributes:
        name: The name of the kind, such as ``"result"``; the document is ``result.json``, its
            format "qcattn result".
        version: Format version that is written; all from 1 to this one are read.
        files: Names of the files beside the document.
        wrote: What writes such folders, for the errors.
        unsealed: The entry that states the hash of each file, for each version whose documents do
            not state their own hash.
    """

    name: str
    version: int
    files: tuple[str, ...]
    wrote: str
    unsealed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """The name of the document."""
        return f"{self.name}.json"

    def lies_in(self, folder: str | Path) -> bool:
        """Whether a folder holds a document of this kind."""
        return (Path(folder) / self.document).is_file()


@dataclass(frozen=True)
class Sealed:
    """The content of a folder, all of it checked against the hashes.

    Attributes:
        folder: The folder in which it lay.
        document: What the document says.
        version: The format version of the folder.
        files: The content of each file beside it.
    """

    folder: Path
    document: dict[str, Any]
    version: int
    files: Mapping[str, bytes]

    def arrays(
        self, name: str, names: Collection[str] | None = None, most: int | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays of an npz file, by name; see `qcattn.parsing.read_npz`."""
        return read_npz(io.BytesIO(self.files[name]), names, most)

    def shape(self, name: str, array: str) -> tuple[int, ...]:
        """The shape of an array of an npz file, read without unpacking it."""
        return shape_in_npz(io.BytesIO(self.files[name]), array)


def write_sealed(
    kind: Kind, folder: Path, document: Mapping[str, Any], files: Mapping[str, bytes]
) -> str:
    """Write files and then the document that seals them.

    Args:
        kind: What is written.
        folder: The folder to write into, which exists.
        document: What JSON can hold; a number that is not finite is written as a string, which
            `read_number` reads.
        files: The content of each file of the kind.

    Returns:
        The hash that the document states of itself.

    Raises:
        OSError: If a file cannot be written.
    """
    for name in kind.files:
        (folder / name).write_bytes(files[name])
    whole = {
        "format": f"qcattn {kind.name}",
        "format_version": kind.version,
        "files": {name: _sha256(files[name]) for name in kind.files},
        **_plain(dict(document)),
    }
    whole["sha256"] = _sha256(_canonical(whole))
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / kind.document).write_text(text + "\n", encoding="utf-8")
    return str(whole["sha256"])


def read_sealed(
    kind: Kind, folder: str | Path, parse: Callable[[Sealed], T], seal: str | None = None
) -> T:
    """Read a sealed folder, whole or not at all.

    Args:
        kind: What is looked for.
        folder: The folder; of a kind without further files, the document by itself, whatever its
            name.
        parse: A function that makes a value of what lies there; whatever it raises is a refusal.
        seal: The hash that the document must state of itself, if that is known from outside.

    Returns:
        What ``parse`` returns.

    Raises:
        NotWhole: If a file is missing, foreign, newer or damaged; the message names it.
        TooLarge: If what it holds does not fit into memory, as the headers of its arrays say.
    """
    folder = Path(folder)
    alone = not kind.files and folder.is_file()
    path = folder if alone else folder / kind.document
    document = _document(kind, path)
    version = document["format_version"]
    hashes = document.get("files")
    if version in kind.unsealed:
        hashes = {name: document.get(entry) for name, entry in kind.unsealed[version].items()}
    else:
        _check_seal(path, document, seal)
    if not isinstance(hashes, dict) or set(hashes) != set(kind.files):
        raise NotWhole(f"`{path}` is damaged: it names other files than {kind.files}; {_CURE}")
    files = {name: _content(folder / name, hashes[name]) for name in kind.files}
    try:
        return parse(Sealed(folder, document, version, files))
    except (NotWhole, TooLarge):
        raise
    except Exception as error:  # a forged file can make any reader fail in any way
        raise NotWhole(
            f"`{path}` holds no whole {kind.name} of qcattn ({type(error).__name__}: {error}); "
            f"{_CURE}"
        ) from error


def read_number(value: Any) -> float:
    """Read a number of a document, in which infinity and NaN are strings.

    Example:
        >>> read_number(0.5), read_number("-inf")
        (0.5, -inf)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"a number is expected, but there is {value!r}")
    return float(value)


def read_truth(value: Any) -> bool:
    """Read true or false of a document, and refuse everything else.

    Example:
        >>> read_truth(True)
        True
    """
    if not isinstance(value, bool):
        raise ValueError(f"true or false is expected, but there is {value!r}")
    return value


def npz(arrays: Mapping[str, Any]) -> bytes:
    """Write arrays as the content of an npz file; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _document(kind: Kind, path: Path) -> dict[str, Any]:
    """A JSON document that says that it is of this kind, and of a version that is known."""
    named = f"name a folder that {kind.wrote} wrote"
    try:
        with open_file(path) as file:
            document = parse_json(file.read())
    except FileNotFoundError as error:
        raise NotWhole(f"`{path}` is missing; {named}") from error
    except OSError as error:
        raise NotWhole(f"`{path}` cannot be read ({error.strerror}); {named}") from error
    except ValueError as error:
        raise NotWhole(f"`{path}` is damaged: {error}; {_CURE}") from error
    if not isinstance(document, dict) or document.get("format") != f"qcattn {kind.name}":
        raise NotWhole(f"`{path}` holds no {kind.name} of qcattn; {named}")
    version = document.get("format_version")
    if type(version) is not int or not 1 <= version <= kind.version:
        raise NotWhole(
            f"`{path}` has format version {version!r}, but this qcattn reads 1 to {kind.version}; "
            "use the version of qcattn that wrote it"
        )
    return document


def _check_seal(path: Path, document: dict[str, Any], seal: str | None) -> None:
    """Refuse a document that does not state its own hash, or not the one that is asked for."""
    stated = document.get("sha256")
    try:
        intact = stated == _sha256(_canonical(document))
    except UnicodeEncodeError:  # half a character
        intact = False
    if not intact:
        raise NotWhole(f"`{path}` is damaged: its SHA-256 is not the one it states; {_CURE}")
    if seal is not None and stated != seal:
        raise NotWhole(f"`{path}` is another than the folder around it states; {_CURE}")


def _content(path: Path, stated: object) -> bytes:
    """The bytes of a file whose SHA-256 is stated."""
    try:
        with open_file(path) as file:
            content = file.read()
    except FileNotFoundError as error:
        raise NotWhole(f"`{path}` is missing; {_CURE}") from error
    except ValueError as error:
        raise NotWhole(f"`{path}` is damaged: {error}; {_CURE}") from error
    except OSError as error:
        raise NotWhole(f"`{path}` cannot be read ({error.strerror}); {_CURE}") from error
    if _sha256(content) != stated:
        raise NotWhole(f"`{path}` is damaged: its SHA-256 is not the one stated beside it; {_CURE}")
    return content


def _plain(value: Any) -> Any:
    """The same with strings in place of numbers that are not finite; JSON has none of them."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _canonical(document: dict[str, Any]) -> bytes:
    """The document without its own hash, written in one way only."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
