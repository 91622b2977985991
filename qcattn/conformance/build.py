"""Builds the corpus: ``python -m qcattn.conformance.build circuits``.

Every topic is a file in ``topics/`` with a function ``recipes``. The same source gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from qiskit import QuantumCircuit, qpy
from qiskit.qpy.common import QPY_COMPATIBILITY_VERSION, QPY_VERSION
from qiskit.qpy.exceptions import QpyError

from qcattn.conformance import topics
from qcattn.conformance.case import FEATURES, Feature, loaded
from qcattn.conformance.corpus import FORMAT
from qcattn.conformance.law import law_of
from qcattn.conformance.recipe import Recipe
from qcattn.progress import Progress, silent

__all__ = ["build", "files_of", "files_of_one", "recipes_of", "topic_names"]

#: The first release of Qiskit that writes the lowest version of QPY still written, 13.
_QPY_RELEASE = (1, 3, 0)
_QPY_RELEASE_PLACE = 7
_LOOPS = ("for_loop", "while_loop")
_DRAWN = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=_)[0-9a-f]{32}")


def topic_names() -> list[str]:
    """The names of the topics, in alphabetical order.

    Example:
        >>> "gates" in topic_names()
        True
    """
    return sorted(file.name for file in pkgutil.iter_modules(topics.__path__))


def build(folder: Path, *, progress: Progress = silent) -> None:
    """Write all topics and their manifest into a folder; other files in it are left alone.

    Everything is computed before the first file is written, and the manifest is written last.

    Args:
        folder: The folder, such as ``circuits``.
        progress: A function that is told how many topics are done.
    """
    files: dict[str, bytes] = {}
    names = topic_names()
    for done, topic in enumerate(names):
        progress(done, len(names), topic)
        files |= files_of(topic)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for topic in names:
        for path in (folder / topic).glob("*.*"):
            path.unlink()
        (folder / topic).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = {"format": FORMAT, "files": sums}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def files_of(topic: str) -> dict[str, bytes]:
    """The files of one topic, by their names in the corpus.

    Args:
        topic: The name of a topic, one of `topic_names`.
    """
    files: dict[str, bytes] = {}
    for recipe in recipes_of(topic):
        assert recipe.name.startswith(f"{topic}/"), recipe.name
        files |= files_of_one(recipe)
    return files


def recipes_of(topic: str) -> list[Recipe]:
    """The recipes of one topic.

    Args:
        topic: The name of a topic, one of `topic_names`.
    """
    return list(import_module(f"{topics.__name__}.{topic}").recipes())


def files_of_one(recipe: Recipe) -> dict[str, bytes]:
    """The circuit and the JSON beside it, by their names in the corpus."""
    content = recipe.content
    written = content if isinstance(content, str) else _qpy(content)
    suffix = "qasm" if isinstance(written, str) else "qpy"
    about = _written(_about(recipe, loaded(written))).encode()
    circuit = written.encode() if isinstance(written, str) else written
    return {f"{recipe.name}.{suffix}": circuit, f"{recipe.name}.json": about}


def _about(recipe: Recipe, circuit: QuantumCircuit) -> dict[str, Any]:
    """What stands beside a circuit."""
    parameters = [parameter.name for parameter in circuit.parameters]
    laws = []
    for binding in recipe.bindings:
        bound = circuit.assign_parameters({name: binding[name] for name in parameters})
        law = law_of(bound, noise=recipe.noise)
        if len(law.outcomes) < 2 and "deterministic" not in recipe.exercises:
            raise ValueError(f"the law of {recipe.name} is certain, which tests nothing")
        laws.append({"outcomes": list(law.outcomes), "p": law.p.tolist()})
    found = features(circuit) | ({"noise"} if recipe.noise else set())
    return {
        "about": recipe.about,
        "exercises": list(recipe.exercises),
        "qubits": circuit.num_qubits,
        "clbits": circuit.num_clbits,
        "features": [feature for feature in FEATURES if feature in found],
        "parameters": parameters,
        "values": [[binding[name] for name in parameters] for binding in recipe.bindings],
        "noise": [
            {
                "kind": term.kind,
                "gates": list(term.gates),
                "qubits": list(term.qubits),
                "numbers": dict(term.numbers),
            }
            for term in recipe.noise
        ],
        "shows": {fault: round(float(moved), 6) for fault, moved in recipe.shows.items()},
        "laws": laws,
    }


def _written(about: dict[str, Any]) -> str:
    """JSON with one line an entry."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def features(circuit: QuantumCircuit) -> set[Feature]:
    """What a backend must be able to do to run a circuit, apart from noise.

    A measurement is in mid-circuit if anything happens to its qubit or its bit afterwards.
    """
    found: set[Feature] = set()
    if circuit.parameters:
        found.add("parameters")
    measured: set[Any] = set()
    for item in _flat(circuit):
        operation = item.operation
        touched = {*item.qubits, *item.clbits}
        if operation.name not in ("barrier", "delay") and measured & touched:
            found.add("mid-circuit measurement")
        if operation.name == "measure":
            measured |= touched
        if operation.name in ("reset", "initialize"):
            found.add("reset")
        if operation.name in ("if_else", "switch_case"):
            found.add("conditional")
        if operation.name in _LOOPS:
            found.add("loop")
    return found


def _flat(circuit: QuantumCircuit) -> Iterator[Any]:
    """All instructions, those of blocks after the instruction that holds them, loops twice."""
    for item in circuit.data:
        yield item
        rounds = 2 if item.operation.name in _LOOPS else 1
        for block in getattr(item.operation, "blocks", ()) * rounds:
            yield from _flat(block)


def _qpy(circuit: QuantumCircuit) -> bytes:
    """The circuit in the lowest version of QPY that holds it.

    The release of Qiskit in its header is that of the version, not of who built it, so that the
    bytes are the same everywhere.
    """
    for version in range(QPY_COMPATIBILITY_VERSION, QPY_VERSION + 1):
        buffer = io.BytesIO()
        try:
            qpy.dump(_blocks_named(circuit), buffer, version=version)
        except QpyError:
            continue
        content = bytearray(buffer.getvalue())
        content[_QPY_RELEASE_PLACE : _QPY_RELEASE_PLACE + 3] = bytes(_QPY_RELEASE)
        return _named_in_order(bytes(content))
    raise ValueError(f"no version of QPY holds {circuit.name}")


def _blocks_named(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit whose blocks are called blocks, where Qiskit counts them."""
    out = circuit.copy_empty_like()
    for item in circuit.data:
        operation = item.operation
        if hasattr(operation, "blocks"):
            blocks = [_blocks_named(block) for block in operation.blocks]
            for block in blocks:
                block.name = "block"
            operation = operation.replace_blocks(blocks)
        out.append(operation, item.qubits, item.clbits)
    return out


def _named_in_order(content: bytes) -> bytes:
    """QPY whose gates with definitions of their own are numbered, where Qiskit draws names."""
    found = dict.fromkeys(_DRAWN.findall(content))
    numbers = {name: _number(k, name) for k, name in enumerate(found)}
    return _DRAWN.sub(lambda match: numbers[match.group()], content)


def _number(k: int, drawn: bytes) -> bytes:
    """A name of the same length."""
    made = UUID(int=k)
    return (str(made) if b"-" in drawn else made.hex).encode()


def _main() -> None:
    from argparse import ArgumentParser

    from rich.progress import Progress as Bar

    parser = ArgumentParser(prog="python -m qcattn.conformance.build")
    parser.add_argument("folder", help="write every circuit of the corpus into this folder")
    folder = parser.parse_args().folder
    with Bar(transient=True) as bar:
        task = bar.add_task("corpus")
        build(
            Path(folder),
            progress=lambda done, total, what: bar.update(
                task, completed=done, total=total, description=what
            ),
        )


if __name__ == "__main__":
    _main()
