"""The part of a circuit that its readings depend on."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlledGate, Gate, Qubit

__all__ = ["light_cone"]

#: Gates that are diagonal whatever their parameters.
_DIAGONAL = {
    *("id", "z", "s", "sdg", "t", "tdg", "p", "u1", "rz", "global_phase"),
    *("cz", "cp", "cu1", "crz", "cs", "csdg", "rzz", "ccz", "mcphase", "diagonal"),
}


def light_cone(circuit: QuantumCircuit) -> QuantumCircuit:
    r"""The circuit without the gates that change no reading at its end.

    From the end backwards, a gate is left out if nothing that is kept comes after it on its qubits,
    and if it leaves the readings of those that are read alone: it acts on qubits that are not read
    only, or it is diagonal, or it is controlled by qubits that are read and acts on others. Such a
    gate is :math:`U = \sum_k |k\rangle\langle k| \otimes U_k` with k on the qubits that are read,
    so that the chance of k, :math:`\sum_t |\langle k, t| U \psi\rangle|^2`, does not depend on the
    unitaries :math:`U_k`. Which gates these are follows from their kinds alone, and from no angle.
    Qubits on which then nothing happens are left out too.

    Args:
        circuit: With parameters or without. One that goes on after a measurement, or uses what it
            measured, is given back as it is.

    Returns:
        On the qubits that matter, in their order, with the same classical registers; barriers are
        left out. Parameters that no gate bears any more are gone.

    Example:
        >>> pair = QuantumCircuit(2, 1)
        >>> _ = pair.ry(0.3, 0), pair.cx(0, 1), pair.h(1), pair.measure(0, 0)
        >>> light_cone(pair).num_qubits, [one.name for one in light_cone(pair).data]
        (1, ['ry', 'measure'])
    """
    if any(one.clbits and one.name != "measure" for one in circuit.data):
        return circuit
    kept: list[CircuitInstruction] = []
    read: set[Qubit] = set()
    busy: set[Qubit] = set()  # those on which something that is kept comes later
    used: set[Qubit] = set()
    for one in reversed(circuit.data):
        qubits = set(one.qubits)
        if one.name == "barrier":
            continue
        if one.name == "measure":
            if qubits & used:
                return circuit
            read |= qubits
        elif not qubits & busy and _is_unseen(one, read):
            used |= qubits
            continue
        else:
            busy |= qubits
        used |= qubits
        kept.append(one)
    matter = [qubit for qubit in circuit.qubits if qubit in read | busy]
    out = QuantumCircuit(matter, circuit.clbits, *circuit.cregs, name=circuit.name)
    for one in reversed(kept):
        out._append(one)  # the same bits: nothing to check
    return out


def _is_unseen(one: CircuitInstruction, read: set[Qubit]) -> bool:
    """Whether an instruction after which nothing is kept leaves all readings as they are."""
    if not one.qubits:
        return True  # a global phase
    if not isinstance(one.operation, Gate):
        return False  # a reset, noise, an instruction that saves something
    if not read & set(one.qubits):
        return True
    if one.name in _DIAGONAL:
        return True
    if isinstance(one.operation, ControlledGate):
        return not read & set(one.qubits[one.operation.num_ctrl_qubits :])
    # The first qubit of a multiplexer is turned, and the others choose by how much.
    return one.name == "multiplexer" and one.qubits[0] not in read
