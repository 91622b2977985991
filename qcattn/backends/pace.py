"""How long Aer draws, told from the template before it begins, at a pace measured here and now."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qcattn.backends.memory import active_qubits
from qcattn.forecast import LONG

__all__ = ["draw_seconds", "ends_in_measurements", "number_of_gates"]

# Seconds, with Aer 0.18 on one or two cores of 2024: a circuit and a shot whatever they are.
_CIRCUIT, _SHOT = 1e-4, 1e-6
#: The most gates of the template, qubits, and foreseen seconds on which the pace is measured.
_GATES, _QUBITS, _SAMPLE = 60, 20, 0.3
_NOT_GATES = {"measure", "barrier"}


class _Rate(NamedTuple):
    """Seconds of a gate whatever it acts on, and of each amplitude that it passes over."""

    gate: float
    amplitude: float


#: Rates by whether the state is a density matrix, and whether gates are noisy. An error after a
#: gate is drawn anew in each walk over a state, and is one more and larger matrix on a density
#: matrix.
_RATES = {
    (False, False): _Rate(8e-7, 2.5e-9),
    (True, False): _Rate(8e-7, 1e-8),
    (False, True): _Rate(4e-6, 7e-9),
    (True, True): _Rate(5e-5, 1.5e-8),
}
#: Seconds of a gate where one run walks through the circuit for every shot, and of such a walk.
_AGAIN, _WALK = 2.5e-7, 1e-6


def draw_seconds(
    circuit: QuantumCircuit,
    simulator: Callable[[], AerSimulator],
    *,
    mixed: bool,
    noisy: bool,
    again: bool,
    passes: int,
    shots: int,
    gates: int,
) -> float:
    """Seconds that drawing takes.

    Args:
        circuit: The template.
        simulator: A function that makes the simulator that it runs on, with its noise.
        mixed: Whether the state is a density matrix.
        noisy: Whether gates have errors.
        again: Whether one run walks through the circuit for every shot.
        passes: The number of times that the circuit is walked through, all rows together.
        shots: Shots that are sampled, all rows together.
        gates: Gates of one walk.
    """
    power, rate = 4 if mixed else 2, _RATES[mixed, noisy]
    amplitudes = power ** active_qubits(circuit)
    gate = _AGAIN if again and not noisy else rate.gate

    def at(pace: float) -> float:
        walk = gates * (gate + pace * amplitudes) + (_WALK if again else _CIRCUIT)
        return passes * walk + shots * _SHOT

    rough = at(rate.amplitude)
    if rough < LONG / 2 or amplitudes < 2**12:
        return rough
    return at(_pace(circuit, simulator(), power, rate.amplitude))


def number_of_gates(circuit: QuantumCircuit) -> int:
    """The number of instructions that change the state, measurements left out."""
    return sum(item.name not in _NOT_GATES for item in circuit.data)


def ends_in_measurements(circuit: QuantumCircuit) -> bool:
    """Whether no qubit is used after it is measured, so that all shots come from one state.

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
        name = item.name
        if name == "barrier":
            continue
        if name != "measure" and (item.clbits or not measured.isdisjoint(item.qubits)):
            return False
        if name == "measure":
            measured.update(item.qubits)
    return True


def _pace(circuit: QuantumCircuit, simulator: AerSimulator, power: int, rough: float) -> float:
    """Seconds for each gate and amplitude, of the first gates on fewer qubits."""
    size = min(active_qubits(circuit), _QUBITS if power == 2 else _QUBITS // 2)
    most = min(_GATES, max(6, int(_SAMPLE / (rough * power**size))))
    sample = QuantumCircuit(size, size)
    for item in circuit.data:
        places = [circuit.find_bit(qubit).index % size for qubit in item.qubits]
        if item.name in _NOT_GATES or len(set(places)) < len(places):
            continue
        operation = item.operation
        if operation.is_parameterized():
            operation = operation.to_mutable()
            operation.params = [0.3] * len(operation.params)
        sample.append(operation, places)
        if len(sample.data) == most:
            break
    gates = len(sample.data)
    sample.measure(range(size), range(size))
    # Aer's own choice is another one for a single shot, or where the first gates are Clifford.
    method = "statevector" if power == 2 else "density_matrix"
    simulator.set_options(runtime_parameter_bind_enable=False, method=method)
    begun = time.perf_counter()
    simulator.run(sample, shots=1).result()
    return max(0.0, time.perf_counter() - begun) / (max(gates, 1) * power**size)
