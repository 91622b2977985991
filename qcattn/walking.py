"""The strategies of a folder, found by walking it: a new file is known the moment it exists."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["classes", "exports"]


@cache
def classes(room: str) -> dict[str, type]:
    """The strategies of a folder by the names of their classes, in the order of the alphabet.

    A strategy is a public dataclass with a method ``__call__``, in a file of the folder or of a
    folder in it.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.

    Example:
        >>> sorted(classes("encodings"))
        ['Binary', 'OneHot', 'Rotated', 'Transverse']
    """
    package = import_module(f"qcattn.{room}")
    files = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    modules = [import_module(file.name) for file in files]
    found = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and _is_strategy(value)
    }
    return dict(sorted(found.items()))


def _is_strategy(value: type) -> bool:
    public = not value.__name__.startswith("_")
    called = any("__call__" in vars(base) for base in value.__mro__)
    return public and called and is_dataclass(value) and not inspect.isabstract(value)


def exports(room: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Functions ``__getattr__`` and ``__dir__`` of a folder that give its strategies by name.

    The folder is walked when a name is first asked for, not when it is imported.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.
    """

    def by_name(name: str) -> Any:
        if name[:1].isupper() and name in classes(room):
            return classes(room)[name]
        raise AttributeError(f"module 'qcattn.{room}' has no attribute {name!r}")

    def names() -> list[str]:
        return sorted(classes(room))

    return by_name, names
