"""The exact state that a circuit gives, by dense linear algebra: the reference of every method.

Independent of Aer. A circuit without resets is a vector; one with resets a density matrix. A bit
of the herald register is projected on zero where it is measured, so what is left is the state of
the kept shots.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitError, Gate, Operation
from qiskit.quantum_info import Operator

from qcattn.progress import tell
from qcattn.records import Prepared, check_bytes, numbers_of

__all__ = ["dense_seconds", "outcome_distribution", "system_state"]

_IDLE = np.eye(2)
# Seconds, on one core of 2024: a gate, and a number of the state that it changes.
_GATE, _NUMBER = 3e-5, 1.2e-8


def system_state(prepared: Prepared) -> tuple[np.ndarray, float]:
    """Density matrix of the register ``system`` of the kept shots, before its measurement.

    Args:
        prepared: One circuit, shape ().

    Returns:
        The state, shape (2**n, 2**n), complex, of trace one, and the probability that a shot is
        kept.

    Raises:
        ValueError: If there is more than one circuit, no register ``system``, or not enough memory
            (the message says how many bytes it would take).

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Heralded
        >>> prepared = Heralded()(Binary()([0.0, 1.0]), beta=1.0)
        >>> state, success = system_state(prepared)
        >>> state.real.round(4).tolist(), round(success, 4)
        ([[0.2689, 0.0], [0.0, 0.7311]], 0.6839)
    """
    if prepared.shape:
        raise ValueError(
            f"`prepared` must be one circuit, but there are {prepared.shape}; index one, for "
            "example `prepared[0]`"
        )
    circuit = prepared.circuit.assign_parameters(prepared.values)
    registers = {register.name: register for register in circuit.qregs}
    if "system" not in registers:
        raise ValueError("`prepared` has no quantum register named 'system'; name it so")
    kept = [circuit.find_bit(qubit).index for qubit in registers["system"]]
    heralds = [r for r in circuit.cregs if r.name == prepared.herald_register]
    state = _evolve(circuit, {circuit.find_bit(bit).index for r in heralds for bit in r})
    mixed = state.ndim == 2 * circuit.num_qubits
    rho = _reduced(state, kept, circuit.num_qubits, mixed)
    success = float(np.trace(rho).real)
    if success <= 0:
        raise ValueError("`prepared` keeps no shot at all: its herald can never read zero")
    return rho / success, success


def outcome_distribution(prepared: Prepared) -> tuple[np.ndarray, float]:
    """Probabilities of the keys, shape (num_keys,), among the kept shots, and of being kept.

    They sum to less than one where strays come out. Raises what `system_state` raises.
    """
    rho, success = system_state(prepared)
    return np.clip(np.diag(rho).real[numbers_of(prepared.codewords)], 0.0, None), success


def dense_seconds(circuit: QuantumCircuit) -> float:
    """Seconds that its exact state is foreseen to take, to a factor of about two.

    Example:
        >>> circuit = QuantumCircuit(10)
        >>> circuit.h(range(10))
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> dense_seconds(circuit) < 0.01
        True
    """
    mixed = _is_mixed(circuit)
    numbers = 2 ** (circuit.num_qubits * (1 + mixed))
    return len(circuit.data) * (1 + mixed) * (_GATE + _NUMBER * numbers)


def _is_mixed(circuit: QuantumCircuit) -> bool:
    return any(item.operation.name in ("reset", "initialize") for item in circuit.data)


def _evolve(circuit: QuantumCircuit, heralds: set[int]) -> np.ndarray:
    """State as a tensor with one axis of size 2 a qubit (two a qubit if mixed), qubit 0 last."""
    n = circuit.num_qubits
    mixed = _is_mixed(circuit)
    axes = 2 * n if mixed else n
    check_bytes(2 * 16 * 2**axes, f"the dense state of {n} qubits" + " with resets" * mixed)
    state = np.zeros((2,) * axes, dtype=complex)
    state[(0,) * axes] = 1.0
    loose: dict[int, np.ndarray] = {}  # one-qubit gates, until another gate needs their qubit

    def act(matrix: np.ndarray, qubits: list[int]) -> None:
        nonlocal state
        state = _apply(state, matrix, [n - 1 - q for q in qubits])
        if mixed:
            state = _apply(state, matrix.conj(), [2 * n - 1 - q for q in qubits])

    def settle(qubits: list[int]) -> None:
        for qubit in qubits:
            if qubit in loose:
                act(loose.pop(qubit), [qubit])

    for number, item in enumerate(circuit.data):
        tell(number, len(circuit.data), "gates of its exact state")
        operation = item.operation
        qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
        if operation.name == "barrier":
            continue
        if operation.name == "measure":
            if circuit.find_bit(item.clbits[0]).index in heralds:
                settle(qubits)
                _project(state, qubits[0], n, mixed)
            continue
        if operation.name == "reset":
            settle(qubits)
            state = _reset(state, qubits[0], n)
            continue
        if item.clbits or getattr(operation, "blocks", ()):
            raise ValueError(f"`prepared` has {operation.name!r}, which depends on classical bits")
        matrix = _matrix(operation)
        if len(qubits) == 1:
            before = loose.get(qubits[0])
            loose[qubits[0]] = matrix if before is None else matrix @ before
        elif len(qubits) == 2:
            low, high = (loose.pop(qubit, _IDLE) for qubit in qubits)
            both = (high[:, None, :, None] * low[None, :, None, :]).reshape(4, 4)
            act(matrix @ both, qubits)
        else:
            settle(qubits)
            act(matrix, qubits)
    settle(list(loose))
    return state


def _matrix(operation: Operation) -> np.ndarray:
    """Of a gate, shape (2**k, 2**k); its own where it has one, which is quicker."""
    if isinstance(operation, Gate):
        with suppress(CircuitError):
            return np.asarray(operation.to_matrix())
    return np.asarray(Operator(operation).data)


def _apply(state: np.ndarray, matrix: np.ndarray, axes: list[int]) -> np.ndarray:
    """Apply a gate; axes[0] is the lowest bit of the matrix index."""
    k = len(axes)
    gate = matrix.reshape((2,) * (2 * k))
    # Index bits of the matrix run from the highest qubit to the lowest.
    order = axes[::-1]
    out = np.tensordot(gate, state, axes=(range(k, 2 * k), order))
    return np.moveaxis(out, range(k), order)


def _project(state: np.ndarray, qubit: int, n: int, mixed: bool) -> None:
    for axis in (n - 1 - qubit, 2 * n - 1 - qubit)[: 1 + mixed]:
        np.moveaxis(state, axis, 0)[1] = 0.0


def _reset(state: np.ndarray, qubit: int, n: int) -> np.ndarray:
    out = np.zeros_like(state)
    target = np.moveaxis(out, (n - 1 - qubit, 2 * n - 1 - qubit), (0, 1))
    source = np.moveaxis(state, (n - 1 - qubit, 2 * n - 1 - qubit), (0, 1))
    target[0, 0] = source[0, 0] + source[1, 1]
    return out


def _reduced(state: np.ndarray, kept: list[int], n: int, mixed: bool) -> np.ndarray:
    """Trace out all but the kept qubits; kept[0] is the lowest bit of the index."""
    rows = [n - 1 - q for q in kept[::-1]]
    others = [axis for axis in range(n) if axis not in rows]
    size, rest = 2 ** len(rows), 2 ** len(others)
    if not mixed:
        vector = np.transpose(state, rows + others).reshape(size, rest)
        return vector @ vector.conj().T
    columns = [axis + n for axis in rows]
    order = [*rows, *others, *columns, *[axis + n for axis in others]]
    tensor = np.transpose(state, order).reshape(size, rest, size, rest)
    return np.einsum("irjr->ij", tensor)
