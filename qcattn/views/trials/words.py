"""Trials in words: what came out, and which methods were left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from qcattn.plurals import whole_of
from qcattn.trials import FAR, Trial, Trials
from qcattn.views.labels import error_text, number, p_is, plural

__all__ = ["refusals", "subject", "words"]


def subject(trials: Trials) -> str:
    """Say in a line what was prepared, and with how many shots."""
    betas = sorted({trial.beta for trial in trials.trials})
    source = trials.source.get("text", "")
    return (
        f"{trials.hamiltonian.encoding} on {plural(trials.hamiltonian.num_qubits, 'qubit')}"
        + (f" ({source})" if source else "")
        + f", beta {', '.join(number(b) for b in betas)}, {plural(trials.shots, 'shot')} a trial, "
        f"seed {trials.seed}"
    )


def words(trials: Trials) -> str:
    """Say in a few sentences what came out, with error rates."""
    fitting = [trial for trial in trials.trials if trial.result is not None]
    if not fitting:
        return "No method fits." if trials.complete else "Interrupted before any method was done."
    parts = _verdicts(fitting)
    parts += [trials.advice] * bool(trials.advice)
    if trials.methods_repeat:
        parts.append(
            "This sampler gives every method the same random numbers "
            f"({p_is(trials.same_numbers)}), so that the methods say nothing together; draw them "
            "with one that has no fixed seed."
        )
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
        gates, name, distance = min(thermal)
        parts.append(
            f"Of the thermal ones {name} takes the fewest two-qubit gates, {gates:,} "
            f"(error {error_text(distance)})."
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
    undecided = groups["undecided"]
    none = [one for one in undecided if one.result and not one.result.counts.kept.any()]
    few = [one for one in undecided if one not in none]
    if none:
        rarest = max(1 / float(one.result.prepared.success) for one in none if one.result)
        parts.append(
            f"{_share(none, fitting, 'remain')} undecided, for no shot was kept: "
            f"{_names(none, fitting)}; one that is kept takes up to {rarest:.2g} shots."
        )
    if few:
        parts.append(
            f"{_share(few, fitting, 'remain')} undecided, for so few shots were kept that no "
            f"deviation would have been seen: {_names(few, fitting)}; draw more."
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
            f"{_share(agree, fitting, '')} as claimed: {', '.join(held[:-1])}, and {held[-1]}."
        )
        if far := sorted((one for one in agree if one.far), key=lambda one: -one.trace_distance):
            off = ", ".join(f"{_names([one], fitting)} {one.trace_distance:.2g}" for one in far)
            parts.append(
                f"As claimed is not the thermal state: far from it (trace distance above {FAR:g}) "
                f"{'is' if len(far) == 1 else 'are'} {off}."
            )
        if unknown:
            parts.append(
                f"Too large for dense linear algebra, so that the claimed error was not checked: "
                f"{_names(unknown, fitting)}."
            )
    return parts


def _share(part: Sequence[Trial], whole: Sequence[Trial], verb: str) -> str:
    """How many of how many, and what they do."""
    one = len(part) == 1
    verb = f"{verb}{'s' * one}" if verb else "is" if one or len(whole) == 1 else "are"
    if len(whole) == 1:
        return f"The trial {verb}"
    if len(part) == len(whole):
        return f"{whole_of(len(whole), 'trial')} {verb}"
    return f"{len(part)} of {len(whole)} trials {verb}"


def _names(part: Sequence[Trial], whole: Sequence[Trial]) -> str:
    """The methods of some trials, and at which temperatures if not at all of them."""
    names = []
    for name in dict.fromkeys(trial.name for trial in part):
        own = [number(trial.beta) for trial in part if trial.name == name]
        every = len(own) == sum(trial.name == name for trial in whole)
        names.append(name if every else f"{name} at beta {' and '.join(own)}")
    return ", ".join(names)


def refusals(trials: Trials) -> tuple[tuple[str, str], ...]:
    """Say which methods were left out and why, each reason once, without the method's name."""
    reasons: dict[str, list[Trial]] = {}
    for trial in trials.trials:
        if trial.result is None:
            why = re.sub(rf"\b{re.escape(trial.name)}\b", "this method", trial.refused, count=1)
            reasons.setdefault(why, []).append(trial)
    return tuple((_names(left, trials.trials), why) for why, left in reasons.items())
