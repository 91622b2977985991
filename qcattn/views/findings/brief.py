"""Findings in words and numbers, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qcattn.evidence import Finding
from qcattn.views.documents import strict

__all__ = ["brief"]


def brief(findings: Sequence[Finding]) -> dict[str, Any]:
    """Findings in words and numbers; None stands for what JSON lacks."""
    open_ones = any(finding.standing == "undecided" for finding in findings)
    return {
        "command": "claims",
        "verdict": "undecided" if open_ones else "decided",
        "findings": [_finding(finding) for finding in findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    said = {
        "claim": finding.name,
        "title": finding.title,
        "statement": finding.statement,
        "section": finding.section,
        "verdict": finding.standing,
        "condition": finding.condition,
        "words": finding.words,
        "checks": [
            {"statement": c.statement, "holds": c.holds, "by": c.by, "role": c.role}
            for c in finding.checks
        ],
        "numbers": [
            {
                "name": one.name,
                "measured": one.estimate.best,
                "low": one.estimate.low,
                "high": one.estimate.high,
                "exact": one.reference,
            }
            for one in finding.numbers
        ],
        "shots": finding.shots,
        "alpha": finding.alpha,
        "seed": str(finding.seed),
        "settings": finding.settings,
        "seconds": finding.seconds,
    }
    document: dict[str, Any] = strict(said)
    return document
