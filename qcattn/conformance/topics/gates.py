"""Every standard gate with fixed angles, alone and controlled, between changes of basis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.conformance.matrices import standard_matrix
from qcattn.conformance.recipe import Program, Recipe, generator, parameter, rounded
from qcattn.conformance.sandwich import Sandwich, Step, append, sandwich

__all__ = ["FORMS", "Form", "recipe_of", "recipes", "width_of"]

#: What the name of a file stands for: name of the matrix, number of angles, values of the controls,
#: word in OpenQASM 3 for gate and controls together ("" if it takes QPY), name in Qiskit.
Form = tuple[str, int, tuple[int, ...], str, str]

_ALONE = {
    "x": 0, "y": 0, "z": 0, "h": 0, "s": 0, "sdg": 0, "t": 0, "tdg": 0, "sx": 0,
    "rx": 1, "ry": 1, "rz": 1, "p": 1, "u1": 1, "u2": 2, "u3": 3,
}  # fmt: skip
_ALONE_IN_QPY = {
    "r": 2, "dcx": 0, "iswap": 0, "ecr": 0, "rxx": 1, "ryy": 1, "rzz": 1, "rzx": 1,
    "xx_plus_yy": 2, "xx_minus_yy": 2, "rccx": 0, "rcccx": 0,
}  # fmt: skip
_CONTROLLED = {
    "cx": ("x", 0), "cy": ("y", 0), "cz": ("z", 0), "ch": ("h", 0), "cswap": ("swap", 0),
    "cp": ("p", 1), "crx": ("rx", 1), "cry": ("ry", 1), "crz": ("rz", 1), "cu": ("cu", 4),
}  # fmt: skip
#: Gate without controls, angles, controls, name in Qiskit.
_MODIFIED = [
    ("s", 0, (1,), "cs"), ("sdg", 0, (1,), "csdg"), ("sx", 0, (1,), "csx"),
    ("x", 0, (0,), "cx"), ("y", 0, (0,), "cy"), ("z", 0, (0,), "cz"), ("h", 0, (0,), "ch"),
    ("swap", 0, (0,), "cswap"), ("s", 0, (0,), "cs"), ("sx", 0, (0,), "csx"),
    ("rx", 1, (0,), "crx"), ("ry", 1, (0,), "cry"), ("rz", 1, (0,), "crz"), ("p", 1, (0,), "cp"),
    ("x", 0, (0, 1), "ccx"), ("x", 0, (1, 0), "ccx"), ("x", 0, (0, 0), "ccx"),
    ("y", 0, (1, 1), "ccy"), ("z", 0, (1, 1), "ccz"), ("z", 0, (0, 1), "ccz"),
    ("h", 0, (0, 1), "cch"), ("sx", 0, (1, 0), "ccsx"), ("swap", 0, (0, 1), "ccswap"),
    ("rx", 1, (1, 1), "ccrx"), ("rx", 1, (0, 1), "ccrx"),
    ("ry", 1, (1, 1), "ccry"), ("ry", 1, (1, 0), "ccry"),
    ("rz", 1, (1, 1), "ccrz"), ("rz", 1, (0, 1), "ccrz"),
    ("p", 1, (1, 1), "mcphase"), ("p", 1, (1, 0), "mcphase"),
    ("x", 0, (1, 1, 1), "mcx"), ("x", 0, (0, 1, 0), "mcx"), ("z", 0, (1, 0, 1), "c3z"),
    ("sx", 0, (1, 1, 1), "c3sx"), ("ry", 1, (0, 1, 1), "c3ry"), ("rx", 1, (1, 0, 1), "c3rx"),
    ("rz", 1, (0, 0, 1), "c3rz"), ("p", 1, (1, 0, 0), "mcphase"),
    ("x", 0, (1, 0, 1, 1), "mcx"), ("p", 1, (0, 1, 1, 1), "mcphase"),
]  # fmt: skip
_MODIFIED_IN_QPY = [
    ("u1", 1, (1,), "cu1"), ("u3", 3, (1,), "cu3"), ("u3", 3, (0,), "cu3"), ("cu", 4, (0,), "cu"),
    ("u", 3, (1,), "cu_"), ("rzz", 1, (1,), "crzz"), ("rxx", 1, (0,), "crxx"),
    ("iswap", 0, (1,), "ciswap"), ("ecr", 0, (0,), "cecr"), ("r", 2, (1,), "cr"),
]  # fmt: skip


ANGLES = ("theta", "phi", "lam", "gamma")


def _forms() -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for name, angles in _ALONE.items():
        forms[name] = (name, angles, (), name, name)
    forms["sxdg"] = ("sxdg", 0, (), "inv @ sx", "sxdg")
    forms["swap"] = ("swap", 0, (), "swap", "swap")
    forms["u"] = ("u", 3, (), "U", "u")
    for name, (inner, angles) in _CONTROLLED.items():
        forms[name] = (inner, angles, (1,), name, name)
    for name, angles in _ALONE_IN_QPY.items():
        forms[name] = (name, angles, (), "", name)
    for inner, angles, controls, name in _MODIFIED:
        word = "".join("ctrl @ " if value else "negctrl @ " for value in controls) + inner
        forms[_file(name, inner, controls)] = (inner, angles, controls, word, name)
    for inner, angles, controls, name in _MODIFIED_IN_QPY:
        forms[_file(name, inner, controls)] = (inner, angles, controls, "", name)
    return forms


def _file(name: str, inner: str, controls: Sequence[int]) -> str:
    """A name such as ``ccry-c01``: the controls' values follow, the first control first."""
    if all(controls):
        return name.rstrip("_") if len(controls) < 2 else f"{'c' * len(controls)}{inner}"
    return f"{'c' * len(controls)}{inner.removeprefix('c')}-c{''.join(map(str, controls))}"


FORMS = _forms()


def recipes() -> Iterator[Recipe]:
    """A circuit for each form of a gate."""
    for file in FORMS:
        yield recipe_of(f"gates/{file}", FORMS[file], bindings=1)


def recipe_of(name: str, form: Form, bindings: int) -> Recipe:
    """A circuit around one form of a gate.

    Args:
        name: The name of the circuit.
        form: The form of the gate that the circuit is around.
        bindings: The number of bindings; if more than one, the angles are parameters with so many
            values.
    """
    inner, count, controls, word, called = form
    called = called.rstrip("_")

    def gates(rng: np.random.Generator) -> list[Step]:
        qubits = tuple(range(width_of(form)))
        angles = [tuple(rounded(rng.uniform(0.5, 2.6, count))) for _ in range(bindings)]
        return [Step(inner, one, qubits, controls, word) for one in angles]

    around = sandwich(gates, generator(name))
    names = ANGLES[:count] if bindings > 1 else ()
    about = f"The gate {called} between turns about x and z and gates cx."
    if controls:
        about += f" Its controls act at {list(controls)}, the first control first."
    return Recipe(
        name=name,
        content=_program(around, names) if word else _circuit(around, names, name),
        exercises=_words(called, controls, around, bool(names)),
        about=about,
        bindings=[dict(zip(names, gate.angles, strict=True)) for gate in around.gates]
        if names
        else [{}],
        shows=around.shows,
    )


def _words(called: str, controls: Sequence[int], around: Sandwich, open_: bool) -> list[str]:
    words = [called]
    words += ["controlled"] * (len(controls) > 0)
    words += ["multi-controlled"] * (len(controls) > 1)
    words += ["ctrl_state"] * (not all(controls))
    words += ["complex phase"] * ("conjugate" in around.shows)
    words += ["sign"] * ("inverse" in around.shows)
    words += ["qubit order"] * ("qubits reversed" in around.shows)
    return words + ["parametric"] * open_


def _program(around: Sandwich, names: Sequence[str]) -> str:
    program = Program(around.qubits, names, c=around.qubits)
    for step in around.before:
        program.gate(step.word or step.name, step.angles, step.qubits)
    gate = around.gates[0]
    program.gate(gate.word, names or gate.angles, gate.qubits)
    for step in around.after:
        program.gate(step.word or step.name, step.angles, step.qubits)
    program.measure_all()
    return program.text


def _circuit(around: Sandwich, names: Sequence[str], name: str) -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(around.qubits, "q"), name=name)
    circuit.add_register(ClassicalRegister(around.qubits, "c"))
    for step in around.before:
        append(circuit, step)
    append(circuit, around.gates[0], [parameter(one) for one in names] or None)
    for step in around.after:
        append(circuit, step)
    circuit.measure(circuit.qubits, circuit.clbits)
    return circuit


def width_of(form: Form) -> int:
    """How many qubits a form acts on, controls among them."""
    inner, count, controls, *_ = form
    if inner == "cu":
        return 2
    return len(controls) + len(standard_matrix(inner, [0.0] * count)).bit_length() - 1
