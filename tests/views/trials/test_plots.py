"""Plots of trials show the numbers of the trials."""

import numpy as np
from matplotlib.figure import Figure

from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, ImaginaryTime, Purification
from qcattn.trials import prepare
from qcattn.views.trials.plots import plot_error_against_beta, plot_error_against_cost


def test_pictures_show_each_method_once_with_its_numbers(mixed):
    axes = Figure().subplots()
    assert plot_error_against_cost(mixed, axes) is axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["Heralded (thermal)", "Braggart (thermal)"]
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    boasts = [mixed.trials[i].result for i in (1, 4)]
    gates = [each.resources.two_qubit_gates / each.prepared.success for each in boasts]
    assert np.allclose(points["Braggart (thermal)"][:, 0], gates) and gates[0] != gates[1]
    assert np.allclose(
        points["Braggart (thermal)"][:, 1], [mixed.trials[i].trace_distance for i in (1, 4)]
    )
    axes = Figure().subplots()
    plot_error_against_beta(mixed, axes)
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    assert points["Heralded (thermal)"][:, 0].tolist() == [0.5, 2.0]


def test_methods_are_told_apart_by_colour_and_mark_and_told_ones_are_hollow():
    methods = [Purification(), Heralded(), Amplitude(), ImaginaryTime()]
    done = prepare(ising(2, field=0.0), beta=[0.5, 2.0], methods=methods, shots=100, seed=1)
    for plot in (plot_error_against_cost, plot_error_against_beta):
        ax = plot(done)
        lines = {line.get_label(): line for line in ax.lines if " (" in str(line.get_label())}
        assert len(lines) == len(methods)
        looks = {(line.get_color(), line.get_marker()) for line in lines.values()}
        assert len({colour for colour, _ in looks}) == len({mark for _, mark in looks}) == 4
        for name, line in lines.items():
            assert (line.get_markerfacecolor() == "none") == name.endswith("(told)")


def test_marks_that_lie_apart_say_their_beta_and_no_line_joins_two_points():
    done = prepare(
        ising(4, field=0.0), beta=[0.2, 4.0], methods=[Heralded(), Amplitude()], shots=100, seed=1
    )
    said = [text.get_text() for text in plot_error_against_cost(done).texts]
    assert sorted(said) == ["0.2", "4", "rounding"], "success depends on beta, gates do not"
    for beta, style in (([0.5, 2.0], "None"), ([0.5, 1.0, 2.0], "-")):
        some = prepare(ising(2, field=0.0), beta=beta, methods=Heralded(), shots=100, seed=1)
        line = plot_error_against_beta(some).lines[0]
        assert line.get_linestyle() == style and len(line.get_xdata()) == len(beta)
