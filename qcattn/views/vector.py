"""Plots as SVG: one that takes its colours and fonts from the page around it, or a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["inline_svg", "svg_file"]

_TEXT = "#010203"
_VARIABLES = {
    _TEXT: "var(--ink)",
    INK: "var(--faint)",
    SOFTMAX: "var(--softmax)",
    MEASURED: "var(--measured)",
    FAULT: "var(--fault)",
}
_TAG = re.compile(r"<[^>]+>")
#: Pixels an inch, and the share of its size to which a phone shrinks a picture, but no further.
_PIXELS = 96
_LEAST = 0.75


def inline_svg(
    plot: Callable[[Axes], object], width: float, height: float, *, name: str, label: str
) -> str:
    """Plot on fresh axes and return an ``<svg>`` element for an HTML page.

    Text stays text, set in the page's fonts (so that characters which matplotlib lacks show),
    colours become the page's variables, and nothing refers to anything outside. No setting of
    matplotlib's is read or changed, so that threads may plot at the same time.

    Args:
        plot: A function that plots on the axes that it is given.
        width: Inches; up to 5 a phone shows it without scrolling, and no text below 9 pixels.
        height: The height, inches.
        name: Prefix of the ids inside, one for each picture of a page.
        label: What the picture shows, for those who cannot see it.

    Returns:
        The element.
    """
    svg = _svg(plot, width, height, name, _TEXT)
    # Only what stands in tags is changed; the text between them may be any token.
    svg = _TAG.sub(lambda tag: _at_home(tag[0]), svg)
    across, down = (f"{_PIXELS * inches:.0f}" for inches in (width, height))
    size = f'width="{across}" height="{down}" style="min-width:{_LEAST * float(across):.0f}px"'
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}" {size}', 1)


def svg_file(plot: Callable[[Axes], object], width: float, height: float) -> str:
    """Plot on fresh axes and return an SVG file, black on white, that stands alone.

    Args:
        plot: A function that plots on the axes that it is given.
        width: The width, inches.
        height: The height, inches.
    """
    from qcattn.views.canvas import FONT

    svg = _svg(plot, width, height, "p", "#000000")
    size = f'width="{72 * width:g}pt" height="{72 * height:g}pt"'
    fonts = f"font-family=\"'{FONT}', sans-serif\""
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    head, rest = svg.split(">", 1)
    head = head.replace("<svg", f"<svg {names} {size} {fonts}", 1)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}>\n{paper}{rest}\n'


def _svg(plot: Callable[[Axes], object], width: float, height: float, name: str, ink: str) -> str:
    """The picture without sizes, and with only those ids that something refers to."""
    from qcattn.views.canvas import dressed, fresh_axes, svg_of

    ax = fresh_axes(width, height)
    plot(ax)
    svg = svg_of(dressed(ax, ink))
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    assert box is not None
    joints = 'stroke-linejoin="round" stroke-linecap="butt"'
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', "".join(_TAG.findall(rest)))
    ids = {old: f"{name}-{i}" for i, old in enumerate(dict.fromkeys(used), 1)}
    return f"<svg {box[0]} {joints}>{_TAG.sub(lambda tag: _named(tag[0], ids), rest)}".strip()


def _named(tag: str, ids: dict[str, str]) -> str:
    """A tag with the ids of its own picture, and with none that nobody needs."""
    tag = re.sub(r'\s+\bid="([^"]*)"', lambda m: f' id="{ids[m[1]]}"' if m[1] in ids else "", tag)
    tag = re.sub(r'href="#([^"]*)"', lambda m: f'href="#{ids[m[1]]}"', tag)
    return re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{ids[m[1]]})", tag)


def _at_home(tag: str) -> str:
    """A tag with the page's colours."""
    tag = tag.replace("xlink:href=", "href=")
    for colour, variable in _VARIABLES.items():
        tag = tag.replace(colour, variable)
    return tag
