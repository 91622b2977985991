"""One circuit of the corpus with the exact law that its shots must follow."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.circuit.library import UCGate

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.conformance.matrices import standard_matrix
from qcattn.conformance.reading import read_qasm

__all__ = ["FEATURES", "MULTIPLEXED", "Case", "Feature", "Law", "loaded"]

#: What a backend must be able to do for a circuit, beyond gates and a measurement at the end.
Feature = Literal["mid-circuit measurement", "reset", "conditional", "loop", "parameters", "noise"]

FEATURES: tuple[Feature, ...] = (
    "mid-circuit measurement",
    "reset",
    "conditional",
    "loop",
    "parameters",
    "noise",
)


#: Name in a file of what is read as `UCGate`: Qiskit writes that gate into QPY, and cannot read it
#: back, but it reads a gate of another name with a definition.
MULTIPLEXED = "multiplexed"


@dataclass(frozen=True, eq=False)
class Law:
    """The exact distribution of one circuit over the whole classical memory.

    Attributes:
        outcomes: Bitstrings of all classical bits in Qiskit's order: bit 0 is the rightmost, and
            nothing stands between registers. Those not listed never come out.
        p: Shape (outcomes,), float64: probabilities, which sum to 1 to 1e-12.
    """

    outcomes: tuple[str, ...]
    p: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A circuit of the corpus, what it exercises, and its law for each binding.

    Attributes:
        name: The folder and the name of the file, such as ``"gates/ry"``.
        exercises: Words for what it exercises: gates, ``"ctrl_state"``, ``"complex phase"``,
            ``"wide"``...
        qubits: The number of qubits that it needs.
        clbits: Classical bits, all registers together.
        features: What a backend must be able to do.
        parameters: Names of its parameters, in the order of the columns of ``values``.
        values: Shape (bindings, parameters), radians; (1, 0) if there are none.
        laws: The laws, one for each binding.
        noise: Noise under which the laws hold; () for none.
        text: The content of the file: OpenQASM 3, or QPY bytes.
        form: The form of the text.
    """

    name: str
    exercises: tuple[str, ...]
    qubits: int
    clbits: int
    features: frozenset[Feature]
    parameters: tuple[str, ...]
    values: np.ndarray
    laws: tuple[Law, ...]
    noise: tuple[NoiseTerm, ...] = ()
    text: str | bytes = field(repr=False)
    form: Literal["qasm3", "qpy"]

    @cached_property
    def circuit(self) -> QuantumCircuit:
        """The circuit, with its parameters free.

        Raises:
            ImportError: If it is OpenQASM 3 and the package that reads it is missing.
        """
        return loaded(self.text)


def loaded(text: str | bytes) -> QuantumCircuit:
    """Load the circuit from OpenQASM 3 (text) or QPY (bytes).

    Raises:
        ImportError: If it is OpenQASM 3 and the package that reads it is missing.
    """
    if isinstance(text, bytes):
        (circuit,) = qpy.load(io.BytesIO(text))
        return _as_meant(circuit)
    return read_qasm(text)


def _as_meant(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same circuit with Qiskit's `UCGate` where the file has `multiplexed`."""
    if MULTIPLEXED not in circuit.count_ops():
        return circuit
    out = circuit.copy_empty_like()
    for one in circuit.data:
        gate, turns = one.operation, iter(one.operation.params)
        if gate.name == MULTIPLEXED:
            # The angles of a gate are theta, phi, lambda of u, and a phase.
            rows = zip(turns, turns, turns, turns, strict=True)
            gate = UCGate([_with_phase(row[3], standard_matrix("u", row[:3])) for row in rows])
        out.append(gate, one.qubits, one.clbits)
    return out


def _with_phase(angle: float, matrix: np.ndarray) -> np.ndarray:
    return (np.exp(1j * angle) * matrix).astype(complex)
