"""The rows a comparison is given: counts and probabilities, converted and checked once."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Most shots a row: whole numbers up to here are exact in float64.
MOST_SHOTS = 2**53
#: How far a row of probabilities may be from summing to one: rounding of a softmax, no more.
SUM_TOLERANCE = {8: 1e-9, 4: 1e-5}


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked rows, flattened to two axes.

    Attributes:
        counts: Shape (rows, outcomes), non-negative integers.
        stray: Shape (rows,), shots on outcomes that have no column and probability zero.
        p: Shape (rows, outcomes), each row normalised to one.
        shape: The leading axes the rows had.
        covariance: Shape (rows, outcomes, outcomes), of the errors of p itself; None if p is exact.
        coarse: Shape (rows,), the most probability that one calibration shot stands for; 0 if p is
            exact. An outcome that calibration never saw has about that much, not zero.
        ideal: Shape (rows, outcomes), the exact probabilities before a measured readout; p itself
            if p is exact.
    """

    counts: Ints
    stray: Ints
    p: Floats
    shape: tuple[int, ...]
    covariance: Floats | None
    coarse: Floats
    ideal: Floats

    @property
    def shots(self) -> Ints:
        """Shots a row, stray ones included, shape (rows,)."""
        return self.counts.sum(axis=-1) + self.stray


def place(row: int, shape: tuple[int, ...]) -> str:
    """Name a flat row index the way the caller indexes it.

    Args:
        row: Index into the flattened leading axes.
        shape: The leading axes.

    Returns:
        For example ``"row (2, 7)"``; ``"the row"`` when there are no leading axes.
    """
    return f"row {tuple(int(i) for i in np.unravel_index(row, shape))}" if shape else "the row"


def check_level(value: float, name: str = "alpha") -> float:
    """Check that an error rate lies strictly between 0 and 1.

    Args:
        value: The error rate.
        name: What the caller calls it.

    Returns:
        The value as a float.

    Raises:
        ValueError: If it is no number strictly between 0 and 1 (NaN is not).
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 < value < 1:
        raise ValueError(
            f"Argument `{name}` must be a number strictly between 0 and 1, but is {value!r}."
        )
    return float(value)


def check_probabilities(p: Any, name: str = "p") -> Floats:
    """Check rows of probabilities and normalise them.

    Args:
        p: Array-like of shape (..., outcomes). Sums may be off by 1e-9, or by 1e-5 in single
            precision.
        name: What the caller calls it.

    Returns:
        Shape (..., outcomes), float64, every row summing to one.

    Raises:
        ValueError: If a row is empty, not finite, negative, or does not sum to one.
    """
    if hasattr(p, "covariance"):
        raise ValueError(
            f"Argument `{name}` must be an array of exact probabilities, but is the measured law "
            "of `expected`, which only `fit` and `certify` take. Pass `law.p` to use it as if it "
            "were exact."
        )
    p = _array(p, name)
    if p.dtype.kind not in "fiu" or (p.dtype.itemsize < 4 and p.dtype.kind == "f"):
        raise ValueError(
            f"Argument `{name}` must hold float32 or float64 numbers, but has dtype {p.dtype}."
        )
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(
            f"Argument `{name}` must be of shape (..., outcomes) with at least one outcome, "
            f"but has shape {p.shape}."
        )
    shape = p.shape[:-1]
    tolerance = SUM_TOLERANCE[4 if p.dtype == np.float32 else 8]
    flat = p.reshape(-1, p.shape[-1]).astype(np.float64, copy=False)
    low, sums = flat.min(axis=-1), flat.sum(axis=-1)
    if not np.all(np.isfinite(sums)):
        row = int(np.argmin(np.isfinite(sums)))
        raise ValueError(
            f"Argument `{name}` must be finite, but {place(row, shape)} is not. "
            "Leave out rows without probabilities (all keys masked)."
        )
    if np.any(low < 0):
        row = int(np.argmax(low < 0))
        raise ValueError(
            f"Argument `{name}` must not be negative, but {place(row, shape)} holds {low[row]}."
        )
    if np.any(np.abs(sums - 1) > tolerance):
        row = int(np.argmax(np.abs(sums - 1)))
        raise ValueError(
            f"Argument `{name}` must sum to one over its last axis, but {place(row, shape)} sums "
            f"to {sums[row]:.12g}. Normalise it: p / p.sum(axis=-1, keepdims=True)."
        )
    return (flat / sums[:, None]).reshape(p.shape)


def check_counts(counts: Any, name: str = "counts") -> tuple[Ints, Ints]:
    """Check rows of counts.

    Args:
        counts: Integer array-like of shape (..., outcomes), or an object with attributes ``keys``
            of that shape and ``stray`` of shape (...).
        name: What the caller calls it.

    Returns:
        Counts of shape (..., outcomes) and stray counts of shape (...).

    Raises:
        ValueError: If a count is negative or no integer, or a row is empty.
    """
    stray: Any = 0
    if hasattr(counts, "keys") and hasattr(counts, "stray"):
        counts, stray = counts.keys, counts.stray
    elif isinstance(counts, dict):
        raise ValueError(
            f"Argument `{name}` must be an array of shape (..., outcomes), but is a dictionary. "
            "Put its counts in the order of the outcomes first."
        )
    counts = _array(counts, name)
    if counts.ndim == 0 or counts.shape[-1] == 0:
        raise ValueError(
            f"Argument `{name}` must be of shape (..., outcomes) with at least one outcome, "
            f"but has shape {counts.shape}."
        )
    whole = _integers(counts, name)
    shape = counts.shape[:-1]
    try:
        strays = np.broadcast_to(_integers(np.asarray(stray), f"{name}.stray"), shape)
    except ValueError as error:
        raise ValueError(
            f"Argument `{name}.stray` must be of shape {shape} with non-negative integers: {error}"
        ) from None
    total = whole.sum(axis=-1, dtype=np.float64) + strays
    if np.any(total > MOST_SHOTS):
        row = int(np.argmax(total > MOST_SHOTS))
        raise ValueError(
            f"Argument `{name}` must hold at most 2**53 shots a row, but {place(row, shape)} holds "
            f"{np.ravel(total)[row]:.6g}."
        )
    return whole, strays


def _array(values: Any, name: str) -> NDArray[Any]:
    """Convert to an array, refusing what NumPy would take in another sense."""
    if isinstance(values, np.ma.MaskedArray):
        raise ValueError(
            f"Argument `{name}` must not be a masked array: its mask would be lost. "
            f"Fill it: {name}.filled(0)."
        )
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"Argument `{name}` must be of shape (..., outcomes), but its rows differ in length. "
            "Fill them up with zeros."
        ) from None


def _integers(counts: NDArray[Any], name: str) -> Ints:
    """Convert to int64, refusing what is not a non-negative whole number."""
    if counts.dtype.kind == "f":
        bad = ~(np.isfinite(counts) & (counts == np.floor(counts)))
        if np.any(bad):
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"Argument `{name}` must hold integers, but entry {index} is {counts[index]}. "
                "Pass counts, not frequencies."
            )
    elif counts.dtype.kind not in "iu":
        raise ValueError(f"Argument `{name}` must hold integers, but has dtype {counts.dtype}.")
    if counts.size and counts.max() > MOST_SHOTS:
        index = tuple(int(i) for i in np.argwhere(counts > MOST_SHOTS)[0])
        raise ValueError(
            f"Argument `{name}` must be at most 2**53, but entry {index} is {counts[index]:.6g}."
        )
    whole = counts.astype(np.int64, copy=False)
    if whole.size and whole.min() < 0:
        index = tuple(int(i) for i in np.argwhere(whole < 0)[0])
        raise ValueError(
            f"Argument `{name}` must not be negative, but entry {index} is {whole[index]}."
        )
    return whole


def check_rows(counts: Any, p: Any) -> Rows:
    """Check counts against probabilities and flatten their leading axes.

    Args:
        counts: As for `check_counts`.
        p: As for `check_probabilities`; shape of the counts, or (outcomes,) for one law that all
            rows share. Or what `qcattn.comparisons.expected` gives, an object with attributes
            ``p`` and ``ideal`` (..., outcomes), ``covariance`` (..., outcomes, outcomes) and
            ``coarse`` (...).

    Returns:
        The rows.

    Raises:
        ValueError: If either is malformed or the shapes differ.
    """
    whole, stray = check_counts(counts)
    covariance = getattr(p, "covariance", None)
    law = check_probabilities(getattr(p, "p", p))
    if law.shape not in (whole.shape, whole.shape[-1:]):
        raise ValueError(
            f"Arguments `counts` and `p` must have the same shape (..., outcomes), but counts "
            f"has {whole.shape} and p has {law.shape}."
        )
    outcomes, shape = whole.shape[-1], whole.shape[:-1]
    law = np.broadcast_to(law, whole.shape).reshape(-1, outcomes)
    coarse, ideal = np.zeros(len(law)), law
    if covariance is not None:
        covariance = np.broadcast_to(covariance, (*whole.shape, outcomes))
        covariance = covariance.reshape(-1, outcomes, outcomes)
        coarse = np.broadcast_to(p.coarse, shape).reshape(-1)
        ideal = np.broadcast_to(p.ideal, whole.shape).reshape(-1, outcomes)
    counts = whole.reshape(-1, outcomes)
    return Rows(counts, stray.reshape(-1), law, shape, covariance, coarse, ideal)
