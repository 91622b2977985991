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

    A gate is :math:`U = \sum_k |k\rangle\langle k| \otimes U_k`, with k on the qubits that control
    it (all of them if it is diagonal, none if it is no controlled gate) and :math:`U_k` on those
    that it turns. It is left out if nothing that is kept turns one of its controls later, if
    nothing that is kept comes later on the qubits that it turns, and if none of those is read.
    Then it commutes with all that comes later, and at the end the chance of k,
    :math:`\sum_t |\langle k, t| U \psi\rangle|^2`, does not depend on the unitaries
    :math:`U_k`. Which gates these are follows from their kinds alone, and from no angle. Qubits on
    which then nothing happens are left out too.

    Args:
        circuit: A circuit with parameters or without. One that goes on after a measurement, or uses
            what it measured, is given back as it is.

    Returns:
        The circuit on the qubits that matter, in their order, with the same classical registers;
        barriers are left out. Parameters that no gate bears any more are gone.

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
    turned: set[Qubit] = set()  # those of them that it turns
    used: set[Qubit] = set()
    for one in reversed(circuit.data):
        qubits = set(one.qubits)
        if one.name == "barrier":
            continue
        if one.name == "measure":
            if qubits & used:
                return circuit
            read |= qubits
        else:
            turns = _turned_by(one)
            if isinstance(one.operation, Gate) and not (
                turns & (read | busy) or (qubits - turns) & turned
            ):
                used |= qubits
                continue
            busy |= qubits
            turned |= turns
        used |= qubits
        kept.append(one)
    matter = [qubit for qubit in circuit.qubits if qubit in read | busy]
    out = QuantumCircuit(matter, circuit.clbits, *circuit.cregs, name=circuit.name)
    for one in reversed(kept):
        out._append(one)  # the same bits: nothing to check
    return out


def _turned_by(one: CircuitInstruction) -> set[Qubit]:
    """The qubits on which an instruction is not diagonal: all but its controls."""
    if one.name in _DIAGONAL:
        return set()
    if isinstance(one.operation, ControlledGate):
        return set(one.qubits[one.operation.num_ctrl_qubits :])
    if one.name == "multiplexer":  # the first qubit is turned, and the others choose by how much
        return set(one.qubits[:1])
    return set(one.qubits)
