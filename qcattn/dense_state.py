"""The exact state that a circuit gives, by dense linear algebra: the reference of every method.

This is independent of Aer. The state of a circuit without resets is a vector, and that of one with
resets is a density matrix. A bit of the herald register is projected on zero where it is measured,
so what is left is the state of the kept shots.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.quantum_info import Operator

from qcattn.progress import tell
from qcattn.records import Prepared, check_bytes, every_reading, numbers_of

__all__ = ["dense_seconds", "outcome_distribution", "read_keys", "system_state", "unitary"]

_IDLE = np.eye(2)
#: Qubits up to which the rows that a gate acts on are looked up, which is quicker for few.
_FEW = 12
#: Gates that are taken together, at most, and between two words of progress.
_TOGETHER, _TOLD = 1000, 20
# Seconds, on one core of 2024: a gate, and a number of the state that it changes.
_GATE, _NUMBER = 8e-6, 3e-9


def system_state(prepared: Prepared) -> tuple[np.ndarray, float]:
    """The density matrix of the register ``system`` in the kept shots, before its measurement.

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
        raise ValueError(
            "`prepared` keeps no shot at all: its herald can never read zero; lower beta, or take "
            "another preparation"
        )
    return rho / success, success


def outcome_distribution(prepared: Prepared) -> tuple[np.ndarray, float]:
    """The probabilities of the keys among the kept shots, (num_keys,), and that of being kept.

    They sum to less than one where strays come out. It raises what `system_state` raises.
    """
    rho, success = system_state(prepared)
    return read_keys(prepared, rho), success


def read_keys(prepared: Prepared, state: np.ndarray) -> np.ndarray:
    """The probabilities of the keys, shape (num_keys,), in a state of the system."""
    return np.clip(np.diag(state).real[numbers_of(prepared.codewords)], 0.0, None)


def unitary(circuit: QuantumCircuit) -> np.ndarray:
    """The unitary of a circuit of gates alone, shape (2**n, 2**n), qubit 0 the lowest bit.

    Raises:
        ValueError: If something in it is not a gate, or it would not fit into memory.

    Example:
        >>> circuit = QuantumCircuit(1)
        >>> circuit.x(0)
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> unitary(circuit).real
        array([[0., 1.],
               [1., 0.]])
    """
    n = circuit.num_qubits
    check_bytes(2 * 16 * 4**n, f"a dense gate on {n} qubits")
    out = np.eye(2**n, dtype=complex)
    for stop, gates in _fused(circuit, set()):
        if stop is not None:
            raise ValueError(
                f"`circuit` has {stop.name!r}, which is not a gate; leave out measurements and "
                "resets"
            )
        for matrix, qubits in gates:
            _act(out, matrix, qubits)
    return np.exp(1j * float(circuit.global_phase)) * out


def dense_seconds(circuit: QuantumCircuit) -> float:
    """The seconds that its exact state is expected to take, up to a factor of about two.

    Example:
        >>> circuit = QuantumCircuit(10)
        >>> circuit.h(range(10))
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> dense_seconds(circuit) < 0.01
        True
    """
    n = circuit.num_qubits
    fresh = {q for item in circuit.data if item.name == "reset" for q in item.qubits}
    live = (n - len(fresh) if n <= _FEW else n) if _is_mixed(circuit) else 0
    return len(circuit.data) * (_GATE + _NUMBER * 2 ** (n + live))


def _is_mixed(circuit: QuantumCircuit) -> bool:
    return any(item.name in ("reset", "initialize") for item in circuit.data)


def _evolve(circuit: QuantumCircuit, heralds: set[int]) -> np.ndarray:
    """State as a tensor with one axis of size 2 a qubit (two a qubit if mixed), qubit 0 last."""
    n = circuit.num_qubits
    mixed = _is_mixed(circuit)
    axes = 2 * n if mixed else n
    check_bytes(2 * 16 * 2**axes, f"the dense state of {n} qubits" + " with resets" * mixed)
    state = np.zeros((2,) * axes, dtype=complex)
    state[(0,) * axes] = 1.0
    for stop, gates in _fused(circuit, heralds):
        state = _acted(state, gates, n)
        if stop is None:
            continue
        qubit = circuit.find_bit(stop.qubits[0]).index
        if stop.name == "reset":
            state = _reset(state, qubit, n)
        else:
            _project(state, qubit, n, mixed)
    return state


def _fused(
    circuit: QuantumCircuit, heralds: set[int]
) -> Iterator[tuple[CircuitInstruction | None, list[tuple[np.ndarray, list[int]]]]]:
    """Each reset and measurement of a herald, and the gates since the last one, as matrices.

    Gates on one qubit are part of the next gate on two that needs their qubit. Gates that nothing
    follows, or too many to wait, come with None.
    """
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    loose: dict[int, np.ndarray] = {}
    waiting: list[tuple[np.ndarray, list[int]]] = []
    data = circuit.data  # asked for once: each asking takes as long as a gate
    for number, item in enumerate(data):
        if number % _TOLD == 0:
            tell(number, len(data), "gates of its exact state")
        name, qubits = item.name, [places[qubit] for qubit in item.qubits]
        if name == "barrier":
            continue
        halts = name == "reset"
        if name == "measure":
            halts = circuit.find_bit(item.clbits[0]).index in heralds
            if not halts:
                continue
        elif item.clbits or item.is_control_flow():
            raise ValueError(
                f"`prepared` has {name!r}, which depends on classical bits; take a preparation "
                "that only measures its herald on the way"
            )
        if halts or len(qubits) > 2:
            waiting.extend((loose.pop(qubit), [qubit]) for qubit in qubits if qubit in loose)
        if halts:
            yield item, waiting
            waiting = []
            continue
        matrix = item.matrix if item.matrix is not None else Operator(item.operation).data
        if len(qubits) == 1:
            before = loose.get(qubits[0])
            loose[qubits[0]] = matrix if before is None else matrix @ before
            continue
        if len(qubits) == 2 and (qubits[0] in loose or qubits[1] in loose):
            low, high = (loose.pop(qubit, _IDLE) for qubit in qubits)
            matrix = matrix @ (high[:, None, :, None] * low[None, :, None, :]).reshape(4, 4)
        waiting.append((matrix, qubits))
        if len(waiting) == _TOGETHER:
            yield None, waiting
            waiting = []
    waiting.extend((matrix, [qubit]) for qubit, matrix in loose.items())
    yield None, waiting


def _acted(state: np.ndarray, gates: list[tuple[np.ndarray, list[int]]], n: int) -> np.ndarray:
    """The state after gates."""
    mixed = state.ndim == 2 * n
    if n > _FEW:
        for matrix, qubits in gates:
            state = _apply(state, matrix, [n - 1 - q for q in qubits])
            if mixed:
                state = _apply(state, matrix.conj(), [2 * n - 1 - q for q in qubits])
    elif mixed and 4 * len(gates) > 2**n:  # quicker than each gate on both sides
        rho = state.reshape(2**n, 2**n)
        live = np.flatnonzero(rho.diagonal())  # qubits that were reset read 0
        whole = np.eye(2**n, dtype=complex)[:, live]
        for matrix, qubits in gates:
            _act(whole, matrix, qubits)
        state = (whole @ rho[np.ix_(live, live)] @ whole.conj().T).reshape(state.shape)
    else:
        columns = state.reshape(2**n, -1)
        for matrix, qubits in gates:
            _act(columns, matrix, qubits)
            if mixed:
                _act(columns.T, matrix.conj(), qubits)
        state = columns.reshape(state.shape)
    return state


def _act(columns: np.ndarray, matrix: np.ndarray, qubits: list[int]) -> None:
    """Apply a gate in place to vectors in columns, shape (2**n, ...), of few qubits."""
    rows = _rows(len(columns).bit_length() - 1, tuple(qubits))
    old = columns[rows]
    columns[rows] = (matrix @ old.reshape(len(matrix), -1)).reshape(old.shape)


@lru_cache(maxsize=1024)
def _rows(n: int, qubits: tuple[int, ...]) -> np.ndarray:
    """Basis states by what some qubits read, the lowest bit first, shape (2**k, 2**(n - k))."""
    inside = (every_reading(len(qubits)) << np.array(qubits)).sum(axis=1)
    states = np.arange(2**n)
    return inside[:, None] + states[states & inside[-1] == 0]


def _apply(state: np.ndarray, matrix: np.ndarray, axes: list[int]) -> np.ndarray:
    """Apply a gate to a tensor; axes[0] is the lowest bit of the matrix index."""
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
