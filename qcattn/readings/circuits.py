"""Any circuit with a register ``key`` as what the backends take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import CircuitInstruction, Clbit, ControlFlowOp, Qubit
from qiskit.circuit.library import UnitaryGate

from qcattn.records import Prepared, every_reading

__all__ = [
    "as_prepared",
    "before_reading",
    "measured_qubits",
    "opened",
    "operations_of",
    "read_after",
]


def as_prepared(
    circuit: QuantumCircuit,
    distribution: ArrayLike,
    *,
    values: ArrayLike | None = None,
    herald: str | None = None,
    success: ArrayLike = 1.0,
) -> Prepared:
    """Wrap a circuit, or one template with rows of values, whose register ``key`` is read in full.

    Args:
        circuit: A circuit that is measured into a classical register ``key`` of n bits.
        distribution: What it should give, shape (..., 2**n), outcome 0 first.
        values: Values of its parameters, in the order of ``circuit.parameters``, shape (...,
            num_parameters); None if there are none.
        herald: A classical register that must read zero, or None.
        success: Probability that it does, shape (...).

    Returns:
        Prepared of shape (...).

    Example:
        >>> from qiskit import ClassicalRegister
        >>> from qcattn.backends import Aer
        >>> circuit = QuantumCircuit(1)
        >>> circuit.add_register(ClassicalRegister(1, "key"))
        >>> _ = circuit.h(0), circuit.measure(0, 0)
        >>> Aer()(as_prepared(circuit, [0.5, 0.5]), shots=100, seed=1).keys.sum()
        np.int64(100)
    """
    law = np.asarray(distribution, dtype=float)
    shape = law.shape[:-1]
    angles = np.zeros((*shape, 0)) if values is None else np.asarray(values, dtype=float)
    (key,) = (register for register in circuit.cregs if register.name == "key")
    return Prepared(
        method="circuit",
        kind="told",
        circuit=circuit,
        values=np.broadcast_to(angles, (*shape, circuit.num_parameters)),
        codewords=every_reading(key.size),
        key_register="key",
        herald_register=herald,
        distribution=law,
        success=np.broadcast_to(np.asarray(success, dtype=float), shape),
        error=np.zeros(shape),
    )


def read_after(
    prepared: Prepared, operation: QuantumCircuit | ArrayLike, distribution: ArrayLike
) -> Prepared:
    """The same preparation with a circuit on its register ``system`` before the key is read.

    Args:
        prepared: Shape (...).
        operation: A unitary of shape (2**n, 2**n), or a circuit whose first n qubits are the
            system's; the others are fresh.
        distribution: What all 2**n readings should come with, shape (..., 2**n).

    Returns:
        Prepared of shape (...), every reading of the register a key.

    Example:
        >>> from qcattn.backends import Aer
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> fair = Purification()(Binary()([5.0, 0.0]), beta=1.0)
        >>> flipped = read_after(fair, [[0, 1], [1, 0]], fair.distribution[::-1])
        >>> Aer()(flipped, 1000, 1).keys.argmax()
        np.int64(1)
    """
    out, heralds, reading = opened(prepared)
    system = next(register for register in out.qregs if register.name == "system")
    if isinstance(operation, QuantumCircuit):
        fresh = QuantumRegister(max(1, operation.num_qubits - len(system)), "fresh")
        if operation.num_qubits > len(system):
            out.add_register(fresh)
        out.compose(operation, [*system, *fresh][: operation.num_qubits], inplace=True)
    else:
        out.append(UnitaryGate(np.asarray(operation, dtype=complex)), system)
    for item in [*reading, *heralds]:
        out.append(item)
    return replace(
        prepared,
        circuit=out,
        codewords=every_reading(len(reading)),
        distribution=np.asarray(distribution, dtype=float),
        error=np.zeros(prepared.shape),
    )


def before_reading(
    prepared: Prepared, turn: Callable[[QuantumCircuit, int, Qubit], None]
) -> QuantumCircuit:
    """The circuit with gates on each qubit of the key right before it is measured.

    Args:
        prepared: Shape (...).
        turn: A function that is given the new circuit, the number of a bit of the key, and the
            qubit that is about to be measured into it, and appends what is to be done.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Heralded
        >>> prepared = Heralded()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
        >>> flipped = before_reading(prepared, lambda circuit, bit, qubit: circuit.x(qubit))
        >>> flipped.count_ops()["x"]
        2
    """
    source = prepared.circuit
    key = next(register for register in source.cregs if register.name == prepared.key_register)
    number = {bit: place for place, bit in enumerate(key)}
    out = source.copy_empty_like()
    for item in source.data:
        if item.name == "measure" and item.clbits[0] in number:
            turn(out, number[item.clbits[0]], item.qubits[0])
        out.append(item)
    return out


def operations_of(circuit: QuantumCircuit) -> set[str]:
    """The names of all operations, also those in the blocks of control flow.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> with circuit.if_test((circuit.clbits[0], 1)):
        ...     _ = circuit.x(0)
        >>> sorted(operations_of(circuit))
        ['if_else', 'x']
    """
    found = set()
    for one in circuit.data:
        found.add(one.name)
        if isinstance(one.operation, ControlFlowOp):
            found |= {name for block in one.operation.blocks for name in operations_of(block)}
    return found


def measured_qubits(circuit: QuantumCircuit) -> dict[Clbit, Qubit]:
    """The qubit that is measured into each classical bit, the last one where there are several."""
    return {item.clbits[0]: item.qubits[0] for item in circuit.data if item.name == "measure"}


def opened(
    prepared: Prepared,
) -> tuple[QuantumCircuit, list[CircuitInstruction], list[CircuitInstruction]]:
    """Split a circuit: before its last measurements, those of the herald, and those of the key.

    A herald that is measured on the way, its qubit used again, stays where it is.
    """
    source = prepared.circuit
    key = next(register for register in source.cregs if register.name == prepared.key_register)
    body: list[CircuitInstruction] = []
    heralds: list[CircuitInstruction] = []
    reading: list[CircuitInstruction] = []
    later: set[Qubit] = set()
    for item in reversed(source.data):
        last = item.name == "measure" and later.isdisjoint(item.qubits)
        if last:
            (reading if item.clbits[0] in key else heralds).append(item)
        else:
            body.append(item)
            later.update(item.qubits)
    out = source.copy_empty_like()
    for item in reversed(body):
        out.append(item)
    return out, heralds[::-1], reading[::-1]
