"""Gates that carry an array: matrices, diagonals, permutations, Pauli strings, states, angles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, Instruction
from qiskit.circuit.library import (
    DiagonalGate,
    Initialize,
    PauliGate,
    PermutationGate,
    StatePreparation,
    UCRXGate,
    UCRYGate,
    UCRZGate,
    UnitaryGate,
)

from qcattn.conformance.case import MULTIPLEXED
from qcattn.conformance.recipe import Recipe, generator, rounded

__all__ = ["recipes"]


def recipes() -> Iterator[Recipe]:
    """Circuits of unitary matrices on one to three qubits, and of the others on two to five."""
    for qubits in (1, 2, 3):
        name = f"arrays/unitary-{qubits}"
        yield _recipe(name, UnitaryGate(_unitary(qubits, generator(name))), "unitary")
    for qubits in (2, 3):
        name = f"arrays/diagonal-{qubits}"
        phases = np.exp(1j * generator(name).uniform(-3, 3, 2**qubits))
        yield _recipe(name, DiagonalGate(phases.tolist()), "diagonal")
    yield _recipe("arrays/permutation-3", PermutationGate([2, 0, 1]), "permutation")
    yield _recipe("arrays/pauli-3", PauliGate("XYZ"), "pauli")
    for axis, gate in (("x", UCRXGate), ("y", UCRYGate), ("z", UCRZGate)):
        for controls in (1, 3):
            name = f"arrays/ucr{axis}-{controls + 1}"
            angles = rounded(generator(name).uniform(-3, 3, 2**controls))
            yield _recipe(name, gate(angles), f"ucr{axis}")
    for controls in (1, 2):
        name = f"arrays/multiplexer-{controls + 1}"
        yield _recipe(name, _multiplexer(controls, generator(name)), "multiplexer")
    for qubits in (1, 2, 3, 5):
        name = f"arrays/state-preparation-{qubits}"
        yield _prepared(name, StatePreparation(_state(qubits, generator(name))))
    for qubits in (2, 4):
        name = f"arrays/initialize-{qubits}"
        yield _prepared(name, Initialize(_state(qubits, generator(name))))
    name = "arrays/initialize-anew"
    yield _prepared(name, Initialize(_state(2, generator(name))), anew=True)


def _recipe(name: str, gate: Gate, word: str) -> Recipe:
    """The gate between turns about x and z and entangling gates."""
    rng = generator(f"{name} around")
    n = max(2, gate.num_qubits)
    circuit = QuantumCircuit(QuantumRegister(n, "q"), ClassicalRegister(n, "c"), name=name)
    _turned(circuit, rng)
    for qubit in range(n - 1):
        circuit.cx(qubit, qubit + 1)
    _turned(circuit, rng)
    circuit.append(gate, [int(qubit) for qubit in rng.permutation(n)[: gate.num_qubits]])
    _turned(circuit, rng)
    circuit.measure(circuit.qubits, circuit.clbits)
    words = [word, "complex phase"] if word in ("unitary", "diagonal", "multiplexer") else [word]
    return Recipe(
        name=name,
        content=circuit,
        exercises=words,
        about=f"The gate {word} on {gate.num_qubits} qubits between turns about x and z.",
    )


def _prepared(name: str, operation: Instruction, *, anew: bool = False) -> Recipe:
    """The state before turns; where it is anew, after entangling one of its qubits with another."""
    rng = generator(f"{name} around")
    n = operation.num_qubits + anew
    circuit = QuantumCircuit(QuantumRegister(n, "q"), ClassicalRegister(n, "c"), name=name)
    places = [int(qubit) for qubit in rng.permutation(n)[: operation.num_qubits]]
    if anew:
        _turned(circuit, rng)
        for qubit in range(n - 1):
            circuit.cx(qubit, qubit + 1)
    circuit.append(operation, places)
    if n > 1:
        circuit.cx(places[0], (places[0] + 1) % n)
    _turned(circuit, rng)
    circuit.measure(circuit.qubits, circuit.clbits)
    where = ", of which it is put anew" if anew else ""
    return Recipe(
        name=name,
        content=circuit,
        exercises=[operation.name, "complex phase"],
        about=f"A random state of {operation.num_qubits} qubits by {operation.name}{where}.",
    )


def _multiplexer(controls: int, rng: np.random.Generator) -> Gate:
    """A gate u with a phase for each number that the controls read, as a gate with a definition.

    A controlled u(theta, phi, lam) is a phase of the controls and C X B X A on the target, in which
    only the gates X are controlled [1].

    References:
        [1] A. Barenco et al., Phys. Rev. A 52, 3457 (1995), lemma 5.1.
    """
    n = controls + 1
    inner = QuantumCircuit(QuantumRegister(n, "q"), name=MULTIPLEXED)
    reading, said = list(range(1, n)), list[float]()
    for number in range(2**controls):
        theta, phi, lam, gamma = angles = rounded(rng.uniform(0.4, 2.7, 4))
        said += angles
        zeros = [qubit for j, qubit in enumerate(reading) if not number >> j & 1]
        for qubit in zeros:
            inner.x(qubit)
        inner.rz((lam - phi) / 2, 0)
        (inner.cx if controls == 1 else inner.ccx)(*reading, 0)
        inner.rz(-(lam + phi) / 2, 0)
        inner.ry(-theta / 2, 0)
        (inner.cx if controls == 1 else inner.ccx)(*reading, 0)
        inner.ry(theta / 2, 0)
        inner.rz(phi, 0)
        (inner.p if controls == 1 else inner.cp)(gamma + (phi + lam) / 2, *reading)
        for qubit in zeros:
            inner.x(qubit)
    gate = Gate(MULTIPLEXED, n, said)
    gate.definition = inner
    return gate


def _state(qubits: int, rng: np.random.Generator) -> list[complex]:
    """Complex amplitudes, a quarter of them zero."""
    found = rng.normal(size=2**qubits) + 1j * rng.normal(size=2**qubits)
    found[2 ** (qubits - 1) :: 2][: 2 ** (qubits - 2) if qubits > 1 else 0] = 0
    return [complex(value) for value in found / np.sqrt((np.abs(found) ** 2).sum())]


def _turned(circuit: QuantumCircuit, rng: np.random.Generator) -> None:
    for qubit in circuit.qubits:
        about_z, about_x = rounded(rng.uniform(0.4, 2.7, 2))
        circuit.rz(about_z, qubit)
        circuit.rx(about_x, qubit)


def _unitary(qubits: int, rng: np.random.Generator) -> np.ndarray:
    """A random unitary matrix by Gram and Schmidt, in an order of operations of its own."""
    size = 2**qubits
    rows: list[np.ndarray] = []
    for _ in range(size):
        row = rng.normal(size=size) + 1j * rng.normal(size=size)
        for other in (*rows, *rows):  # twice, for the last digits
            row = row - (other.conj() * row).sum() * other
        rows.append(row / np.sqrt((np.abs(row) ** 2).sum()))
    return np.array(rows)
