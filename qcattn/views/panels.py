"""The plots of findings: panels, which are data, set on axes."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.evidence import Curve, Panel
from qcattn.views.colours import INK, MEASURED, SERIES, SOFTMAX
from qcattn.views.legends import legend_below, legend_inside, rows_below
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["plot_panel", "size_of"]

_MARKERS = "osD^vP"
#: Lines of dashes are 1 point wide: a setting says whether dashes grow with the width.
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (2, 1)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)))
#: The most curves whose names stand inside the picture; the names of more stand under it.
_INSIDE = 3
#: Characters of a line of the title, so that it is no wider than the picture.
_LINE = 46
_WIDE_TICKS = 45
#: Inches that a character of an upright name takes.
_UPRIGHT = 0.07


def plot_panel(panel: Panel, ax: Axes | None = None) -> Axes:
    """Plot a panel of a finding.

    Points are measured, with their intervals; lines and bars are what they are called. A line is
    blue and points are orange where there is one of each; of several, those of one colour belong
    together, and one that belongs to all is grey.

    Args:
        panel: What to plot.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.

    Returns:
        The axes.

    Example:
        >>> curve = Curve("sampled", np.array([0.0, 1.0]), np.array([0.4, 0.6]))
        >>> plot_panel(Panel("A coin", "side", "share", (curve,))).get_xlabel()
        'side'
    """
    ax = axes_or_new(ax)
    ax.set(xscale=panel.x_scale, yscale=panel.y_scale)
    styles = [curve.style for curve in panel.curves]
    several = len(set(styles)) < len(styles)
    exact = {"line", "bars"} if "points" in styles else {"line"}
    for style, add in (("bars", _bars), ("line", _line), ("points", _points)):
        curves = [curve for curve in panel.curves if curve.style == style]
        for i, curve in enumerate(curves):
            colour = SOFTMAX if style in exact else MEASURED
            if several:
                colour = SERIES[i % len(SERIES)] if len(curves) > 1 else INK
            add(ax, curve, colour, i, len(curves))
    if panel.ticks:
        turned: dict[str, Any] = {"rotation": 90, "va": "top"} if _upright(panel) else {}
        ax.set_xticks(range(len(panel.ticks)), panel.ticks, parse_math=False, **turned)
    for axis, scale in ((ax.xaxis, panel.x_scale), (ax.yaxis, panel.y_scale)):
        if scale == "log":
            _plain(axis)
    ax.set_xlabel(panel.x_label, parse_math=False)
    ax.set_ylabel(panel.y_label, parse_math=False)
    ax.set_title(_title(panel), parse_math=False)
    if _names_below(panel):
        legend_below(ax)
    elif len(panel.curves) > 1:
        legend_inside(ax)
    return ax


def size_of(panel: Panel) -> tuple[float, float]:
    """The width and height in inches, with room for what stands under the picture."""
    more = 0.2 * rows_below([curve.name for curve in panel.curves]) + 0.1
    high = 3.2 + (more if _names_below(panel) else 0.0) + 0.2 * (_title(panel).count("\n"))
    if _upright(panel):
        high += _UPRIGHT * max(map(len, panel.ticks))
    return 4.7 if len(panel.ticks) > 12 else 4.4, high


def _upright(panel: Panel) -> bool:
    """Whether the names along the axis are too long to lie side by side."""
    return sum(map(len, panel.ticks)) > _WIDE_TICKS


def _title(panel: Panel) -> str:
    return fill(panel.title, _LINE)


def _plain(axis: Axis) -> None:
    """Numbers along a logarithmic axis as they are written, between decades where it is short."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from qcattn.views.canvas import written

    low, high = axis.get_view_interval()
    short = low > 0 and high / low < 300
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
    axis.set_minor_formatter(NullFormatter())


def _names_below(panel: Panel) -> bool:
    bars = any(curve.style == "bars" for curve in panel.curves)
    return len(panel.curves) > (1 if bars else _INSIDE)


def _line(ax: Axes, curve: Curve, colour: str, i: int, number: int) -> None:
    dash = _DASHES[i % len(_DASHES)]
    ax.plot(curve.x, curve.y, color=colour, lw=1.0 if i else 1.3, ls=dash, label=curve.name)
    if curve.low is not None and curve.high is not None:
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.15, lw=0)


def _points(ax: Axes, curve: Curve, colour: str, i: int, number: int) -> None:
    ax.errorbar(
        curve.x,
        curve.y,
        yerr=_reach(curve),
        color=colour,
        ls="none",
        marker=_MARKERS[i % len(_MARKERS)],
        ms=4 if curve.x.size <= 60 else 2.5,
        mew=0,
        elinewidth=0.9,
        capsize=2,
        label=curve.name,
    )


def _bars(ax: Axes, curve: Curve, colour: str, i: int, number: int) -> None:
    width = 0.8 / number * (float(np.diff(curve.x).min()) if curve.x.size > 1 else 1.0)
    ax.bar(
        curve.x + (i - (number - 1) / 2) * width,
        curve.y,
        width,
        color=colour,
        alpha=0.75,
        lw=0,
        yerr=_reach(curve),
        ecolor=INK,
        error_kw={"lw": 0.9, "capsize": 2},
        label=curve.name,
    )


def _reach(curve: Curve) -> np.ndarray | None:
    """How far the interval goes down and up; an end that is infinite is not shown."""
    if curve.low is None or curve.high is None:
        return None
    reach = np.abs(np.array([curve.y - curve.low, curve.high - curve.y]))
    return np.where(np.isfinite(reach), reach, np.nan)
