"""Circuits as JSON that any release of Qiskit can be told, for `qcattn.backends.piped_worker`.

Old releases read neither new QPY nor, without another package, OpenQASM 3, so an instruction goes
as its name, parameters and the numbers of its bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    CASE_DEFAULT,
    Clbit,
    ControlFlowOp,
    ControlledGate,
    Delay,
    ForLoopOp,
    Instruction,
    Parameter,
    ParameterExpression,
    SwitchCaseOp,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import get_standard_gate_name_mapping

from qcattn.errors import DoesNotFit

__all__ = ["as_json"]

#: Instructions that are known by name, beyond the standard gates, whose parameters say all.
_BY_NAME = {
    "barrier",
    "break_loop",
    "continue_loop",
    "delay",
    "diagonal",
    "initialize",
    "multiplexer",
    "pauli",
    "permutation",
    "state_preparation",
    "ucrx",
    "ucry",
    "ucrz",
    "unitary",
}


def as_json(circuit: QuantumCircuit) -> dict[str, Any]:
    """Write a circuit as JSON, with the blocks of control flow nested.

    Args:
        circuit: A circuit with or without parameters.

    Raises:
        DoesNotFit: If it holds what has no such form, such as a variable that is stored.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.rx(0.5, 0), circuit.measure(0, 0)
        >>> as_json(circuit)["steps"]
        [{'name': 'rx', 'qubits': [0], 'clbits': [], 'params': [0.5]},
         {'name': 'measure', 'qubits': [0], 'clbits': [0], 'params': []}]
    """
    places: dict[Any, int] = {bit: i for i, bit in enumerate(circuit.qubits)}
    places |= {bit: i for i, bit in enumerate(circuit.clbits)}
    return {
        "qubits": circuit.num_qubits,
        "clbits": circuit.num_clbits,
        "registers": [[one.name, [places[bit] for bit in one]] for one in circuit.cregs],
        "parameters": [one.name for one in circuit.parameters],
        "phase": _param(circuit.global_phase),
        "steps": _steps(circuit, places),
    }


def _steps(circuit: QuantumCircuit, places: Mapping[Any, int]) -> list[dict[str, Any]]:
    """Instructions; the places are those of the outermost circuit."""
    found = []
    for one in circuit.data:
        step: dict[str, Any] = {
            "name": one.operation.name,
            "qubits": [places[bit] for bit in one.qubits],
            "clbits": [places[bit] for bit in one.clbits],
        }
        if isinstance(one.operation, ControlFlowOp) and one.operation.blocks:
            step |= _flow(one.operation, one.qubits, one.clbits, places)
        else:
            step |= _gate(one.operation)
        found.append(step)
    return found


def _gate(gate: Instruction) -> dict[str, Any]:
    name = gate.name
    if isinstance(gate, Delay):
        return {"params": [_param(gate.duration)], "unit": gate.unit}
    if isinstance(gate, ControlledGate) and not _is_closed(gate):
        name = name.removesuffix(f"_o{gate.ctrl_state}")
    standard = get_standard_gate_name_mapping().get(name)
    if name in _BY_NAME or (standard is not None and _is_same(gate, standard)):
        step: dict[str, Any] = {"name": name, "params": [_param(one) for one in gate.params]}
        if isinstance(gate, ControlledGate) and not _is_closed(gate):
            step["state"] = int(gate.ctrl_state)
        return step
    if isinstance(gate, ControlledGate):
        base = {"name": gate.base_gate.name, "qubits": [], "clbits": [], **_gate(gate.base_gate)}
        return {
            "params": [],
            "base": base,
            "controls": gate.num_ctrl_qubits,
            "state": int(gate.ctrl_state),
        }
    if gate.definition is None:
        raise DoesNotFit(f"{name!r} has no form that can go over a pipe")
    return {"params": [], "definition": as_json(gate.definition)}


def _is_closed(gate: ControlledGate) -> bool:
    return bool(gate.ctrl_state == 2**gate.num_ctrl_qubits - 1)


def _is_same(gate: Instruction, standard: Instruction) -> bool:
    return gate.base_class is standard.base_class and gate.num_qubits == standard.num_qubits


def _param(value: Any) -> Any:
    match value:
        case ParameterExpression():
            return _linear(value)
        case np.ndarray():
            return {"array": [value.real.tolist(), value.imag.tolist()]}
        case bool() | str() | int():
            return value
        case complex() | np.complexfloating():
            return {"complex": [float(value.real), float(value.imag)]}
    return float(value)


def _linear(expression: ParameterExpression) -> dict[str, Any]:
    """A parameter, or a sum of multiples of some."""
    names = sorted(expression.parameters, key=lambda one: one.name)
    slopes = [expression.gradient(name) for name in names]
    if any(isinstance(slope, ParameterExpression) and slope.parameters for slope in slopes):
        raise DoesNotFit(f"the expression {expression} is not linear, so it cannot go over a pipe")
    constant = float(expression.bind({name: 0.0 for name in names}))
    terms = [[name.name, float(slope)] for name, slope in zip(names, slopes, strict=True)]
    return {"constant": constant, "terms": terms}


def _flow(
    flow: ControlFlowOp, qubits: Any, clbits: Any, places: Mapping[Any, int]
) -> dict[str, Any]:
    """Blocks and what decides between them."""
    step: dict[str, Any] = {"blocks": []}
    for block in flow.blocks:
        inner = {bit: places[at] for bit, at in zip(block.qubits, qubits, strict=True)}
        inner |= {bit: places[at] for bit, at in zip(block.clbits, clbits, strict=True)}
        step["blocks"].append(_steps(block, inner))
    if isinstance(flow, ForLoopOp):
        indices, loop, body = flow.params
        # Aer cannot bind what no instruction reads, and a block is told by its instructions.
        read = {name for one in body.data for name in _names(one.operation)}
        step["loop"] = loop.name if loop in read else None
        if isinstance(indices, range):
            step["indices"] = {"range": [indices.start, indices.stop, indices.step]}
        else:
            step["indices"] = {"values": list(indices)}
    elif isinstance(flow, SwitchCaseOp):
        step["on"] = _read(flow.target, places)
        step["cases"] = [
            [None if one is CASE_DEFAULT else int(one) for one in values]
            for values, _ in flow.cases_specifier()
        ]
    elif hasattr(flow, "condition"):
        step["on"] = _read(flow.condition, places)
    else:
        raise DoesNotFit(f"{flow.name!r} has no form that can go over a pipe")
    return step


def _names(operation: Instruction) -> set[Parameter]:
    """Parameters that an operation reads, in its blocks too."""
    found: set[Parameter] = set()
    for param in operation.params:
        if isinstance(param, ParameterExpression):
            found |= set(param.parameters)
    for block in getattr(operation, "blocks", ()):
        for one in block.data:
            found |= _names(one.operation)
    return found


def _read(condition: Any, places: Mapping[Any, int]) -> dict[str, Any]:
    if isinstance(condition, expr.Expr):
        return {"expression": _expression(condition, places)}
    if isinstance(condition, tuple):
        what, value = condition
        return {**_variable(what, places), "value": int(value)}
    return _variable(condition, places)


def _variable(what: Any, places: Mapping[Any, int]) -> dict[str, Any]:
    if isinstance(what, Clbit):
        return {"bit": places[what]}
    return {"register": [places[bit] for bit in what]}


def _expression(node: expr.Expr, places: Mapping[Any, int]) -> dict[str, Any]:
    if not isinstance(node.type, types.Bool | types.Uint):
        raise DoesNotFit(f"a condition of type {node.type} has no form that can go over a pipe")
    kind = "bool" if isinstance(node.type, types.Bool) else node.type.width
    match node:
        case expr.Var() if not node.standalone:
            return {"what": "variable", "type": kind, **_variable(node.var, places)}
        case expr.Value():
            return {"what": "value", "type": kind, "value": node.value}
        case expr.Cast():
            return {"what": "cast", "type": kind, "of": [_expression(node.operand, places)]}
        case expr.Unary():
            of = [_expression(node.operand, places)]
            return {"what": "unary", "type": kind, "op": node.op.name, "of": of}
        case expr.Binary():
            of = [_expression(one, places) for one in (node.left, node.right)]
            return {"what": "binary", "type": kind, "op": node.op.name, "of": of}
    raise DoesNotFit(f"a condition on {node} has no form that can go over a pipe")
