"""The tables of a comparison, and of a plan of one."""

from __future__ import annotations

import numpy as np

from qcattn.comparisons import Certificate, Plan
from qcattn.comparisons.outcomes import Outcomes
from qcattn.views.labels import number, p_text
from qcattn.views.sheet import Column, Sheet

__all__ = ["offenders", "shots_needed"]

_WORST = {
    "signs": "many outcomes, signs unknown",
    "halves": "one half against the other",
    "leak": "a leak out of the likeliest",
}


def offenders(certificate: Certificate, outcomes: Outcomes, limit: int = 10) -> Sheet:
    """The outcomes that do not fit, the worst row first; no lines if none stands out."""
    fit = certificate.fit
    flat = fit.p_values.ravel()
    lines: list[tuple[str, ...]] = []
    for row in np.argsort(flat, kind="stable"):
        index = tuple(int(i) for i in np.unravel_index(row, fit.p_values.shape))
        lines += [
            (
                outcomes.row(int(row)),
                outcomes.name(one.outcome),
                f"{one.observed:,}",
                number(one.expected, 4),
                p_text(one.p_value),
            )
            for one in fit.offenders(index, limit=limit - len(lines))
        ]
        if len(lines) >= limit or flat[row] > fit.alpha:
            break
    return Sheet(
        title="Outcomes that do not fit",
        columns=(
            Column("row", "l" if outcomes.row_names else "r"),
            Column("outcome"),
            Column("counted", "r"),
            Column("expected", "r"),
            Column("p", "r", '"p" is the p-value of the outcome alone.'),
        ),
        lines=tuple(lines),
    )


def shots_needed(plan: Plan, outcomes: Outcomes) -> Sheet:
    """The shots to detect, to certify and at the least: one line for each row of probabilities.

    Args:
        plan: A plan of `qcattn.comparisons.plan`.
        outcomes: The probabilities, which say how rows are called.
    """
    columns = (plan.floor, plan.detect, plan.certify)
    return Sheet(
        title=f"Shots for a total variation of {number(plan.epsilon)}, error rate "
        f"{100 * plan.alpha:.6g}%, power {100 * plan.power:.6g}%",
        columns=(
            Column("row", "l" if outcomes.row_names else "r"),
            Column("floor", "r", 'No test can do with fewer shots than "floor".'),
            Column("detect", "r", '"detect" is how many it takes to see the deviation.'),
            Column(
                "certify",
                "r",
                '"certify" is how many it takes to exclude it if the sampler is perfect.',
            ),
            Column(
                "worst deviation",
                "l",
                '"worst deviation" is the one that takes the most shots to see.',
            ),
        ),
        lines=tuple(
            (
                outcomes.row(row),
                *(_shots(float(np.ravel(column)[row])) for column in columns),
                _WORST[str(name)],
            )
            for row, name in enumerate(np.ravel(plan.worst))
        ),
    )


def _shots(number_of_shots: float) -> str:
    return f"{number_of_shots:,.0f}" if np.isfinite(number_of_shots) else "none enough"
