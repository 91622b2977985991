"""The exact law of a circuit, by a path of its own: names and angles are read, no matrix is taken.

A run is followed along every way its measurements can go. The measurements after which nothing
happens to their qubit and bit are read off together at the end.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    Clbit,
    ControlledGate,
    ForLoopOp,
    Gate,
    IfElseOp,
    Instruction,
    Operation,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.conformance.case import Law
from qcattn.conformance.channels import channel_of, misread
from qcattn.conformance.matrices import (
    MATRICES,
    controlled,
    multiplexed,
    pauli_string,
    preparing,
    standard_matrix,
)
from qcattn.conformance.states import Mixture, State, Terms, Vector

__all__ = ["gate_matrix", "law_of"]

#: The probability below which an outcome never comes out: cancellation has left it.
_NEVER = 1e-25
#: The probability below which a way is not followed.
_UNLIKELY = 1e-30
_DENSE_QUBITS = 12
_DENSE_MIXTURE = 6
#: The most measurements and resets for which all ways one by one are less work than one mixture.
_MOST_FORKS = 5
_IDLE = {"barrier", "delay", "id"}
#: Instructions that say what becomes of qubits in zero, and nothing of others.
_PREPARE = ("initialize", "state_preparation")
#: Their inverse, which says what becomes of the state that is prepared, and of no other.
_UNPREPARE = "state_preparation_dg"


@dataclass(frozen=True, eq=False)
class _Way:
    """One way a run can go: what was written down, the state, and whether a loop is being left."""

    memory: int
    state: State
    leaving: str = ""


def law_of(circuit: QuantumCircuit, *, noise: Sequence[NoiseTerm] = ()) -> Law:
    r"""The exact distribution of the classical memory after a run.

    Up to 12 qubits all amplitudes are kept, in extended precision; beyond that only those that are
    not zero. Gates that no measured qubit can feel are left out. Noise takes a density matrix, and
    so do many measurements and resets of few qubits.

    Args:
        circuit: A circuit with classical bits, all parameters bound.
        noise: What acts, beside the circuit.

    Returns:
        Outcomes in order. What is less likely than 1e-25 is taken for impossible.

    Raises:
        ValueError: If an instruction is unknown, a parameter is free, noise is asked for on more
            than 6 qubits, or the probabilities do not sum to one.
        TooLarge: If the state has too many terms.

    Example:
        >>> circuit = QuantumCircuit(2, 2)
        >>> _ = circuit.h(0), circuit.cx(0, 1), circuit.measure([0, 1], [0, 1])
        >>> law_of(circuit).outcomes, law_of(circuit).p
        (('00', '11'), array([0.5, 0.5]))
    """
    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise ValueError(f"`circuit` has free parameters: {names}; bind them")
    run = _Run(circuit, tuple(noise))
    table: dict[int, Any] = defaultdict(lambda: np.longdouble(0))
    for memory, p in run.outcomes():
        table[memory] += p
    likely = {memory: p for memory, p in sorted(table.items()) if p > _NEVER}
    total = math.fsum(likely.values())
    if not abs(total - 1) < 1e-13:
        raise ValueError(f"the probabilities of `circuit` sum to {total!r}, which must be one")
    width = circuit.num_clbits
    texts = tuple(format(memory, f"0{width}b") if width else "" for memory in likely)
    return Law(texts, np.array([float(p) for p in likely.values()]))


class _Run:
    """One circuit, followed along all its ways."""

    def __init__(self, circuit: QuantumCircuit, noise: tuple[NoiseTerm, ...]) -> None:
        self._circuit = circuit
        self._noise = noise
        self._bits: dict[Clbit, int] = {bit: k for k, bit in enumerate(circuit.clbits)}
        self._qubits = {bit: k for k, bit in enumerate(circuit.qubits)}

    def outcomes(self) -> Iterator[tuple[int, Any]]:
        """The outcomes with their probabilities; the same memory may come several times."""
        items = list(self._circuit.data)
        last = [] if self._noise else _last_measurements(self._circuit)
        rest = [item for k, item in enumerate(items) if k not in last]
        if not any(_is_classical(item.operation) for item in rest):
            measured = {qubit for k in last for qubit in items[k].qubits}
            rest = _felt(rest, measured)
        read = {self._bits[items[k].clbits[0]]: self._qubits[items[k].qubits[0]] for k in last}
        start = _Way(0, self._start(rest))
        for way in self._through(rest, [start], self._qubits, self._bits):
            for reading, p in way.state.probabilities(list(read.values())).items():
                memory = way.memory
                for j, bit in enumerate(read):
                    memory = _written(memory, bit, reading >> j & 1)
                yield memory, p

    def _start(self, items: Sequence[Any]) -> State:
        n = self._circuit.num_qubits
        forks = sum(item.operation.name in ("measure", "reset") for item in items)
        if self._noise and n > _DENSE_MIXTURE:
            raise ValueError(f"noise takes at most {_DENSE_MIXTURE} qubits, but there are {n}")
        if self._noise or (forks > _MOST_FORKS and n <= _DENSE_MIXTURE):
            return Mixture.zero(n)
        return Vector.zero(n) if n <= _DENSE_QUBITS else Terms.zero()

    def _through(
        self, items: Iterable[Any], ways: list[_Way], qubits: Mapping, bits: Mapping
    ) -> list[_Way]:
        """All ways after some instructions, whose bits are those of a circuit or of a block."""
        for item in items:
            going = [way for way in ways if not way.leaving]
            left = [way for way in ways if way.leaving]
            if not going:
                break
            places = [qubits[qubit] for qubit in item.qubits]
            after = self._step(item, going, places, bits)
            ways = left + _joined(after)
        return ways

    def _step(self, item: Any, ways: list[_Way], places: list[int], bits: Mapping) -> list[_Way]:
        operation = item.operation
        match operation:
            case IfElseOp() | WhileLoopOp() | ForLoopOp() | SwitchCaseOp():
                scope = _Scope(item, places, bits)
                return [end for way in ways for end in self._controlled(operation, way, scope)]
        if operation.name in _IDLE:
            return ways
        if operation.name == "measure":
            bit = bits[item.clbits[0]]
            return [end for way in ways for end in self._measured(way, places[0], bit)]
        if operation.name == "reset":
            return [end for way in ways for end in _reset(way, places[0])]
        if operation.name == "initialize":
            for place in places:
                ways = [end for way in ways for end in _reset(way, place)]
        if operation.name in ("break_loop", "continue_loop"):
            return [replace(way, leaving=operation.name) for way in ways]
        return [replace(way, state=self._moved(way.state, operation, places)) for way in ways]

    def _moved(self, state: State, operation: Operation, places: list[int]) -> State:
        if _is_of_the_file(operation):
            for item in operation.definition.data:
                inner = [places[operation.definition.find_bit(q).index] for q in item.qubits]
                state = self._moved(state, item.operation, inner)
            return state
        if operation.name in _PREPARE and not _is_zero(state, places):
            raise ValueError(
                f"{operation.name!r} must find its qubits in zero, since elsewhere every release "
                "of Qiskit may do otherwise; put it at the beginning"
            )
        state = state.after(gate_matrix(operation), places)
        if operation.name == _UNPREPARE and not _is_zero(state, places):
            raise ValueError(
                f"{operation.name!r} must find its qubits in the state that it takes back, since "
                "elsewhere every release of Qiskit may do otherwise; put it behind its preparation"
            )
        for term in self._noise:
            if operation.name in term.gates and term.qubits in ((), tuple(places)):
                assert isinstance(state, Mixture)
                state = state.through(channel_of(term, len(places)), places)
        return state

    def _measured(self, way: _Way, qubit: int, bit: int) -> Iterator[_Way]:
        wrongly = [term for term in self._noise if misread(term, qubit)]
        for value in (0, 1):
            state = way.state.where(qubit, value)
            if not _weight(state) > _UNLIKELY:
                continue
            if not wrongly:
                yield replace(way, memory=_written(way.memory, bit, value), state=state)
                continue
            (term,) = wrongly
            share = term.numbers["0 given 1" if value else "1 given 0"]
            assert isinstance(state, Mixture)
            for said, part in ((value, 1 - share), (1 - value, share)):
                told = Mixture(state.entries * np.longdouble(part))
                yield replace(way, memory=_written(way.memory, bit, said), state=told)

    def _controlled(self, operation: Any, way: _Way, scope: _Scope) -> list[_Way]:
        """All ways after an instruction that has blocks."""
        if isinstance(operation, IfElseOp):
            holds = self._value(operation.condition, way.memory, scope.bits)
            return self._block(operation.blocks, 0 if holds else 1, way, scope)
        if isinstance(operation, SwitchCaseOp):
            value = self._value(operation.target, way.memory, scope.bits)
            blocks = list(operation.cases_specifier())
            chosen = [k for k, (labels, _) in enumerate(blocks) if _is_among(value, labels)]
            return self._block([block for _, block in blocks], min(chosen, default=-1), way, scope)
        if isinstance(operation, ForLoopOp):
            return self._for(operation, way, scope)
        return self._while(operation, way, scope)

    def _while(self, operation: WhileLoopOp, way: _Way, scope: _Scope) -> list[_Way]:
        ends: list[_Way] = []
        going = [way]
        while going:
            again: list[_Way] = []
            for one in going:
                if not self._value(operation.condition, one.memory, scope.bits):
                    ends.append(one)
                    continue
                out, on = self._round(operation.blocks[0], one, scope)
                ends += out
                again += [way for way in on if _weight(way.state) > _UNLIKELY]
            going = again
        return ends

    def _for(self, operation: ForLoopOp, way: _Way, scope: _Scope) -> list[_Way]:
        values, parameter, body = operation.params
        ends: list[_Way] = []
        going = [way]
        for value in values:
            bound = body if parameter is None else body.assign_parameters({parameter: value})
            rounds = [self._round(bound, one, scope) for one in going]
            ends += [end for out, _ in rounds for end in out]
            going = [end for _, on in rounds for end in on]
        return ends + going

    def _round(self, body: QuantumCircuit, way: _Way, scope: _Scope) -> tuple[list, list]:
        """One round of a loop: the ways that break it, and those that go on."""
        ends = self._block([body], 0, way, scope)
        out = [replace(end, leaving="") for end in ends if end.leaving == "break_loop"]
        on = [replace(end, leaving="") for end in ends if end.leaving != "break_loop"]
        return out, on

    def _block(self, blocks: Sequence[Any], k: int, way: _Way, scope: _Scope) -> list[_Way]:
        if not 0 <= k < len(blocks) or blocks[k] is None:
            return [way]
        qubits = dict(zip(blocks[k].qubits, scope.places, strict=True))
        bits = {**scope.bits, **dict(zip(blocks[k].clbits, scope.clbits, strict=True))}
        return self._through(blocks[k].data, [way], qubits, bits)

    def _value(self, said: Any, memory: int, bits: Mapping) -> int:
        """The value of a condition or target: a bit, register, pair with a value, or expression."""
        if isinstance(said, tuple):
            what, value = said
            return int(self._value(what, memory, bits) == int(value))
        if isinstance(said, Clbit):
            return memory >> bits[said] & 1
        if isinstance(said, expr.Var):
            return self._value(said.var, memory, bits)
        if isinstance(said, expr.Value):
            return int(said.value)
        if isinstance(said, expr.Cast):
            return self._value(said.operand, memory, bits)
        if isinstance(said, expr.Unary):
            inner = self._value(said.operand, memory, bits)
            if said.op is expr.Unary.Op.LOGIC_NOT:
                return int(not inner)
            return inner ^ ((1 << getattr(said.type, "width", 1)) - 1)
        if isinstance(said, expr.Binary):
            left, right = (self._value(part, memory, bits) for part in (said.left, said.right))
            return int(_BINARY[said.op](left, right))
        return sum((memory >> bits[bit] & 1) << j for j, bit in enumerate(said))


class _Scope:
    """Where the bits of a block lie in the whole circuit."""

    def __init__(self, item: Any, places: list[int], bits: Mapping) -> None:
        self.places = places
        self.bits = bits
        self.clbits = [bits[bit] for bit in item.clbits]


_BINARY = {
    expr.Binary.Op.BIT_AND: lambda a, b: a & b,
    expr.Binary.Op.BIT_OR: lambda a, b: a | b,
    expr.Binary.Op.BIT_XOR: lambda a, b: a ^ b,
    expr.Binary.Op.LOGIC_AND: lambda a, b: a and b,
    expr.Binary.Op.LOGIC_OR: lambda a, b: a or b,
    expr.Binary.Op.EQUAL: lambda a, b: a == b,
    expr.Binary.Op.NOT_EQUAL: lambda a, b: a != b,
    expr.Binary.Op.LESS: lambda a, b: a < b,
    expr.Binary.Op.LESS_EQUAL: lambda a, b: a <= b,
    expr.Binary.Op.GREATER: lambda a, b: a > b,
    expr.Binary.Op.GREATER_EQUAL: lambda a, b: a >= b,
}


def gate_matrix(operation: Operation) -> np.ndarray:
    """The matrix of a gate by name and parameters, shape (2**k, 2**k), bit j its j-th qubit.

    Raises:
        ValueError: If there is no definition of it here.
    """
    name = operation.name
    if isinstance(operation, ControlledGate):
        if _base(operation) == "cu":
            theta, phi, lam, gamma = map(np.longdouble, operation.params)
            phase = np.cos(gamma) + 1j * np.sin(gamma)
            inner = phase * MATRICES["u"](theta, phi, lam)
        else:
            inner = gate_matrix(operation.base_gate)
        return controlled(inner, operation.num_ctrl_qubits, operation.ctrl_state)
    if name in MATRICES:
        return standard_matrix(name, [float(angle) for angle in operation.params])
    if name == "unitary":
        return np.asarray(operation.params[0]).astype(np.clongdouble)
    if name == "diagonal":
        return np.diag(np.array(operation.params, dtype=np.clongdouble))
    if name == "pauli":
        return pauli_string(operation.params[0])
    if name == "permutation":
        return _rearranged(operation.params[0])
    if name in _PREPARE:
        return preparing([complex(value) for value in operation.params])
    if name == _UNPREPARE:
        return preparing([complex(value) for value in operation.params]).conj().T
    if name in ("ucrx", "ucry", "ucrz"):
        turns = [standard_matrix(name[2:], [float(angle)]) for angle in operation.params]
        return multiplexed(turns)
    if name == "multiplexer":
        return multiplexed([np.asarray(one).astype(np.clongdouble) for one in operation.params])
    if _is_of_the_file(operation):
        return _defined(operation)
    raise ValueError(f"there is no definition of the gate {name!r}; write it in matrices.py")


def _base(operation: ControlledGate) -> str:
    return operation.name.partition("_o")[0]


def _rearranged(pattern: Sequence[int]) -> np.ndarray:
    """Qubit j takes the place of qubit pattern[j]: bit j after is bit pattern[j] before."""
    n = len(pattern)
    before = np.arange(2**n)
    after = sum((before >> int(source) & 1) << j for j, source in enumerate(pattern))
    out = np.zeros((2**n, 2**n), dtype=np.clongdouble)
    out[after, before] = 1
    return out


def _is_of_the_file(operation: Operation) -> bool:
    """Whether its definition is the only thing that says what it does: a gate of the user's."""
    return type(operation) in (Gate, Instruction) and operation.definition is not None


def _defined(operation: Gate) -> np.ndarray:
    """The matrix of a user's gate, whose definition may have a phase that a control can feel."""
    circuit = operation.definition
    angle = np.longdouble(float(circuit.global_phase))
    n = circuit.num_qubits
    out = np.eye(2**n, dtype=np.clongdouble) * (np.cos(angle) + 1j * np.sin(angle))
    for item in circuit.data:
        state = Vector(out.T.reshape((2,) * (2 * n)))
        places = [circuit.find_bit(qubit).index for qubit in item.qubits]
        out = state.after(gate_matrix(item.operation), places).amplitudes
        out = out.reshape(2**n, 2**n).T
    return out


def _reset(way: _Way, qubit: int) -> Iterator[_Way]:
    states = [way.state.where(qubit, value) for value in (0, 1)]
    states[1] = states[1].after(standard_matrix("x"), [qubit])
    return (replace(way, state=state) for state in states if _weight(state) > _UNLIKELY)


def _written(memory: int, bit: int, value: int) -> int:
    return memory & ~(1 << bit) | value << bit


def _joined(ways: list[_Way]) -> list[_Way]:
    """Mixtures with one memory are one mixture; pure states stay apart."""
    found: dict[Any, _Way] = {}
    for place, way in enumerate(ways):
        mixed = isinstance(way.state, Mixture)
        key = (way.memory, way.leaving) if mixed else place
        if key in found:
            way = replace(way, state=found[key].state + way.state)  # type: ignore[operator]
        found[key] = way
    return list(found.values())


def _is_zero(state: State, places: Sequence[int]) -> bool:
    return state.probabilities(places).get(0, 0.0) > (1 - 1e-13) * _weight(state)


def _weight(state: State) -> float:
    return state.probabilities([]).get(0, 0.0)


def _is_among(value: int, labels: Iterable[Any]) -> bool:
    return any(not isinstance(label, int) or label == value for label in labels)


def _is_classical(operation: Operation) -> bool:
    return operation.name in ("measure", "reset", "initialize") or hasattr(operation, "blocks")


def _last_measurements(circuit: QuantumCircuit) -> list[int]:
    """Places of the measurements whose qubit and bit nothing touches any more."""
    found: list[int] = []
    touched: set[Any] = set()
    for k in reversed(range(len(circuit.data))):
        item = circuit.data[k]
        if item.operation.name in _IDLE:
            continue
        bits = {*item.qubits, *item.clbits}
        if item.operation.name == "measure" and not bits & touched:
            found.append(k)
        touched |= bits
    return found


def _felt(items: list[Any], measured: set[Any]) -> list[Any]:
    """The gates that can be felt where it is measured, in order."""
    found = []
    for item in reversed(items):
        if measured & set(item.qubits):
            measured |= set(item.qubits)
            found.append(item)
    return found[::-1]
