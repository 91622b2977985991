"""A circuit as Python that makes it again, for scripts that need Qiskit and nothing of qcattn."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ControlFlowOp, ControlledGate, Instruction, ParameterExpression, library

__all__ = ["as_code", "calls_of"]


def as_code(circuit: QuantumCircuit) -> str:
    """The body of a function that returns the circuit.

    Args:
        circuit: A circuit. The body makes it by calls where these say it all (`calls_of`), else
            from QPY in base64.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.h(0), circuit.measure(0, 0)
        >>> print(as_code(circuit))
            c = QuantumCircuit(1, 1)
            c.h(0)
            c.measure(0, 0)
            return c
    """
    lines = calls_of(circuit)
    if lines is not None:
        return "\n".join(f"    {line}" for line in lines)
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=13)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    chunks = [text[i : i + 88] for i in range(0, len(text), 88)]
    inner = "\n".join(f'        "{chunk}"' for chunk in chunks)
    return (
        f"    import base64, io\n    from qiskit import qpy\n    text = (\n{inner}\n    )\n"
        "    return qpy.load(io.BytesIO(base64.b64decode(text)))[0]"
    )


def calls_of(circuit: QuantumCircuit) -> list[str] | None:
    """Write a circuit as calls of ``QuantumCircuit`` and of Qiskit's circuit library, ``library``.

    Args:
        circuit: A circuit with or without parameters.

    Returns:
        Lines, the last of which returns the circuit; None where it has control flow, parameters
        whose names are no identifiers, or instructions that no such call makes.
    """
    names = {one.name: one for one in circuit.parameters}
    if not all(name.isidentifier() for name in names):
        return None
    lines = [f"{name} = Parameter({name!r})" for name in names]
    lines.append(f"c = QuantumCircuit({circuit.num_qubits}, {circuit.num_clbits})")
    known = {**names, "np": np, "library": library}
    for operation, places in _placed(circuit):
        line = _line(circuit, operation, places, known)
        if line is None:
            return None
        lines.append(line)
    if any("library." in line for line in lines):
        lines.insert(0, "from qiskit.circuit import library")
    return [*lines, "return c"]


def _line(
    circuit: QuantumCircuit, operation: Instruction, places: Sequence[int], known: Mapping[str, Any]
) -> str | None:
    """The first of the calls that makes just this instruction."""
    if isinstance(operation, ControlFlowOp):
        return None
    for line in _possible(operation, places):
        again = QuantumCircuit(circuit.num_qubits, circuit.num_clbits)
        try:
            exec(line, {**known, "c": again})
            ((made, where),) = _placed(again)
        except Exception:  # whatever a method with other arguments raises: then another says it
            continue
        if where == places and _alike(made, operation):
            return line
    return None


def _alike(one: Instruction, other: Instruction) -> bool:
    """Whether two instructions are the same; a gate of the library is what its parameters say."""
    if one == other:
        return True
    if isinstance(one, ControlledGate) and isinstance(other, ControlledGate):
        return (
            (one.name, one.num_ctrl_qubits, one.ctrl_state)
            == (other.name, other.num_ctrl_qubits, other.ctrl_state)
        ) and _alike(one.base_gate, other.base_gate)
    return (
        type(one) is type(other)
        and type(one).__module__.startswith(library.__name__)
        and (one.name, one.label, one.num_qubits) == (other.name, other.label, other.num_qubits)
        and len(one.params) == len(other.params)
        and all(map(np.array_equal, one.params, other.params))
    )


def _possible(operation: Instruction, places: Sequence[int]) -> Iterator[str]:
    params = list(map(_value, operation.params))
    yield f"c.{operation.name}({', '.join([*params, *map(repr, places)])})"
    if operation.name == "save_probabilities":
        yield f"c.save_probabilities({places!r})"
    text = f"library.{type(operation).__name__}({', '.join(params)})"
    yield f"c.append({text}, {places!r})"
    yield f"c.append(library.{type(operation).__name__}([{', '.join(params)}]), {places!r})"
    if isinstance(operation, ControlledGate):
        state = f"ctrl_state={operation.ctrl_state}"
        inside = ", ".join([*params, state])
        yield f"c.append(library.{type(operation).__name__}({inside}), {places!r})"
        base = f"library.{type(operation.base_gate).__name__}({', '.join(params)})"
        control = f"control({operation.num_ctrl_qubits}, {state})"
        yield f"c.append({base}.{control}, {places!r})"


def _value(param: Any) -> str:
    if isinstance(param, ParameterExpression):
        return str(param)
    if isinstance(param, np.ndarray):
        return f"np.array({param.tolist()!r})"
    return repr(param.item() if isinstance(param, np.generic) else param)


def _placed(circuit: QuantumCircuit) -> list[tuple[Any, list[int]]]:
    """Instructions with the numbers of their bits."""
    place: dict[Any, int] = {bit: i for i, bit in enumerate(circuit.qubits)}
    place |= {bit: i for i, bit in enumerate(circuit.clbits)}
    return [
        (one.operation, [place[bit] for bit in (*one.qubits, *one.clbits)]) for one in circuit.data
    ]
