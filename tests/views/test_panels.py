"""Panels are plotted as they are."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.evidence import Curve, Panel
from qcattn.views.canvas import dressed, fresh_axes, svg_of
from qcattn.views.panels import plot_panel, size_of

X = np.array([1.0, 2.0, 4.0])
PANEL = Panel(
    "A law <b>",
    "beta",
    "S, in nats",
    (
        Curve("law", X, 1 / X, style="line"),
        Curve("shots", X, 1 / X, 1 / X - 0.1, np.array([np.inf, 0.6, 0.35])),
    ),
)


def test_a_panel_is_plotted_as_it_is():
    ax = Figure().subplots()
    assert plot_panel(PANEL, ax) is ax
    line, points = ax.lines[0], ax.containers[0].lines[0]
    assert np.array_equal(line.get_ydata(), 1 / X) and line.get_linestyle() == "-"
    assert np.array_equal(points.get_ydata(), 1 / X) and points.get_linestyle() == "None"
    ends = ax.containers[0].lines[2][0].get_segments()
    assert np.allclose(ends[2][:, 1], [0.15, 0.35])
    assert line.get_color() != points.get_color()
    assert ax.get_ylabel() == "S, in nats"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["law", "shots"]


def test_bars_have_names_and_stand_side_by_side():
    curves = tuple(Curve(f"head {i}", np.arange(3.0), X / 4, style="bars") for i in range(2))
    panel = replace(PANEL, curves=curves, ticks=("the", "cat", "sat"))
    ax = plot_panel(panel)
    first, second = ([bar.get_x() for bar in container] for container in ax.containers)
    width = ax.containers[0][0].get_width()
    assert np.allclose(np.subtract(second, first), width)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["the", "cat", "sat"]


def test_of_several_curves_those_that_belong_together_have_one_colour():
    curves = tuple(
        Curve(f"{style} {i}", X, X * i, style=style) for style in ("line", "points") for i in (1, 2)
    )
    panel = replace(PANEL, curves=curves, x_scale="log", y_scale="log")
    ax = plot_panel(panel)
    lines = [line.get_color() for line in ax.lines[:2]]
    points = [container.lines[0].get_color() for container in ax.containers]
    assert lines == points and lines[0] != lines[1]
    assert ax.get_xscale() == ax.get_yscale() == "log"


@pytest.mark.parametrize("letters", [1, 14, 24])
def test_names_of_curves_stand_under_those_of_the_axis_and_inside_the_figure(letters):
    """At a fixed place under the axes they stood on upright names."""
    curves = tuple(Curve(f"curve {i}", np.arange(3.0), X, style="bars") for i in range(3))
    ticks = tuple(f"{i}" * letters for i in range(3))
    panel = replace(PANEL, curves=curves, ticks=ticks)
    ours = dressed(plot_panel(panel, fresh_axes(*size_of(panel))), "black")
    svg_of(ours)
    mine = plot_panel(panel)
    mine.figure.savefig(io.BytesIO(), format="png")
    for ax in (ours, mine):
        legend, axis = ax.get_legend().get_window_extent(), ax.xaxis.get_tightbbox()
        assert legend.y0 >= 0 and legend.y1 <= axis.y0 and legend.y1 > axis.y0 - 15
        assert ax.bbox.height > 100


def test_logarithmic_axes_are_written_in_plain_numbers():
    curve = Curve("law", np.array([4.0, 60.0]), np.array([1e-8, 1.0]), style="line")
    panel = replace(PANEL, curves=(curve,), x_scale="log", y_scale="log")
    figure = Figure()
    ax = plot_panel(panel, figure.subplots())
    figure.draw_without_rendering()
    written = [text.get_text() for text in ax.get_xticklabels()]
    assert {"5", "10", "20", "50"} <= set(written)
    assert not any(text.get_text() for text in ax.get_xticklabels(minor=True))
    down = [text.get_text() for text in ax.get_yticklabels()]
    assert {"0.01", "10⁻⁴"} <= set(down) and not any("e-" in one or "$" in one for one in down)
