"""One HTML page about trials."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

from qcattn.trials import Trials
from qcattn.views.labels import joined
from qcattn.views.page import Plotter, badge, figure, table, whole_page, write_page
from qcattn.views.trials import sheets
from qcattn.views.trials.plots import (
    plot_error_against_beta,
    plot_error_against_cost,
    size_of_plot,
)
from qcattn.views.trials.words import subject, words

__all__ = ["write_page_of"]


def write_page_of(trials: Trials, path: str | Path) -> None:
    """Write one self-contained page about trials; it appears whole or not at all.

    Args:
        trials: What to show.
        path: The file to write; an existing file is replaced.

    Raises:
        OSError: If it cannot be written; nothing is left behind.
    """
    parts = [
        "<header>",
        "<h1>One thermal state, prepared in every way</h1>",
        f'<p class="subject">{escape(subject(trials))}</p>',
        f'<p class="lead">{badge(trials.standing, trials.said)} {escape(words(trials))}</p>',
        "</header>",
        "<h2>What they cost</h2>",
        table(sheets.cost(trials), "grid"),
        "<h2>What they claim, and what is true</h2>",
        table(sheets.errors(trials, fidelity=True), "grid"),
        "<h2>Error against cost</h2>",
        _pictures(trials),
    ]
    left_out = sheets.left_out(trials)
    if left_out.lines:
        parts += [f"<h2>{left_out.title}</h2>", table(left_out)]
    for sheet, kind in ((sheets.terms(trials), "grid"), (sheets.facts(trials), "facts")):
        parts += [f"<h2>{sheet.title}</h2>", table(sheet, kind)]
    first = next((t.result for t in trials.trials if t.result is not None), None)
    if first is not None:
        parts.append(f'<p class="note">The versions were {escape(joined(first.versions))}.</p>')
    write_page(path, whole_page(f"{trials.said}: {trials.hamiltonian.encoding}", parts))


def _pictures(trials: Trials) -> str:
    plotter = Plotter()
    size = size_of_plot(trials)
    pictures = [plotter(partial(plot_error_against_cost, trials), *size, "Error against cost")]
    if len({trial.beta for trial in trials.trials}) > 1:
        pictures.append(
            plotter(partial(plot_error_against_beta, trials), *size, "Error against beta")
        )
    return figure(
        pictures,
        "A mark is the true trace distance from the state aimed at. A thin line reaches up to the "
        "claimed one. Gates of shots that the herald discards count too. A hollow mark is a "
        "circuit that was told Boltzmann weights, and a filled one a circuit that knows the "
        "Hamiltonian and beta only. Errors at the dotted line are rounding.",
    )
