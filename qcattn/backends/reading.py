"""From what a simulator returns to counts of keys, strays and discarded shots."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from qcattn.records import Counts, Prepared, bitstrings

__all__ = ["Reader", "collect", "whole_shots"]


class Reader:
    """Reads outcomes of a prepared circuit: which key, no key, or a herald that fired."""

    def __init__(self, prepared: Prepared) -> None:
        circuit = prepared.circuit
        position: dict[object, int] = {bit: i for i, bit in enumerate(circuit.clbits)}
        registers = {register.name: register for register in circuit.cregs}
        self.key_bits = [position[bit] for bit in registers[prepared.key_register]]
        heralds = registers[prepared.herald_register] if prepared.herald_register else ()
        self._heralds = sum(1 << position[bit] for bit in heralds)
        self.num_keys: int = prepared.codewords.shape[0]
        # Columns: the keys, then strays, then discarded shots.
        names = bitstrings(prepared.codewords)
        self._column: dict[int, int] = {int(text, 2): key for key, text in enumerate(names)}
        self._column_of_text: dict[str, int] = {}

    def column(self, outcome: int) -> int:
        """Column of an outcome, its classical bits read as one integer."""
        if outcome & self._heralds:
            return self.num_keys + 1
        reading: int = sum((outcome >> bit & 1) << q for q, bit in enumerate(self.key_bits))
        return self._column.get(reading, self.num_keys)

    def of_dicts(self, rows: Sequence[Mapping[str, int]]) -> Counts:
        """Counts of rows of {hexadecimal outcome: shots}."""
        table = np.zeros((len(rows), self.num_keys + 2), np.int64)
        known = self._column_of_text
        for line, row in zip(table, rows, strict=True):
            for text, shots in row.items():
                if text not in known:
                    known[text] = self.column(int(text, 16))
                line[known[text]] += shots
        return self._counts(table)

    def of_vectors(self, rows: np.ndarray) -> Counts:
        """Counts of rows (rows, 2**num_clbits) of shots for every outcome."""
        table = np.zeros((len(rows), self.num_keys + 2), np.int64)
        columns = [self.column(outcome) for outcome in range(rows.shape[1])]
        np.add.at(table.T, columns, rows.T)
        return self._counts(table)

    def of_bits(self, keys: np.ndarray, heralds: np.ndarray | None) -> Counts:
        """Counts of single shots.

        Args:
            keys: Shape (rows, shots, num_key_bits), bool; column q is bit q of the register.
            heralds: Shape (rows, shots), bool, or None without a herald.
        """
        table = np.zeros((len(keys), self.num_keys + 2), np.int64)
        packed = np.packbits(keys, axis=-1, bitorder="little")
        whole = np.dtype((np.void, packed.shape[-1]))
        for row, line in enumerate(table):
            kept = packed[row] if heralds is None else packed[row][~heralds[row]]
            readings, shots = np.unique(
                np.ascontiguousarray(kept).view(whole).ravel(), return_counts=True
            )
            for reading, number in zip(readings, shots, strict=True):
                key = self._column.get(int.from_bytes(reading.tobytes(), "little"), self.num_keys)
                line[key] += number
            if heralds is not None:
                line[-1] = heralds[row].sum()
        return self._counts(table)

    def _counts(self, table: np.ndarray) -> Counts:
        return Counts(table[:, : self.num_keys], table[:, -2], table[:, -1])


def collect(prepared: Prepared, chunks: Iterable[tuple[slice, Counts]]) -> Counts:
    """Put chunks of flattened rows together in the shape of what was prepared."""
    num_keys = prepared.codewords.shape[0]
    total = Counts.zeros((int(np.prod(prepared.shape)),), num_keys)
    for rows, counts in chunks:
        total.keys[rows] += counts.keys
        total.stray[rows] += counts.stray
        total.discarded[rows] += counts.discarded
    return shaped(total, prepared.shape)


def shaped(counts: Counts, shape: tuple[int, ...]) -> Counts:
    """Flat counts with leading axes ``shape``."""
    return Counts(
        counts.keys.reshape(*shape, -1),
        counts.stray.reshape(shape),
        counts.discarded.reshape(shape),
    )


def whole_shots(shots: Any) -> int:
    """Shots as an integer.

    Raises:
        ValueError: If they are no whole number, or less than 1.
    """
    try:
        number = operator.index(shots)
    except TypeError:
        number = 0
    if number < 1 or isinstance(shots, bool):
        raise ValueError(f"`shots` must be a whole number, 1 or more, but is {shots!r}")
    return number
