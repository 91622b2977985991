"""Circuits read with every qubit turned, with or without full dephasing of the keys before."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit

from qcattn.readings.circuits import as_prepared, opened, read_after
from qcattn.records import Prepared

__all__ = ["first_bit", "repeated", "turned_reading"]


def turned_reading(
    prepared: Prepared, angle: float, dephased: bool, distribution: ArrayLike
) -> Prepared:
    """The circuit with every qubit of the system turned by ry(-angle) before it is read.

    Args:
        prepared: One prepared circuit.
        angle: The angle, radians.
        dephased: Whether a fresh qubit learns each bit of the key before the turn, which drops
            the off-diagonal elements of the state.
        distribution: What all readings should come with, shape (2**n,).
    """
    n = prepared.codewords.shape[1]
    circuit = QuantumCircuit(2 * n if dephased else n)
    for q in range(n):
        if dephased:
            circuit.cx(q, n + q)
        circuit.ry(-angle, q)
    return read_after(prepared, circuit, distribution)


def first_bit(reading: Prepared) -> Prepared:
    """The circuit that reads qubit 0 alone and leaves the other qubits unread."""
    source, last, first = opened(reading)
    source = source.assign_parameters(reading.values)
    heralds = [bits for bits in source.cregs if bits.name == reading.herald_register]
    out = QuantumCircuit(*source.qregs, ClassicalRegister(1, "key"), *heralds)
    for item in source.data:
        out.append(item)
    out.measure(first[0].qubits[0], 0)
    for item in last:
        out.append(item)
    law = reading.distribution.reshape(-1, 2).sum(axis=0)
    return as_prepared(out, law, herald=reading.herald_register, success=reading.success)


def repeated(test: Prepared, runs: int) -> Prepared:
    """The same circuit as rows, each of which is drawn by itself."""
    law = np.broadcast_to(test.distribution, (runs, test.distribution.shape[-1]))
    return as_prepared(
        test.circuit, law, herald=test.herald_register, success=np.full(runs, float(test.success))
    )
