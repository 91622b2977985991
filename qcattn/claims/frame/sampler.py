"""The control that all claims share: does the backend give what is certain under any rule?"""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.evidence import Check
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared, every_reading

__all__ = ["check_sampler"]

_QUBITS, _SIZE = 3, 8
#: Shots of a circuit whose reading is certain, and of the one whose readings come alike.
_EACH, _EVEN = 200, 20_000
#: Standard deviations that a share of the even readings may be off: by Bernstein's inequality a
#: right backend is farther off in less than one run of 10^15, and no error rate is spent.
_REACH = 9.0


def check_sampler(backend: Backend, seed: np.random.SeedSequence) -> Check:
    """Check that a backend gives what Born's rule, and every other rule, says.

    A basis state gives its own reading, also after gates that are undone; a herald that reads one
    discards every shot; amplitudes of one modulus give all readings alike. Neither the square in
    Born's rule nor a statement of a document is asked for: a backend that fails here exchanges
    keys, leaks shots or has noise.

    Args:
        backend: (prepared, shots, seed) -> Counts.
        seed: The seed, which is split over the circuits.

    Returns:
        The check ``"sampler"``, a control.

    Example:
        >>> from qcattn.backends import Aer
        >>> check_sampler(Aer(), np.random.SeedSequence(1)).holds
        True
    """
    certain, alike = seed.spawn(2)
    states, undone, discarded = draw(
        [_basis_states(), _undone(), _discarding()], _EACH, backend, certain
    )
    (even,) = draw([_even()], _EVEN, backend, alike)
    off = np.abs(even.keys - _EVEN / _SIZE)
    reach = _REACH * np.sqrt(_EVEN * (_SIZE - 1)) / _SIZE
    right = {
        "basis states": bool((states.keys == _EACH * np.eye(_SIZE)).all()),
        "gates that are undone": bool((undone.keys == _EACH * np.eye(_SIZE)[_SIZE - 2]).all()),
        "a herald": int(discarded.keys.sum()) == 0 and int(discarded.discarded.sum()) == _EACH,
        "equal amplitudes": bool((off < reach).all()),
    }
    wrong = [name for name, holds in right.items() if not holds]
    return Check(
        "sampler",
        f"The backend gives what is certain: {', '.join(right)}",
        not wrong,
        f"wrong: {', '.join(wrong)}" if wrong else "every circuit gave what it must",
        "control",
    )


def _registers(heralds: int = 0) -> QuantumCircuit:
    system, key = QuantumRegister(_QUBITS, "system"), ClassicalRegister(_QUBITS, "key")
    circuit = QuantumCircuit(system, key, name="certain")
    if heralds:
        circuit.add_register(QuantumRegister(heralds, "ancilla"))
        circuit.add_register(ClassicalRegister(heralds, "herald"))
    return circuit


def _basis_states() -> Prepared:
    """Every reading, by one template with a row of angles for each."""
    circuit = _registers()
    for qubit, angle in zip(range(_QUBITS), ParameterVector("a", _QUBITS), strict=True):
        circuit.rx(angle, qubit)
    circuit.measure(range(_QUBITS), range(_QUBITS))
    return as_prepared(circuit, np.eye(_SIZE), values=np.pi * every_reading(_QUBITS))


def _undone() -> Prepared:
    """Reading 110, after entangling gates and their inverse."""
    circuit, gates = _registers(), QuantumCircuit(_QUBITS)
    circuit.x([1, 2])
    for qubit in range(_QUBITS):
        gates.ry(0.4 + qubit, qubit)
        gates.rz(1.1 + qubit, qubit)
    gates.cx(0, 1)
    gates.cx(1, 2)
    circuit.compose(gates, range(_QUBITS), inplace=True)
    circuit.barrier()
    circuit.compose(gates.inverse(), range(_QUBITS), inplace=True)
    circuit.measure(range(_QUBITS), range(_QUBITS))
    return as_prepared(circuit, np.eye(_SIZE)[_SIZE - 2])


def _discarding() -> Prepared:
    """A herald that always reads one."""
    circuit = _registers(heralds=1)
    circuit.x(range(1, _QUBITS + 1))
    circuit.measure(range(_QUBITS + 1), range(_QUBITS + 1))
    law = np.eye(_SIZE)[_SIZE - 2]
    return as_prepared(circuit, law, herald="herald", success=0.0)


def _even() -> Prepared:
    """A circuit that gives all readings alike."""
    circuit = _registers()
    circuit.h(range(_QUBITS))
    circuit.measure(range(_QUBITS), range(_QUBITS))
    return as_prepared(circuit, np.full(_SIZE, 1 / _SIZE))
