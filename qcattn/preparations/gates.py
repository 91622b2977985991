"""Circuits in the gates that every backend binds faithfully."""

from __future__ import annotations

from qiskit import QuantumCircuit, transpile

__all__ = ["GATES", "compiled"]

#: Gates of a delivered circuit; controlled rotations with a parameter are bound wrongly by Aer.
GATES = ("rz", "ry", "h", "x", "cx")


def compiled(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same circuit in one-qubit gates and cx, its registers kept.

    Example:
        >>> circuit = QuantumCircuit(3)
        >>> circuit.ccx(0, 1, 2)
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> set(compiled(circuit).count_ops()) <= set(GATES)
        True
    """
    return transpile(circuit, basis_gates=list(GATES), optimization_level=1, seed_transpiler=0)
