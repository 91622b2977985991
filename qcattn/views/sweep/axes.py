"""Plots of a sweep: a quantity over one of its axes, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.certification.intervals import mean
from qcattn.names import known
from qcattn.records import Counts
from qcattn.sweeps import Cell, Sweep
from qcattn.sweeps.until import looks, share
from qcattn.views.colours import FAULT, INK, SERIES, SOFTMAX
from qcattn.views.legends import legend_below
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QUANTITIES", "Dot", "dots", "plot_over_axis"]

QUANTITIES = {
    "top": "share of the likeliest key, mean over rows",
    "distance": "total variation at most",
    "kept": "share of shots that are kept, mean over rows",
}
_SHORTLY = {
    "top": "share of the likeliest key",
    "distance": "total variation",
    "kept": "kept share of shots",
}
_MARKERS = "osD^vPX*"
#: The colours of series: blue is left to softmax, and red to what misses it.
_COLOURS = tuple(colour for colour in SERIES if colour != SOFTMAX)
#: The fewest points of a line: one between fewer would show a course that nobody measured.
_LEAST_OF_A_LINE = 3
_SERIES = ("preparation", "encoding", "noise", "backend")


@dataclass(frozen=True)
class Dot:
    """One point of the picture.

    Attributes:
        series: Values of the axes that set the series apart.
        at: The value on the axis.
        best: The measured value; NaN where only a bound is known.
        low: Lower end of its interval.
        high: Upper end of its interval.
        exact: What a perfect sampler gives on average; NaN if that is not said.
    """

    series: tuple[Any, ...]
    at: Any
    best: float
    low: float
    high: float
    exact: float


def plot_over_axis(
    sweep: Sweep,
    axis: str,
    ax: Axes | None = None,
    *,
    quantity: str = "top",
    by: Sequence[str] | None = None,
) -> Axes:
    """Plot a quantity over an axis of a sweep, with simultaneous intervals.

    Args:
        sweep: What to plot.
        axis: An axis of the sweep, such as beta; or shots, for how it went as they came in.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.
        quantity: ``"top"``: share of the likeliest key (of softmax), mean over rows;
            ``"distance"``: upper bound on the total variation of every row; ``"kept"``: share of
            shots that the herald let through, mean over rows.
        by: Axes that set series apart; by default preparation, encoding, noise and backend, where
            they vary. All other axes are put together.

    Returns:
        The axes.

    Raises:
        ValueError: If there is no such axis or quantity, or nothing to plot.

    Example:
        >>> import tempfile
        >>> from qcattn.backends import Aer
        >>> from qcattn.preparations import Amplitude
        >>> from qcattn.sweeps import Grid, sweep
        >>> grid = Grid(
        ...     [[0.0, 1.0]],
        ...     beta=[0.5, 1.0],
        ...     preparations=[Amplitude()],
        ...     backends=Aer(device="CPU", draws="born"),
        ...     shots=100,
        ...     batch=100,
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = sweep(grid, store=folder + "/runs.sqlite")
        ...     plot_over_axis(done, "beta").get_ylabel()
        'share of the likeliest key, mean over rows'
    """
    chosen = _by(sweep, axis, by)
    points = dots(sweep, axis, quantity=quantity, by=chosen)
    if not points:
        raise ValueError(
            f"`quantity` is {quantity!r}, but no cell has such shots over {axis!r}; draw some first"
        )
    ax = axes_or_new(ax)
    values = list(dict.fromkeys(point.at for point in points))
    numeric = all(isinstance(value, int | float) for value in values)
    series = list(dict.fromkeys(point.series for point in points))
    place = {value: value if numeric else number for number, value in enumerate(values)}
    said = "predicted" if quantity == "kept" else "softmax"
    for number, name in enumerate(series):
        own = sorted((p for p in points if p.series == name), key=lambda p: place[p.at])
        x = np.array([place[p.at] for p in own], dtype=float)
        label = ", ".join(map(_value, chosen, name)) or "measured"
        _series(ax, own, x, label, said, number, len(series))
    if numeric:
        _scale(ax, np.array(values, dtype=float), axis)
    else:
        ax.set_xticks(range(len(values)), [str(value) for value in values], parse_math=False)
        ax.set_xlim(-0.5, len(values) - 0.5)
    if any(np.isfinite(point.exact) for point in points):
        ax.plot([], [], ls="none", marker="_", ms=14, mew=1.4, color=SOFTMAX, label=said)
    ax.set_xlabel(axis, parse_math=False)
    ax.set_ylabel(QUANTITIES[quantity])
    ax.margins(x=0.1)
    ends = [end for p in points for end in (p.low, p.high, p.exact) if np.isfinite(end)]
    room = 0.06 * (max(ends) - min(ends)) or 0.05
    ax.set_ylim(0 if quantity == "distance" else min(ends) - room, max(ends) + room)
    what = "bounds" if quantity == "distance" else "intervals"
    held = f"{100 * (1 - sweep.alpha):.6g}% {what}, all together"
    ax.set_title(f"{sweep.store.name}: {_SHORTLY[quantity]} over {axis}\n{held}", parse_math=False)
    legend_below(ax)
    return ax


def _value(axis: str, value: Any) -> str:
    return "no noise" if axis == "noise" and value == "none" else str(value)


def dots(sweep: Sweep, axis: str, *, quantity: str, by: Sequence[str]) -> list[Dot]:
    """The points of the picture; see `plot_over_axis`.

    For rows put together it is the mean over rows, each with the same weight however many shots it
    kept, and the interval is Bernstein's (`qcattn.certification.intervals.mean`). Cells that share
    their counts count once. alpha is shared out equally over all points, and cut for the looks that
    a rule for stopping took, so that all intervals hold together.
    """
    known("quantity", quantity, list(QUANTITIES))
    groups: dict[tuple[tuple[Any, ...], Any], dict[str, tuple[Cell, Counts]]] = {}
    for cell in sweep:
        name = tuple(cell.point.get(one) for one in by)
        for at, counts in _over(cell, axis):
            if counts.kept.any() and not (quantity == "kept" and cell.success is None):
                groups.setdefault((name, at), {})[cell.key] = cell, counts
    alpha = sweep.alpha / max(1, len(groups))
    return [
        Dot(name, at, *_measured(quantity, list(group.values()), alpha))
        for (name, at), group in groups.items()
    ]


def _by(sweep: Sweep, axis: str, by: Sequence[str] | None) -> tuple[str, ...]:
    axes = sweep.axes
    for one in [*(() if axis == "shots" else (axis,)), *(by or ())]:
        known("an axis", one, [*axes, "shots"])
    if by is not None:
        return tuple(by)
    return tuple(one for one in _SERIES if one in sweep.varied and one != axis)


def _over(cell: Cell, axis: str) -> list[tuple[Any, Counts]]:
    """Values on the axis and the counts there."""
    if axis != "shots":
        return [(cell.point.get(axis), cell.counts)]
    batch = int(cell.spec["batch"])
    whole = int(cell.counts.shots.min()) // batch
    return [(number * batch, cell.counts_of(number)) for number in looks(whole)]


def _measured(
    quantity: str, group: list[tuple[Cell, Counts]], alpha: float
) -> tuple[float, float, float, float]:
    """Best, low, high and exact value of what is put together."""
    alpha *= min(share(cell.looks) for cell, _ in group)
    if quantity == "distance":
        from qcattn.comparisons import certify

        upper = max(float(certify(n, cell.expected, 0.5, alpha).upper.max()) for cell, n in group)
        return float("nan"), 0.0, upper, float("nan")
    rows = [_coins(quantity, cell, counts) for cell, counts in group]
    hits, shots, exact = (np.concatenate(part) for part in zip(*rows, strict=True))
    hits, shots, exact = hits[shots > 0], shots[shots > 0], exact[shots > 0]
    coin = np.array([0.0, 1 / len(hits)])
    misses = shots - hits
    got = mean([(coin, np.array(pair)) for pair in zip(misses, hits, strict=True)], alpha)
    return got.best, got.low, got.high, float(exact.mean())


def _coins(quantity: str, cell: Cell, counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hits and shots of each row, and the probability of a hit."""
    if quantity == "kept":
        exact = np.broadcast_to(np.asarray(cell.success), counts.shots.shape)
        return counts.kept.ravel(), counts.shots.ravel(), exact.ravel()
    top = cell.expected.argmax(axis=-1)[..., None]
    hits = np.take_along_axis(counts.keys, top, -1)
    return hits.ravel(), counts.kept.ravel(), np.take_along_axis(cell.expected, top, -1).ravel()


def _series(
    ax: Axes, points: list[Dot], x: np.ndarray, label: str, said: str, number: int, of: int
) -> None:
    """One series: intervals, a mark where it is measured, a dash where it should be (``said``)."""
    from matplotlib.transforms import ScaledTranslation

    low, high = (np.array([getattr(p, end) for p in points]) for end in ("low", "high"))
    best, exact = (np.array([getattr(p, end) for p in points]) for end in ("best", "exact"))
    bound = np.isnan(best)
    # Marks of several series lie side by side; bounds lie on their lines.
    beside = 0.0 if bound.all() else (number - (of - 1) / 2) * 7 / 72
    moved = ax.transData + ScaledTranslation(beside, 0, ax.figure.dpi_scale_trans)
    middle = np.where(bound, high, best)
    off = np.isfinite(exact) & ((exact < low) | (exact > high))
    face = "none" if number % 2 else None
    for chosen, colour, name in (
        (~off, _COLOURS[number % len(_COLOURS)], label),
        (off, FAULT, f"{label}: interval misses {said}"),
    ):
        if chosen.any():
            reach = np.where(bound, 0.0, np.stack([middle - low, high - middle]))[:, chosen]
            ax.errorbar(
                x[chosen],
                middle[chosen],
                yerr=None if bound.all() else np.maximum(reach, 0),
                fmt=_MARKERS[number % len(_MARKERS)],
                color=colour,
                mfc=face or colour,
                ms=4.5,
                mew=1.2,
                lw=1.2,
                capsize=2.5,
                label=name,
                transform=moved,
            )
    if bound.all() and len(points) >= _LEAST_OF_A_LINE:
        ax.plot(x, middle, color=INK, lw=0.7, zorder=0)
    # What is moved aside does not widen the axes by itself.
    ax.update_datalim(np.stack([x, middle], axis=-1))
    finite = np.isfinite(exact)
    if finite.any():
        ax.plot(x[finite], exact[finite], ls="none", marker="_", ms=16, mew=1.4, color=SOFTMAX)
    if finite.sum() >= _LEAST_OF_A_LINE:
        ax.plot(x[finite], exact[finite], color=SOFTMAX, lw=0.7, alpha=0.6, zorder=0)


def _scale(ax: Axes, values: np.ndarray, axis: str) -> None:
    """A tick at each value that leaves room for its label; logarithmic from a factor of ten on."""
    wide = values.min() > 0 and (axis == "shots" or values.max() > 10 * values.min())
    if wide:
        ax.set_xscale("log")
    where = np.sort(np.log(values) if wide else values)
    ticks = [where[0]]
    for value in where[1:]:
        if value - ticks[-1] > 0.13 * (where[-1] - where[0]):
            ticks.append(value)
    shown = [float(f"{value:.12g}") for value in (np.exp(ticks) if wide else ticks)]
    ax.set_xticks(shown, [f"{value:,.0f}" if value > 999 else f"{value:g}" for value in shown])
    ax.set_xticks([], minor=True)
