"""States that the exact laws are computed with: a vector, a few terms of many qubits, a mixture.

All three do the same: a gate, a channel if they can, and the two ways that a measurement can go,
left unnormalised so that the norm is the probability. None of them uses Qiskit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from qcattn.errors import TooLarge

__all__ = ["Mixture", "State", "Terms", "Vector"]

#: The amplitude below which cancellation has left a term, which is dropped from `Terms`.
_NOTHING = 1e-14
_MOST_TERMS = 2**17


class State(Protocol):
    """A state from which a law is computed."""

    def after(self, matrix: np.ndarray, qubits: Sequence[int]) -> State:
        """The state after a gate, shape (2**k, 2**k), bit j of its index on ``qubits[j]``."""
        ...

    def where(self, qubit: int, value: int) -> State:
        """The part in which the qubit reads ``value``, not normalised."""
        ...

    def probabilities(self, qubits: Sequence[int]) -> dict[int, float]:
        """Probability of each reading; bit j of a key is ``qubits[j]``; zeros may be left out."""
        ...


class Vector:
    """All amplitudes of n qubits in extended precision.

    Attributes:
        amplitudes: Shape (2,) * n, complex; qubit 0 is the last axis.
    """

    def __init__(self, amplitudes: np.ndarray) -> None:
        self.amplitudes = amplitudes

    @classmethod
    def zero(cls, num_qubits: int) -> Vector:
        """All qubits in zero."""
        amplitudes = np.zeros((2,) * num_qubits, dtype=np.clongdouble)
        amplitudes[(0,) * num_qubits] = 1
        return cls(amplitudes)

    def after(self, matrix: np.ndarray, qubits: Sequence[int]) -> Vector:
        """The state after a gate."""
        n = self.amplitudes.ndim
        return Vector(_applied(self.amplitudes, matrix, [n - 1 - qubit for qubit in qubits]))

    def where(self, qubit: int, value: int) -> Vector:
        """The part in which the qubit reads ``value``."""
        return Vector(_kept(self.amplitudes, self.amplitudes.ndim - 1 - qubit, value))

    def probabilities(self, qubits: Sequence[int]) -> dict[int, float]:
        """Probability of each reading of some qubits."""
        n = self.amplitudes.ndim
        weights = self.amplitudes.real**2 + self.amplitudes.imag**2
        return _marginal(weights, [n - 1 - qubit for qubit in qubits])


class Terms:
    """The non-zero amplitudes of any number of qubits.

    Attributes:
        amplitudes: Basis state, as a Python integer whose bit j is qubit j, to amplitude.
    """

    def __init__(self, amplitudes: dict[int, complex]) -> None:
        self.amplitudes = amplitudes

    @classmethod
    def zero(cls) -> Terms:
        """All qubits in zero."""
        return cls({0: 1 + 0j})

    def after(self, matrix: np.ndarray, qubits: Sequence[int]) -> Terms:
        """The state after a gate.

        Raises:
            TooLarge: If it would take more terms than are kept.
        """
        bits = [
            sum(1 << qubit for j, qubit in enumerate(qubits) if k >> j & 1)
            for k in range(len(matrix))
        ]
        place = {bit: k for k, bit in enumerate(bits)}
        columns = [
            [(bits[row], complex(matrix[row, k])) for row in np.flatnonzero(matrix[:, k])]
            for k in range(len(matrix))
        ]
        out: dict[int, complex] = {}
        for key, amplitude in self.amplitudes.items():
            here = key & bits[-1]
            rest = key ^ here
            for bit, entry in columns[place[here]]:
                to = rest | bit
                out[to] = out.get(to, 0) + entry * amplitude
        if len(out) > _MOST_TERMS:
            raise TooLarge(f"a state of {len(out)} terms is too large; at most {_MOST_TERMS} fit")
        return Terms({key: value for key, value in out.items() if abs(value) > _NOTHING})

    def where(self, qubit: int, value: int) -> Terms:
        """The part in which the qubit reads ``value``."""
        kept = {key: amp for key, amp in self.amplitudes.items() if key >> qubit & 1 == value}
        return Terms(kept)

    def probabilities(self, qubits: Sequence[int]) -> dict[int, float]:
        """Probability of each reading of some qubits."""
        out: dict[int, float] = {}
        for key, amplitude in self.amplitudes.items():
            reading = sum(1 << j for j, qubit in enumerate(qubits) if key >> qubit & 1)
            out[reading] = out.get(reading, 0.0) + abs(amplitude) ** 2
        return out


class Mixture:
    """A density matrix of n qubits in extended precision, for noise.

    Attributes:
        entries: Shape (2,) * 2n: rows, then columns, qubit 0 the last of each.
    """

    def __init__(self, entries: np.ndarray) -> None:
        self.entries = entries

    @classmethod
    def zero(cls, num_qubits: int) -> Mixture:
        """All qubits in zero."""
        entries = np.zeros((2,) * (2 * num_qubits), dtype=np.clongdouble)
        entries[(0,) * (2 * num_qubits)] = 1
        return cls(entries)

    def after(self, matrix: np.ndarray, qubits: Sequence[int]) -> Mixture:
        """The state after a gate."""
        rows, columns = self._axes(qubits)
        half = _applied(self.entries, matrix, rows)
        return Mixture(_applied(half, matrix.conj(), columns))

    def through(self, channel: np.ndarray, qubits: Sequence[int]) -> Mixture:
        """The state after a channel.

        Args:
            channel: Shape (4**k, 4**k): acts on the entries of k qubits, whose rows are the low
                k bits of an index and whose columns the high k.
            qubits: Bit j of a row or column is ``qubits[j]``.
        """
        rows, columns = self._axes(qubits)
        return Mixture(_applied(self.entries, channel, rows + columns))

    def where(self, qubit: int, value: int) -> Mixture:
        """The part in which the qubit reads ``value``."""
        (row,), (column,) = self._axes([qubit])
        return Mixture(_kept(_kept(self.entries, row, value), column, value))

    def probabilities(self, qubits: Sequence[int]) -> dict[int, float]:
        """Probability of each reading of some qubits."""
        n = self.entries.ndim // 2
        weights = self.entries.reshape(2**n, 2**n).diagonal().real.reshape((2,) * n)
        return _marginal(weights, [n - 1 - qubit for qubit in qubits])

    def __add__(self, other: Mixture) -> Mixture:
        """Both, not normalised."""
        return Mixture(self.entries + other.entries)

    def _axes(self, qubits: Sequence[int]) -> tuple[list[int], list[int]]:
        n = self.entries.ndim // 2
        return [n - 1 - qubit for qubit in qubits], [2 * n - 1 - qubit for qubit in qubits]


def _applied(tensor: np.ndarray, matrix: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """A matrix on some axes; axes[j] is bit j of its index."""
    front = list(range(len(axes)))
    moved = np.moveaxis(tensor, axes[::-1], front)
    out = (matrix @ moved.reshape(len(matrix), -1)).reshape(moved.shape)
    return np.moveaxis(out, front, axes[::-1])


def _kept(tensor: np.ndarray, axis: int, value: int) -> np.ndarray:
    out = tensor.copy()
    np.moveaxis(out, axis, 0)[1 - value] = 0
    return out


def _marginal(weights: np.ndarray, axes: Sequence[int]) -> dict[int, float]:
    """Sum over all other axes; bit j of a key is axes[j]."""
    moved = np.moveaxis(weights, axes[::-1], range(len(axes)))
    sums = moved.reshape(2 ** len(axes), -1).sum(axis=1)
    return {int(key): sums[key] for key in np.flatnonzero(sums)}
