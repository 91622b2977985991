"""The tables of a report of conformance."""

from __future__ import annotations

import math

from qcattn.conformance.report import Probed, Report
from qcattn.views.labels import number, p_text
from qcattn.views.sheet import Column, Sheet

__all__ = ["failures", "summary"]

_EFFECT = '"effect" is how far the worst job is from what is right, which is 0.'
_INTERVAL = (
    "In brackets stands the 95% interval of that one job, a cautious one: where it holds 0, the "
    "p-value says more."
)
_RESOLUTION = (
    '"resolution" is the smallest effect that the sharpest job would have seen with 90% power.'
)


def summary(report: Report, *, narrow: bool = False) -> Sheet:
    """The table of probes, one line each.

    Args:
        report: What was found.
        narrow: Whether to leave out interval, jobs and seconds, for a terminal.
    """
    columns = {
        "probe": Column("probe"),
        "verdict": Column("verdict"),
        "p-value": Column("p-value", "r", '"p-value" is that of all jobs of a probe together.'),
        "resolution": Column("resolution", "r", _RESOLUTION),
        "effect": Column("effect", "r", _EFFECT if narrow else f"{_EFFECT} {_INTERVAL}"),
        "jobs": Column("jobs", "r"),
        "shots": Column("shots", "r"),
        "seconds": Column("seconds", "r"),
    }
    shown = [name for name in columns if not (narrow and name in ("jobs", "seconds"))]
    return Sheet(
        title="Probes",
        columns=tuple(columns[name] for name in shown),
        lines=tuple(
            tuple(_cells(one, narrow).get(name, "") for name in shown) for one in report.probed
        ),
        caption=f"{_units(report)}A probe that needs what the simulator does not claim is not "
        "applicable, which is no pass.",
        marked=frozenset(i for i, one in enumerate(report.probed) if one.standing == "alarm"),
    )


def _units(report: Report) -> str:
    """What effects and resolutions are measured in, as a sentence; "" for none."""
    by_unit: dict[str, list[str]] = {}
    for one in report.probed:
        if one.standing != "not applicable":
            by_unit.setdefault(one.settings["effect"], []).append(f'"{one.name}"')
    if not by_unit:
        return ""
    most = max(by_unit, key=lambda unit: len(by_unit[unit]))
    others = [f"for {', '.join(by_unit[unit])} in {unit}" for unit in by_unit if unit != most]
    return f"Effect and resolution are measured in {'; '.join([most, *others])}. "


def _cells(one: Probed, narrow: bool) -> dict[str, str]:
    cells = {"probe": one.name, "verdict": one.standing}
    if one.standing == "not applicable":
        return cells
    effect = one.effect
    if not math.isnan(effect.best):
        wide = f" [{number(effect.low)}, {number(effect.high)}]"
        cells["effect"] = number(effect.best) + ("" if narrow else wide)
    if not math.isnan(one.resolution):
        cells["resolution"] = number(one.resolution)
    left = one.left_out.jobs
    run = sum(answer.outcome is not None for answer in one.answers)
    return {
        **cells,
        "p-value": p_text(one.p_value),
        "jobs": f"{run:,} of {run + left:,}" if left else f"{run:,}",
        "shots": f"{one.shots:,}",
        "seconds": f"{one.seconds:,.1f}",
    }


def failures(probed: Probed, most: int = 20) -> Sheet:
    """The jobs of a probe that are refuted by themselves, the first ones if there are many."""
    failed = probed.failed
    more = f" {len(failed) - most:,} more are not shown." if len(failed) > most else ""
    return Sheet(
        title=f"Refuted jobs: {probed.name}",
        columns=(Column("job"), Column("what was seen")),
        lines=tuple((check.name, check.by) for check in failed[:most]),
        caption=f"Each is refuted by itself at the level of this probe.{more}",
    )
