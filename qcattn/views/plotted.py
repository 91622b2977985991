"""A plot that stands alone: on axes of its own, or in a file of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qcattn.folders.whole import whole_file
from qcattn.names import known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["axes_or_new", "write_plot"]


def axes_or_new(ax: Axes | None) -> Axes:
    """Return these axes, or those of a new figure if there are none.

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
    plot: Callable[[Axes], object], path: Path, *, width: float = 6.4, height: float = 4.4
) -> None:
    """Plot on fresh axes and write the figure, whole or not at all.

    Args:
        plot: A function that plots on the axes that it is given.
        path: The file, .svg, .png or .pdf; it must not exist yet.
        width: The width, inches.
        height: The height, inches.

    Raises:
        ValueError: If the file exists or its ending is none of these.
    """
    ending = path.suffix.lower().lstrip(".")
    known("the ending of a plot", ending, ["svg", "png", "pdf"])
    picture = _BYTES[ending](plot, width, height)
    with whole_file(path) as fresh:
        fresh.write_bytes(picture)


def _svg(plot: Callable[[Axes], object], width: float, height: float) -> bytes:
    from qcattn.views.vector import svg_file

    return svg_file(plot, width, height).encode()


def _png(plot: Callable[[Axes], object], width: float, height: float) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    out = io.BytesIO()
    figure = _on_white(plot, width, height)
    figure.set_dpi(150)
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _pdf(plot: Callable[[Axes], object], width: float, height: float) -> bytes:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    out = io.BytesIO()
    FigureCanvasPdf(_on_white(plot, width, height)).print_pdf(out, metadata={"CreationDate": None})
    return out.getvalue()


def _on_white(plot: Callable[[Axes], object], width: float, height: float) -> Figure:
    """The figure of a plot, black on white, in the font that matplotlib has."""
    from matplotlib.text import Text

    from qcattn.views.canvas import dressed, fresh_axes, in_font

    ax = fresh_axes(width, height)
    plot(ax)
    figure = dressed(ax, "#000000").get_figure(root=True)
    assert figure is not None
    figure.set_facecolor("#ffffff")
    for text in figure.findobj(Text):
        text.set_text(in_font(text.get_text()))
    return figure


_BYTES = {"svg": _svg, "png": _png, "pdf": _pdf}
