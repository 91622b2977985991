"""Random circuits of 2 to 10 qubits from all gates of OpenQASM 3, all qubits measured."""

from __future__ import annotations

from collections.abc import Iterator

from qcattn.conformance.recipe import Program, Recipe, generator, rounded
from qcattn.conformance.topics.gates import FORMS, width_of

__all__ = ["recipes"]

#: Layers of gates, for each number of qubits.
_LAYERS = {2: 12, 3: 12, 4: 10, 5: 10, 6: 8, 7: 8, 8: 6, 9: 6, 10: 6}


def recipes() -> Iterator[Recipe]:
    """Two circuits of each size, and one of 9 and 10 qubits."""
    for qubits, layers in _LAYERS.items():
        for letter in "ab" if qubits < 9 else "a":
            yield _recipe(f"random/{qubits}-qubits-{letter}", qubits, layers)


def _recipe(name: str, qubits: int, layers: int) -> Recipe:
    rng = generator(name)
    program = Program(qubits, c=qubits)
    forms = [form for form in FORMS.values() if form[3] and width_of(form) <= qubits]
    used = {"u3"}
    for qubit in range(qubits):
        program.gate("u3", rounded(rng.uniform(0.4, 2.7, 3)), [qubit])
    for _ in range(layers):
        free = [int(qubit) for qubit in rng.permutation(qubits)]
        while free:
            fit = [form for form in forms if width_of(form) <= len(free)]
            form = fit[int(rng.integers(len(fit)))]
            _, count, _, word, called = form
            taken, free = free[: width_of(form)], free[width_of(form) :]
            program.gate(word, rounded(rng.uniform(-3, 3, count)), taken)
            used.add(called)
    program.measure_all()
    return Recipe(
        name=name,
        content=program.text,
        exercises=["random", *sorted(used)],
        about=f"{layers} layers of random gates on {qubits} qubits.",
    )
