"""What the folder of a result says: ``result.json``, its arrays, and the template circuit.

``result.json`` says what the result is, ``result.npz`` holds its arrays, ``template.qpy`` the
circuit as Qiskit reads it back and ``template.qasm`` the same for other tools. The document also
names the other results of the same run, if there are any, and the error rate of all of them; see
`qcattn.folders.runs`.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Instruction, Parameter
from qiskit.qpy.common import QPY_COMPATIBILITY_VERSION, QPY_VERSION
from qiskit.qpy.exceptions import QpyError

from qcattn.errors import TooLarge
from qcattn.experiment import held_bytes
from qcattn.folders.checking import VERDICT_ARRAYS, checked
from qcattn.folders.sealed import (
    Kind,
    Sealed,
    npz,
    read_number,
    read_sealed,
    read_truth,
    write_sealed,
)
from qcattn.folders.whole import whole_folder
from qcattn.machine import memory_bytes
from qcattn.records import Counts, Prepared, Resources, Result, Verdict

__all__ = ["RESULT", "load", "load_part", "result_of", "save", "write_part", "write_result"]

#: Version 2 names the parts of a run and states the error rate of the whole; its verdicts are those
#: of today's statistics, and it is held to them.
RESULT = Kind(
    "result",
    version=2,
    files=("result.npz", "template.qpy", "template.qasm"),
    wrote="`qcattn run` or `save`",
)
_PREPARED_ARRAYS = ("values", "codewords", "distribution", "success", "error")
_COUNT_ARRAYS = ("keys", "stray", "discarded")
_ARRAYS = ("scores", "beta", "expected")
_TEXTS = ("settings", "versions", "source")


def save(result: Result, folder: str | Path) -> None:
    """Write a result, whole or not at all.

    Args:
        result: What to write.
        folder: The folder to make; it must not exist yet, or be empty.

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
        write_result(result, fresh)


def write_result(
    result: Result,
    folder: Path,
    *,
    alpha: float | None = None,
    parts: Sequence[dict[str, str]] = (),
) -> str:
    """Write the files of a result into a folder, ``result.json`` last.

    Args:
        result: What to write.
        folder: The folder to write into, which exists.
        alpha: Error rate of the whole run; that of the result if None.
        parts: What `write_part` returned for the other results of the run.

    Returns:
        The hash that ``result.json`` states of itself.
    """
    files = {
        "result.npz": npz(_arrays(result)),
        "template.qpy": _qpy(result.prepared.circuit),
        "template.qasm": _qasm(result.prepared.circuit).encode(),
    }
    document = {
        "alpha": result.alpha if alpha is None else alpha,
        "parts": list(parts),
        "shots": result.shots,
        "seed": str(result.seed),
        "complete": result.complete,
        "same_numbers": result.same_numbers,
        "tokens": list(result.tokens),
        "axes": list(result.axes),
        **({"row_names": list(result.row_names)} if result.row_names else {}),
        **{name: dict(getattr(result, name)) for name in (*_TEXTS, "seconds")},
        "resources": asdict(result.resources),
        "prepared": {
            name: getattr(result.prepared, name)
            for name in (
                "method",
                "kind",
                "key_register",
                "herald_register",
                "state",
                "spent",
                "subsets",
            )
        },
        "verdicts": [
            {
                name: getattr(verdict, name)
                for name in ("name", "alpha", "overall", "overall_resolution")
            }
            for verdict in result.verdicts
        ],
    }
    return write_sealed(RESULT, folder, document, files)


def load(folder: str | Path) -> Result:
    """Read a result back as it was; if a run has several parts, the first.

    Args:
        folder: What `save` or ``qcattn run`` wrote.

    Raises:
        NotWhole: If a file is missing, foreign or damaged; the message names it.
    """
    return read_sealed(RESULT, folder, result_of)


def write_part(result: Result, folder: Path, place: int, name: str) -> dict[str, str]:
    """Write a result into a new folder inside another, and return the name by which it is known.

    Args:
        result: What to write.
        folder: The folder around it.
        place: The place of the result among the parts.
        name: What it is; with ``place`` it makes the name of the new folder.

    Returns:
        The name of the new folder, and the hash that ``result.json`` there states of itself, for
        the document of the folder around it.
    """
    inside = f"{place:02d}-{re.sub(r'[^A-Za-z0-9]+', '-', name)}"
    (folder / inside).mkdir()
    return {"folder": inside, "sha256": write_result(result, folder / inside)}


def load_part(folder: Path, name: str, seal: str | None) -> Result:
    """Read a result that the document of the folder around it names.

    Args:
        folder: The folder around it.
        name: The name of its own folder.
        seal: The hash that it must state of itself; None if the document says none.

    Raises:
        ValueError: If it would lie outside.
        NotWhole: If it is not whole, or another than is named.
    """
    if name in ("", ".", "..") or Path(name).name != name:
        raise ValueError(f"a part must lie in a folder inside this one, but is named {name!r}")
    return read_sealed(RESULT, folder / name, result_of, seal)


def result_of(sealed: Sealed) -> Result:
    """The result that was written into a folder, without the parts beside it."""
    document = sealed.document
    circuit = _circuit(sealed.files["template.qpy"])
    arrays: dict[str, Any] = _arrays_of(sealed, circuit)
    verdicts = tuple(
        Verdict(
            **_verdict(entry),
            **{name: arrays[f"verdict{i}_{name}"] for name in VERDICT_ARRAYS},
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
        shots=document["shots"],
        seed=int(document["seed"]),
        tokens=tuple(document["tokens"]),
        axes=tuple(document["axes"]),
        row_names=tuple(document.get("row_names", ())),
        complete=read_truth(document["complete"]),
        same_numbers=read_number(document["same_numbers"]) if sealed.version > 1 else 1.0,
        seconds={stage: read_number(value) for stage, value in document["seconds"].items()},
        **texts,
    )
    return checked(result, old=sealed.version == 1)


def _arrays_of(sealed: Sealed, circuit: QuantumCircuit) -> dict[str, np.ndarray]:
    """The arrays of a result, as large together as those of a run of its scores are.

    Raises:
        TooLarge: If they are larger, or checking them would not fit into memory.
    """
    shape = sealed.shape("result.npz", "scores")
    held, allowed = held_bytes(shape), memory_bytes() // 2
    if held > allowed:
        raise TooLarge(
            f"`{sealed.folder}` holds a result of scores of shape {shape}, which takes {held:,} "
            f"bytes to check, more than half of the memory here ({allowed:,} bytes)"
        )
    names = [*_ARRAYS, *(f"counts_{name}" for name in _COUNT_ARRAYS)]
    names += [f"prepared_{name}" for name in _PREPARED_ARRAYS]
    for i in range(len(sealed.document["verdicts"])):
        names += [f"verdict{i}_{name}" for name in VERDICT_ARRAYS]
    angles = 8 * circuit.num_parameters * math.prod(shape[:-1])
    return sealed.arrays("result.npz", names, held + angles)


def _arrays(result: Result) -> dict[str, np.ndarray]:
    arrays = {name: getattr(result, name) for name in _ARRAYS}
    arrays |= {f"counts_{name}": getattr(result.counts, name) for name in _COUNT_ARRAYS}
    arrays |= {f"prepared_{name}": getattr(result.prepared, name) for name in _PREPARED_ARRAYS}
    for i, verdict in enumerate(result.verdicts):
        arrays |= {f"verdict{i}_{name}": getattr(verdict, name) for name in VERDICT_ARRAYS}
    return {name: np.asarray(array) for name, array in arrays.items()}


def _verdict(entry: dict[str, Any]) -> dict[str, Any]:
    numbers = {field.name for field in fields(Verdict)} - {"name"}
    return {name: read_number(value) if name in numbers else value for name, value in entry.items()}


#: Parameters of an instruction that QPY can count.
_MOST_PARAMETERS = 2**16 - 1


def _qpy(circuit: QuantumCircuit) -> bytes:
    """The circuit in the lowest version of QPY that holds it.

    Version 13, which is the lowest that Qiskit 2 writes, is read by Qiskit 1.3 and later; it holds
    the circuits of all preparations here. Version 14 needs Qiskit 2.0, 15 needs 2.1, 16 needs
    2.1.1, 17 needs 2.3 and 18 needs 2.6.
    """
    circuit = _stacked(circuit)
    for version in range(QPY_COMPATIBILITY_VERSION, QPY_VERSION):
        buffer = io.BytesIO()
        try:
            qpy.dump(circuit, buffer, version=version)
        except QpyError:
            continue
        return buffer.getvalue()
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return buffer.getvalue()


def _circuit(content: bytes) -> QuantumCircuit:
    """The circuit of a QPY file."""
    # Byte 6 is the version. Before 13 expressions were stored as Python's or another library's.
    if len(content) > 6 and content[6] < 13:
        raise ValueError(f"template.qpy has version {content[6]} of QPY; 13 and later are read")
    (circuit,) = qpy.load(io.BytesIO(content))
    return _unstacked(circuit)


def _stacked(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same, the matrices of large multiplexers as one array each: QPY counts them in 16 bits.

    A native row of 2**17 keys has a multiplexer of 2**16 matrices.
    """
    if all(len(item.operation.params) <= _MOST_PARAMETERS for item in circuit.data):
        return circuit
    out = circuit.copy_empty_like()
    for item in circuit.data:
        gate = item.operation
        if len(gate.params) > _MOST_PARAMETERS:
            gate = Instruction(gate.name, gate.num_qubits, 0, [np.array(gate.params)])
        out.append(gate, item.qubits, item.clbits)
    return out


def _unstacked(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit that `_stacked` was given."""
    stacks = [item.operation.params for item in circuit.data if item.name == "multiplexer"]
    if not any(np.ndim(params[0]) == 3 for params in stacks):
        return circuit
    out = circuit.copy_empty_like()
    for item in circuit.data:
        gate = item.operation
        if item.name == "multiplexer" and np.ndim(gate.params[0]) == 3:
            gate = Instruction(gate.name, gate.num_qubits, 0, list(gate.params[0]))
        out.append(gate, item.qubits, item.clbits)
    return out


def _qasm(circuit: QuantumCircuit) -> str:
    """OpenQASM 3 whose parameters come in the order of ``values``.

    A reader has their names only, and Qiskit's takes them in the order of the alphabet: ``a[10]``
    before ``a[2]``. So each is called by its place, a000, a001 and so on.
    """
    width = max(3, len(str(circuit.num_parameters)))
    named = {
        parameter: Parameter(f"a{place:0{width}d}")
        for place, parameter in enumerate(circuit.parameters)
    }
    try:
        return qasm3.dumps(circuit.assign_parameters(named))
    except qasm3.QASM3ExporterError:
        return "OPENQASM 3.0;\n// Not all instructions have a name here; see template.qpy\n"
