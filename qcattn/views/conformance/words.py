"""A report of conformance in words."""

from __future__ import annotations

import shlex

from qcattn.conformance.report import Change, Report
from qcattn.conformance.running import all_probes
from qcattn.views.labels import plural

__all__ = ["change", "command", "no_script", "sentence", "shown_by", "subject"]


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
    refused = sum(one.refused for one in report.probed)
    left = f" The simulator does not take {refused:,} jobs." if refused else ""
    left += f" {report.left_out}" if report.left_out.jobs else ""
    cut = left if report.complete else " The run was interrupted: what was not reached is not told."
    if report.alarms:
        names = ", ".join(f'"{one.name}"' for one in report.alarms)
        return f"{plural(len(report.alarms), 'alarm')}: {names}. {drawn} {budget}{cut}"
    if not applied:
        return f"No probe was applicable, so nothing is decided.{cut}"
    return f"No alarm. {drawn} {budget}{cut}"


def command(report: Report, backend: str, python: str | None = None) -> str:
    """The command that draws the same again.

    Args:
        report: What was found.
        backend: As the command line was given it.
        python: Likewise.
    """
    words = ["--backend", backend, *(["--python", python] if python else [])]
    words += ["--level", report.level, "--family-alpha", repr(report.alpha)]
    names = [one.name for one in report.probed]
    if names != [probe.name for probe in all_probes()]:
        words += [word for name in names for word in ("--probe", name)]
    return shlex.join(["qcattn", "conformance", *words, "--seed", str(report.seed)])


def shown_by(path: object) -> str:
    """Where the script lies that shows an alarm, as a sentence."""
    return f"A script of its own shows it: {path}."


def no_script(why_not: str) -> str:
    """Why no script of its own shows an alarm, as a sentence."""
    return f"There is no script of its own that shows it: {why_not}."


def change(one: Change) -> str:
    """What became of a probe since another report, in a line."""
    before, now = one.before or "not there", one.now or "not there"
    mark = {"better": "Better", "worse": "Worse", "other": "Other"}[one.way]
    return f"{mark}: {one.probe}: {before} before, {now} now."
