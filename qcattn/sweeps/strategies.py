"""Encodings, preparations and backends as names and fields, and back: JSON, never a pickle.

A class is found by its name in the folder it lives in, as on the command line, so that nothing
that is read from a file can name anything else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from qcattn.legible import spelt
from qcattn.names import known
from qcattn.walking import class_of, classes, names

__all__ = ["canonical", "described", "digest", "label", "strategy"]


def strategy(room: str, name: str, **options: Any) -> Any:
    """Make an object of a class in a folder, found by the name of the class.

    Args:
        room: The folder: encodings, preparations or backends.
        name: The name of the class, in capitals or not.
        **options: The fields of the object; lists become tuples.

    Raises:
        ValueError: If there is no such class or field; the nearest is named.

    Example:
        >>> strategy("preparations", "qsvt", error=1e-3)
        QSVT(error=0.001, ground_energy=None)
    """
    cls: Any = class_of(room, name, room)
    usual = {field.name: field.default for field in fields(cls)}
    for option, value in options.items():
        default = usual[known(f"a field of {cls.__name__}", option, usual)]
        if isinstance(default, int | float) and not isinstance(value, int | float):
            raise ValueError(f"`{option}` of {cls.__name__} must be a number, but is {value!r}")
    return cls(**{option: _tuples(value) for option, value in options.items()})


def described(value: Any, room: str) -> dict[str, Any]:
    """Describe a strategy by its name and the fields that are not at their defaults.

    Raises:
        ValueError: If it is not of the folder, or a field is not a number, text or list of those.

    Example:
        >>> from qcattn.preparations import QSVT
        >>> described(QSVT(error=1e-3), "preparations")
        {'name': 'QSVT', 'error': 0.001}
    """
    cls = type(value)
    if classes(room).get(cls.__name__) is not cls:
        raise ValueError(
            f"`{room}` must be objects of {', '.join(names(room))}, whose names a sweep stores, "
            f"but holds {spelt(value)}"
        )
    if not is_dataclass(value):
        raise ValueError(
            f"`{room}` holds {spelt(value)}, whose fields a sweep cannot store; make it a dataclass"
        )
    out: dict[str, Any] = {"name": cls.__name__}
    for field in fields(value):
        now, usual = _plain(getattr(value, field.name), field.name), field.default
        if now != _plain(usual, field.name):
            out[field.name] = now
    return out


def label(description: dict[str, Any]) -> str:
    """Write a description on one line.

    Example:
        >>> label({"name": "QSVT", "error": 0.001}), label({"name": "Binary"})
        ('QSVT(error=0.001)', 'Binary')
    """
    options = ", ".join(f"{key}={value!r}" for key, value in description.items() if key != "name")
    return f"{description['name']}({options})" if options else str(description["name"])


def canonical(document: Any) -> str:
    """Write JSON in one way only."""
    return json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(document: Any) -> str:
    """SHA-256 of a document or of bytes, in hexadecimal.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1})
        True
    """
    content = document if isinstance(document, bytes) else canonical(document).encode("utf-8")
    return hashlib.sha256(content).hexdigest()


def _plain(value: Any, name: str) -> Any:
    """A field as JSON holds it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item, name) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if "dataclasses" in type(value).__module__:  # the mark of a field without a default
        return ["no default"]
    raise ValueError(
        f"`{name}` is {value!r}, which a sweep cannot store; use numbers, text or lists of those"
        + ("; noise goes into `noise`, as text" if name in ("noise_model", "imitate") else "")
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
