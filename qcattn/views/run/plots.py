"""Plots of a run: the attention of a head, and the counts of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Result
from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX, attention_map
from qcattn.views.labels import (
    axis_names,
    cut_short,
    key_labels,
    p_is,
    place,
    plural,
    query_labels,
)
from qcattn.views.plotted import axes_or_new
from qcattn.views.run.bands import LEVEL, RowBars, bars_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["check_head", "plot_attention_map", "plot_row_bars", "plottable"]

_MOST_LABELS = 32
_MOST_CELLS = 128
_MOST_STROKES = 1500
_LONGEST_LABEL = 16
_LONGEST_TITLE = 30
#: The most times that a map of square cells is as wide as it is high: flatter ones are stretched.
_FLAT = 12
_SHARES = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
#: The least share of the axis that lies between two ticks.
_GAP = 0.13
_STEPS = [digit * 10**power for power in range(12) for digit in (1, 2, 5)]


def plot_attention_map(
    result: Result,
    index: int | tuple[int, ...] = (),
    ax: Axes | None = None,
    *,
    measured: bool = True,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Plot the attention of one head, queries down and keys across.

    The colour is proportional to the square root of the probability, from none to full. Masked keys
    are hatched; a masked key that came all the same is crossed in red. Queries without shots are
    struck through. Where there are more than 128 queries, or keys, a cell is several of them: the
    mean over its queries of the sum over its keys; the labels of the axes say of how many.

    Args:
        result: A result with one leading axis, the queries, or more.
        index: The index of the head: all leading axes but the last.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.
        measured: Whether to show measured frequencies; False shows softmax.
        labels: A label for each key; by default the tokens, with a box for every character that
            matplotlib's font lacks.

    Returns:
        The axes; ``ax.images[0]`` takes a colour bar.

    Raises:
        ValueError: If the result has no query axis, or the index is not that of a head.

    Example:
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0], [1.0, 0.0]], shots=100, seed=1)
        >>> plot_attention_map(result, measured=False).get_title()
        'softmax'
    """
    from matplotlib.colors import PowerNorm

    head = check_head(result, index)
    ax = axes_or_new(ax)
    values = (result.counts.frequencies if measured else result.expected)[head]
    queries, keys = (-(-size // _MOST_CELLS) for size in values.shape)
    masked = np.isneginf(result.scores[head])
    leaked = _pooled(masked & (values > 0), queries, keys) > 0
    masked = (_pooled(masked, queries, keys) == _pooled(np.ones_like(masked), queries, keys)) & (
        ~leaked
    )
    values = _means(values, queries, keys)
    empty = np.isnan(values).all(axis=-1)
    down, across = values.shape
    ax.imshow(
        np.ma.masked_array(values, masked | empty[:, None]),
        cmap=attention_map(),
        norm=PowerNorm(0.5, 0, 1),
        interpolation="none",
        origin="upper",
        aspect="equal" if across / _FLAT <= down <= 2 * across else "auto",
    )
    _hatch(ax, masked & ~empty[:, None])
    ax.hlines(np.flatnonzero(empty), -0.5, values.shape[1] - 0.5, color=INK, lw=0.8)
    if leaked.any():
        rows, columns = np.nonzero(leaked)
        ax.plot(columns, rows, ls="none", marker="x", color=FAULT, ms=6, mew=1.5)
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(values.shape[0] - 0.5, -0.5)
    names = plottable(key_labels(result)) if labels is None else labels
    _label(ax.xaxis, names[::keys], upright=False)
    tokens = query_labels(result) == key_labels(result)
    _label(ax.yaxis, (names if tokens else query_labels(result))[::queries], upright=True)
    query = cut_short(axis_names(result)[-1], _LONGEST_LABEL)
    ax.set_xlabel(_of_cells("key", keys))
    ax.set_ylabel(_of_cells(query, queries), parse_math=False)
    ax.set_title(f"measured, {result.prepared.method}" if measured else "softmax")
    return ax


def plot_row_bars(
    result: Result,
    index: int | tuple[int, ...] = (),
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    most: int = 30,
) -> Axes:
    """Plot measured frequencies of one row as bars, against softmax with exact binomial bands.

    A perfect sampler stays inside all bands of a row at once with at least 99% (Bonferroni over all
    keys, those not shown included, `binomial_band`). The scale is that of square roots, on which
    bands of large and small probabilities are about as wide [1]. Shots that read no key (the stray
    ones) have a bar of their own. For a row of many keys the picture shows those that deviate most,
    a third of the bars, and the likeliest; all others together have one bar.

    Args:
        result: A result of any shape.
        index: The index of the row, () if there is one only.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.
        labels: A label for each key; by default the tokens, with a box for every character that
            matplotlib's font lacks.
        most: Number of keys that have bars of their own, 3 or more.

    Returns:
        The axes; ``ax.legend()`` names the colours.

    Raises:
        ValueError: If the index is not that of a row.

    Example:
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0], [1.0, 0.0]], shots=100, seed=1)
        >>> plot_row_bars(result, 1).get_xlabel()
        'key'

    References:
        [1] J. W. Tukey, Some graphic and semigraphic displays (1972): the rootogram.
    """
    row = _tuple(index)
    if len(row) != len(result.shape):
        raise ValueError(
            f"`index` must have {plural(len(result.shape), 'number')}, one for each of the "
            f"leading axes {result.shape}, but is {row}; name one row"
        )
    ax = axes_or_new(ax)
    bars = bars_of(result, row, most)
    names = _names_of_bars(bars, plottable(key_labels(result)) if labels is None else labels)
    p, kept = bars.p, bars.kept
    if kept:
        _bars_and_bands(ax, bars)
    top = max(bars.measured.max(initial=0) / max(kept, 1), p.max(), bars.high.max() / max(kept, 1))
    ax.set_yscale("function", functions=(_root, np.square))
    ax.set_ylim(0, 1.12 * top)
    ax.set_xlim(-0.7, len(p) - 0.3)
    ticks = _apart([tick for tick in _SHARES if tick < ax.get_ylim()[1]], 1.12 * top)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    _label(ax.xaxis, names, upright=False)
    ax.set(xlabel=result.outcome, ylabel=f"share of {plural(kept, 'shot')}\n(root scale)")
    title = _title_of_row(result, row, kept)
    ax.set_title(title if labels is not None else plottable([title])[0], parse_math=False)
    return ax


def _names_of_bars(bars: RowBars, labels: Sequence[str]) -> list[str]:
    """What stands under the bars: the labels of the keys, and what the others are."""
    others = [f"{bars.others:,} others"] if bars.others else []
    return [*(labels[key] for key in bars.keys), *others, *(["no key"] if bars.stray else [])]


def _bars_and_bands(ax: Axes, bars: RowBars) -> None:
    """Shares as bars, red outside their bands, the bands, and a stroke at each probability."""
    share, low, high = (x / bars.kept for x in (bars.measured, bars.low, bars.high))
    at, width, outside, p = np.arange(len(bars.p)), 0.84, bars.outside, bars.p
    ax.bar(at[~outside], share[~outside], 0.42, color=MEASURED, lw=0, label="measured")
    if outside.any():
        ax.bar(at[outside], share[outside], 0.42, color=FAULT, lw=0, label="outside its band")
    ax.bar(
        at,
        high - low,
        width,
        bottom=low,
        color=SOFTMAX,
        alpha=0.3,
        lw=0,
        label=f"band, {LEVEL:.0%} together",
    )
    ax.hlines(p, at - width / 2, at + width / 2, color=SOFTMAX, lw=1.4, label="softmax")
    if outside.any():
        top = np.maximum(share, high)[outside]
        ax.plot(at[outside], top, ls="none", marker=7, color=FAULT, ms=5, mew=0)


def _title_of_row(result: Result, row: tuple[int, ...], kept: int) -> str:
    outer = place(result, row[:-1]) if len(row) > 1 else ""
    inner = place(result, row).removeprefix(f"{outer}, ")
    p_value = p_is(float(result.fit.p_values[row])) if kept else "no shots"
    first, second = (cut_short(part, _LONGEST_TITLE) for part in (outer, inner))
    long = len(second) + len(p_value) >= _LONGEST_TITLE
    inner_part = [second, p_value] if long else [f"{second}, {p_value}"]
    return "\n".join([*([first] if outer else []), *inner_part])


def check_head(result: Result, index: int | tuple[int, ...]) -> tuple[int, ...]:
    """The index of a head as a tuple.

    Raises:
        ValueError: If the result has no query axis, or the index is not that of a head.
    """
    head, axes = _tuple(index), len(result.shape)
    if not axes:
        raise ValueError(
            "`result` must have a query axis, but is a single row; use `plot_row_bars`"
        )
    if len(head) != axes - 1:
        raise ValueError(
            f"`index` must have {plural(axes - 1, 'number')}, one for each of the leading axes "
            f"{result.shape} but the last, but is {head}; name one head"
        )
    for position, (at, size) in enumerate(zip(head, result.shape, strict=False)):
        if not 0 <= at < size:
            raise ValueError(
                f"`index` is {head}, but axis {position} is of length {size}; count from 0 to "
                f"{size - 1}"
            )
    return head


def plottable(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels with a box for each character that matplotlib's font lacks."""
    from qcattn.views.canvas import in_font

    return tuple(map(in_font, labels))


def _tuple(index: int | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index) if isinstance(index, tuple) else (int(index),)


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0))


def _apart(ticks: Sequence[float], top: float) -> list[float]:
    """Those of the ticks, from the lowest on, whose numbers stand clear of each other."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or _root(np.array(tick)) - _root(np.array(kept[-1])) > _GAP * np.sqrt(top):
            kept.append(tick)
    return kept


def _label(axis: Axis, labels: Sequence[str], *, upright: bool) -> None:
    """Ticks with labels, at most a few dozen of them, none of them read as mathematics."""
    step = next(step for step in _STEPS if len(labels) <= step * _MOST_LABELS)
    shown = [cut_short(label, _LONGEST_LABEL) for label in labels[::step]]
    turn: dict[str, Any] = (
        {} if upright or max(map(len, shown), default=0) < 3 else {"rotation": 90}
    )
    axis.set_ticks(range(0, len(labels), step), shown, parse_math=False, **turn)


def _hatch(ax: Axes, cells: np.ndarray) -> None:
    """Slanted strokes through the cells that are true, or through some where these are many."""
    rows, columns = np.nonzero(cells)
    sparse = int(np.ceil(np.sqrt(max(1.0, len(rows) / _MOST_STROKES))))
    drawn = (rows + columns) % sparse == 0
    rows, columns = rows[drawn], columns[drawn]
    ends = [(-0.5, 0.5, 0.5, -0.5), (-0.5, 0.0, 0.0, -0.5), (0.0, 0.5, 0.5, 0.0)]
    nowhere = np.full(len(rows), np.nan)
    x = [np.stack([columns + left, columns + right, nowhere], -1) for left, _, right, _ in ends]
    y = [np.stack([rows + low, rows + high, nowhere], -1) for _, low, _, high in ends]
    if len(rows):
        ax.plot(np.ravel(x), np.ravel(y), color=INK, lw=0.4, alpha=0.8)


def _pooled(values: np.ndarray, queries: int, keys: int) -> np.ndarray:
    """Sums over so many neighbours of an array (queries, keys)."""
    down = np.add.reduceat(values.astype(float), range(0, len(values), queries), axis=0)
    return np.asarray(np.add.reduceat(down, range(0, values.shape[1], keys), axis=1))


def _means(values: np.ndarray, queries: int, keys: int) -> np.ndarray:
    """Means over so many queries, of those with shots, of sums over so many keys."""
    known = ~np.isnan(values[:, :1])
    with np.errstate(invalid="ignore"):
        return _pooled(np.nan_to_num(values), queries, keys) / _pooled(known, queries, 1)


def _of_cells(name: str, number: int) -> str:
    return name if number == 1 else f"{name}, {number:,} to a cell"
