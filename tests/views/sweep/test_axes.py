"""Plots and words of a sweep: intervals that hold, noise that shows, limits that hold all marks."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.backends import Aer
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, sweep
from qcattn.sweeps.until import share
from qcattn.views.colours import FAULT
from qcattn.views.sweep.axes import QUANTITIES, dots, over_axis
from qcattn.views.sweep.cells import brief, cells_table, failures_table, words

SCORES = np.random.default_rng(8).normal(scale=1.5, size=(9, 4))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Three temperatures, told and thermal, without and with readout errors. alpha = 1e-6."""
    grid = Grid(
        SCORES,
        beta=[0.5, 1.0, 2.0],
        preparations=[Amplitude(), Heralded()],
        noise=["none", "readout=0.1"],
        backends=Aer(device="CPU", draws="born"),
        shots=8000,
        batch=2000,
        alpha=1e-6,
    )
    return sweep(grid, store=tmp_path_factory.mktemp("views") / "runs.sqlite")


def test_intervals_hold_the_exact_value_and_noise_falls_outside(done):
    """False-failure rate 1e-6 over all points; the planted fault is a readout error of 10%."""
    points = dots(done, "beta", quantity="top", by=("preparation", "noise"))
    assert len(points) == 12
    for point in points:
        cell = done.where(beta=point.at, preparation=point.series[0], noise=point.series[1]).cells[
            0
        ]
        assert point.exact == pytest.approx(cell.expected.max(axis=-1).mean(), abs=1e-12)
        assert point.low <= point.best <= point.high
        assert (point.low <= point.exact <= point.high) == (point.series[1] == "none")


def test_the_herald_is_held_against_its_prediction(done):
    """False-failure rate 1e-6."""
    points = dots(done.where(noise="none"), "beta", quantity="kept", by=())
    assert [point.at for point in points] == [0.5, 1.0, 2.0], "told ones have no herald"
    for point in points:
        (cell,) = done.where(beta=point.at, noise="none", preparation="Heralded")
        assert point.exact == pytest.approx(cell.success.mean())
        assert point.low <= point.exact <= point.high


def test_the_bound_on_the_distance_falls_with_shots_and_holds(done):
    """False-failure rate 1e-6: the true distance is 0 without noise, and some 0.1 with it."""
    points = dots(done, "shots", quantity="distance", by=("noise",))
    clean = [point.high for point in points if point.series == ("none",)]
    noisy = [point.high for point in points if point.series != ("none",)]
    assert [point.at for point in points[:4]] == [2000, 4000, 6000, 8000]
    assert clean == sorted(clean, reverse=True) and clean[-1] < noisy[-1]
    assert noisy[-1] > 0.05


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("axis", ["beta", "preparation", "noise", "shots"])
def test_every_axis_can_be_drawn_with_all_marks_inside(done, axis, quantity):
    ax = Figure(layout="constrained").subplots()
    assert over_axis(done, axis, ax, quantity=quantity) is ax
    ax.figure.savefig(io.BytesIO(), format="png", dpi=50)
    by = tuple(name for name in ("preparation", "noise") if name != axis)
    low, high = ax.get_ylim()
    points = dots(done, axis, quantity=quantity, by=by)
    ends = [end for p in points for end in (p.low, p.high, p.exact) if np.isfinite(end)]
    assert low <= min(ends) and max(ends) <= high
    assert ax.get_xlabel() == axis and ax.get_legend() is not None
    colours = {line.get_color() for line in ax.lines}
    assert (FAULT in colours) == (quantity != "distance"), "noise is marked"


def test_a_sweep_in_words_and_lines(done):
    said = words(done)
    assert "differ from softmax in 6 of 12 cells, 108 rows, 864,000 shots" in said
    assert "at most 0.0001% of such sweeps" in said
    assert words(done.where(noise="none")).startswith("The counts agree with softmax: 6 cells")
    assert cells_table(done).row_count == 12 and failures_table(done) is None
    assert [len(column._cells) for column in cells_table(done, epsilon=0.1).columns] == [12] * 8
    assert brief(done)["verdict"] == "differs"


def test_a_large_sweep_is_cut_and_says_so(done, monkeypatch):
    from qcattn.views.sweep import cells

    monkeypatch.setattr(cells, "_MOST_LINES", 7)
    table = cells_table(done)
    assert table.row_count == 7 and "5 cells more are left out" in str(table.caption)


def test_places_that_share_their_counts_count_once(tmp_path):
    scores = np.array([[0.0, 1.0, 2.0]])
    options = {"shots": 1000, "batch": 500, "backends": Aer(device="CPU", draws="born")}
    once = sweep(Grid([scores], **options), store=tmp_path / "once.sqlite")
    twice = sweep(Grid([scores, scores], **options), store=tmp_path / "twice.sqlite")
    assert len(twice) == 2 and len(twice.distinct) == 1
    assert "2 cells, 1 rows, 1,000 shots" in words(twice)
    for quantity in ("top", "distance"):
        (one,), (two,) = (dots(d, "beta", quantity=quantity, by=()) for d in (once, twice))
        assert (one.low, one.high) == (two.low, two.high)


def test_intervals_pay_for_the_looks_of_a_rule(tmp_path):
    """A cell that stopped where its intervals were narrow is drawn with that look's share."""
    scores = np.array([[0.0, 1.0, 2.0]])
    options = {"shots": 4000, "batch": 500, "backends": Aer(device="CPU", draws="born")}
    done = sweep(Grid([scores], **options), store=tmp_path / "a.sqlite", until="width=0.1")
    (cell,) = done
    assert cell.looks > 1
    cut = Grid([scores], **{**options, "alpha": done.alpha * share(cell.looks)})
    plain = sweep(cut, store=tmp_path / "b.sqlite", shots=int(cell.counts.shots[0]))
    for quantity in ("top", "distance"):
        (one,), (two,) = (dots(d, "beta", quantity=quantity, by=()) for d in (done, plain))
        assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=1e-12)
