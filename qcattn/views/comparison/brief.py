"""A comparison, and a plan of one, in a few numbers, for other programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcattn.comparisons import Certificate, Plan
from qcattn.comparisons.outcomes import Outcomes
from qcattn.views.comparison.words import standing
from qcattn.views.documents import strict

__all__ = ["brief", "brief_plan"]


def brief(
    certificate: Certificate, drawn: np.ndarray, outcomes: Outcomes, *, epsilon: float | None
) -> dict[str, Any]:
    """The comparison in a few numbers, for other programs; null where one is not finite.

    Args:
        certificate: A certificate of `qcattn.comparisons.certify`.
        drawn: Counts, shape (rows, outcomes).
        outcomes: How outcomes and rows are called, and what the outcomes were read as.
        epsilon: The total variation that was to be certified, or None if nobody asked; then
            nothing is said to be certified or not.
    """
    fit = certificate.fit
    said = {
        "command": "compare",
        "verdict": standing(certificate, epsilon=epsilon),
        "outcomes": outcomes.kind,
        "refuted": bool(fit.refuted),
        "p_value": fit.overall(),
        "p_values": np.ravel(fit.p_values),
        "rows_refuted": fit.rows().sum(),
        "upper": np.ravel(certificate.upper),
        "undecided": fit.undecided,
        "epsilon": epsilon,
        "certified": None if epsilon is None else certificate.certified,
        "alpha": certificate.alpha,
        "counts": drawn,
        "names": outcomes.names,
        "row_names": outcomes.row_names,
    }
    document: dict[str, Any] = strict(said)
    return document


def brief_plan(plan: Plan, outcomes: Outcomes) -> dict[str, Any]:
    """The plan in a few numbers, for other programs; null where no number of shots is enough."""
    names = ("floor", "floor_two_points", "floor_mixture", "floor_rigorous", "detect", "certify")
    numbers = {name: np.ravel(getattr(plan, name)) for name in names}
    rates = {"epsilon": plan.epsilon, "alpha": plan.alpha, "power": plan.power}
    rows = {"worst": np.ravel(plan.worst), "row_names": outcomes.row_names}
    said = {"command": "plan", **numbers, **rows, **rates}
    document: dict[str, Any] = strict(said)
    return document
