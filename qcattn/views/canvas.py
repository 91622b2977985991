"""Axes and a renderer of our own: what they show depends on no setting of matplotlib's.

Those settings are global. They would differ from one user to the next, and could not be changed
for a page without being changed for all other threads. So every artist is told here what it is
to look like, and nothing is changed that anybody shares.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import rgb2hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogFormatter, NullLocator, ScalarFormatter
from matplotlib.transforms import Affine2D

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["FONT", "dressed", "fresh_axes", "in_font", "svg_of", "written"]

#: The font that comes with matplotlib. Texts are measured by it; pages have fonts of their own.
FONT = "DejaVu Sans"
_SIZE = 9
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_UPRIGHT_ANCHORS = {"bottom": "start", "top": "end"}


def fresh_axes(width: float, height: float) -> Axes:
    """New axes on a figure of their own, `ax.figure`, of this size in inches."""
    layout = ConstrainedLayoutEngine(h_pad=3 / 72, w_pad=3 / 72, hspace=0.02, wspace=0.02)
    figure = Figure((width, height), 72, facecolor="none", edgecolor="none", layout=layout)
    # Where the layout begins; it moves things from there.
    figure.subplotpars.update(left=0.125, right=0.9, bottom=0.11, top=0.88)
    ax = figure.subplots()
    ax.set_facecolor("none")
    ax.margins(0.05)
    ax.set_axisbelow("line")
    ax.grid(False, which="both")
    return ax


def dressed(ax: Axes, ink: str) -> Axes:
    """Give axes on which something was plotted the look of the house's pictures.

    Args:
        ax: Axes of `fresh_axes`.
        ink: The colour of frame and texts.
    """
    for axis in (ax.xaxis, ax.yaxis):
        _positive(axis)
    for name, spine in ax.spines.items():
        spine.set(visible=name in ("left", "bottom"), linewidth=0.6, edgecolor=ink, linestyle="-")
    ticks: dict[str, Any] = {"direction": "out", "pad": 3.5, "color": ink, "labelcolor": ink}
    ticks |= {"labelsize": _SIZE, "labelfontfamily": FONT}
    ax.tick_params(which="major", length=3.5, width=0.6, **ticks)
    ax.tick_params(which="minor", length=2, width=0.5, **ticks)
    sides = {"left": True, "bottom": True, "right": False, "top": False}
    shown: dict[str, Any] = {**sides, **{f"label{side}": on for side, on in sides.items()}}
    ax.tick_params(which="both", **shown)
    for label in ax.get_xticklabels(which="both"):
        label.set_horizontalalignment("center")
    for label in ax.get_yticklabels(which="both"):
        label.set_verticalalignment("center_baseline")
    for axis in (ax.xaxis, ax.yaxis):
        axis.labelpad = 4
        axis.label.set(fontsize=_SIZE, fontweight="normal", color=ink)
        _numbers(axis)
    for line in ax.lines:
        line.set(solid_capstyle="projecting", dash_capstyle="butt", solid_joinstyle="round")
    said = "\n".join(filter(None, (ax.get_title(side) for side in ("left", "center", "right"))))
    for side in ("center", "right"):
        ax.set_title("", loc=side)
    ax.set_title(
        said, loc="left", y=1.0, pad=6, fontsize=9.5, fontweight="bold", color=ink, parse_math=False
    )
    if (legend := ax.get_legend()) is not None:
        for text in (*legend.get_texts(), legend.get_title()):
            text.set_color(ink)
    for text in ax.findobj(Text):
        text.set(fontfamily=FONT, fontstyle="normal", usetex=False)
    return ax


def svg_of(ax: Axes) -> str:
    """The figure of these axes as an ``<svg>`` element, in points, with texts as texts."""
    figure, out = ax.get_figure(root=True), io.StringIO()
    assert figure is not None
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    renderer = _Renderer(*figure.bbox.size, out, metadata=nothing)
    _Canvas(figure).renderer = renderer
    figure.draw(renderer)
    renderer.finalize()
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def written(value: float) -> str:
    """Write a number along an axis; far from 1 it is a power of ten.

    Example:
        >>> written(0.5), written(2000.0), written(1e-6), written(2e-6), written(1e5)
        ('0.5', '2000', '10⁻⁶', '2·10⁻⁶', '10⁵')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}".replace("-", "−")
    mantissa, power = f"{value:.3e}".split("e")
    front = f"{float(mantissa):g}".replace("-", "−")
    ten = "10" + str(int(power)).translate(_POWERS)
    return ten if front == "1" else f"{front}·{ten}"


def in_font(text: str) -> str:
    """Replace each character that matplotlib's font lacks by a box."""
    has = get_font(findfont(FontProperties(FONT))).get_char_index
    return "".join(c if c == "\n" or has(ord(c)) else "□" for c in text)


def _positive(axis: Axis) -> None:
    """A decade for a logarithmic axis on which nothing is plotted, where it has no limits."""
    if axis.get_scale() == "log" and axis.get_minpos() == np.inf:
        axis.set_view_interval(0.1, 1.0, ignore=True)


def _numbers(axis: Axis) -> None:
    """Numbers along an axis as `written`, where nobody has said what stands there."""
    if axis.get_scale() == "linear":
        axis.set_minor_locator(NullLocator())
    formatter = axis.get_major_formatter()
    if isinstance(formatter, ScalarFormatter | LogFormatter):
        axis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
    if isinstance(axis.get_minor_formatter(), LogFormatter):
        axis.set_minor_formatter("")


class _Canvas(FigureCanvasBase):
    """A canvas on which texts are measured as they are going to be set."""

    renderer: _Renderer

    def get_renderer(self) -> _Renderer:
        """The renderer that measures."""
        return self.renderer


class _Renderer(RendererSVG):
    """SVG with texts that are texts and pictures that are inside, whatever the settings are."""

    def option_image_nocomposite(self) -> bool:
        """Whether images are not joined, so that each is an element of its own."""
        return True

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
        """Measure a text, with a box for each character that only the page's font has."""
        return super().get_text_width_height_descent(in_font(s), prop, False)

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        """Draw a text that keeps its place where the page's font is narrower or wider."""
        anchor = "start"
        if mtext is not None:
            at_x, at_y = mtext.get_transform().transform(mtext.get_unitless_position())
            at_y = self.height - at_y
            if angle == 0 or mtext.get_rotation_mode() == "anchor":
                turn = np.deg2rad(angle)
                across = np.array([np.sin(turn), np.cos(turn)])
                x, y = np.array([at_x, at_y]) + across * (across @ [x - at_x, y - at_y])
                anchor = _ANCHORS[mtext.get_ha()]
            elif angle == 90:
                y, anchor = at_y, _UPRIGHT_ANCHORS.get(mtext.get_va(), "middle")
        style = {"font-size": f"{prop.get_size_in_points():g}px", "fill": rgb2hex(gc.get_rgb())}
        if prop.get_weight() == "bold":
            style["font-weight"] = "700"
        if anchor != "start":
            style["text-anchor"] = anchor
        if gc.get_alpha() not in (None, 1.0):
            style["opacity"] = f"{gc.get_alpha():g}"
        place = {"x": f"{x:.2f}", "y": f"{y:.2f}"}
        if angle:
            place["transform"] = f"rotate({-angle:g} {x:.2f} {y:.2f})"
        said = ";".join(f"{name}:{value}" for name, value in style.items())
        self.writer.element("text", s, attrib={**place, "style": said})

    def draw_image(self, gc: Any, x: float, y: float, im: Any, transform: Any = None) -> None:
        """Draw an image inside the picture, with its pixels as large as they come out."""
        from PIL import Image

        high, wide = im.shape[:2]
        out = io.BytesIO()
        Image.fromarray(im).save(out, format="png", optimize=True)
        page = Affine2D().translate(x, y).scale(1, -1).translate(0, self.height)
        if transform is not None:
            page = Affine2D().scale(1 / wide, 1 / high) + transform + page
        (a, c, e), (b, d, f), _ = page.get_matrix()
        self.writer.element(
            "image",
            attrib={
                "width": str(wide),
                "height": str(high),
                "transform": f"matrix({a:.4f} {b:.4f} {c:.4f} {d:.4f} {e:.4f} {f:.4f})",
                "style": "image-rendering:pixelated",
                "href": f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}",
            },
        )
