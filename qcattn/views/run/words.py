"""The verdict of a run in plain words."""

from __future__ import annotations

import numpy as np

from qcattn.records import REPEATING, Result, Verdict
from qcattn.views.labels import (
    cut_short,
    law_in_words,
    number,
    p_is,
    place,
    plural,
    set_label,
    token_labels,
)
from qcattn.views.run.worst import STRAY, WorstRow, worst_rows

__all__ = ["offence", "sentence"]

#: A row whose other keys have less than this together is all on its likeliest one.
_CERTAIN = 0.01
#: The most characters of a noise model.
_LONGEST_NOISE = 120


def sentence(result: Result) -> str:
    """Say the verdict in plain words, with its error rate and what it would have seen.

    Args:
        result: A run.

    Returns:
        The sentences, two to five, without line breaks.

    Example:
        >>> from qcattn.experiment import run
        >>> print(sentence(run([0.0, 1.0, 2.0], shots=1000, seed=7)))
        The counts agree with softmax: 1 row of 1,000 shots, p = 0... A perfect sampler would be
        called different in at most 1% of such runs; a total variation of 0.0... would have been
        seen with 90% power.
    """
    said = result.standing
    if result.rows_repeat:
        return " ".join(_repeating(result))
    if said == "differs":
        parts = [_differs(result, verdict) for verdict in result.verdicts if verdict.differs]
        parts += [_agrees(result, verdict) for verdict in result.verdicts if verdict.agrees]
        parts += _noisy(result)
        if not result.complete:
            parts.append(f"The run was interrupted: {_progress(result)}.")
        return " ".join([*parts, f"{_error_rate(result)}."])
    if said == "agrees":
        parts = [_agrees(result, verdict) for verdict in result.verdicts] + _noisy(result)
        return " ".join([*parts, f"{_error_rate(result)}; {_resolution(result)}."])
    return _undecided(result)


def _noisy(result: Result) -> list[str]:
    """The sentence that the simulator had noise, so that a difference is no wonder."""
    noise = result.settings.get("noise", "none")
    if noise == "none":
        return []
    what = cut_short(noise, _LONGEST_NOISE)
    if result.standing == "differs":
        law = law_in_words(result)
        return [f"The simulator was told to be noisy ({what}); {law} is the law without noise."]
    return [f"The simulator was told to be noisy ({what}), which these shots do not show."]


def offence(result: Result, worst: WorstRow) -> str:
    """Say what is wrong in a row: the outcome, its count, and the count expected."""
    much = f"{worst.measured:,} of {plural(worst.kept, 'shot')}"
    if worst.key == STRAY:
        return f"{much} read no key, which has probability zero"
    key = _key(result, worst.key)
    if worst.expected == 0:
        masked = np.isneginf(result.scores[(*worst.row, worst.key)])
        is_masked = "holds a masked key" if result.prepared.subsets else "is masked"
        why = is_masked if masked else "has probability zero"
        return f"{key} {why} and came in {much}"
    difference = worst.measured - worst.expected
    if not difference:
        return f"{key} came in {much}, as expected"
    way = f"{number(abs(difference))} too {'many' if difference > 0 else 'few'}"
    sigmas = f", {abs(worst.deviation):.1f}σ" if np.isfinite(worst.deviation) else ""
    return f"{key} came in {much}, {number(worst.expected, 4)} expected ({way}{sigmas})"


def _repeating(result: Result) -> list[str]:
    """The sentences that rows share their random numbers, and what can be said all the same."""
    alone = [verdict for verdict in result.verdicts if verdict.refuted.any()]
    return [
        "This sampler gives every row the same random numbers "
        f"({p_is(result.same_numbers)}): rows that are independent are said to do so in at "
        f"most {REPEATING:.2g} of such runs. The rows have one luck, so that they say nothing "
        "together; draw them with a sampler that has no fixed seed, or by `Aer`, whose rows have "
        "streams of their own.",
        *(_differs(result, verdict) for verdict in alone),
        *([] if alone else ["No single row is refuted, and all of them together are undecided."]),
    ]


def _key(result: Result, key: int) -> str:
    if result.prepared.subsets:
        return f"the subset {set_label(result, result.prepared.codewords[key])}"
    return f"key {key} '{token_labels(result)[key]}'" if result.tokens else f"key {key}"


def _p(verdict: Verdict) -> str:
    return f"{'' if verdict.p_values.size == 1 else 'global '}{p_is(verdict.overall)}"


def _agrees(result: Result, verdict: Verdict) -> str:
    if verdict.name == "acceptance":
        predicted, counted = acceptance_shares(result)
        return (
            "The herald, a bit that says which shots count, let "
            f"{counted:.2%} of them through, as predicted "
            f"({predicted:.2%}; {_p(verdict)})."
        )
    rows = plural(verdict.p_values.size, "row")
    shots = plural(result.shots, "shot")
    return f"The counts agree with {law_in_words(result)}: {rows} of {shots}, {_p(verdict)}."


def _differs(result: Result, verdict: Verdict) -> str:
    rows, refuted = verdict.p_values.size, int(verdict.refuted.sum())
    if rows == 1:
        extent = ""
    elif refuted:
        extent = f"{refuted:,} of {plural(rows, 'row')} {'is' if refuted == 1 else 'are'} refuted, "
    else:
        extent = f"no single one of {plural(rows, 'row')} stands out, but all of them together do, "
    if verdict.name == "acceptance":
        index = np.unravel_index(int(np.argmin(verdict.p_values)), verdict.p_values.shape)
        row = tuple(int(i) for i in index)
        shots, kept = int(result.counts.shots[row]), int(result.counts.kept[row])
        predicted = float(np.broadcast_to(result.prepared.success, result.shape)[row])
        return (
            "The herald, a bit that says which shots count, differs from its prediction: "
            f"{extent}{_p(verdict)}. Farthest off is {place(result, row)}: {kept:,} of "
            f"{plural(shots, 'shot')} let through, "
            f"{number(shots * predicted, 4)} expected."
        )
    worst = worst_rows(result, 1)[0]
    where = "" if not result.shape else f"{place(result, worst.row)}: "
    return (
        f"The counts differ from {law_in_words(result)}: {extent}{_p(verdict)}. Worst: {where}"
        f"{offence(result, worst)}."
    )


def _undecided(result: Result) -> str:
    fit = result.fit
    decided = int((~fit.undecided).sum())
    if not decided:
        return "Undecided: no row has shots that count, so nothing was compared."
    why = ", and interrupted" if not result.complete else ""
    if blind := [verdict for verdict in result.verdicts if verdict.blind]:
        return f"Undecided{why}. {' '.join(_blind(result, verdict) for verdict in blind)}"
    why = "the run was interrupted, " if not result.complete else ""
    return (
        f"Undecided: {why}{_progress(result)}; what there is agrees with {law_in_words(result)} "
        f"({_p(fit)}). {_error_rate(result)}; {_resolution(result)}."
    )


def _blind(result: Result, verdict: Verdict) -> str:
    """What a comparison could not have seen, and why."""
    if verdict.name == "acceptance":
        return (
            "Whatever share of them the herald had let through, none would have stood out with 90% "
            f"power: of {plural(int(result.counts.shots.max()), 'shot')} a row."
        )
    kept, spread = int(result.counts.kept.max()), 1 - float(result.expected.max(axis=-1).min())
    if (result.expected > 0).sum(axis=-1).max() == 1:
        return (
            "Every row has a single possible key, whose probability is 1: the others are masked, "
            "or too far below it at this temperature. Only shots on other keys would have been "
            "seen. Give rows in which two keys or more can come."
        )
    if spread < _CERTAIN:
        rest = f" but {number(spread)}" if spread else ""
        return (
            f"In every row the likeliest key has all the probability{rest}, so that any colder "
            "softmax, and the mere maximum, give the same counts. A wrong temperature, or wrong "
            "scores of the other keys, could not have been seen; only shots on other keys would "
            "have been. Give a smaller beta."
        )
    few = f"{kept:,} shots count at most" if kept > 1 else "only one shot counts at most"
    return (
        f"In each row {few}: so few that no deviation of a direction which nobody knows beforehand "
        "would have been seen with 90% power, in one row or in all of them together. Draw more "
        "shots."
    )


def _progress(result: Result) -> str:
    fit = result.fit
    decided, rows = int((~fit.undecided).sum()), fit.undecided.size
    return f"{decided:,} of {plural(rows, 'row')} {'has' if decided == 1 else 'have'} shots"


def _error_rate(result: Result) -> str:
    percent = f"{100 * result.alpha:.3g}%"
    return f"A perfect sampler would be called different in at most {percent} of such runs"


def _resolution(result: Result) -> str:
    fit = result.fit
    one = float(np.median(fit.resolution[~fit.undecided]))
    seen = []
    if one < 1:
        alone = "" if fit.p_values.size == 1 else " in one row alone (the median row)"
        seen.append(f"{number(one)}{alone}")
    if fit.p_values.size > 1 and fit.overall_resolution < 1:
        seen.append(f"{number(fit.overall_resolution)} in every row at once")
    if not seen:
        return "what would have been seen cannot be stated, rows so certain or shots so few"
    return f"a total variation of {' or of '.join(seen)} would have been seen with 90% power"


def acceptance_shares(result: Result) -> tuple[float, float]:
    """The share of shots that the herald should let through and did let through, over all rows."""
    shots = result.counts.shots
    predicted = np.broadcast_to(result.prepared.success, shots.shape)
    total = max(1, int(shots.sum()))
    return float((predicted * shots).sum() / total), float(result.counts.kept.sum() / total)
