"""How long Aer draws, told from the template before it begins, at a pace measured here and now."""

from __future__ import annotations

import time
from collections.abc import Callable

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qcattn.backends.memory import active_qubits
from qcattn.forecast import LONG

__all__ = ["draw_seconds", "ends_in_measurements", "number_of_gates"]

# Seconds, with Aer 0.18 on one or two cores of 2024: an amplitude that a gate passes over; a gate,
# a circuit and a shot whatever they act on.
_AMPLITUDE, _GATE, _CIRCUIT, _SHOT = 2.5e-9, 8e-7, 1e-4, 1e-6
#: Gates of the template and qubits that the pace is measured on.
_GATES, _QUBITS = 60, 20
_NOT_GATES = {"measure", "barrier"}


def draw_seconds(
    circuit: QuantumCircuit,
    simulator: Callable[[], AerSimulator],
    *,
    mixed: bool,
    passes: int,
    shots: int,
) -> float:
    """Seconds that drawing takes.

    Args:
        circuit: The template.
        simulator: Makes the simulator that it runs on.
        mixed: Whether the state is a density matrix.
        passes: How often the circuit is walked through, all rows together.
        shots: Sampled, all rows together.
    """
    gates, power = number_of_gates(circuit), 4 if mixed else 2
    amplitudes = power ** active_qubits(circuit)

    def at(pace: float) -> float:
        walk = gates * (_GATE + pace * amplitudes) + _CIRCUIT
        return passes * walk + shots * _SHOT

    rough = at(_AMPLITUDE)
    if rough < LONG / 2 or amplitudes < 2**12:
        return rough
    return at(_pace(circuit, simulator(), power))


def number_of_gates(circuit: QuantumCircuit) -> int:
    """Instructions of a circuit that do something to its state, measurements left out."""
    return sum(item.operation.name not in _NOT_GATES for item in circuit.data)


def ends_in_measurements(circuit: QuantumCircuit) -> bool:
    """Whether nothing happens to a qubit after it is measured, so that all shots are one state.

    Example:
        >>> circuit = QuantumCircuit(1, 1)
        >>> circuit.measure(0, 0)
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> before = ends_in_measurements(circuit)
        >>> circuit.x(0)
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> before, ends_in_measurements(circuit)
        (True, False)
    """
    measured: set[object] = set()
    for item in circuit.data:
        name = item.operation.name
        if name == "barrier":
            continue
        if name != "measure" and (item.clbits or not measured.isdisjoint(item.qubits)):
            return False
        if name == "measure":
            measured.update(item.qubits)
    return True


def _pace(circuit: QuantumCircuit, simulator: AerSimulator, power: int) -> float:
    """Seconds for each gate and amplitude, of the first gates on fewer qubits."""
    size = min(active_qubits(circuit), _QUBITS if power == 2 else _QUBITS // 2)
    sample = QuantumCircuit(size, size)
    for item in circuit.data:
        places = [circuit.find_bit(qubit).index % size for qubit in item.qubits]
        if item.operation.name in _NOT_GATES or len(set(places)) < len(places):
            continue
        operation = item.operation
        if operation.is_parameterized():
            operation = operation.to_mutable()
            operation.params = [0.3] * len(operation.params)
        sample.append(operation, places)
        if len(sample.data) == _GATES:
            break
    gates = len(sample.data)
    sample.measure(range(size), range(size))
    simulator.set_options(runtime_parameter_bind_enable=False)
    begun = time.perf_counter()
    simulator.run(sample, shots=1).result()
    return max(0.0, time.perf_counter() - begun) / (max(gates, 1) * power**size)
