"""A finding in words and numbers, for other programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcattn.evidence import Finding

__all__ = ["brief"]


def brief(finding: Finding) -> dict[str, Any]:
    """The finding in words and numbers, for other programs; what JSON lacks is None."""
    return {
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
                "measured": _or_none(one.estimate.best),
                "low": _or_none(one.estimate.low),
                "high": _or_none(one.estimate.high),
                "exact": _or_none(one.reference),
            }
            for one in finding.numbers
        ],
        "shots": finding.shots,
        "alpha": finding.alpha,
        "seed": str(finding.seed),
        "settings": dict(finding.settings),
        "seconds": finding.seconds,
    }


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
