"""Plots of a sweep: intervals that hold, noise that shows, limits that hold all marks."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.backends import Aer
from qcattn.sweeps import Grid, sweep
from qcattn.sweeps.until import share
from qcattn.views.colours import FAULT
from qcattn.views.sweep.axes import QUANTITIES, dots, plot_over_axis
from qcattn.views.sweep.words import words


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
def test_every_axis_can_be_plotted_with_all_marks_inside(done, axis, quantity):
    ax = Figure(layout="constrained").subplots()
    assert plot_over_axis(done, axis, ax, quantity=quantity) is ax
    ax.figure.savefig(io.BytesIO(), format="png", dpi=50)
    by = tuple(name for name in ("preparation", "noise") if name != axis)
    low, high = ax.get_ylim()
    points = dots(done, axis, quantity=quantity, by=by)
    ends = [end for p in points for end in (p.low, p.high, p.exact) if np.isfinite(end)]
    assert low <= min(ends) and max(ends) <= high
    assert ax.get_xlabel() == axis and ax.get_legend() is not None
    colours = {line.get_color() for line in ax.lines}
    assert (FAULT in colours) == (quantity != "distance"), "noise is marked"


def test_places_that_share_their_counts_count_once(tmp_path):
    scores = np.array([[0.0, 1.0, 2.0]])
    options = {"shots": 1000, "batch": 500, "backends": Aer(device="CPU", draws="born")}
    once = sweep(Grid([scores], **options), store=tmp_path / "once.sqlite")
    twice = sweep(Grid([scores, scores], **options), store=tmp_path / "twice.sqlite")
    assert len(twice) == 2 and len(twice.distinct) == 1
    assert "2 cells, 1 row, 1,000 shots" in words(twice)
    for quantity in ("top", "distance"):
        (one,), (two,) = (dots(d, "beta", quantity=quantity, by=()) for d in (once, twice))
        assert (one.low, one.high) == (two.low, two.high)


def test_bounds_at_one_value_are_seen(tmp_path):
    """They lay outside of the axes, which began and ended around 0: the figure was empty."""
    options = {"shots": 1000, "batch": 1000, "backends": Aer(device="CPU", draws="born")}
    one = sweep(Grid([[0.0, 1.0, 2.0]], beta=3.0, **options), store=tmp_path / "one.sqlite")
    for axis, value in (("shots", 1000), ("beta", 3.0)):
        ax = plot_over_axis(one, axis, Figure().subplots(), quantity="distance")
        left, right = ax.get_xlim()
        assert left < value < right


def test_intervals_pay_for_the_looks_of_a_rule(tmp_path):
    """A cell that stopped where its intervals were narrow is plotted with that look's share."""
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
