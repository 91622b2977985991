"""Pauli strings from shots: as few bases as agree qubit by qubit, and what each string read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
from qcattn.evidence import Estimate
from qcattn.readings.bases import in_basis
from qcattn.records import Hamiltonian, Prepared, walsh_hadamard

__all__ = ["PauliGroup", "exact_expectations", "expectation", "measure_strings", "pauli_terms"]


@dataclass(frozen=True, eq=False)
class PauliGroup:
    """Pauli strings that were read off the same shots.

    Attributes:
        letters: The basis, one letter a qubit, qubit 0 rightmost.
        members: The strings, as indices into those asked for.
        counts: Shape (2**n,): kept shots of each reading.
    """

    letters: str
    members: tuple[int, ...]
    counts: np.ndarray


def measure_strings(
    prepared: Prepared, strings: Sequence[str], shots: int, backend: Backend | None, seed: Any
) -> tuple[PauliGroup, ...]:
    """Draw shots in as many bases as the strings need.

    Strings go, the longest first, to the first basis that they agree with on every qubit where
    both act.

    Args:
        prepared: One circuit, shape ().
        strings: Letters I, X, Y, Z, qubit 0 rightmost.
        shots: Shots of each basis.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
    """
    bases: list[list[str]] = []
    members: list[list[int]] = []
    for index in sorted(range(len(strings)), key=lambda i: strings[i].count("I")):
        string = strings[index]
        for basis, inside in zip(bases, members, strict=True):
            if all(a == b or "I" in (a, b) for a, b in zip(string, basis, strict=True)):
                basis[:] = [b if a == "I" else a for a, b in zip(string, basis, strict=True)]
                inside.append(index)
                break
        else:
            bases.append(list(string))
            members.append([index])
    names = ["".join(basis).replace("I", "Z") for basis in bases]
    drawn = draw([in_basis(prepared, name) for name in names], shots, backend, seed)
    return tuple(
        PauliGroup(name, tuple(inside), counts.keys)
        for name, inside, counts in zip(names, members, drawn, strict=True)
    )


def support(string: str) -> int:
    """The qubits that a string acts on, as bits of an integer."""
    return int("".join("0" if letter == "I" else "1" for letter in string), 2)


def pauli_terms(operator: Any) -> tuple[float, list[str], np.ndarray]:
    """The weight of the identity in a `SparsePauliOp`, and its other strings with their weights."""
    labels, weights = operator.paulis.to_labels(), operator.coeffs.real
    act = np.array([set(label) != {"I"} for label in labels], dtype=bool)
    strings = [label for label, acts in zip(labels, act, strict=True) if acts]
    return float(weights[~act].sum()), strings, weights[act]


def operator_groups(
    groups: Sequence[PauliGroup], strings: Sequence[str], weights: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The values of each basis' share of an operator, and the counts of its readings."""
    out = []
    for group in groups:
        table = np.zeros(len(group.counts))
        for index in group.members:
            table[support(strings[index])] += weights[index]
        out.append((walsh_hadamard(table), group.counts))
    return out


def expectation(
    prepared: Prepared,
    operator: Any,
    *,
    shots: int,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
) -> tuple[Estimate, int]:
    """The measured expectation value of a `SparsePauliOp` of the system.

    Args:
        prepared: One circuit, shape ().
        operator: A Hermitian operator on the system's qubits.
        shots: Shots of each basis.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Probability that the interval misses, at most.

    Returns:
        The value with its interval, in units of the operator, and the shots drawn in all bases.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Heralded
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> energy, drawn = expectation(
        ...     Heralded()(hamiltonian, beta=1.0), hamiltonian.operator, shots=10000
        ... )
        >>> -0.7311 in energy, drawn
        (True, 10000)
    """
    offset, strings, weights = pauli_terms(operator)
    groups = measure_strings(prepared, strings, shots, backend, seed)
    found = mean(operator_groups(groups, strings, weights), alpha, offset=offset)
    return found, shots * len(groups)


def exact_expectations(state: np.ndarray, strings: Sequence[str]) -> np.ndarray:
    """Expectation values of Pauli strings in a density matrix, shape (len(strings),).

    Example:
        >>> import numpy as np
        >>> exact_expectations(np.array([[0.75, 0.25], [0.25, 0.25]]), ["Z", "X", "Y"]).tolist()
        [0.5, 0.5, 0.0]
    """
    places = np.arange(len(state))
    out = np.empty(len(strings))
    for index, string in enumerate(strings):
        moved, phase = _action(string, places)
        out[index] = (phase * state[places, moved]).sum().real
    return out


def level_expectations(vectors: np.ndarray, strings: Sequence[str]) -> np.ndarray:
    """Expectation values in each column of a matrix of vectors, shape (len(strings), columns)."""
    places = np.arange(len(vectors))
    out = np.empty((len(strings), vectors.shape[1]))
    for index, string in enumerate(strings):
        moved, phase = _action(string, places)
        out[index] = (vectors[moved].conj() * phase[:, None] * vectors).sum(axis=0).real
    return out


def _action(string: str, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a string takes each basis state, and by which phase."""
    x = int("".join("1" if letter in "XY" else "0" for letter in string), 2)
    z = int("".join("1" if letter in "YZ" else "0" for letter in string), 2)
    phase = np.where(np.bitwise_count(places & z) % 2, -1.0, 1.0) * 1j ** string.count("Y")
    return places ^ x, phase


def default_strings(hamiltonian: Hamiltonian) -> tuple[str, ...]:
    """Strings of one letter on one, two or all qubits, and the off-diagonal terms of H."""
    n = hamiltonian.num_qubits
    sets: set[tuple[int, ...]] = {(i,) for i in range(n)} | {
        (i, j) for i in range(n) for j in range(i)
    }
    sets.add(tuple(range(n))[::-1])
    strings: dict[str, None] = {
        "".join(letter if q in places else "I" for q in reversed(range(n))): None
        for letter in "XYZ"
        for places in sorted(sets, key=lambda places: (len(places), places))
    }
    if hamiltonian.off_diagonal is not None:
        strings |= dict.fromkeys(pauli_terms(hamiltonian.off_diagonal)[1])
    return tuple(strings)
