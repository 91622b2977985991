"""Methods side by side: one table, error against cost, error against temperature, one page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.records import Hamiltonian, Result, bitstrings
from qcattn.trials import Trial, Trials
from qcattn.views.colours import INK, MEASURED, SOFTMAX
from qcattn.views.labels import number, p_text
from qcattn.views.page import Drawer, badge, figure, table, whole_page, write_page
from qcattn.views.sheets import Sheet, joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "brief",
    "cost",
    "error_against_beta",
    "error_against_cost",
    "errors",
    "refusals",
    "words",
    "write_page_of",
]

#: Errors below this are drawn there: they are rounding.
FLOOR = 1e-12
# Filled ones, then the hollow ones, larger, so that two in one place are both seen.
_MARKERS = "osD^vX"
_DASHES = ("-", "--", "-.", ":")
Column = tuple[str, str, Callable[[Result, Trial, int], str]]


#: Heading, alignment, cell; of the trials that fit.
_COST: tuple[Column, ...] = (
    ("qubits", "r", lambda result, trial, n: f"{n}+{result.resources.qubits - n}"),
    ("depth", "r", lambda result, trial, n: f"{result.resources.depth:,}"),
    ("2q", "r", lambda result, trial, n: f"{result.resources.two_qubit_gates:,}"),
    ("kept", "r", lambda result, trial, n: _kept(result, float(result.prepared.success))),
    ("counted", "r", lambda result, trial, n: _kept(result, _counted(result))),
    ("shots", "r", lambda result, trial, n: f"{trial.shots:,}"),
    ("s", "r", lambda result, trial, n: number(sum(trial.seconds), 2)),
)
_KIND: Column = ("kind", "l", lambda result, trial, n: result.prepared.kind)
_FIDELITY: Column = ("fidelity", "r", lambda result, trial, n: _fidelity(trial.fidelity))
_ERRORS: tuple[Column, ...] = (
    ("claimed", "r", lambda result, trial, n: _error(trial.claimed)),
    ("true", "r", lambda result, trial, n: _error(trial.trace_distance)),
    ("p", "r", lambda result, trial, n: _p(result, trial)),
    ("verdict", "l", lambda result, trial, n: _verdict(trial)),
)
_COST_CAPTION = (
    "qubits: of the system and beside it. 2q: gates on two qubits. kept: share of shots that the "
    "herald lets through, predicted, then counted. shots: to find the circuit and to sample it."
)
_ERRORS_CAPTION = (
    "Trace distance from the state aimed at (Gibbs; for Amplitude its pure qsample), claimed and "
    "true. p: counts against the distribution that the method claims."
)
_KIND_CAPTION = (
    "told: the angles come from Boltzmann weights; thermal: from the Hamiltonian and beta only."
)


def cost(trials: Trials) -> Sheet:
    """What each trial costs: qubits, depth, gates, shots, seconds."""
    return _sheet(trials, "Cost", _COST, _COST_CAPTION)


def errors(trials: Trials, *, fidelity: bool = False) -> Sheet:
    """What each trial claims, what is true, and the verdict; if asked, the squared fidelity."""
    columns = (_KIND, *_ERRORS, *((_FIDELITY,) if fidelity else ()))
    caption = f"{_KIND_CAPTION} {_ERRORS_CAPTION}" + " fidelity: squared." * fidelity
    return _sheet(trials, "Error", columns, caption)


def _sheet(trials: Trials, title: str, columns: tuple[Column, ...], caption: str) -> Sheet:
    several = len({trial.beta for trial in trials.trials}) > 1
    size = trials.hamiltonian.num_qubits
    lines = []
    fitting = [trial for trial in trials.trials if trial.result is not None]
    for trial in fitting:
        start = (trial.name, *((number(trial.beta),) if several else ()))
        cells = [cell(trial.result, trial, size) for _, _, cell in columns if trial.result]
        lines.append((*start, *cells))
    where = "" if several or not trials.trials else f", beta {number(trials.trials[0].beta)}"
    about = f"{trials.hamiltonian.encoding}, {size} qubits{where}"
    return Sheet(
        title=f"{title}: {about}",
        columns=("method", *(("beta",) if several else ()), *(head for head, _, _ in columns)),
        align="l" + "r" * several + "".join(align for _, align, _ in columns),
        lines=tuple(lines),
        caption=caption,
        marked=frozenset(i for i, one in enumerate(fitting) if one.standing == "differs"),
    )


def _counted(result: Result) -> float:
    return float(result.counts.kept.sum() / max(int(result.counts.shots.sum()), 1))


def _kept(result: Result, share: float) -> str:
    return "" if result.prepared.herald_register is None else number(share)


def _verdict(trial: Trial) -> str:
    return "claim broken" if trial.claim_broken else trial.standing


def _p(result: Result, trial: Trial) -> str:
    return "" if trial.standing == "undecided" else p_text(result.fit.overall)


def _fidelity(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:.6f}"


def _error(value: float) -> str:
    if np.isnan(value):
        return "unknown"
    return "0" if value < FLOOR else f"{value:.2g}"


def words(trials: Trials) -> str:
    """What came out, with error rates, in a few sentences."""
    fitting = [trial for trial in trials.trials if trial.result is not None]
    if not fitting:
        return "No method fits." if trials.complete else "Interrupted before any method was done."
    parts = _verdicts(fitting)
    seen = [
        (float(trial.result.fit.overall_resolution), trial.name)
        for trial in fitting
        if trial.result and trial.standing != "undecided"
    ]
    if seen:
        (least, first), (most, last) = min(seen), max(seen)
        spread = f" ({first}) to {most:.2g} ({last})" if most > least else ""
        parts.append(
            f"Counts alone would have shown a total variation of {least:.2g}{spread} with 90% "
            "power."
        )
    thermal = [
        (trial.result.resources.two_qubit_gates, trial.name, trial.trace_distance)
        for trial in fitting
        if trial.result and trial.result.prepared.kind == "thermal"
    ]
    if thermal:
        gates, name, error = min(thermal)
        parts.append(
            f"Fewest two-qubit gates of the thermal ones: {name}, {gates:,} "
            f"(error {_error(error)})."
        )
    if not trials.complete:
        parts.append("Interrupted: the other trials were not made.")
    parts.append(
        f"Perfect samplers and true claims would be said to differ in {100 * trials.alpha:.3g}% "
        "of such runs at most."
    )
    return " ".join(parts)


def _verdicts(fitting: Sequence[Trial]) -> list[str]:
    """How many differ, are undecided, agree, and which."""
    groups = {
        standing: [trial for trial in fitting if trial.standing == standing]
        for standing in ("differs", "undecided", "agrees")
    }
    parts = []
    if differ := groups["differs"]:
        names = _names(differ, fitting)
        parts.append(f"{_share(differ, fitting, 'differ')} from what they claim: {names}.")
        if broken := sum(trial.claim_broken for trial in differ):
            parts.append(f"In {broken} of them the true error exceeds the claimed one.")
    if undecided := groups["undecided"]:
        rarest = max(
            1 / float(trial.result.prepared.success) for trial in undecided if trial.result
        )
        parts.append(
            f"{_share(undecided, fitting, 'remain')} undecided, for no shot was kept: "
            f"{_names(undecided, fitting)}; one that is kept takes up to {rarest:.2g} shots."
        )
    if agree := groups["agrees"]:
        unknown = [trial for trial in agree if np.isnan(trial.trace_distance)]
        where = ", where it is known," if 0 < len(unknown) < len(agree) else ""
        held = [
            "counts with the distribution",
            "shots kept with the success predicted",
            *([f"the true error{where} with the claimed one"] if len(unknown) < len(agree) else []),
        ]
        parts.append(
            f"{_share(agree, fitting, 'agree')} with the claims: {', '.join(held[:-1])}, and "
            f"{held[-1]}."
        )
        if unknown:
            parts.append(
                f"Too large for dense linear algebra, so that the claimed error was not checked: "
                f"{_names(unknown, fitting)}."
            )
    return parts


def _share(part: Sequence[Trial], whole: Sequence[Trial], verb: str) -> str:
    """How many of how many, and what they do."""
    verb += "s" * (len(part) == 1)
    if len(whole) == 1:
        return f"The trial {verb}"
    many = "All" if len(part) == len(whole) else f"{len(part)} of"
    return f"{many} {len(whole)} trials {verb}"


def _names(part: Sequence[Trial], whole: Sequence[Trial]) -> str:
    """The methods of some trials, and at which temperatures if not at all of them."""
    names = []
    for name in dict.fromkeys(trial.name for trial in part):
        own = [number(trial.beta) for trial in part if trial.name == name]
        every = len(own) == sum(trial.name == name for trial in whole)
        names.append(name if every else f"{name} at beta {' and '.join(own)}")
    return ", ".join(names)


def refusals(trials: Trials) -> tuple[tuple[str, str], ...]:
    """Who was left out, and why: every reason once, without the method's name in it."""
    reasons: dict[str, list[Trial]] = {}
    for trial in trials.trials:
        if trial.result is None:
            why = re.sub(rf"\b{re.escape(trial.name)}\b", "this method", trial.refused, count=1)
            reasons.setdefault(why, []).append(trial)
    return tuple((_names(left, trials.trials), why) for why, left in reasons.items())


def brief(trials: Trials) -> dict[str, Any]:
    """The trials in a few numbers, for other programs."""

    def known(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    def entry(trial: Trial) -> dict[str, Any]:
        said: dict[str, Any] = {
            "name": trial.name,
            "method": trial.method,
            "beta": trial.beta,
            "verdict": trial.standing,
        }
        if trial.result is None:
            return {**said, "refused": trial.refused}
        cost, prepared = trial.result.resources, trial.result.prepared
        return {
            **said,
            "kind": prepared.kind,
            "qubits": cost.qubits,
            "depth": cost.depth,
            "two_qubit_gates": cost.two_qubit_gates,
            "success_predicted": float(prepared.success),
            "success_counted": _counted(trial.result),
            "shots": trial.shots,
            "claimed": known(trial.claimed),
            "trace_distance": known(trial.trace_distance),
            "fidelity": known(trial.fidelity),
            "p_value": trial.result.fit.overall,
            "seconds": sum(trial.seconds),
        }

    return {
        "verdict": trials.standing,
        "hamiltonian": trials.hamiltonian.encoding,
        "qubits": trials.hamiltonian.num_qubits,
        "complete": trials.complete,
        "alpha": trials.alpha,
        "seed": str(trials.seed),
        "trials": [entry(trial) for trial in trials.trials],
    }


def error_against_cost(trials: Trials, ax: Axes) -> Axes:
    """True error of each trial against two-qubit gates per kept shot; claimed errors above.

    Args:
        trials: With any number of methods and temperatures.
        ax: Where to draw; both axes become logarithmic.

    Returns:
        The same axes.
    """
    for name, mark, group in _by_method(trials):
        gates = [_gates_per_kept_shot(t.result) for t in group if t.result]
        true = [max(t.trace_distance, FLOOR) for t in group]
        claimed = [max(t.claimed, FLOOR) for t in group]
        ax.vlines(gates, true, claimed, color=INK, lw=0.7)
        ax.plot(gates, true, ls="none", color=_colour(group), label=name, **mark)
    ax.set(
        xscale="log", yscale="log", xlabel="two-qubit gates per kept shot", ylabel="trace distance"
    )
    _finish(ax)
    return ax


def error_against_beta(trials: Trials, ax: Axes) -> Axes:
    """True error of each method against the inverse temperature.

    Args:
        trials: With several temperatures.
        ax: Where to draw; the errors' axis becomes logarithmic.

    Returns:
        The same axes.
    """
    for i, (name, mark, group) in enumerate(_by_method(trials)):
        beta = [t.beta for t in group]
        true = [max(t.trace_distance, FLOOR) for t in group]
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
    ax.set_ylim(min(low, FLOOR / 3), max(high, 1.0))
    ax.axhline(FLOOR, color=INK, lw=0.6, ls=":")
    ax.text(
        1.0, FLOOR * 1.6, "rounding", color=INK, fontsize=7, ha="right",
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


def write_page_of(trials: Trials, path: str | Path) -> None:
    """Write one self-contained page about trials; it appears whole or not at all.

    Args:
        trials: What to show.
        path: Where; an existing file is replaced.

    Raises:
        OSError: If it cannot be written; nothing is left behind.
    """
    drawer = Drawer()
    hamiltonian = trials.hamiltonian
    betas = sorted({trial.beta for trial in trials.trials})
    figures = [drawer(lambda ax: error_against_cost(trials, ax), 7.6, 4.2, "Error against cost")]
    if len(betas) > 1:
        figures.append(
            drawer(lambda ax: error_against_beta(trials, ax), 7.6, 4.2, "Error against beta")
        )
    first = next((t.result for t in trials.trials if t.result is not None), None)
    refused = refusals(trials)
    parts = [
        "<header>",
        "<h1>One thermal state, prepared in every way</h1>",
        f'<p class="subject">{_subject(trials)}</p>',
        f'<p class="lead">{badge(trials.standing)} {_safe(words(trials))}</p>',
        "</header>",
        "<h2>What they cost</h2>",
        table(cost(trials), "grid"),
        "<h2>What they claim, and what is true</h2>",
        table(errors(trials, fidelity=True), "grid"),
        "<h2>Error against cost</h2>",
        figure(
            figures,
            "Points: true trace distance from the state aimed at. Thin lines reach up to the "
            "claimed one. Gates of shots that the herald discards count too. Blue: the circuit was "
            "told Boltzmann weights; orange: it knows the Hamiltonian and beta only. Errors at the "
            "dotted line are rounding.",
        ),
        *(
            [
                "<h2>Methods that do not fit</h2>",
                table(Sheet("", ("method", "why"), "ll", refused)),
            ]
            if refused
            else []
        ),
        "<h2>The Hamiltonian</h2>",
        table(_terms(hamiltonian), "grid"),
        "<h2>What was run</h2>",
        table(_facts(trials), "facts"),
    ]
    if first is not None:
        parts.append(f'<p class="note">Versions: {_safe(joined(first.versions))}.</p>')
    write_page(path, whole_page(f"{trials.standing}: {hamiltonian.encoding}", parts))


def _safe(text: str) -> str:
    from html import escape

    return escape(text)


def _subject(trials: Trials) -> str:
    betas = sorted({trial.beta for trial in trials.trials})
    source = trials.source.get("text", "")
    return _safe(
        f"{trials.hamiltonian.encoding} on {trials.hamiltonian.num_qubits} qubits"
        + (f" ({source})" if source else "")
        + f", beta {', '.join(number(b) for b in betas)}, {trials.shots:,} shots a trial, "
        f"seed {trials.seed}"
    )


def _terms(hamiltonian: Hamiltonian, most: int = 40) -> Sheet:
    """Its Pauli strings, the heaviest first."""
    terms = sorted(hamiltonian.operator.to_list(), key=lambda term: -abs(term[1]))
    shown = tuple((label, f"{weight.real:.6g}") for label, weight in terms[:most])
    more = f"The {most} heaviest of {len(terms):,} strings." if len(terms) > most else ""
    return Sheet("", ("string", "weight"), "lr", shown, f"{more} Qubit 0 is the rightmost letter.")


def _facts(trials: Trials) -> Sheet:
    facts = [(trial.name, trial.method) for trial in trials.trials]
    words_of = bitstrings(trials.hamiltonian.codewords)
    facts.append(("keys", f"{len(words_of):,}: {words_of[0]} to {words_of[-1]}"))
    return Sheet("", ("", ""), "ll", tuple(dict.fromkeys(facts)))
