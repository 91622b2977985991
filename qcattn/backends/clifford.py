"""Whether a circuit is of Clifford gates alone, as stabilizer simulators take it."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford

__all__ = ["is_clifford"]


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Whether every gate is a Clifford one, in the bodies of control flow too.

    Measurements, resets and barriers are none of the gates; `initialize` counts as no Clifford
    gate. A gate whose parameter has no value is not known to be one.

    Example:
        >>> import numpy as np
        >>> from qiskit import QuantumCircuit
        >>> one, other = QuantumCircuit(1), QuantumCircuit(1)
        >>> _ = one.ry(np.pi / 2, 0), other.ry(0.3, 0)
        >>> is_clifford(one), is_clifford(other)
        (True, False)
    """
    return all(_is_clifford(instruction.operation) for instruction in circuit.data)


def _is_clifford(operation: object) -> bool:
    if isinstance(operation, ControlFlowOp):
        return all(is_clifford(block) for block in operation.blocks)
    if not isinstance(operation, Gate):
        return getattr(operation, "name", "") != "initialize"  # which puts any state
    try:
        Clifford(operation)
    except (QiskitError, TypeError):  # TypeError: a parameter without a value
        return False
    return True
