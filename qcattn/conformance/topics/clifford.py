"""Random Clifford circuits: certain outcomes, uniform ones, and a few coins among many bits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qcattn.conformance.recipe import Program, Recipe, generator
from qcattn.conformance.sandwich import Step, distribution

__all__ = ["clifford_steps", "inverse_steps", "program_of", "recipes"]

_ONE = ("h", "s", "sdg", "sx", "x", "y", "z")
_TWO = {"cx": ("x", (1,)), "cy": ("y", (1,)), "cz": ("z", (1,)), "swap": ("swap", ())}


def recipes() -> Iterator[Recipe]:
    """Clifford circuits whose outcomes are certain, uniform and mixed."""
    for qubits in (3, 5, 8, 12):
        yield _certain(f"clifford/certain-{qubits}", qubits)
    for qubits in (2, 4, 7):
        yield _drawn(f"clifford/uniform-{qubits}", qubits, qubits)
    for qubits, coins in ((4, 1), (6, 2), (8, 4), (10, 6)):
        yield _drawn(f"clifford/{coins}-coins-{qubits}", qubits, coins)


def clifford_steps(qubits: int, depth: int, rng: np.random.Generator) -> list[Step]:
    """Layers of random one-qubit gates, each followed by random pairs."""
    steps = []
    for _ in range(depth):
        for qubit in range(qubits):
            steps.append(Step(str(rng.choice(_ONE)), (), (qubit,)))
        order = [int(qubit) for qubit in rng.permutation(qubits)]
        for one, other in zip(order[::2], order[1::2], strict=False):
            word = str(rng.choice(list(_TWO)))
            name, controls = _TWO[word]
            steps.append(Step(name, (), (one, other), controls, word))
    return steps


def inverse_steps(steps: list[Step]) -> list[Step]:
    """The steps that undo steps whose gates have no angles."""
    words = {"s": "sdg", "sdg": "s", "sx": "sxdg", "t": "tdg", "tdg": "t"}
    out = []
    for step in reversed(steps):
        name = words.get(step.name, step.name) if not step.controls else step.name
        word = "inv @ sx" if name == "sxdg" else step.word
        out.append(Step(name, (), step.qubits, step.controls, word))
    return out


def program_of(qubits: int, steps: list[Step]) -> Program:
    """Write steps as OpenQASM 3 without measurements, with one register ``c`` for the qubits."""
    program = Program(qubits, c=qubits)
    for step in steps:
        program.gate(step.word or step.name, step.angles, step.qubits)
    return program


def _certain(name: str, qubits: int) -> Recipe:
    """A Clifford circuit, a Pauli string, and the circuit undone: another string."""
    rng = generator(name)
    body = clifford_steps(qubits, 5, rng)
    while True:
        string = [Step(str(rng.choice(["x", "y", "z"])), (), (q,)) for q in range(qubits)]
        steps = [*body, *string, *inverse_steps(body)]
        outcome = int(distribution(steps).argmax())
        if 1 < outcome.bit_count() < qubits:
            break
    program = program_of(qubits, steps)
    program.measure_all()
    return Recipe(
        name=name,
        content=program.text,
        exercises=["clifford", "deterministic", "inverse"],
        about="A random Clifford circuit, a Pauli string and the inverse of the circuit: one "
        "outcome is certain.",
    )


def _drawn(name: str, qubits: int, coins: int) -> Recipe:
    """A random Clifford circuit whose outcome has so many free bits."""
    rng = generator(name)
    while True:
        steps = clifford_steps(qubits, 6, rng)
        if coins < qubits:
            # Undone but for some of its layers, it leaves most bits certain.
            steps += inverse_steps(clifford_steps(qubits, 1, rng)[: coins + 1] + steps[coins:])
        if np.count_nonzero(distribution(steps) > 1e-12) == 2**coins:
            break
    program = program_of(qubits, steps)
    program.measure_all()
    words = ["uniform"] if coins == qubits else ["affine"]
    return Recipe(
        name=name,
        content=program.text,
        exercises=["clifford", *words],
        about=f"A random Clifford circuit with {2**coins} equally likely outcomes.",
    )
