"""Counts of keys, strays and discarded shots, made of what a simulator returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from qcattn.records import Counts, Prepared, numbers_of

__all__ = ["Gathered", "Reader", "collect", "shaped"]

_BITS_OF_INT64 = 62
#: Rows, and shots of each, whose order is kept where it is known.
_ROWS_IN_ORDER, _SHOTS_IN_ORDER = 8, 8192


class Reader:
    """Reads outcomes of a prepared circuit: a key, no key, or a herald that fired."""

    def __init__(self, prepared: Prepared) -> None:
        circuit = prepared.circuit
        position: dict[object, int] = {bit: i for i, bit in enumerate(circuit.clbits)}
        registers = {register.name: register for register in circuit.cregs}
        self.key_bits = [position[bit] for bit in registers[prepared.key_register]]
        heralds = registers[prepared.herald_register] if prepared.herald_register else ()
        self._heralds = sum(1 << position[bit] for bit in heralds)
        self.num_keys: int = prepared.codewords.shape[0]
        self._codewords = prepared.codewords
        self._wide = circuit.num_clbits > _BITS_OF_INT64

    @cached_property
    def _key_of(self) -> dict[int, int]:
        """Key of each reading, for any number of bits."""
        packed = np.packbits(self._codewords, axis=-1, bitorder="little")
        return {int.from_bytes(word.tobytes(), "little"): key for key, word in enumerate(packed)}

    @cached_property
    def _sorted_words(self) -> tuple[np.ndarray, np.ndarray]:
        """Readings in ascending order and their keys, where 64 bits hold a reading."""
        words = numbers_of(self._codewords)
        order = np.argsort(words)
        return words[order], order

    def columns(self, outcomes: Iterable[int], number: int) -> np.ndarray:
        """The column of each outcome: its key, `num_keys` for a stray, or one more for a discard.

        Args:
            outcomes: All classical bits of a shot read as one integer.
            number: The number of outcomes there are.
        """
        if self._wide:
            return np.fromiter(map(self._column, outcomes), np.int64, number)
        whole = np.fromiter(outcomes, np.int64, number)
        reading = np.zeros_like(whole)
        for q, bit in enumerate(self.key_bits):
            reading |= (whole >> bit & 1) << q
        words, keys = self._sorted_words
        place = np.minimum(np.searchsorted(words, reading), len(words) - 1)
        column = np.where(words[place] == reading, keys[place], self.num_keys)
        return np.where(whole & self._heralds, self.num_keys + 1, column)

    def _column(self, outcome: int) -> int:
        if outcome & self._heralds:
            return self.num_keys + 1
        reading: int = sum((outcome >> bit & 1) << q for q, bit in enumerate(self.key_bits))
        return self._key_of.get(reading, self.num_keys)

    def of_dicts(self, rows: Sequence[Mapping[str, int]]) -> Counts:
        """Counts from rows of {hexadecimal outcome: shots}."""
        table = np.zeros((len(rows), self.num_keys + 2), np.int64)
        sizes = [len(row) for row in rows]
        columns = self.columns((int(text, 16) for row in rows for text in row), sum(sizes))
        shots = np.fromiter((shots for row in rows for shots in row.values()), np.int64, sum(sizes))
        np.add.at(table, (np.repeat(np.arange(len(rows)), sizes), columns), shots)
        return self._counts(table)

    def of_vectors(self, rows: np.ndarray) -> Counts:
        """Counts from an array (rows, 2**num_clbits) with the shots of every outcome."""
        table = np.zeros((len(rows), self.num_keys + 2), np.int64)
        columns = self.columns(range(rows.shape[1]), rows.shape[1])
        order = np.argsort(columns, kind="stable")
        starts = np.flatnonzero(np.diff(columns[order], prepend=-1))
        table[:, columns[order][starts]] = np.add.reduceat(rows[:, order], starts, axis=1)
        return self._counts(table)

    def of_bits(self, keys: np.ndarray, heralds: np.ndarray | None) -> Counts:
        """Counts from single shots.

        Args:
            keys: Shape (rows, shots, num_key_bits), bool; column q is bit q of the register.
            heralds: Shape (rows, shots), bool, or None without a herald.
        """
        table = np.zeros((len(keys), self.num_keys + 2), np.int64)
        memories: list[np.ndarray] = []
        packed = np.packbits(keys, axis=-1, bitorder="little")
        whole = np.dtype((np.void, packed.shape[-1]))
        for row, line in enumerate(table):
            readings, place = np.unique(
                np.ascontiguousarray(packed[row]).view(whole).ravel(), return_inverse=True
            )
            read = [int.from_bytes(reading.tobytes(), "little") for reading in readings]
            columns = np.array([self._key_of.get(one, self.num_keys) for one in read], np.int64)
            shots = columns[place]
            if heralds is not None:
                shots = np.where(heralds[row], self.num_keys + 1, shots)
            line[:] = np.bincount(shots, minlength=self.num_keys + 2)
            if row < _ROWS_IN_ORDER:
                memories.append(shots[:_SHOTS_IN_ORDER])
        return self._counts(table, tuple(memories))

    def _counts(self, table: np.ndarray, memories: tuple[np.ndarray, ...] = ()) -> Counts:
        return Counts(table[:, : self.num_keys], table[:, -2], table[:, -1], memories)


class Gathered:
    """Counts of all rows of what was prepared, put together from parts.

    A part is added whole or, where Ctrl-C comes between, not at all.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._shape = prepared.shape
        rows, self._num_keys = len(prepared.flat_values), len(prepared.codewords)
        self._table = np.zeros((rows, self._num_keys + 2), np.int64)
        self._memories: tuple[np.ndarray, ...] = ()

    def add(self, rows: slice, counts: Counts) -> None:
        """Add counts of some of the flattened rows."""
        part = [counts.keys, counts.stray[:, None], counts.discarded[:, None]]
        self._table[rows] += np.concatenate(part, axis=1)  # one call, which no signal interrupts
        self._memories = self._memories or counts.memories

    @property
    def counts(self) -> Counts:
        """All that was added, in the shape of what was prepared."""
        table, keys = self._table, self._num_keys
        counts = Counts(table[:, :keys], table[:, -2], table[:, -1], self._memories)
        return shaped(counts, self._shape)


def collect(prepared: Prepared, chunks: Iterable[tuple[slice, Counts]]) -> Counts:
    """Put parts of flattened rows together in the shape of what was prepared."""
    gathered = Gathered(prepared)
    for rows, counts in chunks:
        gathered.add(rows, counts)
    return gathered.counts


def shaped(counts: Counts, shape: tuple[int, ...]) -> Counts:
    """Flat counts with leading axes ``shape``."""
    return Counts(
        counts.keys.reshape(*shape, -1),
        counts.stray.reshape(shape),
        counts.discarded.reshape(shape),
        counts.memories,
    )
