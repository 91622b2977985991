"""A gate between changes of basis, chosen so that the counts tell the gate from its faults.

Real circuits cannot see a gate replaced by its complex conjugate, and a gate alone hides its sign
or phase. So it stands between turns about x and z and entangling gates, whose angles are drawn
until each fault of the gate moves the law by a total variation that a test can see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import CUGate, get_standard_gate_name_mapping

from qcattn.conformance.matrices import controlled, standard_matrix
from qcattn.conformance.recipe import rounded
from qcattn.conformance.states import Vector

__all__ = ["ENOUGH", "Sandwich", "Step", "append", "distribution", "faults_of", "sandwich", "shown"]

#: Total variation that every fault of the gate should move the law by, at least.
ENOUGH = 0.06
_TRIES = 120


@dataclass(frozen=True)
class Step:
    """A gate as it stands in a circuit.

    Attributes:
        name: Key of the matrices, without controls.
        angles: The angles, radians.
        qubits: The qubits, controls first.
        controls: Value at which each control acts.
        word: How the file writes it, if not by its name.
    """

    name: str
    angles: tuple[float, ...]
    qubits: tuple[int, ...]
    controls: tuple[int, ...] = ()
    word: str = ""

    @cached_property
    def matrix(self) -> np.ndarray:
        """The matrix of a gate, shape (2**k, 2**k), with the controls as the lowest bits."""
        if self.name == "cu":
            theta, phi, lam, gamma = self.angles
            inner = np.exp(1j * np.longdouble(gamma)) * standard_matrix("u", [theta, phi, lam])
        else:
            inner = standard_matrix(self.name, self.angles)
        state = sum(value << j for j, value in enumerate(self.controls))
        return controlled(inner, len(self.controls), state) if self.controls else inner


def faults_of(step: Step) -> dict[str, np.ndarray]:
    """The matrices that a faulty simulator may apply, by the name of the fault.

    Those that do the same as the gate, up to a phase, are left out.
    """
    matrix = step.matrix
    k = len(step.qubits)
    faults = {
        "conjugate": matrix.conj(),
        "inverse": matrix.conj().T,
        "left out": np.eye(2**k),
        "qubits reversed": _reversed(matrix, k),
    }
    for state in range(2 ** len(step.controls)):
        values = tuple(state >> j & 1 for j in range(len(step.controls)))
        faults[f"controls at {values}"] = replace(step, controls=values).matrix
    return {name: fault for name, fault in faults.items() if not _same(fault, matrix)}


def shown(steps: Sequence[Step], target: Step) -> dict[str, float]:
    """The total variation by which each fault of a gate moves the law, in all its places."""
    right = distribution(steps)
    out = {}
    for fault in faults_of(target):

        def faulty(step: Step, fault: str = fault) -> np.ndarray:
            alike = (step.name, len(step.controls)) == (target.name, len(target.controls))
            return faults_of(step).get(fault, step.matrix) if alike else step.matrix

        out[fault] = float(np.abs(distribution(steps, faulty) - right).sum() / 2)
    return out


@dataclass(frozen=True)
class Sandwich:
    """A circuit around each of a few bindings of a gate.

    Attributes:
        qubits: The number of qubits.
        before: What stands before the gate.
        gates: The gate, once for each binding.
        after: What stands after it.
        shows: How far each fault moves the law, in the binding where it does least; with several
            bindings ``"binding"`` is the least distance between two of them.
    """

    qubits: int
    before: tuple[Step, ...]
    gates: tuple[Step, ...]
    after: tuple[Step, ...]
    shows: Mapping[str, float]


def sandwich(
    gates: Callable[[np.random.Generator], Sequence[Step]], rng: np.random.Generator
) -> Sandwich:
    """Draw circuits until every fault of the gate shows, and keep the best of many tries.

    Args:
        gates: A function that draws the gate, on qubits from 0 on, once for each binding.
        rng: The generator that draws everything.
    """
    tries = []
    for _ in range(_TRIES):
        tries.append(_try(gates(rng), rng))
        if min(tries[-1].shows.values(), default=0.0) >= ENOUGH:
            break
    return max(tries, key=lambda one: min(one.shows.values(), default=0.0))


def _try(gates: Sequence[Step], rng: np.random.Generator) -> Sandwich:
    k = len(gates[0].qubits)
    n = max(2, k)
    order = tuple(int(qubit) for qubit in rng.permutation(n)[:k])
    gates = tuple(replace(gate, qubits=order) for gate in gates)
    before = (*_turns(n, rng), *_chain(n, rng), *_turns(n, rng))
    after = tuple(_turns(n, rng))
    shows: dict[str, float] = {}
    laws: list[np.ndarray] = []
    for gate in gates:
        steps = [*before, gate, *after]
        law = distribution(steps)
        moves = list(shown(steps, gate).items())
        moves += [("binding", float(np.abs(law - other).sum() / 2)) for other in laws]
        for fault, moved in moves:
            shows[fault] = min(moved, shows.get(fault, 1.0))
        laws.append(law)
    return Sandwich(n, before, gates, after, shows)


def append(circuit: QuantumCircuit, step: Step, angles: Sequence[Any] | None = None) -> None:
    """Append Qiskit's form of a gate.

    Args:
        circuit: The circuit to append to.
        step: The gate.
        angles: Parameters that stand for its angles; None for the angles themselves.
    """
    given = step.angles if angles is None else angles
    state = sum(value << j for j, value in enumerate(step.controls))
    if step.name == "cu":
        gate = CUGate(*given, ctrl_state=state)
    else:
        gate = get_standard_gate_name_mapping()[step.name].base_class(*given)
        if step.controls:
            gate = gate.control(len(step.controls), ctrl_state=state)
    circuit.append(gate, step.qubits)


def _turns(n: int, rng: np.random.Generator) -> Iterator[Step]:
    angles = iter(rounded(rng.uniform(0.4, 2.7, 2 * n)))
    for qubit in range(n):
        yield Step("rz", (next(angles),), (qubit,))
        yield Step("rx", (next(angles),), (qubit,))


def _chain(n: int, rng: np.random.Generator) -> Iterator[Step]:
    for qubit in rng.permutation(n - 1):
        yield Step("x", (), (int(qubit), int(qubit) + 1), (1,), "cx")


def distribution(
    steps: Sequence[Step], matrix: Callable[[Step], np.ndarray] = lambda step: step.matrix
) -> np.ndarray:
    """Probabilities of all readings of the qubits, shape (2**n,), qubit 0 the lowest bit.

    Args:
        steps: Gates, from all qubits in zero.
        matrix: What each of them does.
    """
    n = 1 + max(qubit for step in steps for qubit in step.qubits)
    state = Vector.zero(n)
    for step in steps:
        state = state.after(matrix(step), step.qubits)
    return (state.amplitudes.real**2 + state.amplitudes.imag**2).reshape(-1)


def _reversed(matrix: np.ndarray, k: int) -> np.ndarray:
    axes = list(range(k))[::-1]
    return matrix.reshape((2,) * (2 * k)).transpose(axes + [k + a for a in axes]).reshape(2**k, -1)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two unitary matrices are equal up to a phase."""
    return bool(abs(np.vdot(one, other)) > len(one) * (1 - 1e-9))
