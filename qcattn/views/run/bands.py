"""The bars of a row and the bands that they stay in, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qcattn.arguments import whole_number
from qcattn.comparisons._binomial import lower, upper
from qcattn.records import Result
from qcattn.views.labels import law_in_words, number
from qcattn.views.run.worst import deviance

__all__ = ["LEVEL", "RowBars", "bands_in_words", "bars_of", "binomial_band"]

LEVEL = 0.99
#: The most keys that have bars of their own.
MOST = 30


@dataclass(frozen=True, eq=False)
class RowBars:
    """What the picture of a row shows, one entry for each bar.

    Attributes:
        keys: Indices of the keys that have a bar of their own, ascending.
        others: The number of keys that share the bar after these; 0 if there is no such bar.
        stray: Whether the last bar is that of shots that read no key.
        measured: Shots counted.
        p: Probabilities.
        low: The fewest shots inside the band.
        high: The most shots inside the band.
        kept: Shots of the row that count.
    """

    keys: np.ndarray
    others: int
    stray: bool
    measured: np.ndarray
    p: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kept: int

    @property
    def outside(self) -> np.ndarray:
        """The bars that end outside their bands."""
        return np.asarray((self.measured < self.low) | (self.measured > self.high))


def bars_of(result: Result, row: tuple[int, ...], most: int = MOST) -> RowBars:
    """The bars of a row; see `qcattn.views.run.plots.plot_row_bars`.

    Args:
        result: A result of any shape.
        row: Index of the row, a number for each leading axis.
        most: Number of keys that have bars of their own.

    Raises:
        ValueError: If `most` is below 3.
    """
    most = whole_number(most, "most", least=3)
    counts = result.counts[row]
    kept, stray = int(counts.kept), int(counts.stray)
    p, measured = result.expected[row], counts.keys
    own, others = np.arange(len(p)), 0
    uncertain = max(1, int(np.count_nonzero((p > 0) & (p < 1))))
    if len(p) > most:
        own = _telling(measured, p, most)
        rest = np.setdiff1d(np.arange(len(p)), own)
        others, uncertain = len(rest), uncertain + 1
        measured = np.append(measured[own], measured[rest].sum())
        p = np.append(p[own], p[rest].sum())
    if stray:
        measured, p = np.append(measured, stray), np.append(p, 0.0)
    low, high = binomial_band(kept, p, 1 - (1 - LEVEL) / uncertain)
    return RowBars(own, others, bool(stray), measured, p, low, high, kept)


def bands_in_words(result: Result, rows: Sequence[tuple[int, ...]]) -> str:
    """Say what bands and red bars mean, for readers who have not seen the bars yet.

    Args:
        result: A result of any shape.
        rows: Indices of the rows whose bars are shown.
    """
    many = int((~result.fit.undecided).sum())
    red = sum(bool(bars_of(result, row).outside.any()) for row in rows)
    said = [
        f"A bar is what was counted, and a blue line is {law_in_words(result)}. A perfect sampler "
        f"keeps all bars of a row inside their pale bands in {LEVEL:.0%} of rows (exact binomial "
        "bands, Bonferroni); the scale is one of square roots, on which bands are about equally "
        "wide."
    ]
    if red and not result.differs and many == 1:
        said.append(
            "Red marks a bar outside its band: this row has one or more, as one in a hundred rows "
            "of a perfect sampler has. The verdict goes by the p-value."
        )
    elif red and not result.differs:
        said.append(
            f"Red marks a bar outside its band: {red:,} of the rows shown here "
            f"{'has' if red == 1 else 'have'} one or more. That is no fault: of {many:,} rows a "
            f"perfect sampler has up to {number(round(many * (1 - LEVEL), 2), 4)} such on average, "
            "and the worst rows are shown. The p-values, and the verdict, take the number of rows "
            "into account."
        )
    elif red:
        said.append(
            "Red marks a bar outside its band. The worst of many rows leave their bands now and "
            "then; the p-values account for that, the bands do not."
        )
    return " ".join(said)


def binomial_band(shots: int, p: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Counts between which a binomial variable stays with at least this probability.

    They are the smallest and largest k with :math:`P(K < k) \le \frac{1 - level}{2}` on the one
    side and :math:`P(K > k) \le \frac{1 - level}{2}` on the other: exact, equal tails.

    Args:
        shots: Number of shots, 0 or more.
        p: Probabilities, any shape.
        level: The level of each band by itself, in (0, 1).

    Returns:
        Lowest and highest count, of the shape of p.

    Example:
        >>> import numpy as np
        >>> low, high = binomial_band(100, np.array([0.0, 0.5, 1.0]), 0.95)
        >>> low.astype(int).tolist(), high.astype(int).tolist()
        ([0, 40, 100], [0, 60, 100])
    """
    p, tail = np.clip(np.asarray(p, dtype=np.float64), 0.0, 1.0), (1 - level) / 2
    return (
        _smallest(lambda k: lower(k, shots, p) >= tail, shots, p.shape),
        _smallest(lambda k: upper(k + 1, shots, p) <= tail, shots, p.shape),
    )


def _smallest(
    holds: Callable[[np.ndarray], np.ndarray], most: int, shape: tuple[int, ...]
) -> np.ndarray:
    """The smallest whole number up to `most` from which on something holds, by bisection."""
    below, found = np.full(shape, -1.0), np.full(shape, float(most))
    while np.any(found - below > 1):
        middle = np.floor((below + found) / 2)
        there = holds(middle)
        found, below = np.where(there, middle, found), np.where(there, below, middle)
    return found


def _telling(measured: np.ndarray, p: np.ndarray, most: int) -> np.ndarray:
    """The keys to show of many: those that deviate most, a third, and the likeliest, in order."""
    surprise = np.argsort(-deviance(measured, p), kind="stable")[: most // 3]
    likely = np.argsort(-p, kind="stable")
    rest = likely[~np.isin(likely, surprise)][: most - len(surprise)]
    return np.sort(np.concatenate([surprise, rest]))
