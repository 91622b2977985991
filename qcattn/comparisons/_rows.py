"""The rows a comparison is given: counts and probabilities, converted and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.arguments import check_distributions, entry, no_numbers
from qcattn.comparisons.outcomes import Outcomes, outcomes_of, together

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Most shots a row: whole numbers up to here are exact in float64.
MOST_SHOTS = 2**53


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that were checked and flattened to two axes.

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
        names: How the outcomes are called, or () if they are positions.
    """

    counts: Ints
    stray: Ints
    p: Floats
    shape: tuple[int, ...]
    covariance: Floats | None
    coarse: Floats
    ideal: Floats
    names: tuple[str, ...] = ()

    @property
    def shots(self) -> Ints:
        """The shots of each row, stray ones included, shape (rows,)."""
        return self.counts.sum(axis=-1) + self.stray


def check_probabilities(p: Any, name: str = "p") -> Floats:
    """Check rows of probabilities and normalise them.

    Args:
        p: Array-like of shape (..., outcomes). Sums may be off by rounding (1e-9, in single
            precision 1e-5, in half 1e-3).
        name: What the caller calls it.

    Returns:
        Shape (..., outcomes), float64, every row summing to one.

    Raises:
        ValueError: If a row is empty, not finite, negative, or does not sum to one.
    """
    if hasattr(p, "covariance"):
        raise ValueError(
            f"`{name}` must be an array of exact probabilities, but is the measured law "
            "of `expected`, which only `fit` and `certify` take; pass `law.p` to use it as if it "
            "were exact"
        )
    law = check_distributions(_array(p, name), name)
    flat = law.reshape(-1, law.shape[-1])
    return (flat / flat.sum(axis=-1)[:, None]).reshape(law.shape)


def check_counts(counts: Any, name: str = "counts") -> tuple[Ints, Ints]:
    """Check rows of counts.

    Args:
        counts: Integer array-like of shape (..., outcomes), or an object with attributes ``keys``
            of that shape and ``stray`` of shape (...).
        name: What the caller calls it.

    Returns:
        Counts of shape (..., outcomes) and stray counts of shape (...).

    Raises:
        ValueError: If a count is negative or no integer, a row is empty, or the shots depend on one
            another.
    """
    stray: Any = 0
    if hasattr(counts, "keys") and hasattr(counts, "stray"):
        check_independent(counts, name)
        counts, stray = counts.keys, counts.stray
    counts = _array(counts, name)
    if counts.ndim == 0 or counts.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (..., outcomes) with at least one outcome, "
            f"but is of shape {counts.shape}"
        )
    whole = _integers(counts, name)
    shape = counts.shape[:-1]
    try:
        strays = np.broadcast_to(_integers(np.asarray(stray), f"{name}.stray"), shape)
    except ValueError as error:
        raise ValueError(
            f"`{name}.stray` must be of shape {shape} with non-negative integers: {error}"
        ) from None
    total = whole.sum(axis=-1, dtype=np.float64) + strays
    if np.any(total > MOST_SHOTS):
        row = int(np.argmax(total > MOST_SHOTS))
        raise ValueError(
            f"`{name}` must hold at most 2**53 shots a row, but "
            f"{entry(name, np.unravel_index(row, shape))} holds {np.ravel(total)[row]:.6g}"
        )
    return whole, strays


def check_independent(counts: Any, name: str = "counts") -> None:
    """Refuse counts whose shots are declared to depend on one another.

    Args:
        counts: Any object; one without an attribute ``independent`` is taken to be so.
        name: What the caller calls it.

    Raises:
        ValueError: If they do.
    """
    if not getattr(counts, "independent", True):
        raise ValueError(
            f"`{name}` must be of independent shots, but these are readings of Markov chains, each "
            "of which depends on the one before; compare the readings themselves, in their order, "
            "by `qcattn.fit_chains`"
        )


def _array(values: Any, name: str) -> NDArray[Any]:
    """Convert to an array, refusing what NumPy would take in another sense."""
    if isinstance(values, Mapping):
        raise ValueError(
            f"`{name}` must be an array of shape (..., outcomes), but is a dictionary; "
            "put its numbers in the order of the outcomes first"
        )
    if isinstance(values, np.ma.MaskedArray):
        raise ValueError(
            f"`{name}` must not be a masked array: its mask would be lost; "
            f"fill it: {name}.filled(0)"
        )
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"`{name}` must be of shape (..., outcomes), but its rows differ in length; "
            "fill them up with zeros"
        ) from None


def _integers(counts: NDArray[Any], name: str) -> Ints:
    """Convert to int64, refusing what is not a non-negative whole number."""
    if counts.dtype.kind == "f":
        bad = ~(np.isfinite(counts) & (counts == np.floor(counts)))
        if np.any(bad):
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"`{name}` must hold integers, but {entry(name, index)} is {counts[index]}; "
                "pass counts, not frequencies"
            )
    elif counts.dtype.kind not in "iu":
        raise ValueError(f"`{name}` must hold integers, but {no_numbers(counts.dtype)}")
    if counts.size and counts.max() > MOST_SHOTS:
        index = tuple(int(i) for i in np.argwhere(counts > MOST_SHOTS)[0])
        raise ValueError(
            f"`{name}` must be at most 2**53, but {entry(name, index)} is {counts[index]:.6g}"
        )
    whole = counts.astype(np.int64, copy=False)
    if whole.size and whole.min() < 0:
        index = tuple(int(i) for i in np.argwhere(whole < 0)[0])
        raise ValueError(
            f"`{name}` must not be negative, but {entry(name, index)} is {whole[index]}"
        )
    return whole


def side_by_side(
    counts: Any, p: Any, names: tuple[str, str], roles: tuple[str, str]
) -> tuple[Any, Any, tuple[str, ...]]:
    """Put two arguments over the same outcomes, if one names them, as dictionaries do.

    Args:
        counts: An array, an object with ``keys`` and ``stray``, or what `outcomes_of` takes.
        p: Probabilities: an array, an object with ``keys`` and ``stray``, or what `outcomes_of`
            takes.
        names: What the caller calls them.
        roles: The role of each, ``"counts"`` or ``"probabilities"``.

    Returns:
        Both as arrays, (outcomes,) or (rows, outcomes), and how outcomes are called; or both as
        they are and () if neither names outcomes.

    Raises:
        ValueError: If they do not name outcomes alike, or rows do not match.
    """
    pair = (counts, p)
    named = [
        outcomes_of(one, f"`{name}`", role)
        for one, name, role in zip(pair, names, roles, strict=True)
    ]
    if named == [None, None]:
        return counts, p, ()
    first, second = (
        _without_labels(one, name) if found is None else found
        for one, name, found in zip(pair, names, named, strict=True)
    )
    drawn, law, outcomes = together(first, second)
    single = first.single and len(drawn) == 1
    one_law = single or (len(law) == 1 and len(drawn) > 1)
    return drawn[0] if single else drawn, law[0] if one_law else law, tuple(outcomes.names)


def _without_labels(one: Any, name: str) -> Outcomes:
    """An array beside something that names outcomes."""
    if hasattr(one, "stray"):
        raise ValueError(
            f"`{name}` counts keys, but the other argument names outcomes; give both as arrays in "
            "the order of the keys"
        )
    array = _array(getattr(one, "p", one), name)
    if array.ndim not in (1, 2) or not array.size or array.dtype.kind not in "iuf":
        raise ValueError(
            f"`{name}` must be numbers of shape (outcomes,) or (rows, outcomes) beside a "
            f"dictionary of outcomes, but is of shape {array.shape} and type {array.dtype}"
        )
    single, values = array.ndim == 1, np.atleast_2d(array)
    places = tuple(range(values.shape[1]))
    return Outcomes(places, values, 0, f"`{name}`", "positions", single)


def check_rows(counts: Any, p: Any) -> Rows:
    """Check counts against probabilities and flatten their leading axes.

    Args:
        counts: Counts as for `check_counts`, or what `outcomes_of` takes.
        p: Probabilities as for `check_probabilities`; shape of the counts, or (outcomes,) for one
            law that all rows share; or a dictionary. Or what `qcattn.comparisons.expected` gives,
            an object with attributes ``p`` and ``ideal`` (..., outcomes), ``covariance`` (...,
            outcomes, outcomes) and ``coarse`` (...).

    Returns:
        The rows.

    Raises:
        ValueError: If either is malformed or the shapes differ.
    """
    covariance = getattr(p, "covariance", None)
    counts, given, names = side_by_side(counts, p, ("counts", "p"), ("counts", "probabilities"))
    whole, stray = check_counts(counts)
    law = check_probabilities(getattr(given, "p", given))
    if law.shape not in (whole.shape, whole.shape[-1:]):
        raise ValueError(
            f"`counts` and `p` must have the same shape (..., outcomes), but counts "
            f"has {whole.shape} and p has {law.shape}"
        )
    outcomes, shape = whole.shape[-1], whole.shape[:-1]
    if covariance is not None and covariance.shape[-1] != outcomes:
        raise ValueError(
            f"`counts` has outcomes beyond the {covariance.shape[-1]} of the measured `p`; measure "
            "the readout of all of them"
        )
    law = np.broadcast_to(law, whole.shape).reshape(-1, outcomes)
    coarse, ideal = np.zeros(len(law)), law
    if covariance is not None:
        covariance = np.broadcast_to(covariance, (*whole.shape, outcomes))
        covariance = covariance.reshape(-1, outcomes, outcomes)
        coarse = np.broadcast_to(p.coarse, shape).reshape(-1)
        ideal = np.broadcast_to(p.ideal, whole.shape).reshape(-1, outcomes)
    counts = whole.reshape(-1, outcomes)
    return Rows(counts, stray.reshape(-1), law, shape, covariance, coarse, ideal, names)
