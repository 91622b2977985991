"""Whether a circuit is of Clifford gates alone, as stabilizer simulators take it."""

from __future__ import annotations

from collections.abc import Collection

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford

__all__ = ["in_clifford_gates", "is_clifford"]


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Whether every gate is a Clifford gate, also in the bodies of control flow.

    Measurements, resets and barriers do not count as gates; `initialize` is not a Clifford gate. A
    gate whose parameter has no value is not known to be one.

    Example:
        >>> import numpy as np
        >>> from qiskit import QuantumCircuit
        >>> one, other = QuantumCircuit(1), QuantumCircuit(1)
        >>> _ = one.ry(np.pi / 2, 0), other.ry(0.3, 0)
        >>> is_clifford(one), is_clifford(other)
        (True, False)
    """
    return all(_is_clifford(instruction.operation) for instruction in circuit.data)


def in_clifford_gates(circuit: QuantumCircuit, names: Collection[str]) -> QuantumCircuit:
    """The same circuit written in named Clifford gates, a quarter turn by its name for example.

    A global phase, which no shot shows, is left out.

    Args:
        circuit: A circuit of Clifford gates, as `is_clifford` says, without control flow.
        names: Names of the gates that stay as they are.

    Example:
        >>> import numpy as np
        >>> from qiskit import QuantumCircuit
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.rz(np.pi / 2, 0), circuit.cx(0, 1), circuit.u(np.pi / 2, 0, np.pi, 1)
        >>> dict(in_clifford_gates(circuit, ["cx", "h", "s"]).count_ops())
        {'s': 1, 'cx': 1, 'h': 1}
    """
    if all(not isinstance(one.operation, Gate) or one.name in names for one in circuit.data):
        return circuit
    out = circuit.copy_empty_like()
    for one in circuit.data:
        if isinstance(one.operation, Gate) and one.name not in names:
            out.compose(Clifford(one.operation).to_circuit(), one.qubits, inplace=True)
        else:
            out.append(one)
    return out


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
