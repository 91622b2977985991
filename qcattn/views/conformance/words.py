"""A report of conformance in words."""

from __future__ import annotations

from qcattn.conformance.report import Change, Report
from qcattn.views.labels import plural

__all__ = ["change", "command", "sentence", "subject"]


def subject(report: Report) -> str:
    """What was tested: its name, its version and its options."""
    rest = dict(report.simulator)
    name = f"{rest.pop('backend')} {rest.pop('version', '')}".strip()
    options = ", ".join(f"{key}={value}" for key, value in rest.items())
    return f"{name} ({options})" if options else name


def sentence(report: Report) -> str:
    """What was found, in plain sentences."""
    applied = [one for one in report.probed if one.standing != "not applicable"]
    shots = sum(one.shots for one in report.probed)
    drawn = f"{plural(len(applied), 'probe')} drew {shots:,} shots in {report.seconds:,.0f} s."
    budget = (
        f"A correct simulator has an alarm in {100 * report.alpha:.3g}% of such runs at most; a "
        "fault smaller than the resolution of a probe may be missed."
    )
    left = f" {report.left_out}" if report.left_out.jobs else ""
    cut = left if report.complete else " The run was interrupted: what was not reached is not told."
    if report.alarms:
        names = ", ".join(f'"{one.name}"' for one in report.alarms)
        return f"{plural(len(report.alarms), 'alarm')}: {names}. {drawn} {budget}{cut}"
    if not applied:
        return f"No probe was applicable, so nothing is decided.{cut}"
    return f"No alarm. {drawn} {budget}{cut}"


def command(report: Report, backend: str) -> str:
    """The command that draws the same again."""
    return (
        f'qcattn conformance --backend "{backend}" --level {report.level} '
        f"--family-alpha {report.alpha:g} --seed {report.seed}"
    )


def change(one: Change) -> str:
    """What became of a probe since another report, in a line."""
    before, now = one.before or "not there", one.now or "not there"
    mark = {"better": "Better", "worse": "Worse", "other": "Other"}[one.way]
    return f"{mark}: {one.probe}: {before} before, {now} now."
