"""What it costs to cut off the upper levels of an oscillator, exactly and from counts.

Counts of the levels that are kept are held against the closed form of all levels, to which one more
outcome belongs: all that lies above the cut-off, where no shot is ever read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.certification.intervals import proportion
from qcattn.comparisons import certify
from qcattn.evidence import Estimate
from qcattn.models.oscillator import displaced_thermal, number_distribution

__all__ = [
    "CutOff",
    "cut_off_law",
    "exact_error",
    "measured_error",
    "weight_above",
    "with_none_above",
]


@dataclass(frozen=True, eq=False)
class CutOff:
    """A displaced thermal state, cut off at a number of levels.

    Attributes:
        levels: The number of levels that are kept.
        counts: Counts of the levels, shape (levels,).
        error: Total variation from the closed form, measured.
        exact: The total variation from the closed form by dense linear algebra.
    """

    levels: int
    counts: np.ndarray
    error: Estimate
    exact: float


def cut_off_law(levels: int, mean_number: float, amount: float) -> np.ndarray:
    """The closed form and, as one more outcome, the weight above it; shape (levels + 1,).

    Example:
        >>> cut_off_law(2, mean_number=1.0, amount=0.0).tolist()
        [0.5, 0.25, 0.25]
    """
    p = number_distribution(levels, mean_number, amount)
    whole = np.append(p, max(0.0, 1 - p.sum()))
    return np.asarray(whole / whole.sum())


def weight_above(levels: int, mean_number: float, amount: float) -> float:
    """The probability of the levels that are cut off, from the closed form."""
    return float(max(0.0, 1 - number_distribution(levels, mean_number, amount).sum()))


def with_none_above(counts: np.ndarray) -> np.ndarray:
    """Append a zero for what lies above to counts (..., levels), shape (..., levels + 1)."""
    return np.concatenate([counts, np.zeros((*counts.shape[:-1], 1), counts.dtype)], axis=-1)


def exact_error(levels: int, mean_number: float, amount: float) -> float:
    """Total variation of the cut-off state from the closed form, by dense linear algebra."""
    cut = np.diag(displaced_thermal(levels, mean_number, amount))
    law = cut_off_law(levels, mean_number, amount)
    return float(np.abs(with_none_above(cut) - law).sum() / 2)


def measured_error(
    counts: np.ndarray, levels: int, mean_number: float, amount: float, alpha: float
) -> Estimate:
    """Measured total variation from the closed form, with an interval at 1 - alpha.

    The upper end is that of `certify`. The lower end is by the set of levels that should come too
    often, fixed beforehand: no set's probability differs by more than the total variation.
    """
    law, shots = cut_off_law(levels, mean_number, amount), int(counts.sum())
    often = np.diag(displaced_thermal(levels, mean_number, amount)) > law[:-1]
    least, _ = proportion(counts[often].sum(), shots, alpha)
    read = with_none_above(counts)
    upper = float(certify(read, law, 0.5, alpha / 2).upper)
    best = float(np.abs(read / shots - law).sum() / 2)
    lower = max(float(least) - float(law[:-1][often].sum()), float(law[-1]))
    return Estimate(best, min(lower, best), max(upper, best))
