"""A comparison, and a plan of one, in a few numbers, for other programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcattn.comparisons import Certificate, Plan
from qcattn.comparisons.outcomes import Outcomes

__all__ = ["brief", "brief_plan"]


def brief(certificate: Certificate, outcomes: Outcomes, *, epsilon: float | None) -> dict[str, Any]:
    """The comparison in a few numbers, for other programs; null where one is not finite.

    Args:
        certificate: Of `qcattn.comparisons.certify`.
        outcomes: How outcomes are called; as what they were read is told.
        epsilon: The total variation that was to be certified, or None if nobody asked; then
            nothing is said to be certified or not.
    """
    fit = certificate.fit
    return {
        "outcomes": outcomes.kind,
        "refuted": bool(fit.refuted),
        "p_value": _finite(fit.overall())[0],
        "p_values": _finite(fit.p_values),
        "rows_refuted": int(fit.rows().sum()),
        "upper": _finite(certificate.upper),
        "undecided": np.asarray(fit.undecided).tolist(),
        "epsilon": epsilon,
        "certified": None if epsilon is None else np.asarray(certificate.certified).tolist(),
        "alpha": certificate.alpha,
    }


def brief_plan(plan: Plan) -> dict[str, Any]:
    """The plan for other programs; null where no number of shots is enough."""
    names = ("floor", "floor_two_points", "floor_mixture", "floor_rigorous", "detect", "certify")
    numbers = {name: _finite(getattr(plan, name)) for name in names}
    rates = {"epsilon": plan.epsilon, "alpha": plan.alpha, "power": plan.power}
    return {**numbers, "worst": np.ravel(plan.worst).tolist(), **rates}


def _finite(values: Any) -> list[float | None]:
    """Strict JSON has no NaN and no infinity."""
    return [float(value) if np.isfinite(value) else None for value in np.ravel(values)]
