"""Plots of trials: the error of each method against its cost, and against the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Result
from qcattn.trials import Trial, Trials
from qcattn.views.colours import INK, SERIES
from qcattn.views.labels import SMALLEST
from qcattn.views.legends import legend_below, rows_below
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_error_against_beta", "plot_error_against_cost", "size_of_plot"]

_MARKERS = "os^Dv"
#: Sizes of marks that differ, so that several in one place are all seen.
_SIZES = (9, 7, 5)
_DASHES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1)))
#: Decades of gates and of errors, by which marks lie apart whose numbers do not lie on each other.
_APART = (0.3, 0.8)
#: The fewest points of a line: one between fewer would show a course that nobody measured.
_LEAST_OF_A_LINE = 3


def plot_error_against_cost(trials: Trials, ax: Axes | None = None) -> Axes:
    """Plot the true error of each trial against two-qubit gates per kept shot.

    Each method has a colour and a mark of its own, hollow where it was told Boltzmann weights.
    Beside the marks of a method stands beta, where there are several and
    the marks lie apart. A thin line reaches up to the error that
    the method claims. Both axes are logarithmic. A trial whose true error is unknown is left out.

    Args:
        trials: Trials with any number of methods and temperatures.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.

    Returns:
        The axes.

    Example:
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations import Heralded
        >>> from qcattn.trials import prepare
        >>> trials = prepare(ising(2, field=0.0), methods=[Heralded()], shots=100, seed=1)
        >>> plot_error_against_cost(trials).get_xlabel()
        'two-qubit gates per kept shot'
    """
    ax = axes_or_new(ax)
    several = len({trial.beta for trial in trials.trials}) > 1
    methods = _by_method(trials)
    for name, look, group in methods:
        gates = [_gates_per_kept_shot(t.result) for t in group if t.result]
        true = [max(t.trace_distance, SMALLEST) for t in group]
        claimed = [max(t.claimed, SMALLEST) for t in group]
        ax.vlines(gates, true, claimed, color=look["color"], lw=0.8)
        ax.plot(gates, true, ls="none", label=name, **look)
        if several:
            _betas(ax, gates, true, [t.beta for t in group])
    ax.set(
        xscale="log", yscale="log", xlabel="two-qubit gates per kept shot", ylabel="trace distance"
    )
    if several:
        ax.set_title("a number beside a mark is its beta")
    if methods:
        low, high = ax.get_xlim()
        ax.set_xlim(low / 1.4, high * 1.4)
    _finish(ax)
    return ax


def plot_error_against_beta(trials: Trials, ax: Axes | None = None) -> Axes:
    """Plot the true error of each method against the inverse temperature.

    Each method has a colour and a mark of its own, hollow where it was told Boltzmann weights;
    from three temperatures on a line joins them. The axis of the errors is logarithmic. A trial
    whose true error is unknown is left out.

    Args:
        trials: Trials with several temperatures.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.

    Returns:
        The axes.

    Example:
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations import Heralded
        >>> from qcattn.trials import prepare
        >>> trials = prepare(
        ...     ising(2, field=0.0), beta=[0.5, 1], methods=[Heralded()], shots=100, seed=1
        ... )
        >>> plot_error_against_beta(trials).get_xlabel()
        'beta'
    """
    ax = axes_or_new(ax)
    for i, (name, look, group) in enumerate(_by_method(trials)):
        group = sorted(group, key=lambda t: t.beta)
        true = [max(t.trace_distance, SMALLEST) for t in group]
        dash = _DASHES[i % len(_DASHES)] if len(group) >= _LEAST_OF_A_LINE else "none"
        ax.plot([t.beta for t in group], true, lw=1.0, ls=dash, label=name, **look)
    betas = sorted({trial.beta for trial in trials.trials})
    if len(betas) <= 6:
        ax.set_xticks(betas, [f"{beta:g}" for beta in betas])
    ax.set(yscale="log", xlabel="beta", ylabel="trace distance")
    _finish(ax)
    return ax


def _gates_per_kept_shot(result: Result) -> float:
    return max(result.resources.two_qubit_gates, 1) / float(result.prepared.success)


def size_of_plot(trials: Trials) -> tuple[float, float]:
    """The width and height in inches, with room for the names of the methods."""
    return 4.7, 3.4 + 0.2 * rows_below([name for name, _, _ in _by_method(trials)])


def _by_method(trials: Trials) -> list[tuple[str, dict[str, Any], list[Trial]]]:
    """Name, look and trials of each method whose true error is known."""
    names = dict.fromkeys(trial.name for trial in trials.trials)
    groups = []
    for i, name in enumerate(names):
        group = [
            trial
            for trial in trials.trials
            if trial.name == name and trial.result and not np.isnan(trial.trace_distance)
        ]
        if group and group[0].result:
            kind = group[0].result.prepared.kind
            colour = SERIES[i % len(SERIES)]
            look = {"marker": _MARKERS[i % len(_MARKERS)], "ms": _SIZES[i % len(_SIZES)]}
            look |= {"mew": 1.4, "color": colour}
            look["mfc"] = "none" if kind == "told" else colour
            groups.append((f"{name} ({kind})", look, group))
    return groups


def _betas(ax: Axes, gates: list[float], true: list[float], betas: list[float]) -> None:
    """The temperatures beside the marks of a method, where these lie apart."""
    places = np.log10([gates, true]).T
    groups: list[list[int]] = []
    for i, place in enumerate(places):
        near = [one for one in groups if (np.abs(places[one] - place) < _APART).all(-1).any()]
        if near:
            near[0].append(i)
        else:
            groups.append([i])
    for found in groups if len(groups) > 1 else ():
        said = ", ".join(f"{betas[i]:g}" for i in found)
        at = gates[found[-1]], true[found[-1]]
        ax.annotate(said, at, (5, 5), textcoords="offset points", fontsize=8.5, color=INK)


def _finish(ax: Axes) -> None:
    low, high = ax.get_ylim() if ax.lines else (SMALLEST, 1.0)
    ax.set_ylim(min(low, SMALLEST / 30), max(high, 1.0))
    ax.axhline(SMALLEST, color=INK, lw=1.0, ls=(0, (1, 2)))
    ax.text(
        1.0, SMALLEST * 1.8, "rounding", color=INK, fontsize=8.5, ha="right",
        transform=ax.get_yaxis_transform(),
    )  # fmt: skip
    legend_below(ax)
