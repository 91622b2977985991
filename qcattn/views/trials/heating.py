"""A plot of digital heating: effective beta of circuits against the gates that fail in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qcattn.certification.heating import Heating, fit_loss, heated_beta
from qcattn.views.colours import INK, SERIES
from qcattn.views.legends import legend_below
from qcattn.views.plotted import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_heating"]

_MARKERS = "os^Dv"
#: The fewest failing gates on the axis, which is logarithmic; fewer are shown as so many.
_FEWEST = 1e-3


def plot_heating(
    heatings: Sequence[Heating], ax: Axes | None = None, *, loss: float | None = None
) -> Axes:
    """Plot the ratio of effective beta to that without noise against lambda, the failing gates.

    Each name has a colour and a mark, with its interval as a bar; the mark is hollow where no
    temperature fits the counts. The line is the law of `qcattn.certification.heating`, for the
    levels and the beta of the first. Points without noise are left out.

    Args:
        heatings: Heatings of any circuits for one Hamiltonian, one of them with noise.
        ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`.
        loss: The loss of the law; None for the one that fits all of them.

    Returns:
        The axes.

    Raises:
        ValueError: If none is with noise.

    Example:
        >>> from qcattn.evidence import Estimate
        >>> one = Heating("A", 0.01, 30, 1.0, Estimate(0.8, 0.7, 0.9), True, np.array([0.0, 1.0]),
        ...               1.0)
        >>> plot_heating([one]).get_xlabel()
        'lambda: two-qubit gates that fail, on average'
    """
    noisy = [one for one in heatings if one.load >= _FEWEST]
    if not noisy:
        raise ValueError(
            "`heatings` must hold at least one with noise, but holds none; give `measure_heating` "
            "a strength"
        )
    ax = axes_or_new(ax)
    names = list(dict.fromkeys(one.name for one in noisy))
    for number, name in enumerate(names):
        colour = SERIES[number % len(SERIES)]
        mark = _MARKERS[number % len(_MARKERS)]
        for thermal in (True, False):
            some = [one for one in noisy if one.name == name and one.thermal == thermal]
            if not some:
                continue
            ratios = np.array([one.ratio for one in some])
            ends = np.array([[one.beta.low, one.beta.high] for one in some]).T
            bars = np.abs(ends / np.array([one.cold for one in some]) - ratios)
            ax.errorbar(
                [one.load for one in some],
                ratios,
                bars,
                ls="none",
                marker=mark,
                ms=5,
                elinewidth=0.8,
                color=colour,
                mfc=colour if thermal else "none",
                label=name if thermal or not _any_thermal(noisy, name) else None,
            )
    loads = np.geomspace(min(o.load for o in noisy), max(o.load for o in noisy), 80)
    first, kappa = noisy[0], fit_loss(noisy) if loss is None else loss
    law = [heated_beta(first.levels, first.cold, load, kappa) / first.cold for load in loads]
    ax.plot(loads, law, color=INK, lw=1, label=f"law, kappa = {kappa:.2f}")
    ax.set(
        xscale="log",
        xlabel="lambda: two-qubit gates that fail, on average",
        ylabel="effective beta / that without noise",
    )
    legend_below(ax)
    return ax


def _any_thermal(heatings: Sequence[Heating], name: str) -> bool:
    return any(one.thermal for one in heatings if one.name == name)
