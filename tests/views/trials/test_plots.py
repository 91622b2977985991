"""Plots of trials show the numbers of the trials."""

import numpy as np
from matplotlib.figure import Figure

from qcattn.views.trials.plots import plot_error_against_beta, plot_error_against_cost


def test_pictures_show_each_method_once_with_its_numbers(mixed):
    axes = Figure().subplots()
    assert plot_error_against_cost(mixed, axes) is axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["Heralded", "Braggart"]
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    boasts = [mixed.trials[i].result for i in (1, 4)]
    gates = [each.resources.two_qubit_gates / each.prepared.success for each in boasts]
    assert np.allclose(points["Braggart"][:, 0], gates) and gates[0] != gates[1]
    assert np.allclose(points["Braggart"][:, 1], [mixed.trials[i].trace_distance for i in (1, 4)])
    axes = Figure().subplots()
    plot_error_against_beta(mixed, axes)
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    assert points["Heralded"][:, 0].tolist() == [0.5, 2.0]
