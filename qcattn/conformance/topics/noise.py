"""Noise whose law has a closed form: each kind alone, combined, and beside control flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.conformance.recipe import Program, Recipe, generator, rounded

__all__ = ["recipes"]

_RELAXING = {"t1": 50.0, "t2": 30.0, "time": 20.0, "excited": 0.35}
#: Noise in which coherences outlive populations: no mixture of unitary errors and resets gives it.
_LONG_T2 = {"t1": 40.0, "t2": 70.0, "time": 25.0, "excited": 0.2}

_KINDS: dict[str, tuple[str, Sequence[NoiseTerm]]] = {
    "depolarising-one": (
        "Depolarising after gates on one qubit.",
        [NoiseTerm("depolarising", ("rx", "ry"), (), {"p": 0.15})],
    ),
    "depolarising-two": (
        "Depolarising of both qubits after cx.",
        [NoiseTerm("depolarising", ("cx",), (), {"p": 0.2})],
    ),
    "depolarising-local": (
        "Depolarising after cx from the second to the third qubit only, and on the first qubit.",
        [
            NoiseTerm("depolarising", ("cx",), (1, 2), {"p": 0.3}),
            NoiseTerm("depolarising", ("rx",), (0,), {"p": 0.25}),
        ],
    ),
    "pauli-one": (
        "Unequal bit flips, phase flips and both after gates on one qubit.",
        [NoiseTerm("pauli", ("rx", "ry"), (), {"X": 0.08, "Y": 0.03, "Z": 0.12})],
    ),
    "pauli-two": (
        "Strings after cx that act differently on its control and its target.",
        [NoiseTerm("pauli", ("cx",), (), {"IX": 0.12, "ZI": 0.1, "YX": 0.08})],
    ),
    "relaxation": (
        "Thermal relaxation to an excited population of .35 after gates on one qubit.",
        [NoiseTerm("thermal relaxation", ("rx", "ry"), (), _RELAXING)],
    ),
    "relaxation-long-t2": (
        "Thermal relaxation in which coherences outlive populations.",
        [NoiseTerm("thermal relaxation", ("rx", "ry"), (), _LONG_T2)],
    ),
    "relaxation-two": (
        "Thermal relaxation of both qubits after cx.",
        [NoiseTerm("thermal relaxation", ("cx",), (), _RELAXING)],
    ),
    "readout": (
        "Ones and zeros misread at unequal rates.",
        [NoiseTerm("readout", (), (), {"1 given 0": 0.03, "0 given 1": 0.11})],
    ),
    "readout-local": (
        "Each qubit misread at rates of its own.",
        [
            NoiseTerm("readout", (), (0,), {"1 given 0": 0.2, "0 given 1": 0.05}),
            NoiseTerm("readout", (), (2,), {"1 given 0": 0.02, "0 given 1": 0.25}),
        ],
    ),
    "all": (
        "Pauli errors, depolarising, relaxation and readout together.",
        [
            NoiseTerm("pauli", ("rx",), (), {"X": 0.05, "Z": 0.1}),
            NoiseTerm("thermal relaxation", ("ry",), (), _RELAXING),
            NoiseTerm("depolarising", ("cx",), (), {"p": 0.1}),
            NoiseTerm("readout", (), (), {"1 given 0": 0.02, "0 given 1": 0.06}),
        ],
    ),
}


def recipes() -> Iterator[Recipe]:
    """Each kind of noise with and without a condition that never holds, and within control flow."""
    for kind, (about, terms) in _KINDS.items():
        yield _recipe(kind, about, terms, "")
        yield _recipe(kind, about, terms, "unwritten")
    for kind in ("depolarising-one", "relaxation", "readout-local"):
        yield _recipe(kind, *_KINDS[kind], "measured")
    for kind in ("depolarising-one", "pauli-two", "relaxation", "readout"):
        yield _steered(kind, *_KINDS[kind])


def _recipe(kind: str, about: str, terms: Sequence[NoiseTerm], condition: str) -> Recipe:
    """Three qubits with turns and cx; the same ones beside a condition."""
    name = f"noise/{kind}"
    rng = generator(name)
    # An idle qubit reads zero for certain where nothing misreads it.
    idle = condition == "measured"
    registers = {"c": 3, "never": 1} if condition else {"c": 3}
    program = Program(4 if idle else 3, (), **registers)
    if idle:
        program.measure((3, "never[0]"))
    for qubit in range(3):
        program.gate("ry", rounded(rng.uniform(0.5, 1.1, 1)), [qubit])
    if condition:
        program.line("if (never[0]) { x q[0]; x q[2]; }")
    program.gate("cx", [], [0, 1])
    for qubit in range(3):
        program.gate("rx", rounded(rng.uniform(0.4, 1.0, 1)), [qubit])
    program.gate("cx", [], [1, 2])
    for qubit in range(3):
        program.gate("ry", rounded(rng.uniform(0.3, 0.8, 1)), [qubit])
    program.measure(*((qubit, f"c[{qubit}]") for qubit in range(3)))
    words = ["noise", *sorted({term.kind for term in terms})]
    beside = {
        "": "",
        "unwritten": " Beside it a condition on a bit that nothing writes.",
        "measured": " Beside it a condition on a bit that always reads zero.",
    }
    return Recipe(
        name=f"{name}-beside-{condition}" if condition else name,
        content=program.text,
        exercises=[*words, *(["inert condition"] if condition else [])],
        about=about + beside[condition],
        noise=terms,
    )


def _steered(kind: str, about: str, terms: Sequence[NoiseTerm]) -> Recipe:
    """Noise in a circuit whose course depends on a measurement, which may be misread."""
    name = f"noise/{kind}-steered"
    rng = generator(name)
    program = Program(3, c=3)
    angles = iter(rounded(rng.uniform(0.5, 1.3, 8)))
    program.gate("ry", [next(angles)], [0])
    program.gate("cx", [], [0, 1])
    program.measure((0, "c[0]"))
    program.line(f"if (c[0]) {{ rx({next(angles)}) q[1]; cx q[1], q[2]; }}")
    program.line(f"else {{ ry({next(angles)}) q[2]; cx q[2], q[1]; }}")
    program.gate("rx", [next(angles)], [2])
    program.measure((1, "c[1]"), (2, "c[2]"))
    return Recipe(
        name=name,
        content=program.text,
        exercises=["noise", *sorted({term.kind for term in terms}), "conditional"],
        about=about + " A measurement decides what is done.",
        noise=terms,
    )
