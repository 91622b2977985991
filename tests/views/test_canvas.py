"""Pages and files look the same whatever matplotlib is told, in any number of threads."""

import ast
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import style

import qcattn
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded
from qcattn.trials import prepare
from qcattn.views.canvas import dressed, fresh_axes, svg_of
from qcattn.views.findings.page import write_pictures
from qcattn.views.plotted import write_plot
from qcattn.views.run.plots import plot_row_bars
from qcattn.views.run.report import write_report
from qcattn.views.trials.page import write_page_of

HOUSE = Path(qcattn.__file__).parent
#: What matplotlib reads when it draws and no artist can be told: limits at round numbers, its own
#: way back to version 1, and for PNG how the pixels of letters are chosen.
UNTOLD = {"axes.autolimit_mode": "data", "_internal.classic_mode": False} | {
    name: matplotlib.rcParamsDefault[name] for name in ("text.hinting", "text.hinting_factor")
}
STYLES = ["wild", "classic", "dark_background", "fivethirtyeight", "ggplot"]
WILD = {
    "font.size": 33,
    "font.family": "serif",
    "axes.grid": True,
    "axes.titlelocation": "right",
    "axes.titleweight": "light",
    "axes.facecolor": "red",
    "axes.xmargin": 0.4,
    "lines.linewidth": 9,
    "lines.markeredgewidth": 3,
    "svg.fonttype": "path",
    "svg.image_inline": False,
    "text.usetex": True,
    "hatch.linewidth": 7,
    "figure.dpi": 300,
    "legend.frameon": True,
    "xtick.top": True,
    "xtick.minor.visible": True,
}


def names_of(source):
    """Names that are imported, called or read as attributes."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.name.split(".")[-1] for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


GLOBAL = {"pyplot", "rc_context", "rcParams", "rcdefaults", "style", "use"}


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "views").rglob("*.py")), ids=lambda path: path.name
)
def test_nothing_global_of_matplotlib_is_touched(path):
    found = names_of(path.read_text(encoding="utf-8"))
    assert not found & (GLOBAL - {"style"}) and "catch_warnings" not in found


def test_what_is_global_is_noticed():
    assert names_of("with matplotlib.rc_context(x): pass") & GLOBAL
    assert names_of("from matplotlib import rc_context, style") & GLOBAL
    assert names_of("import matplotlib.pyplot as plt") & GLOBAL


@pytest.fixture(scope="module")
def trials():
    methods = [Amplitude(), Heralded()]
    return prepare(ising(2, field=0.0), beta=[0.5, 1.0], methods=methods, shots=100, seed=1)


@pytest.fixture(scope="module")
def written(make, trials, tmp_path_factory):
    """A function that writes everything there is and returns it by name."""
    result = make(make.causal((2, 4, 4)), tokens=["a", " b", "日本", "$x$"], shots=200)

    def all_of_it(folder):
        folder = tmp_path_factory.mktemp(folder)
        write_report(folder / "run.html", [result])
        write_page_of(trials, folder / "trials.html")
        for ending in ("svg", "png"):
            write_plot(partial(plot_row_bars, result, (1, 2)), folder / f"bars.{ending}")
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    return all_of_it


@pytest.fixture(scope="module")
def plain(written):
    """What is written as nobody has told matplotlib anything."""
    return written("plain")


@pytest.mark.parametrize(
    "name", ["wild", "classic", "dark_background", "fivethirtyeight", "ggplot"]
)
def test_no_setting_of_the_user_is_seen_or_changed(written, plain, name):
    settings = WILD if name == "wild" else dict(style.library[name])
    with matplotlib.rc_context(settings):
        matplotlib.rcParams.update(UNTOLD)
        before = dict(matplotlib.rcParams)
        styled = written("styled")
        assert dict(matplotlib.rcParams) == before
    assert [name for name in plain if plain[name] != styled[name]] == []


def test_threads_write_the_same_pages_as_one(written, plain):
    """Two at a time, while a third turns matplotlib's settings up and down."""
    done = []

    def turn():
        with matplotlib.rc_context():
            while not done:
                for size in (33, 9):
                    matplotlib.rcParams["font.size"] = size
                    matplotlib.rcParams["axes.grid"] = size == 33
                    time.sleep(0.001)

    with ThreadPoolExecutor(3) as pool:
        turning = pool.submit(turn)
        pages = list(pool.map(written, ["thread0", "thread1"]))
        done.append(True)
        turning.result()
    assert all(page == plain for page in pages)


@pytest.mark.parametrize("scales", [("log", "log"), ("linear", "log"), ("log", "linear")])
def test_a_logarithmic_axis_without_points_can_be_drawn(scales):
    ax = fresh_axes(4, 3)
    ax.set(xscale=scales[0], yscale=scales[1])
    assert svg_of(dressed(ax, "black")).startswith("<svg")


def test_pictures_of_findings_keep_their_texts(tmp_path):
    from qcattn.evidence import Curve, Finding, Panel

    curve = Curve("日本", np.array([0.0, 1.0]), np.array([0.4, 0.6]))
    finding = Finding(name="A1", title="", checks=(), alpha=0.01, seed=0,
                      panels=(Panel("A coin", "side", "share", (curve, curve)),))  # fmt: skip
    write_pictures([finding], tmp_path)
    assert ">日本</text>" in (tmp_path / "A1-1.svg").read_text(encoding="utf-8")


def sizes(page):
    """Of each picture: its width in pixels, and its smallest text in pixels on a phone.

    A phone of 400 pixels leaves 360 to a page; a picture shrinks to that, and scrolls if it may not
    shrink so far.
    """
    for svg in re.findall(r"<svg .*?</svg>", page, flags=re.DOTALL):
        wide, least = (
            float(re.search(pattern, svg)[1])
            for pattern in (r'width="(\d+)"', r"min-width:(\d+)px")
        )
        shown = max(least, min(wide, 360.0))
        texts = [float(size) for size in re.findall(r"font-size:([\d.]+)px", svg)]
        yield shown, min(texts) * 96 / 72 * shown / wide


def test_on_a_phone_nothing_scrolls_sideways_and_every_text_can_be_read(make, trials, tmp_path):
    write_page_of(trials, tmp_path / "trials.html")
    pages = [(tmp_path / "trials.html").read_text(encoding="utf-8")]
    for shape in ((2, 4, 4), (3, 20), (40,), (5, 300)):
        write_report(tmp_path / "run.html", [make(np.zeros(shape), shots=100)])
        pages.append((tmp_path / "run.html").read_text(encoding="utf-8"))
    for page in pages:
        for shown, text in sizes(page):
            assert shown <= 360 and text >= 8.9
