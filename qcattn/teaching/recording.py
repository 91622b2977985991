"""A lesson's shots, drawn beforehand on a grid of settings, for a page without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import qiskit_aer

from qcattn.progress import Progress, silent
from qcattn.teaching.answers import answer_draw, answer_laws, answer_target
from qcattn.teaching.lessons import Lesson, LessonStep
from qcattn.teaching.setups import Setup

__all__ = ["BATCHES", "record_lesson", "steps_left_open"]

#: Shots of the batches in their order: single ones first, 100,000 in all.
BATCHES = (1,) * 10 + tuple(size for size in (10, 100, 1000, 10_000) for _ in range(9))
_BETAS = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
_NOISES = (0.0, 0.005, 0.02, 0.05, 0.1)
#: Significant digits of the numbers that a page shows.
_DIGITS = 6
#: What can be moved where shots are replayed.
_MOVED = ("beta", "noise")


def record_lesson(
    lesson: Lesson,
    *,
    seed: int = 1,
    betas: Sequence[float] = _BETAS,
    noises: Sequence[float] = _NOISES,
    batches: Sequence[int] = BATCHES,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Draw the shots of every step on a grid of inverse temperatures and noises.

    The grid also has the values that the steps are set to, and those that they need.

    Args:
        lesson: The steps; each may need another `beta` or `noise`, and nothing else.
        seed: A whole number, 0 or more. The record follows from it.
        betas: The inverse temperatures of the grid.
        noises: The noises of the grid.
        batches: Shots of each batch, in their order.
        progress: A function that is called with each setting that is done.

    Returns:
        ``grid`` (values of ``beta`` and ``noise``), ``shots`` of each setting, ``aer`` (its
        version), ``seed``, and ``entries``: one for each setting and test of a step, with its
        ``target``, its ``laws``, its ``mark`` and its ``replies``, as `answer_target`,
        `answer_laws` and `answer_draw` give them.

    Raises:
        ValueError: If a step needs what cannot be moved, or a setting is refused; the step is
            named.

    Example:
        >>> from qcattn.teaching.lessons import built_in
        >>> one = Lesson("One coin", built_in().steps[:1])
        >>> record = record_lesson(one, betas=[], noises=[], batches=[5, 95])
        >>> record["shots"], [one["circuit"]["shots"] for one in record["entries"][0]["replies"]]
        (100, [5, 100])
    """
    for step in lesson.steps:
        others = sorted(set(step.needs) - set(_MOVED))
        if others:
            raise ValueError(
                f"step {step.name!r} needs `{others[0]}`, but {' and '.join(_MOVED)} alone can be "
                "changed where shots are replayed; set it in the step, or serve this lesson"
            )
    grid = {"beta": _values(lesson, "beta", betas), "noise": _values(lesson, "noise", noises)}
    places = [(step, setup) for step in lesson.steps for setup in _settings(step.setup, grid)]
    entries: dict[str, dict[str, Any]] = {}
    for done, (step, setup) in enumerate(places):
        progress(done, len(places), f"drawing the settings of {step.name}")
        key = json.dumps([setup.document(), asdict(step.mark)])
        if key not in entries:
            try:
                entries[key] = _entry(setup, asdict(step.mark), seed, batches)
            except ValueError as error:
                at = f"beta = {setup.beta:g} and noise = {setup.noise:g}"
                raise ValueError(f"step {step.name!r} at {at}: {error}") from error
    return {
        "grid": grid,
        "shots": sum(batches),
        "aer": qiskit_aer.__version__,
        "seed": seed,
        "entries": list(entries.values()),
    }


def steps_left_open(lesson: Lesson, record: dict[str, Any]) -> list[str]:
    """The names of the steps that no setting of a record ticks.

    Args:
        lesson: The steps.
        record: What `record_lesson` made of it.
    """

    def ticks(step: LessonStep) -> bool:
        settings = [setup.document() for setup in _settings(step.setup, record["grid"], step.needs)]
        return any(
            reply["mark"]["passed"]
            for entry in record["entries"]
            if entry["mark"] == asdict(step.mark) and entry["laws"]["setup"] in settings
            for reply in entry["replies"]
        )

    return [step.name for step in lesson.steps if not ticks(step)]


def _values(lesson: Lesson, name: str, given: Sequence[float]) -> list[float]:
    """Values of the grid: those given, those that steps have, and one that each step needs."""
    values = {float(one) for one in given} | {getattr(step.setup, name) for step in lesson.steps}
    for step in lesson.steps:
        if name in step.needs:
            low, high = step.needs[name]
            if not any(low <= one <= high for one in values):
                values.add(low)
    return sorted(values)


def _settings(
    setup: Setup, grid: dict[str, list[float]], needs: dict[str, Any] | None = None
) -> Iterator[Setup]:
    """A step's setting at every place of the grid, or at those only that the step needs."""

    def allowed(name: str, value: float) -> bool:
        if needs is None:
            return True
        low, high = needs.get(name, [getattr(setup, name)] * 2)
        return bool(low <= value <= high)

    for beta in grid["beta"]:
        for noise in grid["noise"]:
            if allowed("beta", beta) and allowed("noise", noise):
                yield replace(setup, beta=beta, noise=noise)


def _entry(setup: Setup, mark: dict[str, Any], seed: int, batches: Sequence[int]) -> dict[str, Any]:
    document = setup.document()
    replies: list[dict[str, Any]] = []
    before = twin_before = None
    for number, shots in enumerate(batches):
        answer = answer_draw(
            {
                "setup": document,
                "shots": shots,
                "seed": seed,
                "number": number,
                "before": before,
                "twin_before": twin_before,
                "mark": mark,
            }
        )
        before, twin_before = answer["circuit"]["totals"], answer["twin"]["totals"]
        kept = {name: answer[name] for name in ("batch", "circuit", "twin", "mark")}
        replies.append(_rounded(kept))
    # The page looks a setting up by all the digits that its lesson has.
    return {
        "target": {**_rounded(answer_target(document)), "setup": document},
        "laws": {**_rounded(answer_laws(document)), "setup": document},
        "mark": mark,
        "replies": replies,
    }


def _rounded(value: Any) -> Any:
    """The same with numbers of as many digits as are shown: a third of the bytes."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return value
