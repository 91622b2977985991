"""The corpus of circuits as it is stored in ``circuits/``, each file checked by its sha256."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import qcattn
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.conformance.case import Case, Law
from qcattn.errors import NotWhole
from qcattn.names import known
from qcattn.parsing import parse_json

__all__ = ["FORMAT", "case", "corpus", "corpus_folder", "read_corpus"]

FORMAT = 1


@cache
def corpus() -> tuple[Case, ...]:
    """All circuits that come with this package, in the order of their manifest.

    Raises:
        NotWhole: If a file is missing or is not the one in the manifest; it is named.

    Example:
        >>> len(corpus()) > 5, corpus()[0].laws[0].p.sum().round(12)
        (True, np.float64(1.0))
    """
    return read_corpus(corpus_folder())


def corpus_folder() -> Path:
    """The folder of the corpus: in the installed package, or beside it in a checkout.

    Raises:
        NotWhole: If there is none.
    """
    house = Path(qcattn.__file__).parent
    places = [house / "circuits", house.parent / "circuits"]
    here = [place for place in places if place.is_dir()]
    if not here:
        raise NotWhole(f"`{places[0]}` is missing; install the package again")
    return here[0]


def case(name: str) -> Case:
    """One circuit of the corpus.

    Args:
        name: Folder and file, such as ``"gates/ry"``.

    Raises:
        ValueError: If there is none of this name; the nearest is named.

    Example:
        >>> case("gates/ry").qubits
        2
    """
    cases = {one.name: one for one in corpus()}
    if name not in cases:
        topic = name.partition("/")[0]
        near = [one for one in cases if one.startswith(f"{topic}/")]
        known("a circuit of the corpus", name, near or cases)
    return cases[name]


def read_corpus(folder: Path) -> tuple[Case, ...]:
    """Read all circuits of a folder that has a manifest, in its order.

    Args:
        folder: The folder, as the build writes it.

    Raises:
        NotWhole: If a file is missing, foreign or not the one in the manifest; it is named.
    """
    manifest = _json(folder / "manifest.json", _bytes(folder / "manifest.json"))
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        raise NotWhole(
            f"{folder / 'manifest.json'} has format {manifest.get('format')!r}, but this version "
            f"reads {FORMAT}; build the corpus again"
        )
    files = manifest["files"]
    contents = {name: _checked(folder / name, sha256) for name, sha256 in files.items()}
    circuits = [name for name in files if not name.endswith(".json")]
    return tuple(_case(folder, name, contents) for name in circuits)


def _case(folder: Path, file: str, contents: dict[str, bytes]) -> Case:
    name = file.rpartition(".")[0]
    about = _json(folder / f"{name}.json", contents[f"{name}.json"])
    content = contents[file]
    shape = (len(about["laws"]), len(about["parameters"]))
    return Case(
        name=name,
        exercises=tuple(about["exercises"]),
        qubits=about["qubits"],
        clbits=about["clbits"],
        features=frozenset(about["features"]),
        parameters=tuple(about["parameters"]),
        values=np.array(about["values"], dtype=float).reshape(shape),
        laws=tuple(Law(tuple(law["outcomes"]), np.array(law["p"])) for law in about["laws"]),
        noise=tuple(
            NoiseTerm(term["kind"], tuple(term["gates"]), tuple(term["qubits"]), term["numbers"])
            for term in about["noise"]
        ),
        text=content if file.endswith(".qpy") else content.decode(),
        form="qpy" if file.endswith(".qpy") else "qasm3",
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotWhole(f"`{path}` cannot be read; install the package again") from error


def _checked(path: Path, sha256: str) -> bytes:
    content = _bytes(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotWhole(f"`{path}` is not the file in the manifest; install the package again")
    return content


def _json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        found = parse_json(content)
    except ValueError as error:
        raise NotWhole(f"`{path}` cannot be used ({error}); install the package again") from error
    if not isinstance(found, dict):
        raise NotWhole(f"`{path}` is not of this corpus; install the package again")
    return found
