"""The strategies of a folder, found by walking it: a new file is known the moment it exists.

A strategy is a public dataclass that can be called, in a public file of the folder or of a folder
in it.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from qcattn.names import known

__all__ = ["class_of", "classes", "exports", "made", "names"]


@cache
def classes(room: str) -> dict[str, type[Any]]:
    """The strategies of a folder by the names of their classes, in the order of `names`.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.

    Example:
        >>> list(classes("encodings"))
        ['Binary', 'Interacting', 'OneHot', 'Rotated', 'Transverse']
    """
    package = import_module(f"qcattn.{room}")
    files = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    modules = [import_module(file.name) for file in files if "._" not in file.name]
    found = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and _is_strategy(value)
    }
    return {name: found[name] for name in _in_order(found)}


@cache
def names(room: str) -> list[str]:
    """The names of the same classes, read from the source without importing the folder.

    Names in capitals come first, then the others, each in the order of the alphabet.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.

    Example:
        >>> names("encodings")
        ['Binary', 'Interacting', 'OneHot', 'Rotated', 'Transverse']
    """
    folders = import_module(f"qcattn.{room}").__path__
    files = [path for folder in folders for path in Path(folder).rglob("[!_]*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    written = {
        node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)
    }
    return _in_order(name for name, node in written.items() if _says_strategy(node, written))


def class_of(room: str, name: str, where: str) -> type[Any]:
    """The strategy of this name, whatever its case.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.
        name: The name of the class.
        where: What the name was given for, such as an option.

    Raises:
        ValueError: If there is none; the nearest is named.

    Example:
        >>> class_of("preparations", "qsvt", "--preparation").__name__
        'QSVT'
        >>> class_of("encodings", "binry", "--encoding")
        Traceback (most recent call last):
        ValueError: `--encoding` must be one of Binary, Interacting, OneHot, Rotated, Transverse,
        but is 'binry'; did you mean 'Binary'?
    """
    written = {one.lower(): one for one in names(room)}
    if name.lower() not in written:
        known(where, name, names(room))
    return classes(room)[written[name.lower()]]


def made(room: str, value: Any, where: str) -> Any:
    """Return a strategy that was given as an object or by the name of its class.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.
        value: What was given; anything but a text is given back.
        where: What it was given for, such as an argument.

    Raises:
        ValueError: If there is no class of that name (the nearest is named), or if it has fields
            without a default.

    Example:
        >>> made("preparations", "heralded", "preparation")
        Heralded()
        >>> made("backends", "Sampler", "backend")
        Traceback (most recent call last):
        ValueError: `backend` is 'Sampler', which needs `sampler`; write Sampler(...) with it, ...
    """
    if not isinstance(value, str):
        return value
    cls = class_of(room, value, where)
    needed = [
        f"`{field.name}`"
        for field in fields(cls)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    ]
    if needed:
        raise ValueError(
            f"`{where}` is {value!r}, which needs {' and '.join(needed)}; write "
            f"{cls.__name__}(...) with it, or pass the primitive or backend itself"
        )
    return cls()


def exports(room: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a folder, which give its strategies by name.

    The folder is walked when a name is first asked for, not when it is imported.

    Args:
        room: A folder of qcattn, such as ``"encodings"``.
    """

    def by_name(name: str) -> Any:
        if name[:1].isupper() and name in classes(room):
            return classes(room)[name]
        raise AttributeError(f"module 'qcattn.{room}' has no attribute {name!r}")

    return by_name, lambda: list(names(room))


def _in_order(found: Iterable[str]) -> list[str]:
    return sorted(found, key=lambda name: (not name.isupper(), name))


def _is_strategy(value: type[Any]) -> bool:
    public = not value.__name__.startswith("_")
    called = any("__call__" in vars(base) for base in value.__mro__)
    return public and called and is_dataclass(value) and not inspect.isabstract(value)


def _says_strategy(node: ast.ClassDef, written: dict[str, ast.ClassDef]) -> bool:
    """`_is_strategy` of a class as it is written, among all classes of the folder by name."""
    public = not node.name.startswith("_")
    marks = {_name(one) for one in node.decorator_list}
    return public and "dataclass" in marks and "ABC" not in _bases(node) and _called(node, written)


def _called(node: ast.ClassDef, written: dict[str, ast.ClassDef]) -> bool:
    own = any(isinstance(one, ast.FunctionDef) and one.name == "__call__" for one in node.body)
    return own or any(_called(written[base], written) for base in _bases(node) if base in written)


def _bases(node: ast.ClassDef) -> list[str]:
    return [_name(base) for base in node.bases]


def _name(value: ast.expr) -> str:
    """``x`` of ``x``, ``module.x``, ``x(...)`` and ``x[...]``."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _name(inner)
    return ""
