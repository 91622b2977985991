"""Thermal states read with every qubit turned, before and after full dephasing of the keys."""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit

from qcattn.preparations.reference import gibbs
from qcattn.readings.circuits import as_prepared, opened, read_after
from qcattn.records import Hamiltonian, Prepared

__all__ = ["first_bit", "repeated", "turned_law", "turned_reading"]


def turned_law(hamiltonian: Hamiltonian, angle: float, dephased: bool) -> np.ndarray:
    r"""What comes out at beta = 1, by dense linear algebra, shape (2**n,).

    Args:
        hamiltonian: Shape (), on n qubits.
        angle: By which every qubit is turned, ry(-angle), radians.
        dephased: Whether the off-diagonal elements of the state are dropped first.
    """
    rho = gibbs(hamiltonian, 1.0).real
    if dephased:
        rho = np.diag(np.diag(rho))
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    one = np.array([[cosine, sine], [-sine, cosine]])
    turn = np.eye(1)
    for _ in range(hamiltonian.num_qubits):
        turn = np.kron(turn, one)
    law = np.clip(np.einsum("ij,jk,ik->i", turn, rho, turn), 0.0, None)
    return np.round(law / law.sum(), 14)  # equal probabilities are equal


def turned_reading(
    prepared: Prepared, hamiltonian: Hamiltonian, angle: float, dephased: bool
) -> Prepared:
    """The circuit of that reading: for dephasing a fresh qubit learns each bit of the key."""
    n = hamiltonian.num_qubits
    circuit = QuantumCircuit(2 * n if dephased else n)
    for q in range(n):
        if dephased:
            circuit.cx(q, n + q)
        circuit.ry(-angle, q)
    return read_after(prepared, circuit, turned_law(hamiltonian, angle, dephased))


def first_bit(reading: Prepared) -> Prepared:
    """Of a reading the bit of qubit 0 alone."""
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
