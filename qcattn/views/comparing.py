"""Counts that were brought from elsewhere against probabilities, in words and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.comparisons import Certificate, Plan
from qcattn.comparisons.files import Outcomes
from qcattn.views.labels import number, p_text

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["brief", "brief_plan", "offenders", "plan_table", "words"]


def words(certificate: Certificate, *, epsilon: float | None) -> str:
    """What the counts say, with error rates, in a few sentences.

    Args:
        certificate: Of `qcattn.comparisons.certify`; it holds the test of fit too. Rows that differ
            and rows without shots are both named.
        epsilon: The total variation that was to be certified, or None if nobody asked.
    """
    fit = certificate.fit
    rows = fit.p_values.size
    confidence = f"{100 * (1 - certificate.alpha):.6g}%"
    shots = f"{int(fit.shots.sum()):,} shots" + (f" in {rows:,} rows" if rows > 1 else "")
    global_p = f"{'global ' if rows > 1 else ''}p = {p_text(fit.overall())}"
    empty = fit.undecided.ravel()
    without = f"{int(empty.sum()):,} of {rows:,} rows have no shots{_named(empty)}."
    if empty.any() and not fit.refuted:
        return f"Undecided: {without}"
    if fit.refuted:
        said = f"The counts differ from the probabilities ({shots}, {global_p})."
        if rows > 1:
            bad = np.ravel(fit.rows())
            said += f" {int(bad.sum()):,} of {rows:,} rows refuted{_named(bad)}."
        said += f" Undecided: {without}" if empty.any() else ""
    else:
        said = f"The counts do not differ from the probabilities ({shots}, {global_p})."
    said += (
        f" A perfect sampler would be called different in at most {100 * fit.alpha:.6g}% of such "
        "comparisons."
    )
    worst = float(np.max(np.ravel(certificate.upper)[~empty]))
    where = " in every row" if rows > 1 else ""
    said += (
        f" Total variation is at most {number(worst)}{where}{' with shots' if empty.any() else ''}"
        f", at {confidence} confidence{' each' if rows > 1 else ''}."
    )
    if epsilon is None:
        return said
    certified, refuted = int(certificate.certified.sum()), int(certificate.refuted.sum())
    if certified == rows:
        return f"{said} That is agreement within {number(epsilon)}, certified."
    if refuted:
        return said
    return (
        f"{said} Agreement within {number(epsilon)} is undecided"
        f"{f' in {rows - certified:,} rows' if rows > 1 else ''}: draw more shots (`qcattn plan`)."
    )


def _named(which: np.ndarray, most: int = 10) -> str:
    """The first of these rows by number, in brackets; nothing for none or an only row."""
    rows = np.flatnonzero(which)
    if not rows.size or which.size == 1:
        return ""
    listed = ", ".join(map(str, rows[:most])) + (", ..." if rows.size > most else "")
    return f" ({'row' if rows.size == 1 else 'rows'} {listed})"


def offenders(certificate: Certificate, outcomes: Outcomes, limit: int = 10) -> Table | None:
    """Outcomes that do not fit, the worst row first, or None where none stands out."""
    from rich import box
    from rich.table import Table

    fit = certificate.fit
    flat = fit.p_values.ravel()
    table = Table(title="Outcomes that do not fit", box=box.SIMPLE_HEAD, title_justify="left")
    for name in ("row", "outcome", "counted", "expected", "p"):
        table.add_column(name, justify="left" if name == "outcome" else "right")
    for row in np.argsort(flat, kind="stable"):
        index = tuple(int(i) for i in np.unravel_index(row, fit.p_values.shape))
        for one in fit.offenders(index, limit=limit - table.row_count):
            counted = (f"{one.observed:,}", number(one.expected, 4), p_text(one.p_value))
            table.add_row(str(row), outcomes.name(one.outcome), *counted)
        if table.row_count >= limit or flat[row] > fit.alpha:
            break
    return table if table.row_count else None


def brief(certificate: Certificate, outcomes: Outcomes, *, epsilon: float | None) -> dict[str, Any]:
    """The comparison in a few numbers, for other programs; null where one is not finite.

    Args:
        certificate: Of `qcattn.comparisons.certify`.
        outcomes: How outcomes are called; as what they were read is told.
        epsilon: The total variation that was to be certified, or None if nobody asked; then
            nothing is said to be certified or not.
    """
    fit = certificate.fit
    return {
        "outcomes": outcomes.kind,
        "refuted": bool(fit.refuted),
        "p_value": _finite(fit.overall())[0],
        "p_values": _finite(fit.p_values),
        "rows_refuted": int(fit.rows().sum()),
        "upper": _finite(certificate.upper),
        "undecided": np.asarray(fit.undecided).tolist(),
        "epsilon": epsilon,
        "certified": None if epsilon is None else np.asarray(certificate.certified).tolist(),
        "alpha": certificate.alpha,
    }


_WORST = {
    "signs": "many outcomes, signs unknown",
    "halves": "one half against the other",
    "leak": "a leak out of the likeliest",
}


def plan_table(plan: Plan) -> Table:
    """Shots a row to detect, to certify, and at the least: one line a row of probabilities."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"Shots for a total variation of {number(plan.epsilon)}, error rate "
        f"{100 * plan.alpha:.6g}%, power {100 * plan.power:.6g}%",
        caption="floor: no test can do with fewer. certify: if the sampler is perfect.",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    for name in ("row", "floor", "detect", "certify"):
        table.add_column(name, justify="right")
    table.add_column("worst deviation")
    columns = (plan.floor, plan.detect, plan.certify)
    for row, name in enumerate(np.ravel(plan.worst)):
        shots = (_shots(float(np.ravel(column)[row])) for column in columns)
        table.add_row(str(row), *shots, _WORST[str(name)])
    return table


def brief_plan(plan: Plan) -> dict[str, Any]:
    """The plan for other programs; null where no number of shots is enough."""
    names = ("floor", "floor_two_points", "floor_mixture", "floor_rigorous", "detect", "certify")
    numbers = {name: _finite(getattr(plan, name)) for name in names}
    rates = {"epsilon": plan.epsilon, "alpha": plan.alpha, "power": plan.power}
    return {**numbers, "worst": np.ravel(plan.worst).tolist(), **rates}


def _finite(values: Any) -> list[float | None]:
    """Strict JSON has no NaN and no infinity."""
    return [float(value) if np.isfinite(value) else None for value in np.ravel(values)]


def _shots(number_of_shots: float) -> str:
    return f"{number_of_shots:,.0f}" if np.isfinite(number_of_shots) else "none enough"
