"""A run in numbers, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qcattn.certification.marginals import attention_weights
from qcattn.records import Result, joint_standing
from qcattn.views.documents import strict

__all__ = ["brief"]


def brief(results: Sequence[Result], alpha: float) -> dict[str, Any]:
    """All parts of a run, with the counts and p-values of every row.

    Args:
        results: The main one first.
        alpha: Probability that a perfect sampler is said to differ in any of them.
    """
    return {
        "command": "run",
        "verdict": joint_standing(
            (one.standing for one in results), complete=all(one.complete for one in results)
        ),
        "complete": all(one.complete for one in results),
        "alpha": alpha,
        "parts": [_part(one) for one in results],
    }


def _part(result: Result) -> dict[str, Any]:
    counts, prepared = result.counts, result.prepared
    said = {
        "verdict": result.standing,
        "complete": result.complete,
        "rows": counts.stray.size,
        f"{result.outcome}s": counts.keys.shape[-1],
        "axes": result.axes,
        "tokens": result.tokens,
        "row_names": result.row_names,
        "shots": result.shots,
        "seed": str(result.seed),
        "preparation": prepared.method,
        "kind": prepared.kind,
        "comparisons": [
            {
                "name": verdict.name,
                "alpha": verdict.alpha,
                "p_value": verdict.overall,
                "rows_refuted": verdict.refuted.sum(),
                "resolution": verdict.overall_resolution,
                "p_values": verdict.p_values,
            }
            for verdict in result.verdicts
        ],
        "same_random_numbers": result.rows_repeat,
        "counts": counts.keys,
        "stray": counts.stray,
        "discarded": counts.discarded,
        "expected": result.expected,
        "settings": result.settings,
    }
    if prepared.subsets:
        weights = attention_weights(result)
        said["attention_weights"] = {
            "expected": weights.exact,
            "counted": weights.best,
            "low": weights.low,
            "high": weights.high,
            "alpha": weights.alpha,
        }
    document: dict[str, Any] = strict(said)
    return document
