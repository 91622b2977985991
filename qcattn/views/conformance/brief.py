"""A report of conformance in words and numbers, for other programs."""

from __future__ import annotations

import math
from typing import Any

from qcattn.conformance.report import Report
from qcattn.views.conformance.words import sentence, since

__all__ = ["brief"]


def brief(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it; None stands for what is not a number."""
    return {
        "command": "conformance",
        "simulator": dict(report.simulator),
        "verdict": report.standing,
        "words": sentence(report),
        "level": report.level,
        "alpha": report.alpha,
        "seed": str(report.seed),
        "complete": report.complete,
        "seconds": report.seconds,
        "probes": [
            {
                "probe": one.name,
                "relation": one.title,
                "verdict": one.standing,
                "p_value": _or_none(one.p_value),
                "effect": _or_none(one.effect.best),
                "low": _or_none(one.effect.low),
                "high": _or_none(one.effect.high),
                "resolution": _or_none(one.resolution),
                "shots": one.shots,
                "refused": one.refused,
                "left_out": {"jobs": one.left_out.jobs, "seconds": one.left_out.seconds},
                "seconds": one.seconds,
                "words": one.words,
                "failed": [{"job": check.name, "seen": check.by} for check in one.failed],
            }
            for one in report.probed
        ],
        "since": since(report),
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
