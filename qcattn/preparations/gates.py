"""Circuits in the gates that every backend binds faithfully."""

from __future__ import annotations

from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, generate_preset_pass_manager

__all__ = ["GATES", "compiled"]

#: Gates of a delivered circuit; controlled rotations with a parameter are bound wrongly by Aer.
GATES = ("rz", "ry", "h", "x", "cx")


def compiled(circuit: QuantumCircuit) -> QuantumCircuit:
    """Compile a circuit to one-qubit gates and cx, and keep its registers.

    Example:
        >>> circuit = QuantumCircuit(3)
        >>> circuit.ccx(0, 1, 2)
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> set(compiled(circuit).count_ops()) <= set(GATES)
        True
    """
    return _passes().run(circuit)


@lru_cache
def _passes() -> PassManager:
    """The passes of `qiskit.transpile`, put together once: for a small gate that takes longest."""
    return generate_preset_pass_manager(1, basis_gates=list(GATES), seed_transpiler=0)
