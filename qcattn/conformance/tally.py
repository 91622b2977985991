"""Counts of the outcomes of a law, made of the classical bits of shots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.conformance.case import Law
from qcattn.records import Counts

__all__ = ["columns", "tally"]


#: Bits of which all readings stand in a table.
_SMALL = 16


def _packed(bits: np.ndarray) -> np.ndarray:
    """Rows of bits as values that compare and sort, shape (rows,)."""
    packed = np.ascontiguousarray(np.packbits(bits, axis=-1))
    return packed.view(np.dtype((np.void, max(packed.shape[-1], 1)))).ravel()


def _numbers(bits: np.ndarray) -> np.ndarray:
    """Rows of few bits as whole numbers, bit 0 the lowest, shape (rows,)."""
    packed = np.packbits(bits, axis=-1, bitorder="little")
    found = np.zeros(len(packed), dtype=np.int64)
    for byte in range(packed.shape[1]):
        found |= packed[:, byte].astype(np.int64) << (8 * byte)
    return found


def columns(readings: np.ndarray, law: Law) -> np.ndarray:
    """The outcome of a law that each shot is, shape (shots,); ``len(law.outcomes)`` if none.

    Args:
        readings: Shape (shots, clbits), bool, bit 0 first.
        law: A law over the same bits.

    Example:
        >>> law = Law(("01", "10"), np.array([0.5, 0.5]))
        >>> columns(np.array([[True, False], [False, True], [True, True]]), law).tolist()
        [0, 1, 2]
    """
    if readings.shape[1] <= _SMALL:
        place = np.full(1 << readings.shape[1], len(law.outcomes))
        place[_numbers(_bits(law.outcomes))] = np.arange(len(law.outcomes))
        return place[_numbers(readings)]
    known = _packed(_bits(law.outcomes))
    order = np.argsort(known)
    seen, where = np.unique(_packed(readings), return_inverse=True)
    place = np.minimum(np.searchsorted(known[order], seen), len(known) - 1)
    column = np.where(known[order][place] == seen, order[place], len(known))
    return column[where]


def _bits(outcomes: Sequence[str]) -> np.ndarray:
    letters = np.frombuffer("".join(outcomes).encode("ascii"), np.uint8)
    return letters.reshape(len(outcomes), -1)[:, ::-1] == ord("1")


def tally(drawn: Sequence[np.ndarray], law: Law) -> Counts:
    """Count the outcomes of a law, one row for each run; outcomes that it excludes are stray.

    Args:
        drawn: Runs of shape (shots, clbits), bool, bit 0 first.
        law: A law over the same bits.
    """
    size = len(law.outcomes)
    table = np.array([np.bincount(columns(one, law), minlength=size + 1) for one in drawn])
    return Counts(table[:, :size], table[:, size], np.zeros(len(table), dtype=np.int64))
