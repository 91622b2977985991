"""Results on disk: a folder that is written whole or not at all, and read without trust.

``result.json`` says what the result is, ``result.npz`` holds its arrays, ``template.qpy`` the
circuit as Qiskit reads it back and ``template.qasm`` the same for other tools. Nothing is ever
unpickled; files are checked against the hashes in ``result.json``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import qasm3, qpy

from qcattn.records import Counts, Prepared, Resources, Result, Verdict

__all__ = ["load", "save", "whole_folder"]

FORMAT = "qcattn result"
FORMAT_VERSION = 1
_VERDICT_ARRAYS = ("statistic", "p_values", "refuted", "resolution", "undecided")
_PREPARED_ARRAYS = ("values", "codewords", "distribution", "success", "error")
_COUNT_ARRAYS = ("keys", "stray", "discarded")
_ARRAYS = ("scores", "beta", "expected")
_TEXTS = ("settings", "versions", "source", "seconds")


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """A new folder that appears under its name when the block ends well, or not at all.

    Args:
        folder: Where the folder should be; it must not exist yet, or be empty.

    Yields:
        A hidden folder beside it, to write into.

    Raises:
        ValueError: If ``folder`` is taken.
        OSError: If it cannot be written; nothing is left behind.
    """
    target = Path(folder).absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ValueError(f"`{folder}` exists and is left as it is; name another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fresh.chmod(0o755)
        yield fresh
        os.replace(fresh, target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def save(result: Result, folder: str | Path) -> None:
    """Write a result, whole or not at all.

    Args:
        result: What to write.
        folder: Made by this; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder is taken.
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.experiment import run
        >>> result = run([0.0, 1.0], shots=100, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(result, folder + "/mine")
        ...     again = load(folder + "/mine")
        >>> (again.counts.keys == result.counts.keys).all(), again.agrees
        (np.True_, True)
    """
    with whole_folder(folder) as fresh:
        write_files(result, fresh)


def write_files(result: Result, folder: Path) -> None:
    """Write the files of a result into a folder, ``result.json`` last."""
    files = {
        "result.npz": _npz(_arrays(result)),
        "template.qpy": _qpy(result.prepared),
        "template.qasm": qasm3.dumps(result.prepared.circuit).encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "files": {name: _sha256(content) for name, content in files.items()},
        "shots": result.shots,
        "seed": str(result.seed),
        "complete": result.complete,
        "tokens": list(result.tokens),
        "axes": list(result.axes),
        **{name: dict(getattr(result, name)) for name in _TEXTS},
        "resources": asdict(result.resources),
        "prepared": {
            name: getattr(result.prepared, name)
            for name in ("method", "kind", "key_register", "herald_register")
        },
        "verdicts": [
            {
                name: getattr(verdict, name)
                for name in ("name", "alpha", "overall", "overall_resolution")
            }
            for verdict in result.verdicts
        ],
    }
    text = json.dumps(_with_infinities(document), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")


def load(folder: str | Path) -> Result:
    """Read a result back, as it was.

    Args:
        folder: What `save` wrote.

    Raises:
        ValueError: If a file is missing, foreign or damaged; the message names it.
    """
    folder = Path(folder)
    document = _read_json(folder / "result.json")
    content = {name: _checked(folder / name, document) for name in ("result.npz", "template.qpy")}
    try:
        with np.load(io.BytesIO(content["result.npz"]), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        (circuit,) = qpy.load(io.BytesIO(content["template.qpy"]))
        verdicts = tuple(
            Verdict(
                **_without_infinities(entry),
                **{name: arrays[f"verdict{i}_{name}"] for name in _VERDICT_ARRAYS},
            )
            for i, entry in enumerate(document["verdicts"])
        )
        prepared = Prepared(
            **document["prepared"],
            circuit=circuit,
            **{name: arrays[f"prepared_{name}"] for name in _PREPARED_ARRAYS},
        )
        return Result(
            **{name: arrays[name] for name in _ARRAYS},
            prepared=prepared,
            counts=Counts(*(arrays[f"counts_{name}"] for name in _COUNT_ARRAYS)),
            verdicts=verdicts,
            resources=Resources(**document["resources"]),
            shots=int(document["shots"]),
            seed=int(document["seed"]),
            tokens=tuple(document["tokens"]),
            axes=tuple(document["axes"]),
            complete=bool(document["complete"]),
            **{name: document[name] for name in _TEXTS},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"`{folder}` is not a whole result of qcattn ({error}); run it again"
        ) from error


def _arrays(result: Result) -> dict[str, np.ndarray]:
    arrays = {name: getattr(result, name) for name in _ARRAYS}
    arrays |= {f"counts_{name}": getattr(result.counts, name) for name in _COUNT_ARRAYS}
    arrays |= {f"prepared_{name}": getattr(result.prepared, name) for name in _PREPARED_ARRAYS}
    for i, verdict in enumerate(result.verdicts):
        arrays |= {f"verdict{i}_{name}": getattr(verdict, name) for name in _VERDICT_ARRAYS}
    return {name: np.asarray(array) for name, array in arrays.items()}


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _qpy(prepared: Prepared) -> bytes:
    buffer = io.BytesIO()
    qpy.dump(prepared.circuit, buffer)
    return buffer.getvalue()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"`{path}` is missing; name a folder that `qcattn run` or `save` wrote"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"`{path}` is damaged: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"`{path}` is not a result of qcattn")
    if document.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"`{path}` has format version {document.get('format_version')!r}, but this qcattn "
            f"reads {FORMAT_VERSION}; use the version of qcattn that wrote it"
        )
    return document


def _checked(path: Path, document: dict[str, Any]) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"`{path}` is missing; the result is not whole") from error
    files = document.get("files")
    if not isinstance(files, dict) or _sha256(content) != files.get(path.name):
        raise ValueError(f"`{path}` is damaged: its SHA-256 is not the one in result.json")
    return content


def _with_infinities(document: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity; an infinite resolution is written as a string."""
    for entry in document["verdicts"]:
        for name, value in entry.items():
            if isinstance(value, float) and not np.isfinite(value):
                entry[name] = str(value)
    return document


def _without_infinities(entry: dict[str, Any]) -> dict[str, Any]:
    numbers = {field.name for field in fields(Verdict)} - {"name"}
    return {name: float(value) if name in numbers else value for name, value in entry.items()}
