"""Plots of trials: the error of each method against its cost, and against the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Result
from qcattn.trials import Trial, Trials
from qcattn.views.colours import INK, MEASURED, SOFTMAX
from qcattn.views.labels import SMALLEST
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_error_against_beta", "plot_error_against_cost"]

# Filled ones, then the hollow ones, larger, so that two in one place are both seen.
_MARKERS = "osD^vX"
_DASHES = ("-", "--", "-.", ":")


def plot_error_against_cost(trials: Trials, ax: Axes | None = None) -> Axes:
    """Plot the true error of each trial against two-qubit gates per kept shot.

    A thin line reaches up to the error that the method claims. Both axes are logarithmic. A trial
    whose true error is unknown is left out.

    Args:
        trials: With any number of methods and temperatures.
        ax: Where to plot; None makes a figure of its own, which is `ax.figure`.

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
    for name, mark, group in _by_method(trials):
        gates = [_gates_per_kept_shot(t.result) for t in group if t.result]
        true = [max(t.trace_distance, SMALLEST) for t in group]
        claimed = [max(t.claimed, SMALLEST) for t in group]
        ax.vlines(gates, true, claimed, color=INK, lw=0.7)
        ax.plot(gates, true, ls="none", color=_colour(group), label=name, **mark)
    ax.set(
        xscale="log", yscale="log", xlabel="two-qubit gates per kept shot", ylabel="trace distance"
    )
    _finish(ax)
    return ax


def plot_error_against_beta(trials: Trials, ax: Axes | None = None) -> Axes:
    """Plot the true error of each method against the inverse temperature.

    The axis of the errors is logarithmic. A trial whose true error is unknown is left out.

    Args:
        trials: With several temperatures.
        ax: Where to plot; None makes a figure of its own, which is `ax.figure`.

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
    for i, (name, mark, group) in enumerate(_by_method(trials)):
        beta = [t.beta for t in group]
        true = [max(t.trace_distance, SMALLEST) for t in group]
        dash = _DASHES[i % len(_DASHES)]
        ax.plot(beta, true, lw=0.9, ls=dash, color=_colour(group), label=name, **mark)
    ax.set(yscale="log", xlabel="beta", ylabel="trace distance")
    _finish(ax)
    return ax


def _gates_per_kept_shot(result: Result) -> float:
    return max(result.resources.two_qubit_gates, 1) / float(result.prepared.success)


def _by_method(trials: Trials) -> list[tuple[str, dict[str, Any], list[Trial]]]:
    names = dict.fromkeys(trial.name for trial in trials.trials)
    groups = []
    for i, name in enumerate(names):
        group = [
            trial
            for trial in trials.trials
            if trial.name == name and trial.result and not np.isnan(trial.trace_distance)
        ]
        if group:
            hollow = i // len(_MARKERS) % 2 == 1
            mark: dict[str, Any] = {"marker": _MARKERS[i % len(_MARKERS)], "ms": 5}
            groups.append((name, {**mark, "ms": 8, "mfc": "none"} if hollow else mark, group))
    return groups


def _colour(group: list[Trial]) -> str:
    told = group[0].result is not None and group[0].result.prepared.kind == "told"
    return SOFTMAX if told else MEASURED


def _finish(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, SMALLEST / 3), max(high, 1.0))
    ax.axhline(SMALLEST, color=INK, lw=0.6, ls=":")
    ax.text(
        1.0, SMALLEST * 1.6, "rounding", color=INK, fontsize=7, ha="right",
        transform=ax.get_yaxis_transform(),
    )  # fmt: skip
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            fontsize=7.5,
            frameon=False,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            handlelength=3.2,
        )
