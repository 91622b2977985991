"""A plan: a grid as a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from qcattn import datasets
from qcattn.backends.memory import parse_bytes
from qcattn.datasets import files
from qcattn.datasets.scores import numbers_on
from qcattn.legible import shortened
from qcattn.names import known
from qcattn.sweeps.grid import Grid, Part, parts
from qcattn.sweeps.strategies import strategy
from qcattn.texts import read_text

__all__ = ["read_plan"]

_KEYS = (
    "scores",
    "beta",
    "encodings",
    "preparations",
    "noise",
    "backends",
    "shots",
    "batch",
    "seed",
    "alpha",
)
_SCORES = ("model", "sentence", "file", "qk", "name", "layers", "heads")


def read_plan(path: str | Path) -> Grid:
    """Read a plan.

    A plan has the fields of `Grid`. Each ``[[scores]]`` names packaged scores (``model`` and
    ``sentence``), a ``file`` as ``qcattn run --scores`` takes it, or queries and keys ``qk``;
    files lie where the plan lies. ``layers`` and ``heads`` make each one a cell ("all" for every
    one); without them the rows stay together. Encodings, preparations and backends are names, or
    tables ``{name = "QSVT", error = 1e-3}`` with fields of the class; a table of ``backends``
    without a name is of `Aer`.

    Args:
        path: The file.

    Returns:
        The grid.

    Raises:
        ValueError: If the file is missing or no TOML, or a key or value is unknown: the file, the
            key and the nearest known one are named.

    Example:
        >>> import tempfile
        >>> text = '''
        ... beta = [0.5, 1.0]
        ... preparations = ["Purification", {name = "QSVT", error = 1e-3}]
        ... [[scores]]
        ... model = "smollm2"
        ... layers = [0, 11]
        ... heads = "all"
        ... '''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plan = Path(folder, "plan.toml")
        ...     size = plan.write_text(text)
        ...     print(read_plan(plan))
        72 cells, 792 rows, 4,096 shots a row
    """
    path, text = Path(path), ""
    try:
        text = read_text(path)
        plan = tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"`{path}` cannot be read ({error.strerror}); name a plan") from error
    except RecursionError as error:
        raise ValueError(
            f"`{path}` cannot be read as a plan: its lists are nested too deeply; nest them less"
        ) from error
    except ValueError as error:
        cure = "write / for \\ in the name of a file" if "\\" in text else "correct that place"
        raise ValueError(f"`{path}` is not TOML ({shortened(str(error))}); {cure}") from error
    try:
        return _grid(plan, path.parent)
    except (TypeError, OSError) as error:
        raise ValueError(f"`{path}`: {shortened(str(error))}") from error
    except ValueError as error:
        raise ValueError(f"`{path}`: {shortened(str(error))}") from error


def _grid(plan: dict[str, Any], folder: Path) -> Grid:
    for key in plan:
        known("a key of the plan", key, _KEYS)
    plain = ("beta", "noise", "shots", "batch", "seed", "alpha")
    options: dict[str, Any] = {key: plan[key] for key in plain if key in plan}
    if "scores" not in plan:
        raise ValueError('`scores` is missing; begin with [[scores]] and model = "smollm2"')
    entries = plan["scores"] if isinstance(plan["scores"], list) else [plan["scores"]]
    scores = [part for entry in entries for part in _scores(entry, folder)]
    rooms: dict[str, Callable[[Any], Any]] = {
        "encodings": lambda one: _strategy("encodings", one),
        "preparations": lambda one: _strategy("preparations", one),
        "backends": _backend,
    }
    for room, make in rooms.items():
        if room in plan:
            value = plan[room]
            options[room] = [make(one) for one in (value if isinstance(value, list) else [value])]
    return Grid(scores, **options)


def _scores(entry: Any, folder: Path) -> Iterable[Part]:
    if not isinstance(entry, dict):
        raise ValueError(f"`scores` is {entry!r}; write [[scores]] and model = or file = below it")
    for key in entry:
        known("a key of `scores`", key, _SCORES)
    named = [key for key in ("model", "file", "qk") if key in entry]
    if len(named) != 1:
        raise ValueError(
            f"`scores` must have one of `model`, `file` and `qk`, but has "
            f"{' and '.join(f'`{key}`' for key in named) or 'none of them'}; write one"
        )
    for key in ("model", "file", "qk"):
        if not isinstance(entry.get(key, ""), str):
            raise ValueError(f"`{key}` is {entry[key]!r}; write a name in quotes")
    if "model" in entry:
        sentence = entry.get("sentence", 0)
        scores = datasets.load_scores(entry["model"], sentence)
        name = f"{entry['model']} {sentence}"
    elif "sentence" in entry:
        raise ValueError("`sentence` chooses packaged scores; leave it out beside a file")
    elif "file" in entry:
        scores, name = files.read_scores(folder / entry["file"]), entry["file"]
    else:
        scores, name = files.read_qk(folder / entry["qk"]), entry["qk"]
    chosen = {axis: entry.get(axis) for axis in ("layers", "heads")}
    for axis in chosen:
        if chosen[axis] == "all":
            chosen[axis] = numbers_on(scores, axis.removesuffix("s"), axis)
        elif isinstance(chosen[axis], int):
            chosen[axis] = [chosen[axis]]
        elif isinstance(chosen[axis], str):
            raise ValueError(f'`{axis}` is {chosen[axis]!r}; give a list of numbers, or "all"')
    return parts(scores, name=entry.get("name", name), **chosen)


def _strategy(room: str, entry: Any) -> Any:
    if isinstance(entry, str):
        return strategy(room, entry)
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError(
            f"`{room}` holds {entry!r}; give a name, or a table with a name and fields of the class"
        )
    return strategy(room, **entry)


def _backend(entry: Any) -> Any:
    if not isinstance(entry, dict):
        entry = {"name": entry}
    for key in ("noise_model", "imitate"):
        if key in entry:
            raise ValueError(f"`backends` holds {key!r}; noise is an axis of its own, `noise`")
    if isinstance(entry.get("memory"), str):
        entry = {**entry, "memory": parse_bytes(entry["memory"], "memory")}
    name = entry.get("name", "Aer")
    if isinstance(name, str) and name.lower() == "aer":
        entry = {"name": name, "device": "CPU", **entry}
    return _strategy("backends", entry)
