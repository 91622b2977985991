"""A circuit as plain steps, for adapters that put it into another library's words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from qiskit import QuantumCircuit, transpile
from qiskit.exceptions import QiskitError

from qcattn.errors import DoesNotFit

__all__ = ["PlainStep", "reads_at_end", "steps"]


@dataclass(frozen=True)
class PlainStep:
    """One instruction.

    Attributes:
        name: The name of the gate, or ``"measure"`` or ``"reset"``.
        angles: The angles of the gate, radians.
        qubits: The numbers of the qubits, in the order of the gate.
        bit: The classical bit into which a measurement writes; -1 otherwise.
    """

    name: str
    angles: tuple[float, ...]
    qubits: tuple[int, ...]
    bit: int = -1


def steps(
    circuit: QuantumCircuit, gates: Collection[str], *, reset: bool = False
) -> list[PlainStep]:
    """The instructions of a circuit, written in the gates that a library has.

    Args:
        circuit: A circuit without parameters.
        gates: Names as Qiskit has them; others are translated into these.
        reset: Whether the library has resets.

    Returns:
        Gates, measurements and resets in their order; barriers are left out.

    Raises:
        DoesNotFit: If the circuit holds what cannot be said by these: control flow, noise, a reset
            where there is none, or a gate that does not decompose into them.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.h(0), circuit.measure(0, 0)
        >>> [step.name for step in steps(circuit, ["h"])]
        ['h', 'measure']
    """
    place = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    bits = {bit: i for i, bit in enumerate(circuit.clbits)}
    more = {"measure", "barrier", "delay", *(("reset",) if reset else ())}
    fitted = circuit
    if not {one.operation.name for one in circuit.data} <= {*gates, *more}:
        try:
            fitted = transpile(circuit, basis_gates=list(gates), optimization_level=0)
        except QiskitError as error:
            raise DoesNotFit(
                f"the circuit cannot be written in {', '.join(sorted(gates))} ({error}); take "
                "another backend"
            ) from error
        place = {qubit: i for i, qubit in enumerate(fitted.qubits)}
        bits = {bit: i for i, bit in enumerate(fitted.clbits)}
    found = []
    for one in fitted.data:
        name = one.operation.name
        if name in ("barrier", "delay"):
            continue
        if name not in {*gates, *more}:
            raise DoesNotFit(
                f"the circuit must be of {', '.join(sorted(gates))} on this simulator, but holds "
                f"{name!r}; take another backend"
            )
        angles = tuple(map(float, one.operation.params))
        bit = bits[one.clbits[0]] if one.clbits else -1
        found.append(PlainStep(name, angles, tuple(place[qubit] for qubit in one.qubits), bit))
    return found


def reads_at_end(found: list[PlainStep], clbits: int) -> tuple[list[PlainStep], list[int]]:
    """The gates, and the qubit that is read into each classical bit, -1 where none is.

    Args:
        found: The instructions, as `steps` gives them.
        clbits: The number of classical bits of the circuit.

    Raises:
        DoesNotFit: If a qubit is used after it was measured, or a bit is written twice.
    """
    gates: list[PlainStep] = []
    read = [-1] * clbits
    measured: set[int] = set()
    for step in found:
        if measured & set(step.qubits):
            raise DoesNotFit(
                "each qubit must be measured last on this simulator, but "
                f"{min(measured & set(step.qubits))} goes on; take another backend"
            )
        if step.name == "measure":
            if read[step.bit] >= 0:
                raise DoesNotFit(
                    "each classical bit must be written once on this simulator, but "
                    f"{step.bit} is written twice; take another backend"
                )
            (read[step.bit],) = step.qubits
            measured |= set(step.qubits)
        else:
            gates.append(step)
    return gates, read
