"""A plot that stands alone: on axes of its own, or in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qcattn.folders.whole import whole_file
from qcattn.names import known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_or_new", "write_plot"]


def axes_or_new(ax: Axes | None) -> Axes:
    """These axes, or those of a new figure where there are none.

    The figure is `ax.figure`; it belongs to nobody else, so that nothing has to be closed.

    Example:
        >>> ax = axes_or_new(None)
        >>> axes_or_new(ax) is ax
        True
    """
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(layout="constrained").subplots()


def write_plot(
    plot: Callable[[Axes], object], path: Path, *, width: float = 6.4, height: float = 4.0
) -> None:
    """Plot on fresh axes and write the figure, whole or not at all.

    Args:
        plot: Plots on the axes that it is given.
        path: The file, .svg, .png or .pdf; it must not exist yet.
        width: Inches.
        height: Inches.

    Raises:
        ValueError: If the file exists or its ending is none of these.
    """
    import io

    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    ending = path.suffix.lower().lstrip(".")
    known("the ending of a plot", ending, ["svg", "png", "pdf"])
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": path.stem,
        "font.size": 9,
        "axes.titlesize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    out = io.BytesIO()
    with style.context("default"), rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        plot(figure.subplots())
        metadata = {"Date": None} if ending == "svg" else None
        figure.savefig(out, format=ending, dpi=150, metadata=metadata)
    with whole_file(path) as fresh:
        fresh.write_bytes(out.getvalue())
