"""A run in a few numbers, for other programs."""

from __future__ import annotations

from typing import Any

from qcattn.records import Result

__all__ = ["brief"]


def brief(result: Result) -> dict[str, Any]:
    """The result in a few numbers, as JSON takes them."""
    return {
        "verdict": result.standing,
        "complete": result.complete,
        "rows": int(result.counts.stray.size),
        "keys": result.counts.keys.shape[-1],
        "shots": result.shots,
        "seed": str(result.seed),
        "preparation": result.prepared.method,
        "kind": result.prepared.kind,
        "comparisons": [
            {
                "name": verdict.name,
                "alpha": verdict.alpha,
                "p_value": verdict.overall,
                "rows_refuted": int(verdict.refuted.sum()),
                "resolution": verdict.overall_resolution,
            }
            for verdict in result.verdicts
        ],
        "settings": dict(result.settings),
    }
