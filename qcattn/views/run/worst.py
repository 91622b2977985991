"""Which rows of a result fit worst, and which key of a row is to blame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.records import Result, Verdict

__all__ = ["Group", "WorstRow", "deviance", "groups", "worst_rows"]

STRAY = -1


@dataclass(frozen=True)
class WorstRow:
    """A row and the outcome in it that is hardest to explain.

    Attributes:
        row: Index on the leading axes.
        p_value: The p-value of the row.
        refuted: Whether the row differs, family-wise.
        key: Index of the outcome, or -1 for shots that read no key.
        measured: Shots counted on it.
        expected: Shots expected on it: kept shots times softmax.
        deviation: Measured less expected shots over the binomial standard deviation; infinite where
            the outcome should never, or always, have come.
        kept: Shots of the row that count.
    """

    row: tuple[int, ...]
    p_value: float
    refuted: bool
    key: int
    measured: int
    expected: float
    deviation: float
    kept: int


@dataclass(frozen=True)
class Group:
    """Rows that share their first index, such as a layer.

    Attributes:
        index: Their common first index, or () for all rows together.
        rows: The number of the rows.
        decided: The number of rows that have shots.
        refuted: The number of rows that differ, family-wise over the whole run.
        worst: Index of the row with the smallest p-value, or None where no row has shots.
        smallest: The smallest p-value; NaN where no row has shots.
        together: Bonferroni's p-value of all of them: the smallest times their number.
    """

    index: tuple[int, ...]
    rows: int
    decided: int
    refuted: int
    worst: tuple[int, ...] | None
    smallest: float
    together: float


def worst_rows(result: Result, number: int = 10) -> tuple[WorstRow, ...]:
    """The rows with the smallest p-values of fit, the worst first.

    Args:
        result: A run.
        number: The number of rows at most.

    Returns:
        The worst rows, one entry for each. Rows without shots are left out; ties go to the row with
        the larger statistic.
    """
    fit = result.fit
    order = _by_p_value(fit.p_values, fit.statistic, fit.undecided)[:number]
    return tuple(_blame(result, np.unravel_index(flat, result.shape)) for flat in order)


def groups(result: Result) -> tuple[Group, ...]:
    """One group for each index of the first of several leading axes; else one for all rows."""
    fit = result.fit
    if len(result.shape) < 2:
        return (_group(fit, ()),)
    return tuple(_group(fit, (first,)) for first in range(result.shape[0]))


def _group(verdict: Verdict, index: tuple[int, ...]) -> Group:
    p_values = verdict.p_values[index]
    order = _by_p_value(p_values, verdict.statistic[index], verdict.undecided[index])
    worst, smallest, decided = None, np.nan, len(order)
    if decided:
        smallest = float(p_values.reshape(-1)[order[0]])
        worst = index + tuple(int(i) for i in np.unravel_index(order[0], p_values.shape))
    return Group(
        index=index,
        rows=p_values.size,
        decided=decided,
        refuted=int(verdict.refuted[index].sum()),
        worst=worst,
        smallest=smallest,
        together=min(1.0, smallest * decided) if decided else np.nan,
    )


def _by_p_value(p_values: np.ndarray, statistic: np.ndarray, undecided: np.ndarray) -> np.ndarray:
    """Flat indices of the decided rows, the smallest p-value first."""
    order = np.lexsort((-np.ravel(statistic), np.ravel(p_values)))
    return np.asarray(order[~np.ravel(undecided)[order]])


def _blame(result: Result, index: tuple[np.intp, ...]) -> WorstRow:
    row = tuple(int(i) for i in index)
    counts = result.counts[row]
    kept = int(counts.kept)
    measured = np.append(counts.keys, counts.stray)
    p = np.append(result.expected[row], 0.0)
    expected = kept * p
    surprise = deviance(measured, p)
    difference = measured - expected
    impossible = (expected == 0) & (measured > 0)
    order = np.lexsort((expected, np.abs(difference), impossible, surprise))
    key = int(order[-1])
    spread = np.sqrt(kept * p[key] * (1 - p[key]))
    if spread > 0:
        deviation = float(difference[key] / spread)
    else:
        deviation = float(np.copysign(np.inf, difference[key])) if difference[key] else 0.0
    return WorstRow(
        row=row,
        p_value=float(result.fit.p_values[row]),
        refuted=bool(result.fit.refuted[row]),
        key=STRAY if key == len(p) - 1 else key,
        measured=int(measured[key]),
        expected=float(expected[key]),
        deviation=deviation,
        kept=kept,
    )


def deviance(measured: np.ndarray, p: np.ndarray) -> np.ndarray:
    r"""How improbable each count is: n KL(k/n || p), the exponent of the binomial tail.

    Args:
        measured: Counts of one row.
        p: Their probabilities.

    Example:
        >>> deviance(np.array([5, 5]), np.array([0.5, 0.5])).tolist()
        [0.0, 0.0]
    """
    from scipy.special import rel_entr

    shots = measured.sum()
    hit = rel_entr(measured, shots * p)
    return np.asarray(hit + rel_entr(shots - measured, shots * (1 - p)))
