"""Findings as Markdown: one table, and a paragraph a claim."""

from __future__ import annotations

from collections.abc import Sequence

from qcattn.evidence import Finding
from qcattn.views.findings import sheets

__all__ = ["markdown"]


def markdown(findings: Sequence[Finding]) -> str:
    r"""The table of all findings, one line each, and what was found of each in words.

    Args:
        findings: The findings of one run.

    Example:
        >>> one = Finding(name="A1", title="<a|b>", checks=(), alpha=0.01, seed=0, words="No.")
        >>> print(markdown([one]).splitlines()[-1])
        **A1 &lt;a\|b>: untestable.** No.
    """
    sheet = sheets.summary(findings)
    marks = ["---:" if column.align == "r" else "---" for column in sheet.columns]
    table = [f"| {' | '.join(map(_escaped, line))} |" for line in sheet.lines]
    rule = f"| {' | '.join(marks)} |"
    heading = f"| {' | '.join(map(_escaped, sheet.headings))} |"
    said = [
        f"\n**{one.name} {_escaped(one.title)}: {one.standing}.** {_escaped(one.words)}"
        for one in findings
    ]
    return "\n".join([heading, rule, *table, *said])


def _escaped(text: str) -> str:
    """Text that Markdown takes as it stands, in a table too."""
    return text.replace("<", "&lt;").replace("|", "\\|")
