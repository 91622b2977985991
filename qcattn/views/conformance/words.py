"""A report of conformance in words."""

from __future__ import annotations

import shlex

from qcattn.conformance.report import Change, Probed, Report
from qcattn.conformance.running import all_probes
from qcattn.views.labels import number, plural

__all__ = [
    "command",
    "found",
    "no_script",
    "not_asked",
    "sentence",
    "shown_by",
    "since",
    "subject",
    "trust",
]


def subject(report: Report) -> str:
    """What was tested: its name, its version and its options."""
    rest = dict(report.simulator)
    name = f"{rest.pop('backend')} {rest.pop('version', '')}".strip()
    options = ", ".join(f"{key}={value}" for key, value in rest.items())
    return f"{name} ({options})" if options else name


def sentence(report: Report) -> str:
    """Say in plain sentences what was found, how far to trust it, and what was not asked."""
    return " ".join(one for one in (found(report), trust(report), not_asked(report)) if one)


def found(report: Report) -> str:
    """Say how many alarms and shots there were, and how long they took."""
    applied = _applied(report)
    if not applied:
        return "No probe came to an answer, so nothing is decided."
    shots = sum(one.shots for one in report.probed)
    drawn = f"{plural(len(applied), 'probe')} drew {shots:,} shots in {report.seconds:,.0f} s."
    names = ", ".join(f'"{one.name}"' for one in report.alarms)
    if not names:
        return f"No alarm. {drawn}"
    return f"{plural(len(report.alarms), 'alarm')}: {names}. {drawn}"


def trust(report: Report) -> str:
    """Say how often a correct simulator has an alarm, and how small a fault would have shown."""
    if not _applied(report):
        return ""
    false = f"A correct simulator has an alarm in {100 * report.alpha:.3g}% of such runs at most."
    if len(_applied(report)) > 1:
        false = f"{false[:-1]}: the probes share that equally."
    least: dict[str, list[float]] = {}
    for one in _applied(report):
        if 0 < one.resolution < 1:  # 1 is all that there can be
            least.setdefault(one.settings["effect"], []).append(one.resolution)
    each = [f"{_span(sizes)} in {effect}" for effect, sizes in least.items()]
    if not each:
        return f"{false} What the probes see is all or nothing."
    seen = f"The smallest fault that a probe sees with 90% probability: {', '.join(each)}"
    return f"{false} {seen}; a smaller one may be missed."


def not_asked(report: Report) -> str:
    """Say what the simulator did not take and what there was no time for; "" if nothing."""
    if not report.complete:
        return "The run was interrupted: what was not reached is not told."
    refused = sum(one.refused for one in report.probed)
    left = [f"The simulator does not take {plural(refused, 'job')}."] if refused else []
    return " ".join([*left, *([str(report.left_out)] if report.left_out.jobs else [])])


def _applied(report: Report) -> list[Probed]:
    return [one for one in report.probed if one.standing != "not applicable"]


def _span(sizes: list[float]) -> str:
    low, high = number(min(sizes)), number(max(sizes))
    return low if low == high else f"{low} to {high}"


def command(report: Report, backend: str, python: str | None = None) -> str:
    """The command that draws the same again.

    Args:
        report: What was found.
        backend: The backend as it was given on the command line.
        python: The interpreter as it was given on the command line, or None.
    """
    words = ["--backend", backend, *(["--python", python] if python else [])]
    words += ["--level", report.level, "--family-alpha", repr(report.alpha)]
    names = [one.name for one in report.probed]
    if names != [probe.name for probe in all_probes()]:
        words += [word for name in names for word in ("--probe", name)]
    return shlex.join(["qcattn", "conformance", *words, "--seed", str(report.seed)])


def shown_by(path: object) -> str:
    """Say in a sentence which script shows an alarm."""
    return f"A script of its own shows it: {path}."


def no_script(why_not: str) -> str:
    """Say in a sentence why no script of its own shows an alarm."""
    return f"There is no script of its own that shows it: {why_not}."


def since(report: Report) -> list[str]:
    """Say what became of the probes since another report, a line each; none without one."""
    if report.since is None:
        return []
    return [_change(one) for one in report.since] or ["Nothing changed since the earlier report."]


def _change(one: Change) -> str:
    before, now = one.before or "not there", one.now or "not there"
    mark = {"better": "Better", "worse": "Worse", "other": "Other"}[one.way]
    stood = f"{now} as before" if before == now else f"{before} before, {now} now"
    jobs = [
        f"{said} {plural(len(some), 'job')} ({some[0]}{', ...' if len(some) > 1 else ''})"
        for said, some in (("newly refuted", one.broken), ("no longer refuted", one.mended))
        if some
    ]
    return f"{mark}: {'; '.join([f'{one.probe}: {stood}', *jobs])}."
