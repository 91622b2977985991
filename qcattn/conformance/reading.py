"""OpenQASM 3 as a circuit, lines of plain gates and measurements without the parser of grammars.

That parser takes a second for some thousand lines, and nearly all lines of the corpus are of two
kinds: a gate with numbers on single qubits, and one qubit measured into one bit. A pattern reads
these as the same nodes; whatever else there is goes to ``openqasm3``, and all of them in their
order to ``qiskit-qasm3-import``, as they would without this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any

from qiskit import QuantumCircuit

__all__ = ["program", "read_qasm"]

#: The gates of stdgates.inc, by their own names.
_GATES = (
    "p|x|y|z|h|s|sdg|t|tdg|sx|rx|ry|rz|cx|cy|cz|cp|crx|cry|crz|ch|swap|ccx|cswap|cu|id|u1|u2|u3"
)
_NUMBER = r"-?\d+(?:\.\d*(?:[eE][-+]?\d+)?|[eE][-+]?\d+)"
_GATE = re.compile(
    rf"((?:(?:ctrl|negctrl|inv) @ )*)({_GATES})(?:\(({_NUMBER}(?:, {_NUMBER})*)\))? "
    r"(\w+\[\d+\](?:, \w+\[\d+\])*);"
)
_MEASUREMENT = re.compile(r"(\w+\[\d+\]) = measure (\w+\[\d+\]);")


def read_qasm(text: str) -> QuantumCircuit:
    """Read the circuit of an OpenQASM 3 text.

    Raises:
        ImportError: If qiskit-qasm3-import is missing.

    Example:
        >>> read_qasm('OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; h q[0];').depth()
        1
    """
    try:
        from qiskit_qasm3_import import convert
    except ImportError as error:
        raise ImportError(
            "circuits in OpenQASM 3 are read by qiskit-qasm3-import: "
            "`pip install 'qcattn[conformance]'`"
        ) from error
    return convert(program(text))


def program(text: str) -> Any:
    """The tree of a program as ``openqasm3.parse`` gives it, without positions in the text."""
    from openqasm3 import ast

    version, statements = None, list[Any]()
    for plain, lines in groupby(_outer_lines(text), key=_is_plain):
        if plain:
            statements += map(_statement, lines)
        else:
            part = _parsed("\n".join(lines))
            version = version or part.version
            statements += part.statements
    return ast.Program(statements=statements, version=version)


@cache  # many circuits begin with the same lines
def _parsed(text: str) -> Any:
    from openqasm3 import parse

    return parse(text)


def _outer_lines(text: str) -> Iterator[str]:
    """Lines, those of a block as one with the line that opens it."""
    held, depth = list[str](), 0
    for line in text.splitlines():
        held.append(line)
        depth += line.count("{") - line.count("}")
        if depth <= 0:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _is_plain(line: str) -> bool:
    return bool(_GATE.fullmatch(line) or _MEASUREMENT.fullmatch(line))


def _statement(line: str) -> Any:
    from openqasm3 import ast

    gate = _GATE.fullmatch(line)
    if gate is None:
        read = _MEASUREMENT.fullmatch(line)
        assert read is not None
        target, qubit = map(_place, read.groups())
        return ast.QuantumMeasurementStatement(ast.QuantumMeasurement(qubit), target)
    modifiers, name, angles, places = gate.groups()
    return ast.QuantumGate(
        modifiers=[
            ast.QuantumGateModifier(ast.GateModifierName[word])
            for word in modifiers.split(" @ ")[:-1]
        ],
        name=ast.Identifier(name),
        arguments=[_number(angle) for angle in (angles or "").split(", ") if angle],
        qubits=[_place(place) for place in places.split(", ")],
    )


def _number(text: str) -> Any:
    from openqasm3 import ast

    size = ast.FloatLiteral(float(text.removeprefix("-")))
    return ast.UnaryExpression(ast.UnaryOperator["-"], size) if text.startswith("-") else size


@cache
def _place(text: str) -> Any:
    from openqasm3 import ast

    name, number = text.removesuffix("]").split("[")
    return ast.IndexedIdentifier(ast.Identifier(name), [[ast.IntegerLiteral(int(number))]])
