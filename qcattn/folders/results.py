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
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import qasm3, qpy

from qcattn.records import Counts, Prepared, Resources, Result, Verdict

__all__ = [
    "check_free",
    "load",
    "read_document",
    "read_sealed",
    "save",
    "whole_file",
    "whole_folder",
    "write_files",
]

FORMAT = "qcattn result"
FORMAT_VERSION = 1
_FILES = ("result.npz", "template.qpy", "template.qasm")
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
        A hidden folder, to write into.

    Raises:
        ValueError: If ``folder`` is taken.
        OSError: If it cannot be written; nothing is left behind.
    """
    target = Path(folder).absolute()
    check_free(folder)
    parents = [parent for parent in target.parents if not parent.exists()]
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Inside an empty folder, which may be a disk of its own; else beside its place.
        place = target if target.is_dir() else target.parent
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=place))
        fresh.chmod(0o755)
        yield fresh
        if place == target:
            if set(target.iterdir()) != {fresh}:
                raise ValueError(f"`{folder}` was filled by another meanwhile; name another folder")
            _fill(target, fresh)
        else:
            check_free(folder)
            os.replace(fresh, target)
    except BaseException as error:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        for parent in parents:
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"`{folder}` cannot be written: {error.strerror or error}; nothing was left there. "
                "Free space, or name another folder",
            ) from error
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A new file that appears under its name when the block ends well, or not at all.

    Args:
        path: Where the file should be; it must not exist yet.

    Yields:
        A hidden file beside it, to write.

    Raises:
        ValueError: If ``path`` exists.
        OSError: If it cannot be written; nothing is left behind.
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"`{path}` exists and is left as it is; name another file")
    fresh = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
        os.close(handle)
        fresh = Path(name)
        yield fresh
        fresh.chmod(0o644)
        if path.exists():
            raise ValueError(f"`{path}` was made by another meanwhile; name another file")
        os.replace(fresh, path)
    except BaseException as error:
        if fresh is not None:
            with suppress(OSError):
                fresh.unlink()
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"`{path}` cannot be written: {error.strerror or error}; nothing was left there. "
                "Free space, or name another place",
            ) from error
        raise


def _fill(target: Path, fresh: Path) -> None:
    """Move everything into an empty folder; what makes it a result comes last."""
    moved = []
    try:
        for entry in sorted(fresh.iterdir(), key=lambda entry: entry.name == "result.json"):
            os.replace(entry, target / entry.name)
            moved.append(target / entry.name)
        fresh.rmdir()
    except BaseException:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def check_free(folder: str | Path) -> None:
    """Refuse a name that is taken.

    Raises:
        ValueError: If there is a file, or a folder that is not empty.
    """
    target = Path(folder)
    try:
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    except OSError as error:
        raise ValueError(f"`{folder}` cannot be read: {error.strerror}; name another") from error
    if taken:
        raise ValueError(f"`{folder}` exists and is left as it is; name another folder")


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
        "template.qasm": _qasm(result.prepared).encode(),
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
            for name in ("method", "kind", "key_register", "herald_register", "state", "spent")
        },
        "verdicts": [
            {
                name: getattr(verdict, name)
                for name in ("name", "alpha", "overall", "overall_resolution")
            }
            for verdict in result.verdicts
        ],
    }
    document = _with_infinities(document)
    document["sha256"] = _sha256(_canonical(document))
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")


def load(folder: str | Path) -> Result:
    """Read a result back, as it was.

    Args:
        folder: What `save` wrote.

    Raises:
        ValueError: If a file is missing, foreign or damaged; the message names it.
    """
    folder = Path(folder)
    document = _checked_document(folder / "result.json")
    content = {name: read_sealed(folder / name, document["files"].get(name)) for name in _FILES}
    try:
        result = _parse(document, content)
    except Exception as error:  # a forged file can make any reader fail in any way
        raise ValueError(
            f"`{folder}` is not a whole result of qcattn ({type(error).__name__}: {error}); run it "
            "again"
        ) from error
    return result


def _parse(document: dict[str, Any], content: dict[str, bytes]) -> Result:
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
    texts: dict[str, Any] = {name: dict(document[name]) for name in _TEXTS}
    result = Result(
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
        **texts,
    )
    _check_shapes(result)
    return result


def _check_shapes(result: Result) -> None:
    """Every array has the rows and keys of the others, and what is one of a few is one of them."""
    keys, rows = result.expected.shape, result.shape
    prepared, counts = result.prepared, result.counts
    key_bits = [register.size for register in prepared.circuit.cregs]
    of_rows = {"stray": counts.stray, "discarded": counts.discarded}
    of_rows |= {"success": prepared.success, "error": prepared.error}
    for i, verdict in enumerate(result.verdicts):
        of_rows |= {f"{name} of verdict {i}": getattr(verdict, name) for name in _VERDICT_ARRAYS}
    of_keys = {"scores": result.scores, "counts": counts.keys, "expected": prepared.distribution}
    fits = {
        **{name: array.shape == rows for name, array in of_rows.items()},
        **{name: array.shape == keys for name, array in of_keys.items()},
        "beta": result.beta.shape in ((), rows),
        "values": prepared.values.shape == (*rows, prepared.circuit.num_parameters),
        "codewords": prepared.codewords.ndim == 2
        and len(prepared.codewords) == keys[-1]
        and prepared.codewords.shape[1] in key_bits,
        "tokens": len(result.tokens) in (0, keys[-1]),
        "axes": len(result.axes) in (0, len(rows)),
        "verdicts": bool(result.verdicts) and result.fit.name == "fit",
        "kind": prepared.kind in ("told", "thermal"),
        "state": prepared.state in ("gibbs", "qsample"),
        "spent": type(prepared.spent) is int and prepared.spent >= 0,
    }
    wrong = [name for name, fitting in fits.items() if not fitting]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} do not match the rest")


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


def _qasm(prepared: Prepared) -> str:
    try:
        return qasm3.dumps(prepared.circuit)
    except qasm3.QASM3ExporterError:
        return "OPENQASM 3.0;\n// Not all instructions have a name here; see template.qpy\n"


def _canonical(document: dict[str, Any]) -> bytes:
    """The document without its own hash, written in one way only."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_document(path: Path, what: str, version: int, wrote: str) -> dict[str, Any]:
    """A JSON document that says that it holds results, trials or findings of this version.

    Args:
        path: The file.
        what: ``"result"``, ``"trials"`` or ``"findings"``.
        version: Of the format.
        wrote: What writes such files, for the error.

    Raises:
        ValueError: If it is missing, unreadable, foreign, or of another version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise ValueError(
            f"`{path}` {'is missing' if missing else f'cannot be read ({error.strerror})'}; name a "
            f"folder that {wrote} wrote"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`{path}` is damaged: {error}") from error
    if not isinstance(document, dict) or document.get("format") != f"qcattn {what}":
        raise ValueError(f"`{path}` holds no {what} of qcattn; name a folder that {wrote} wrote")
    if document.get("format_version") != version:
        raise ValueError(
            f"`{path}` has format version {document.get('format_version')!r}, but this qcattn "
            f"reads {version}; use the version of qcattn that wrote it"
        )
    return document


def read_sealed(path: Path, seal: object) -> bytes:
    """The bytes of a file whose SHA-256 is known.

    Raises:
        ValueError: If it is missing, unreadable, or not what it was.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(f"`{path}` is missing; the folder is not whole") from error
    except OSError as error:
        raise ValueError(f"`{path}` cannot be read: {error.strerror}") from error
    if _sha256(content) != seal:
        raise ValueError(f"`{path}` is damaged: its SHA-256 is not the one stated beside it")
    return content


def _checked_document(path: Path) -> dict[str, Any]:
    """``result.json``, which states its own hash too."""
    document = read_document(path, "result", FORMAT_VERSION, "`qcattn run` or `save`")
    try:
        intact = document.get("sha256") == _sha256(_canonical(document))
    except UnicodeEncodeError:
        intact = False
    if not intact:
        raise ValueError(f"`{path}` is damaged: its SHA-256 is not the one it states")
    if not isinstance(document.get("files"), dict):
        raise ValueError(f"`{path}` is damaged: it names no files")
    return document


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
