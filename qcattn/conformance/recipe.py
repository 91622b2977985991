"""What a circuit of the corpus is made from, before its law is computed and its files written."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qcattn.backends.noise_terms import NoiseTerm

__all__ = ["Program", "Recipe", "generator", "parameter", "rounded"]

#: The entropy from which every random number of the corpus comes.
_ENTROPY = 20261127


@dataclass(frozen=True, eq=False, kw_only=True)
class Recipe:
    """How one circuit of the corpus is built.

    Attributes:
        name: The folder and the name of the file.
        content: OpenQASM 3, or a circuit that it cannot say.
        exercises: Words for what it exercises.
        about: One or more sentences for people.
        bindings: The value of each parameter by its name, for each binding.
        noise: Noise under which it runs.
        shows: Total variation by which the law moves under a fault, by the name of the fault.
    """

    name: str
    content: str | QuantumCircuit
    exercises: Sequence[str]
    about: str
    bindings: Sequence[Mapping[str, float]] = ({},)
    noise: Sequence[NoiseTerm] = ()
    shows: Mapping[str, float] = field(default_factory=dict)


def generator(name: str) -> np.random.Generator:
    """The generator of one circuit, which depends on its name alone.

    Args:
        name: The folder and the name of the file.
    """
    place = zlib.crc32(name.encode())
    return np.random.default_rng(np.random.SeedSequence(_ENTROPY, spawn_key=(place,)))


def rounded(angles: np.ndarray) -> list[float]:
    """Round to six decimals, as they stand in the file."""
    return [float(angle) for angle in np.round(angles, 6)]


def parameter(name: str) -> Parameter:
    """A parameter whose identity is the same in every build, where Qiskit would draw one.

    Args:
        name: The name of the parameter.
    """
    return Parameter(name, uuid=UUID(int=zlib.crc32(name.encode())))


class Program:
    """OpenQASM 3, written line by line.

    Example:
        >>> program = Program(2, c=2)
        >>> program.gate("ry", [0.5], [0])
        >>> program.gate("x", [], [0, 1], controls=[0])
        >>> program.measure_all()
        >>> print(program.text)
        OPENQASM 3.0;
        include "stdgates.inc";
        qubit[2] q;
        bit[2] c;
        ry(0.5) q[0];
        negctrl @ x q[0], q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
    """

    def __init__(self, qubits: int, inputs: Sequence[str] = (), **registers: int) -> None:
        self.qubits = qubits
        self._bits = [f"{name}[{k}]" for name, size in registers.items() for k in range(size)]
        self.lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
        self.lines += [f"input float[64] {name};" for name in inputs]
        self.lines.append(f"qubit[{qubits}] q;")
        self.lines += [f"bit[{size}] {name};" for name, size in registers.items()]

    @property
    def text(self) -> str:
        """The text of the whole file."""
        return "\n".join(self.lines) + "\n"

    def line(self, *lines: str) -> None:
        """Add lines as they are."""
        self.lines.extend(lines)

    def gate(
        self,
        name: str,
        angles: Sequence[float | str],
        qubits: Sequence[int],
        controls: Sequence[int] = (),
    ) -> None:
        """Add a gate.

        Args:
            name: The name of the gate, from ``stdgates.inc``, or with a modifier before it.
            angles: Angles in radians, or expressions.
            qubits: The qubits, controls first.
            controls: The value at which each added control acts.
        """
        modifiers = "".join("ctrl @ " if value else "negctrl @ " for value in controls)
        said = ", ".join(a if isinstance(a, str) else repr(a) for a in angles)
        places = ", ".join(f"q[{qubit}]" for qubit in qubits)
        self.line(f"{modifiers}{name}{f'({said})' if said else ''} {places};")

    def measure(self, *pairs: tuple[int, str]) -> None:
        """Measure qubits into classical bits, such as ``(0, "c[2]")``."""
        self.line(*(f"{bit} = measure q[{qubit}];" for qubit, bit in pairs))

    def measure_all(self) -> None:
        """Measure each qubit into the classical bit of its number; there must be enough bits."""
        for qubit, bit in zip(range(self.qubits), self._bits, strict=False):
            self.line(f"{bit} = measure q[{qubit}];")
