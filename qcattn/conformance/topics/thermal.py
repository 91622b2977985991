"""Every thermal preparation of this package, on real rows of scores and on models of physics.

Some of them diagonalise or search, which ends in other last digits on another machine. So a circuit
is prepared once, and its stored text is what its law is computed from when the corpus is built
again; to prepare it anew, remove the text and build.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression

from qcattn.conformance.corpus import corpus_folder
from qcattn.conformance.recipe import Recipe
from qcattn.datasets import load_head
from qcattn.encodings import Binary
from qcattn.models import free_fermions, heisenberg, ising
from qcattn.parsing import parse_json
from qcattn.records import Hamiltonian, Prepared
from qcattn.walking import classes

__all__ = ["PREPARED", "as_program", "recipes", "row"]

#: Options with which a circuit is short enough to be stored, by what it is prepared for; methods
#: that stand here are stored for nothing else.
_SHORT: dict[str, dict[str, dict[str, Any]]] = {
    "SystemBath": {"4-keys": {"cycles": 30}, "8-keys": {"cycles": 10}, "ising-2": {"cycles": 6}},
    "QuantumMCMC": {"4-keys": {"error": 0.05}},
    "CKG": {"4-keys": {}, "8-keys": {}, "ising-2": {"error": 0.1}},
}
_BETA = 0.8
_MODELS: dict[str, Callable[[], Hamiltonian]] = {
    "ising-2": lambda: ising(2, coupling=0.8, field=0.7),
    "heisenberg-2": lambda: heisenberg(2),
    "fermions-2": lambda: free_fermions(2),
}
#: Rows of keys, beyond those of 4 and 8 that every method takes.
_ROWS = {
    "Amplitude": (16, 64, 256),
    "Purification": (16, 64, 256),
    "Heralded": (16, 64, 256),
    "Amplified": (16, 64),
    "ImaginaryTime": (16, 128),
    "QSVT": (16,),
    "QITE": (16,),
    "DetailedBalance": (16,),
    "ThermofieldQAOA": (16,),
    "Variational": (16, 32),
}


@cache
def row(keys: int) -> np.ndarray:
    """The scores of token number ``keys`` - 1 of a real text with itself and those before it.

    It has shape (keys,) and is rounded, so that no circuit depends on how a machine adds.

    Example:
        >>> row(4).shape
        (4,)
    """
    head = load_head()
    scores = head.keys[:keys] @ head.queries[keys - 1] / np.sqrt(head.queries.shape[-1])
    return np.round(scores, 5)


def _named() -> Iterator[tuple[str, Callable[[], Prepared]]]:
    for name, method in classes("preparations").items():
        hamiltonians = {f"{n}-keys": _of_row(n) for n in (4, 8, *_ROWS.get(name, ()))}
        if method.takes == "any":
            hamiltonians |= _MODELS
        if method.batched:
            hamiltonians["4-keys-several-rows"] = lambda: Binary()(row(12).reshape(3, 4))
        for what, hamiltonian in hamiltonians.items():
            short = _SHORT.get(name, {what: {}})
            if what in short:
                yield f"{_file(name)}-{what}", _of(method(**short[what]), hamiltonian)


def _file(name: str) -> str:
    """``DetailedBalance`` as ``detailed-balance``, ``QITE`` as ``qite``."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _of_row(keys: int) -> Callable[[], Hamiltonian]:
    return lambda: Binary()(row(keys))


def _of(method: Any, hamiltonian: Callable[[], Hamiltonian]) -> Callable[[], Prepared]:
    return lambda: method(hamiltonian(), beta=_BETA)


#: What is prepared for each circuit, by its name without the topic.
PREPARED: dict[str, Callable[[], Prepared]] = dict(_named())


def recipes() -> Iterator[Recipe]:
    """A circuit for each preparation; several rows are one template with a binding for each."""
    for file, prepare in PREPARED.items():
        name = f"thermal/{file}"
        stored = corpus_folder() / f"{name}.qasm"
        yield _kept(name, stored) if stored.is_file() else _recipe(name, prepare())


def _kept(name: str, path: Path) -> Recipe:
    about = parse_json(path.with_suffix(".json").read_bytes())
    names = about["parameters"]
    return Recipe(
        name=name,
        content=path.read_text(encoding="utf-8"),
        exercises=about["exercises"],
        about=about["about"],
        bindings=[dict(zip(names, values, strict=True)) for values in about["values"]],
    )


def _recipe(name: str, prepared: Prepared) -> Recipe:
    circuit = prepared.circuit
    bindings: list[dict[str, float]] = [{}]
    if prepared.shape:
        named = [_plain(parameter) for parameter in circuit.parameters]
        rows = np.round(prepared.flat_values, 9).tolist()
        bindings = [dict(zip(named, values, strict=True)) for values in rows]
    else:
        circuit = circuit.assign_parameters(prepared.values)
    words = ["thermal", prepared.method, *(["parametric"] if prepared.shape else [])]
    words += ["herald"] if prepared.herald_register is not None else []
    file = name.partition("/")[2]
    return Recipe(
        name=name,
        content=as_program(circuit),
        exercises=words,
        about=f"{prepared.method} ({prepared.kind}), {file}, at beta = {_BETA}.",
        bindings=bindings,
    )


def as_program(circuit: QuantumCircuit) -> str:
    """Write a circuit of gates in ``stdgates.inc`` as OpenQASM 3, angles to 9 decimals."""
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float[64] {_plain(parameter)};" for parameter in circuit.parameters]
    names: dict[Any, str] = {}
    for word, registers in (("qubit", circuit.qregs), ("bit", circuit.cregs)):
        for register in registers:
            lines.append(f"{word}[{register.size}] {register.name};")
            names |= {bit: f"{register.name}[{k}]" for k, bit in enumerate(register)}
    for item in circuit.data:
        qubits = ", ".join(names[qubit] for qubit in item.qubits)
        operation = item.operation
        if operation.name == "measure":
            lines.append(f"{names[item.clbits[0]]} = measure {qubits};")
            continue
        angles = ", ".join(_said(angle) for angle in operation.params)
        lines.append(f"{operation.name}{f'({angles})' if angles else ''} {qubits};")
    return "\n".join(lines) + "\n"


def _said(angle: Any) -> str:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        return _plain(angle)
    # Adding zero takes the sign from a zero.
    return repr(round(float(angle), 9) + 0.0)


def _plain(angle: ParameterExpression) -> str:
    """``-a[3]`` as ``-a_3``."""
    return str(angle).replace("[", "_").replace("]", "")
