"""Expectation values of all Pauli strings on some qubits, from the counts of a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import ParameterVector

from qcattn.records import Counts, Prepared, every_reading, walsh_hadamard

__all__ = ["bases", "measured_expectations"]

_LETTERS = {"X": (0.0, -np.pi / 2), "Y": (-np.pi / 2, -np.pi / 2), "Z": (0.0, 0.0)}


def bases(q: int, *, real: bool = False) -> list[str]:
    """The bases in which q qubits are measured; letter j is that of qubit j.

    Every string is read in all bases that agree with it letter by letter: 3^q bases give all 4^q
    strings. In a real state a string with an odd number of Y has expectation value zero, and the
    (3^q + 1) / 2 bases with an even number of Y give all others.

    Example:
        >>> bases(2, real=True)
        ['XX', 'XZ', 'YY', 'ZX', 'ZZ']
    """
    every = ["".join(letters) for letters in product("XYZ", repeat=q)]
    return [basis for basis in every if not (real and basis.count("Y") % 2)]


def measured_expectations(
    circuit: QuantumCircuit,
    qubits: Sequence[int],
    *,
    real: bool,
    shots: int,
    backend: Callable[[Prepared, int, Any], Counts],
    seed: Any,
) -> tuple[np.ndarray, int]:
    """Measure the qubits of a circuit in every basis.

    A string is estimated from the shots of all bases it can be read in.

    Args:
        circuit: A circuit that prepares the state, without measurements or parameters.
        qubits: q of its qubits; qubits[j] bears letter j.
        real: The state has real amplitudes: strings with an odd number of Y are zero.
        shots: The number of shots in each basis.
        backend: Prepared, shots and seed to counts; one call, each basis a row of its own stream.
        seed: Anything `numpy.random.default_rng` takes.

    Returns:
        Shape (4**q,): the estimate of string number s at index s; and the shots spent.
    """
    q = len(qubits)
    chosen = bases(q, real=real)
    key = ClassicalRegister(q, "key")
    template = circuit.copy()
    template.add_register(key)
    turns = ParameterVector("t", 2 * q)
    for j, qubit in enumerate(qubits):
        template.rz(turns[2 * j], qubit)
        template.ry(turns[2 * j + 1], qubit)
    template.measure(list(qubits), key)
    values = np.array(
        [[angle for letter in basis for angle in _LETTERS[letter]] for basis in chosen]
    )
    outcomes = np.arange(2**q)
    prepared = Prepared(
        method="tomography",
        kind="thermal",
        circuit=template,
        values=values,
        codewords=every_reading(q),
        key_register="key",
        herald_register=None,
        distribution=np.full((len(chosen), 2**q), np.nan),
        success=np.ones(len(chosen)),
        error=np.full(len(chosen), np.nan),
    )
    counts = backend(prepared, shots, seed)
    flips, signs = (
        np.array([sum(1 << j for j in range(q) if basis[j] in kind) for basis in chosen])[:, None]
        for kind in ("XY", "YZ")
    )
    strings = (outcomes & flips) << q | (outcomes & signs)
    sums, kept = np.zeros(4**q), np.zeros(4**q)
    np.add.at(sums, strings, walsh_hadamard(counts.keys))
    np.add.at(kept, strings, np.broadcast_to(counts.kept[:, None], strings.shape))
    return np.divide(sums, kept, out=sums, where=kept > 0), int(counts.shots.sum())
