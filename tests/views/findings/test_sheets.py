"""Findings as a table, in words, as pictures, as JSON and as a page."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.views.findings import page as views

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
GOOD = Finding(
    "A1", "A <b>title</b>", "p = |⟨n|ψ⟩|²", "Born's rule",
    (Check("p is q", True, "by algebra"),),
    (
        Number("distance", Estimate(0.0123456, 0.0, 0.02), 0.0),
        Number("beta", Estimate(2, 1, np.inf)),
    ),
    "", "The counts agree.", (PANEL,), 1000, 1e-3, 7, {"num_states": "3"}, {"numpy": "2"}, 0.5,
)  # fmt: skip
WRONG = replace(
    GOOD,
    claim="A12",
    checks=(Check("p is q", False, "p = 1e-9"), Check("everywhere", None, "few shots", "beyond")),
    condition="only below <1>",
)
OPEN = replace(GOOD, claim="A13", checks=(Check("p is q", None, "few shots"),))
NOTHING = replace(GOOD, claim="A14", checks=(), numbers=(), panels=(), condition="needs a field")
ALL = [GOOD, WRONG, OPEN, NOTHING]


def test_the_table_has_verdict_number_interval_and_condition():
    sheet = views.summary(ALL)
    assert sheet.lines[0] == (
        "A1 A <b>title</b>", "exact", "distance", "0.01235", "[0, 0.02]", "0", "",
    )  # fmt: skip
    assert [line[1] for line in sheet.lines] == ["exact", "refuted", "undecided", "untestable"]
    assert sheet.lines[3][2:] == ("", "", "", "", "needs a field")
    assert views.summary([replace(NOTHING, shots=0)]).lines[0][2] == "nothing was drawn"
    assert sheet.marked == {1}
    assert views.summary(ALL, narrow=True).lines[:2] == (
        ("A1 A <b>title</b>", "exact", "distance: 0.01235 in [0, 0.02]", ""),
        ("A12 A <b>title</b>", "refuted", "distance: 0.01235 in [0, 0.02]", "only below <1>"),
    )
    assert "refuted: a measured counter-example." in sheet.caption
    assert "analogy" not in sheet.caption
    assert views.standings([]) == "0 claims."
    assert views.standings(ALL) == "4 claims: 1 exact, 1 refuted, 1 untestable, 1 undecided."


def test_checks_and_numbers_are_those_of_the_finding():
    assert [line[1] for line in views.checks(WRONG).lines] == ["fails", "undecided"]
    assert [line[3] for line in views.checks(WRONG).lines] == ["the claim", "beyond its conditions"]
    assert views.checks(WRONG).marked == {0}
    assert views.numbers(GOOD).lines[1] == ("beta", "2", "[1, ∞]", "")


def test_json_holds_the_numbers_and_no_nan():
    said = json.loads(json.dumps([views.brief(one) for one in ALL], allow_nan=False))
    assert said[0]["numbers"][0]["measured"] == 0.0123456
    assert said[0]["numbers"][1]["high"] is None and said[0]["numbers"][1]["exact"] is None
    assert said[1]["verdict"] == "refuted" and said[1]["checks"][0]["holds"] is False


def test_a_panel_is_drawn_as_it_is():
    ax = Figure().subplots()
    assert views.draw_panel(ax, PANEL) is ax
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
    ax = views.draw_panel(Figure().subplots(), panel)
    first, second = ([bar.get_x() for bar in container] for container in ax.containers)
    width = ax.containers[0][0].get_width()
    assert np.allclose(np.subtract(second, first), width)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["the", "cat", "sat"]


def test_of_several_curves_those_that_belong_together_have_one_colour():
    curves = tuple(
        Curve(f"{style} {i}", X, X * i, style=style) for style in ("line", "points") for i in (1, 2)
    )
    panel = replace(PANEL, curves=curves, x_scale="log", y_scale="log")
    ax = views.draw_panel(Figure().subplots(), panel)
    lines = [line.get_color() for line in ax.lines[:2]]
    points = [container.lines[0].get_color() for container in ax.containers]
    assert lines == points and lines[0] != lines[1]
    assert ax.get_xscale() == ax.get_yscale() == "log"


@pytest.mark.parametrize("findings", [ALL, [WRONG]])
def test_a_page_shows_everything_and_fetches_nothing(findings, tmp_path):
    views.write_page_of(findings, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "<b>" not in page and "A &lt;b&gt;title&lt;/b&gt;" in page
    assert page.count("<svg") == sum(len(one.panels) for one in findings)
    for one in findings:
        assert f'<span class="badge {one.verdict}">' in page
        for check in one.checks:
            assert check.by in page
    assert "only below &lt;1&gt;" in page and "num states" in page
    assert f"qcattn claims {' '.join(one.claim for one in findings)} --seed 7" in page
    assert page.count("<h1") == 1


def test_a_caption_says_what_the_points_are(tmp_path):
    line, points = PANEL.curves
    plain = replace(points, low=None, high=None)

    def caption(*curves):
        path = tmp_path / "report.html"
        views.write_page_of([replace(GOOD, panels=(replace(PANEL, curves=curves),))], path)
        found = re.search("<figcaption>(.*)</figcaption>", path.read_text(encoding="utf-8"))
        return found[1] if found else ""

    assert caption(line, points) == "Points are measured, with their intervals."
    assert caption(line, plain) == "Points are measured."
    assert "where these are drawn" in caption(points, plain)
    assert caption(line) == ""


def test_pictures_are_files(tmp_path):
    views.write_pictures(ALL, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["A1-1.svg", "A12-1.svg", "A13-1.svg"]
    assert ET.parse(tmp_path / "A1-1.svg").getroot().tag.endswith("svg")


def test_a_page_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`findings` is empty"):
        views.write_page_of([], tmp_path / "report.html")


def test_logarithmic_axes_are_written_in_plain_numbers():
    curve = Curve("law", np.array([4.0, 60.0]), np.array([1e-8, 1.0]), style="line")
    panel = replace(PANEL, curves=(curve,), x_scale="log", y_scale="log")
    figure = Figure()
    ax = views.draw_panel(figure.subplots(), panel)
    figure.draw_without_rendering()
    written = [text.get_text() for text in ax.get_xticklabels()]
    assert {"5", "10", "20", "50"} <= set(written)
    assert not any(text.get_text() for text in ax.get_xticklabels(minor=True))
    assert "0.0001" in [text.get_text() for text in ax.get_yticklabels()]
