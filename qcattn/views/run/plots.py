"""Plots of a run: the attention of a head, and the counts of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Result
from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX, attention_map
from qcattn.views.labels import axis_names, key_labels, p_text, place, query_labels
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["binomial_band", "check_head", "plot_attention_map", "plot_row_bars", "plottable"]

LEVEL = 0.99
_MOST_LABELS = 32
_LONGEST_LABEL = 16
_SHARES = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
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

    The colour is proportional to the square root of the probability, from none to full. Masked
    keys are hatched; a masked key that came all the same is crossed in red. Queries without
    shots are dotted.

    Args:
        result: With one leading axis, the queries, or more.
        index: Of the head: all leading axes but the last.
        ax: Where to plot; None makes a figure of its own, which is `ax.figure`.
        measured: Whether to show measured frequencies; False shows softmax.
        labels: One for each key; by default the tokens, with a box for every character that
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
    masked = np.isneginf(result.scores[head])
    leaked = masked & (values > 0)
    empty = np.isnan(values).all(axis=-1, keepdims=True) & np.ones_like(masked)
    ax.imshow(
        np.ma.masked_array(values, (masked & ~leaked) | empty),
        cmap=attention_map(),
        norm=PowerNorm(0.5, 0, 1),
        interpolation="none",
        aspect="equal" if values.shape[0] <= 2 * values.shape[1] else "auto",
    )
    _hatch(ax, masked & ~leaked & ~empty, "////")
    _hatch(ax, empty, "..")
    if leaked.any():
        rows, columns = np.nonzero(leaked)
        ax.plot(columns, rows, ls="none", marker="x", color=FAULT, ms=6, mew=1.5)
    names = plottable(key_labels(result)) if labels is None else labels
    _label(ax.xaxis, names, upright=False)
    tokens = query_labels(result) == key_labels(result)
    _label(ax.yaxis, names if tokens else query_labels(result), upright=True)
    ax.set(xlabel="key", ylabel=axis_names(result)[-1])
    ax.set_title(f"measured, {result.prepared.method}" if measured else "softmax")
    return ax


def plot_row_bars(
    result: Result,
    index: int | tuple[int, ...] = (),
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    """Plot measured frequencies of one row as bars, against softmax with exact binomial bands.

    A perfect sampler stays inside all bands of a row at once with at least 99% (Bonferroni over
    the keys, `binomial_band`). The scale is that of square roots, on which bands of large and small
    probabilities are about as wide [1]. Shots that read no key have a bar of their own.

    Args:
        result: Of any shape.
        index: Of the row, () if there is one only.
        ax: Where to plot; None makes a figure of its own, which is `ax.figure`.
        labels: One for each key; by default the tokens, with a box for every character that
            matplotlib's font lacks.

    Returns:
        The axes; ``ax.legend()`` names the colours.

    Raises:
        ValueError: If the index is not that of a row.

    Example:
        >>> from qcattn.experiment import run
        >>> result = run([[0.0, 1.0], [1.0, 0.0]], shots=100, seed=1)
        >>> plot_row_bars(result, 1).get_ylabel()
        'share of 100 shots (root scale)'

    References:
        [1] J. W. Tukey, Some graphic and semigraphic displays (1972): the rootogram.
    """
    row = _tuple(index)
    if len(row) != len(result.shape):
        raise ValueError(
            f"`index` must have {len(result.shape)} numbers, one for each of the leading axes "
            f"{result.shape}, but is {row}; name one row"
        )
    ax = axes_or_new(ax)
    counts = result.counts[row]
    kept, stray = int(counts.kept), int(counts.stray)
    names = list(plottable(key_labels(result)) if labels is None else labels)
    p, measured = result.expected[row], counts.keys
    if stray:
        names, p, measured = [*names, "no key"], np.append(p, 0.0), np.append(measured, stray)
    uncertain = max(1, int(np.count_nonzero((p > 0) & (p < 1))))
    low, high = binomial_band(kept, p, 1 - (1 - LEVEL) / uncertain)
    if kept:
        _bars_and_bands(ax, measured / kept, p, low / kept, high / kept)
    top = max(measured.max(initial=0) / max(kept, 1), p.max(), high.max() / max(kept, 1))
    ax.set_yscale("function", functions=(_root, np.square))
    ax.set_ylim(0, 1.12 * top)
    ax.set_xlim(-0.7, len(p) - 0.3)
    ticks = [tick for tick in _SHARES if tick < ax.get_ylim()[1]]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    _label(ax.xaxis, names, upright=False)
    ax.set(xlabel="key", ylabel=f"share of {kept:,} shots (root scale)")
    title = _title_of_row(result, row, kept)
    ax.set_title(title if labels is not None else plottable([title])[0], parse_math=False)
    return ax


def _bars_and_bands(
    ax: Axes, share: np.ndarray, p: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Shares as bars, red outside their bands, the bands, and a stroke at each probability."""
    at, width = np.arange(len(p)), 0.84
    outside = (share < low) | (share > high)
    ax.bar(at[~outside], share[~outside], 0.42, color=MEASURED, label="measured")
    if outside.any():
        ax.bar(at[outside], share[outside], 0.42, color=FAULT, label="outside its band")
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
        ax.plot(at[outside], top, ls="none", marker=7, color=FAULT, ms=5)


def _title_of_row(result: Result, row: tuple[int, ...], kept: int) -> str:
    *outer, inner = place(result, row).split(", ")
    p_value = f"p = {p_text(float(result.fit.p_values[row]))}" if kept else "no shots"
    return "\n".join([*([", ".join(outer)] if outer else []), f"{inner}, {p_value}"])


def binomial_band(shots: int, p: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Counts that a binomial variable stays between, with at least this probability.

    The smallest and largest k with :math:`P(K < k) \le \frac{1 - level}{2}` on the one side and
    :math:`P(K > k) \le \frac{1 - level}{2}` on the other: exact, equal tails.

    Args:
        shots: Number of shots, 0 or more.
        p: Probabilities, any shape.
        level: Of each band by itself, in (0, 1).

    Returns:
        Lowest and highest count, of the shape of p.

    Example:
        >>> import numpy as np
        >>> low, high = binomial_band(100, np.array([0.0, 0.5, 1.0]), 0.95)
        >>> low.astype(int).tolist(), high.astype(int).tolist()
        ([0, 40, 100], [0, 60, 100])
    """
    from scipy.stats import binom

    if not shots:
        return np.zeros(np.shape(p)), np.zeros(np.shape(p))
    p, tail = np.clip(p, 0.0, 1.0), (1 - level) / 2
    return np.maximum(binom.ppf(tail, shots, p), 0), np.maximum(binom.isf(tail, shots, p), 0)


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
            f"`index` must have {axes - 1} numbers, one for each of the leading axes "
            f"{result.shape} but the last, but is {head}; name one head"
        )
    for position, (at, size) in enumerate(zip(head, result.shape, strict=False)):
        if not 0 <= at < size:
            raise ValueError(
                f"`index` is {head}, but axis {position} has {size} entries; count from 0 to "
                f"{size - 1}"
            )
    return head


def plottable(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels with a box for each character that matplotlib's font lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    has = get_font(findfont(FontProperties())).get_char_index
    box = "□" if has(ord("□")) else "?"
    return tuple("".join(c if c == "\n" or has(ord(c)) else box for c in label) for label in labels)


def _tuple(index: int | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index) if isinstance(index, tuple) else (int(index),)


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0))


def _label(axis: Axis, labels: Sequence[str], *, upright: bool) -> None:
    """Ticks with labels, at most a few dozen of them, none of them read as mathematics."""
    step = next(step for step in _STEPS if len(labels) <= step * _MOST_LABELS)
    shown = [_short(label) for label in labels[::step]]
    turn: dict[str, Any] = (
        {} if upright or max(map(len, shown), default=0) < 3 else {"rotation": 90}
    )
    axis.set_ticks(range(0, len(labels), step), shown, parse_math=False, **turn)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _hatch(ax: Axes, cells: np.ndarray, pattern: str) -> None:
    """Hatch the cells that are true, a run of neighbours at a time."""
    from matplotlib.collections import PolyCollection

    corners = []
    for row, line in enumerate(cells):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        for left, right in edges.reshape(-1, 2) - 0.5:
            low, high = row - 0.5, row + 0.5
            corners.append([(left, low), (right, low), (right, high), (left, high)])
    if corners:
        ax.add_collection(
            PolyCollection(
                corners, facecolor="none", edgecolor=INK, lw=0, hatch=pattern, alpha=0.5
            ),
            autolim=False,
        )
