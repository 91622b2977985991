r"""Rows of one template as one circuit, whose exact probabilities are those of the template.

A register of its own says which row it is, and chooses the angles. Its qubits are never turned
after they are spread over the rows, so that the state is the rows side by side,
:math:`2^{-r/2} \sum_{row} |row\rangle \otimes |\psi_{row}\rangle`, and what is saved of it
are the probabilities of each row, all of them divided by :math:`2^r`.

Rotations of one qubit about one axis between which nothing happens but cx onto that qubit are one
rotation, whose angle its controls choose: moved behind the rotations, a cx turns the sign of those
before which it stood where its control is 1. With the angle :math:`\theta_i` and the controls
:math:`m_i` of an odd number of cx before rotation i,

.. math:: R(\theta_n)\, cx \cdots cx\, R(\theta_1)
          = \Big(\prod cx\Big)\, R\Big(\sum_i (-1)^{m_i \cdot x}\, \theta_i\Big),

x being the controls' basis state. The sum is a Walsh-Hadamard transform of the angles. In the basis
of its axis the rotation is diagonal, :math:`e^{\mp i \theta(x, row) / 2}`, and Aer applies it as
one instruction: a tree of N - 1 rotations takes 3 log2 N instructions in place of 2 N [1].

References:
    [1] M. Moettoenen et al., Phys. Rev. Lett. 93, 130502 (2004): the ladder that is read back here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    CircuitInstruction,
    Gate,
    Operation,
    Parameter,
    ParameterExpression,
)
from qiskit.circuit.library import UnitaryGate
from qiskit_aer import AerSimulator

from qcattn.backends.streams import run_circuits
from qcattn.records import walsh_hadamard

__all__ = ["JoinedRows", "join_rows"]

#: Qubits of the register of rows at most, and of a whole circuit with one: from 14 on Aer looks for
#: gates to fuse, and the state leaves the cores' own memory.
_ROW_QUBITS, _QUBITS = 6, 13
#: Numbers of all circuits of a job, which Python and Aer hold at the same time.
_NUMBERS_OF_JOB = 2**17

_ROOT = 0.5**0.5
#: Change to the basis in which a rotation about an axis is diagonal; the state that comes first is
#: turned by exp(-i angle / 2).
_BASES = {
    "rx": np.array([[_ROOT, _ROOT], [_ROOT, -_ROOT]]),
    "ry": np.array([[_ROOT, -1j * _ROOT], [_ROOT, 1j * _ROOT]]),
}
_INTO = {name: UnitaryGate(matrix) for name, matrix in _BASES.items()}
_BACK = {name: UnitaryGate(matrix.conj().T) for name, matrix in _BASES.items()}
#: Two qubits over all four states, each with exactly one half: no rounding, however many rows.
_SPREAD = UnitaryGate(np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]) / 2)
#: A phase is a rotation about z, but for a phase that no reading sees.
_AXES = {"rx": "rx", "ry": "ry", "rz": "rz", "p": "rz", "u1": "rz"}


class _Diagonal(Operation):
    """A diagonal, which Aer runs as it stands.

    Qiskit looks at each number of a `DiagonalGate` several times, which takes longer than all that
    Aer does with them. The numbers of this one are filled in when it stands in its circuit.

    Attributes:
        params: A number for each basis state.
    """

    name = "diagonal"
    num_clbits = 0
    num_qubits = 0
    label = None

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.params: list[complex] = []


@dataclass(frozen=True)
class _Sum:
    """Angles of the rows: a constant, and parameters times numbers."""

    constant: float
    terms: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class _Turn:
    """A rotation of one qubit by an angle that its controls choose.

    Attributes:
        axis: ``"rx"``, ``"ry"`` or ``"rz"``.
        target: The qubit that is turned.
        controls: The qubits that choose the angle.
        constants: The constant part of the transform of the angle, shape (2^controls,).
        layers: The places in the transform of each layer, the parameters that are added there, and
            what they are multiplied by; no place comes twice in a layer.
    """

    axis: str
    target: int
    controls: tuple[int, ...]
    constants: np.ndarray
    layers: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]

    def phases(self, values: np.ndarray) -> np.ndarray:
        """The factors of each state of controls and target, shape (rows, 2^controls, 2)."""
        angles = np.tile(self.constants, (len(values), 1))
        for places, columns, factors in self.layers:
            angles[:, places] += factors * values[:, columns]
        turned = np.exp(0.5j * walsh_hadamard(angles))
        return np.stack([turned.conj(), turned], axis=-1)


@dataclass(frozen=True, eq=False)
class _Fixed:
    """An instruction that is the same for all rows."""

    operation: Operation
    qubits: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class JoinedRows:
    """A template whose rows run together.

    Attributes:
        num_qubits: The number of qubits of the template.
        steps: What happens, in order.
    """

    num_qubits: int
    steps: tuple[_Turn | _Fixed, ...]

    @cached_property
    def numbers(self) -> int:
        """How many numbers of one row are given to Aer."""
        return sum(2 ** (len(step.controls) + 1) for step in self.steps if isinstance(step, _Turn))

    @cached_property
    def passes(self) -> int:
        """How often Aer walks over the amplitudes, in units of one gate."""
        return sum(
            2 * (step.axis in _BASES) + 1 + (1 + len(step.controls)) // 2
            if isinstance(step, _Turn)
            else 1
            for step in self.steps
        )

    @property
    def seconds(self) -> float:
        """About how many seconds the numbers of one row take on their way to Aer."""
        return 4e-7 * self.numbers

    @cached_property
    def rows_of_circuit(self) -> int:
        """The largest number of rows of one circuit, a power of four."""
        pairs = max(0, min(_ROW_QUBITS, _QUBITS - self.num_qubits)) // 2
        while pairs and self.numbers << 2 * pairs > _NUMBERS_OF_JOB:
            pairs -= 1
        return 4**pairs

    def numbers_at_once(self, rows: int, workers: int) -> int:
        """How many numbers one job of this many rows takes."""
        whole = -(-rows // self.rows_of_circuit) * self.rows_of_circuit
        return min(whole, self._rows_of_job(workers)) * self.numbers

    def _rows_of_job(self, workers: int) -> int:
        """Rows of a job at most: no more numbers than are held, and a circuit a worker."""
        most = self.rows_of_circuit
        return most * max(_NUMBERS_OF_JOB // (most * max(1, self.numbers)), workers, 1)

    def circuit(self, values: np.ndarray, measured: Sequence[int]) -> QuantumCircuit:
        """One circuit of some rows; probabilities of what is measured are saved as ``rows``.

        Args:
            values: Shape (rows, parameters); a power of four of rows.
            measured: The qubit behind each bit.
        """
        row_qubits = len(values).bit_length() - 1
        out = QuantumCircuit(self.num_qubits + row_qubits)
        qubits, rows = out.qubits, tuple(out.qubits[self.num_qubits :])

        def add(operation: Operation, on: tuple[Any, ...]) -> None:
            out._append(CircuitInstruction(operation, on, ()))  # its own bits: nothing to check

        for first in range(0, row_qubits, 2):
            add(_SPREAD, rows[first : first + 2])
        for step in self.steps:
            if isinstance(step, _Fixed):
                add(step.operation, tuple(qubits[qubit] for qubit in step.qubits))
                continue
            target, turned = (qubits[step.target],), step.axis in _BASES
            controls = tuple(qubits[qubit] for qubit in step.controls)
            if turned:
                add(_INTO[step.axis], target)
            on = target + controls + rows
            add(diagonal := _Diagonal(len(on)), on)
            diagonal.params = step.phases(values).ravel().tolist()
            if turned:
                add(_BACK[step.axis], target)
        out.save_probabilities([*measured, *range(self.num_qubits, out.num_qubits)], label="rows")
        return out

    def laws(
        self, simulator: AerSimulator, values: np.ndarray, measured: Sequence[int], workers: int
    ) -> np.ndarray:
        """Probabilities of all outcomes of each row, up to a factor of each row.

        Args:
            simulator: A simulator of statevectors.
            values: Shape (rows, parameters).
            measured: The qubit behind each bit.
            workers: Circuits that are simulated at the same time.

        Returns:
            Shape (rows, 2^bits).

        Raises:
            RuntimeError: If Aer refuses the circuits, or loses one.
        """
        laws = np.empty((len(values), 2 ** len(measured)))
        done = 0
        for parts in self._jobs(values, workers):
            circuits = [self.circuit(part, measured) for part in parts]
            for one in run_circuits(simulator, circuits, len(circuits), 1, 0, workers):
                found = np.reshape(one.data.rows, (-1, laws.shape[1]))[: len(laws) - done]
                laws[done : done + len(found)] = found
                done += len(found)
        return laws

    def _jobs(self, values: np.ndarray, workers: int) -> Iterator[list[np.ndarray]]:
        """Values of the circuits of each job; the last row fills the last circuit."""
        most = self.rows_of_circuit
        step = self._rows_of_job(workers)
        for start in range(0, len(values), step):
            job = values[start : start + step]
            parts = [job[first : first + most] for first in range(0, len(job), most)]
            rows = 1
            while rows < len(parts[-1]):
                rows *= 4
            parts[-1] = np.concatenate([parts[-1], parts[-1][-1:].repeat(rows - len(parts[-1]), 0)])
            yield parts


def join_rows(circuit: QuantumCircuit) -> JoinedRows | None:
    """Join the rows of a template, or return None if that is impossible or slower.

    Every parameter must be part of the angle of an rx, ry, rz or p, linearly, and all other
    instructions must be gates. There is a gain where several rows fit into one circuit, or where
    rotations are joined.

    Args:
        circuit: The template; measurements at its end are left out.

    Example:
        >>> from qiskit.circuit import ParameterVector
        >>> a, tree = ParameterVector("a", 3), QuantumCircuit(2)
        >>> _ = tree.ry(a[0], 1), tree.ry(a[1], 0), tree.cx(1, 0), tree.ry(a[2], 0)
        >>> found = join_rows(tree)
        >>> [type(step).__name__ for step in found.steps], found.numbers
        (['_Turn', '_Turn', '_Fixed'], 6)
    """
    places = {parameter: place for place, parameter in enumerate(circuit.parameters)}
    if not places or isinstance(circuit.global_phase, ParameterExpression):
        return None
    runs = _Runs()
    for one in circuit.data:
        qubits = tuple(circuit.find_bit(qubit).index for qubit in one.qubits)
        operation = one.operation
        if one.name in ("barrier", "measure"):
            continue
        if one.clbits or not (isinstance(operation, Gate) or one.name == "multiplexer"):
            return None
        if not (isinstance(operation, Gate) and operation.is_parameterized()):
            runs.fixed(_Fixed(operation, qubits))
        elif (angle := _linear(operation.params[0], places)) is None or one.name not in _AXES:
            return None
        else:
            runs.turn(_AXES[one.name], qubits[0], angle)
    runs.close()
    found = JoinedRows(circuit.num_qubits, tuple(runs.steps))
    gains = found.rows_of_circuit > 1 or 2 * found.passes < len(circuit.data)
    return found if gains else None


class _Runs:
    """Joins what turns the same qubit about the same axis, with cx onto it between."""

    def __init__(self) -> None:
        self.steps: list[_Turn | _Fixed] = []
        self._axis, self._target = "", -1
        self._run: list[_Sum | _Fixed] = []

    def turn(self, axis: str, target: int, angle: _Sum) -> None:
        if (axis, target) != (self._axis, self._target):
            self.close()
            self._axis, self._target = axis, target
        self._run.append(angle)

    def fixed(self, one: _Fixed) -> None:
        if not (self._run and one.operation.name == "cx" and one.qubits[1] == self._target):
            self.close()
            self.steps.append(one)
        else:
            self._run.append(one)

    def close(self) -> None:
        """End the run of gates, as one turn unless that takes more numbers than its rotations."""
        run, self._run = self._run, []
        rotations = sum(isinstance(one, _Sum) for one in run)
        last = max((i for i, one in enumerate(run) if isinstance(one, _Sum)), default=-1)
        between = [one for one in run[: last + 1] if isinstance(one, _Fixed)]
        if 2 ** len({one.qubits[0] for one in between}) > 2 * rotations:
            self.steps += [self._turn((), [(0, o)]) if isinstance(o, _Sum) else o for o in run]
            return
        controls = tuple(sorted({one.qubits[0] for one in between}))
        angles, mask = [], 0
        for one in run[: last + 1]:
            if isinstance(one, _Sum):
                # About x a cx onto the target is no more than another turn about x.
                angles.append((0 if self._axis == "rx" else mask, one))
            else:
                mask ^= 1 << controls.index(one.qubits[0])
        if angles:
            self.steps.append(self._turn(controls, angles))
        odd: dict[int, _Fixed] = {}
        for one in run:
            if isinstance(one, _Fixed) and odd.pop(one.qubits[0], None) is None:
                odd[one.qubits[0]] = one
        self.steps.extend(odd.values())

    def _turn(self, controls: tuple[int, ...], angles: list[tuple[int, _Sum]]) -> _Turn:
        constants = np.zeros(2 ** len(controls))
        layers: list[dict[int, tuple[int, float]]] = []
        for mask, angle in angles:
            constants[mask] += angle.constant
            for term in angle.terms:
                free = next((layer for layer in layers if mask not in layer), None)
                if free is None:
                    layers.append(free := {})
                free[mask] = term
        return _Turn(
            self._axis, self._target, controls, constants,
            tuple(
                (
                    np.array(list(layer)),
                    np.array([column for column, _ in layer.values()]),
                    np.array([factor for _, factor in layer.values()]),
                )
                for layer in layers
            ),
        )  # fmt: skip


def _linear(angle: Any, places: dict[Parameter, int]) -> _Sum | None:
    """An angle as a constant and parameters times numbers, None if it is something else."""
    if isinstance(angle, Parameter):
        return _Sum(0.0, ((places[angle], 1.0),))
    if not isinstance(angle, ParameterExpression):
        return None
    terms = []
    for parameter in sorted(angle.parameters, key=places.__getitem__):
        slope = angle.gradient(parameter)
        if isinstance(slope, ParameterExpression) and slope.parameters:
            return None
        terms.append((places[parameter], float(slope)))
    return _Sum(float(angle.bind(dict.fromkeys(angle.parameters, 0.0))), tuple(terms))
