"""Plots as SVG that takes its colours and fonts from the page around it."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LOOK", "inline_svg"]

_TEXT = "#010203"
_VARIABLES = {
    _TEXT: "var(--ink)",
    INK: "var(--faint)",
    SOFTMAX: "var(--softmax)",
    MEASURED: "var(--measured)",
    FAULT: "var(--fault)",
}
#: How pictures of reports are set, for matplotlib's ``rc_context``.
LOOK = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
}
_INKED = ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color")


def inline_svg(
    plot: Callable[[Axes], object], width: float, height: float, *, name: str, label: str
) -> str:
    """Plot on fresh axes and return an ``<svg>`` element for an HTML page.

    Text stays text, set in the page's fonts (so that characters which matplotlib lacks show),
    colours become the page's variables, and nothing refers to anything outside.

    Args:
        plot: Plots on the axes that it is given.
        width: Inches.
        height: Inches.
        name: Prefix of the ids inside, one for each picture of a page.
        label: What the picture shows, for those who cannot see it.

    Returns:
        The element.
    """
    from html import escape

    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    own = {"svg.fonttype": "none", "svg.hashsalt": name}
    settings = LOOK | dict.fromkeys(_INKED, _TEXT) | own
    out = io.StringIO()
    with style.context("default"), rc_context(settings), warnings.catch_warnings():
        # The browser sets the text; only its width is measured here.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_visible(False)
        axes = figure.subplots()
        axes.patch.set_visible(False)
        plot(axes)
        figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Only what stands in tags is changed; the text between them may be any token.
    svg = re.sub(r"<[^>]+>", lambda tag: _at_home(tag[0], name), svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1).strip()


def _at_home(tag: str, name: str) -> str:
    """A tag with ids of its own picture, and the page's fonts and colours."""
    tag = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", tag)
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'\b(?:xlink:)?href="#', f'href="#{name}-', tag)
    tag = tag.replace("xlink:href=", "href=").replace("url(#", f"url(#{name}-")
    tag = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans)", tag)
    for colour, variable in _VARIABLES.items():
        tag = tag.replace(colour, variable)
    return tag
