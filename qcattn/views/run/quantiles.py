"""Sorted p-values against uniform ones, and how low they may go by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Result
from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX
from qcattn.views.labels import plural
from qcattn.views.legends import legend_below
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["lowest", "plot_p_value_quantiles", "stays_above"]

LEVEL = 0.99
#: The most rows that are all plotted.
_MOST_POINTS = 400


def plot_p_value_quantiles(result: Result, ax: Axes | None = None) -> Axes:
    """Plot the p-values of the rows in ascending order against the quantiles of a uniform law.

    Both axes are logarithmic, so that the small p-values show. A row's p-value joins several tests
    by Bonferroni's inequality and is therefore uniform or larger: points above the diagonal are no
    fault. The shaded region is what the points of a perfect sampler avoid, all of them at once, in
    at least 99% of runs (`lowest`). Where there are more than 400 rows, the smallest p-values and
    ever fewer of the others are plotted. Rows without shots and rows with a single possible key,
    whose p-value is 1 whatever is counted, are left out. The title says how many are which.

    Args:
        result: A result of any shape.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.

    Returns:
        The axes.

    Example:
        >>> from qcattn.experiment import run
        >>> plot_p_value_quantiles(run([[0.0, 1.0]] * 5, shots=100, seed=1)).get_title()
        '5 rows'
    """
    ax = axes_or_new(ax)
    fit = result.fit
    single = (result.expected > 0).sum(axis=-1) < 2
    degenerate = single & ~fit.undecided & (fit.p_values == 1)
    p_values = np.sort(fit.p_values[~fit.undecided & ~degenerate])
    many = p_values.size
    left_out = [
        f"{number:,} {what} left out"
        for number, what in (
            (int(degenerate.sum()), "with a single possible key"),
            (int(fit.undecided.sum()), "without shots"),
        )
        if number
    ]
    chosen = _shown(many)
    some = f", {len(chosen):,} of them shown" if len(chosen) < many else ""
    ax.set_title("\n".join([plural(many, "row") + some, *left_out]))
    ax.set(xlabel="quantile of a uniform law", ylabel="p-value of the row")
    ax.set(xscale="log", yscale="log")
    if not many:
        ax.text(0.5, 0.5, "no rows", ha="center", transform=ax.transAxes)
        return ax
    ranks, limit = lowest(many, LEVEL)
    visible = p_values[p_values > 0]
    floor = 0.3 * min(limit[0], float(visible.min(initial=1.0)))
    ax.plot([floor, 1], [floor, 1], color=INK, lw=1.0, ls=(0, (4, 3)), label="uniform")
    edges = np.append(np.maximum(ranks - 1, 0.1) / many, 1.0)
    ax.fill_between(
        edges,
        np.full(len(edges), floor / 10),
        np.append(limit, limit[-1]),
        color=SOFTMAX,
        alpha=0.18,
        lw=0,
        step="post",
        label=f"kept clear of in {LEVEL:.0%} of perfect runs",
    )
    _points(ax, p_values, chosen, _below(p_values, ranks, limit), floor)
    ax.set_xlim(0.3 / many, 1.6)
    ax.set_ylim(floor, 1.6)
    legend_below(ax)
    return ax


def _shown(many: int) -> np.ndarray:
    """Which of the sorted p-values are plotted: the smallest, and ever fewer of the others."""
    if many <= _MOST_POINTS:
        return np.arange(many)
    first = _MOST_POINTS // 2
    rest = np.geomspace(first, many, _MOST_POINTS - first).round().astype(int) - 1
    return np.unique(np.concatenate([np.arange(first), rest]))


def _points(
    ax: Axes, p_values: np.ndarray, chosen: np.ndarray, below: np.ndarray, floor: float
) -> None:
    """Sorted p-values: as they should be, too low, and zero, which lie at the lower edge."""
    many, zeros = p_values.size, int((p_values == 0).sum())
    uniform = (chosen + 0.5) / many
    p_values, below = p_values[chosen], below[chosen]
    zero = p_values == 0
    dots: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 3, "mew": 0}
    for part, colour, name in (
        (~below & ~zero, MEASURED, "rows"),
        (below & ~zero, FAULT, "rows too low"),
    ):
        if part.any():
            ax.plot(uniform[part], p_values[part], color=colour, label=name, **dots)
    if zeros:
        ax.plot(
            uniform[zero],
            np.full(zero.sum(), floor * 1.3),
            **{**dots, "marker": "v", "ms": 5},
            color=FAULT,
            label=f"p < 1e-300: {plural(zeros, 'row')}",
        )


def lowest(many: int, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    r"""A simultaneous lower limit for sorted uniform variables.

    The r-th smallest of m uniform variables follows Beta(r, m - r + 1). The limit of each rank is
    the same quantile of its own law (equal local levels [1]), and that quantile is chosen so that
    all ranks together stay above their limits with probability ``level``, exactly (`stays_above`).
    Variables that are stochastically larger than uniform stay above it with at least that
    probability. Where there are more than 60 ranks, a geometric selection is used.

    Args:
        many: Number of variables m, 1 or more.
        level: Simultaneous level, in (0, 1).

    Returns:
        The ranks, from 1, and the limit of each.

    Example:
        >>> ranks, limit = lowest(1, 0.99)
        >>> ranks.tolist(), limit.round(6).tolist()
        ([1], [0.01])

    References:
        [1] S. Aldor-Noiman et al., Am. Stat. 67, 249 (2013).
    """
    from scipy.special import betaincinv

    head = np.arange(1, min(many, 60) + 1)
    ranks = np.unique(np.concatenate([head, np.geomspace(1, many, 100).round().astype(int)]))
    low, high = np.log((1 - level) / len(ranks)), np.log(1 - level)
    for _ in range(20):
        middle = (low + high) / 2
        limit = betaincinv(ranks, many - ranks + 1, np.exp(middle))
        if stays_above(ranks, limit, many) < level:
            high = middle
        else:
            low = middle
    return ranks, betaincinv(ranks, many - ranks + 1, np.exp(low))


def stays_above(ranks: np.ndarray, limit: np.ndarray, many: int) -> float:
    r"""The exact probability that all sorted uniform variables stay above their limits.

    The r-th smallest lies above t where fewer than r variables lie below t. The number below t
    grows by binomial steps as t grows; counts that reach r at the limit of rank r are dropped.

    Args:
        ranks: Ranks, ascending, from 1.
        limit: Limits, ascending, one for each rank.
        many: The number of variables.

    Returns:
        The probability.

    Example:
        >>> import numpy as np
        >>> round(stays_above(np.array([1, 2]), np.array([0.1, 0.3]), 2), 12)  # .9^2 - .2^2
        0.77
    """
    # A Poisson process of mean `many`, conditioned on its number of points: independent steps.
    # alive[i]: no limit crossed so far and first + i points below `time`.
    alive, first, time = np.ones(1), 0, 0.0
    for rank, end in zip(ranks, limit, strict=True):
        step = many * (float(end) - time)
        reach = 9 * np.sqrt(step) + 40
        points = np.arange(max(0, int(step - reach)), int(step + reach) + 1)
        alive = np.convolve(alive, _poisson(points, step))
        first += int(points[0])
        alive = alive[: max(0, rank - first)]
        faint = int(np.argmax(alive > 1e-22))
        alive, first, time = alive[faint:], first + faint, float(end)
    left = many - first - np.arange(len(alive))
    return float(alive @ _poisson(left, many * (1 - time)) / _poisson(np.array([many]), many)[0])


def _poisson(points: np.ndarray, mean: float) -> np.ndarray:
    from scipy.special import gammaln, xlogy

    return np.asarray(np.exp(xlogy(points, mean) - mean - gammaln(points + 1)))


def _below(p_values: np.ndarray, ranks: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Which sorted p-values lie under the limit of the nearest rank below their own."""
    own = np.arange(1, len(p_values) + 1)
    return np.asarray(p_values < limit[np.searchsorted(ranks, own, side="right") - 1])
