"""The tables of findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.evidence import Finding, Number
from qcattn.views.findings.words import MEANING
from qcattn.views.labels import number
from qcattn.views.sheet import Column, Sheet

__all__ = ["checks", "facts", "numbers", "summary"]

_NUMBER = (
    Column("number"),
    Column("measured", "r"),
    Column("interval", "r"),
    Column("exact", "r", '"exact" is what dense linear algebra or a closed form gives.'),
)
_ROLES = {
    "claim": "the claim",
    "beyond": "beyond its conditions",
    "mechanism": "the mechanism",
    "control": "the instrument",
}


def summary(findings: Sequence[Finding], *, narrow: bool = False) -> Sheet:
    """The table of claims: the verdict, the first number with its interval, and the condition.

    Args:
        findings: What to show.
        narrow: Whether to put number and interval into one cell, for a terminal.
    """
    lines = []
    for finding in findings:
        first = finding.numbers[0] if finding.numbers else None
        name = first.name if first is not None else "" if finding.shots else "nothing was drawn"
        best, interval, exact = ("", "", "") if first is None else _cells(first)
        wide = (name, best, interval, exact)
        one = (f"{name}: {best} in {interval}" if best else name,)
        claim = f"{finding.name} {finding.title}"
        middle: tuple[str, ...] = one if narrow else wide
        lines.append((claim, finding.standing, *middle, finding.condition))
    middle_columns = (Column("number"),) if narrow else _NUMBER
    named = [verdict for verdict in MEANING if any(f.standing == verdict for f in findings)]
    return Sheet(
        title="Claims",
        columns=(
            Column("claim"),
            Column("verdict"),
            *middle_columns,
            Column("condition"),
        ),
        lines=tuple(lines),
        caption=" ".join(MEANING[verdict] for verdict in named),
        marked=frozenset(i for i, one in enumerate(findings) if one.standing == "refuted"),
    )


def checks(finding: Finding) -> Sheet:
    """The table of checks, and how each came out."""
    return Sheet(
        title="What was tested",
        columns=(
            Column("statement"),
            Column("found"),
            Column("by", "l", '"by" names the test, its level and its figure.'),
            Column("about", "l", '"about" says what the statement belongs to.'),
        ),
        lines=tuple(
            (check.statement, check.found, check.by, _ROLES[check.role]) for check in finding.checks
        ),
        marked=frozenset(i for i, check in enumerate(finding.checks) if check.holds is False),
    )


def numbers(finding: Finding) -> Sheet:
    """The table of measured numbers, with intervals and exact values."""
    return Sheet(
        title="What was measured",
        columns=_NUMBER,
        lines=tuple((one.name, *_cells(one)) for one in finding.numbers),
        caption=f"The verdict of a perfect sampler changes with probability {finding.alpha:g} at "
        "most.",
    )


def facts(finding: Finding) -> Sheet:
    """The settings of the experiment."""
    lines = [(name.replace("_", " "), text) for name, text in finding.settings.items()]
    lines += [("shots in all", f"{finding.shots:,}"), ("seed", str(finding.seed))]
    lines.append(("time", f"{number(finding.seconds)} s"))
    return Sheet("Settings", (Column(""), Column("")), tuple(lines))


def _cells(one: Number) -> tuple[str, str, str]:
    e = one.estimate
    exact = "" if np.isnan(one.reference) else _short(one.reference)
    return _short(e.best), f"[{_short(e.low)}, {_short(e.high)}]", exact


def _short(value: float) -> str:
    if np.isnan(value):
        return "none"
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return number(value, 4)
