"""Checks made of counts, intervals and dense numbers: each holds, fails, or is undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qcattn.comparisons import certify
from qcattn.evidence import Check, Estimate, Role

__all__ = ["algebra", "differs", "equals", "every", "follows"]


def follows(
    name: str,
    statement: str,
    counts: Any,
    p: Any,
    *,
    epsilon: float,
    alpha: float,
    role: Role = "claim",
) -> Check:
    """Whether counts follow a law.

    It holds if every row is certified to lie within total variation epsilon and none differs; it
    fails if some row, or all together, differ. Either is wrong with probability at most alpha.

    Args:
        name: The name under which the check is found.
        statement: What is tested, a sentence.
        counts: Integers (..., outcomes), or what has ``keys`` and ``stray``.
        p: Probabilities (..., outcomes).
        epsilon: Total variation that still counts as agreement.
        alpha: Error rate.
        role: The role of the check.

    Example:
        >>> at = {"epsilon": 0.05, "alpha": 0.01}
        >>> follows("coin", "A coin is fair", [5010, 4990], [0.5, 0.5], **at).holds
        True
        >>> follows("coin", "A coin is fair", [5600, 4400], [0.5, 0.5], **at).holds
        False
        >>> follows("coin", "A coin is fair", [6, 4], [0.5, 0.5], **at).holds is None
        True
    """
    found = certify(counts, p, epsilon, alpha)
    fit, upper = found.fit, float(np.max(found.upper))
    if fit.refuted:
        worst = np.unravel_index(np.argmin(fit.p_values), fit.p_values.shape)
        where = ""
        for one in fit.offenders(tuple(map(int, worst)), limit=1):
            outcome = "a stray" if one.outcome < 0 else f"outcome {one.outcome}"
            where = f"; {outcome} came {one.observed:,} times, {one.expected:,.1f} expected"
        return Check(
            name,
            statement,
            False,
            f"p = {fit.overall():.1e}{where}" if fit.overall() else f"p < 1e-300{where}",
            role,
            alpha,
        )
    by = f"total variation at most {upper:.4f}, error rate {alpha:.0e}; p = {fit.overall():.2g}"
    return Check(name, statement, True if found.all_certified else None, by, role, alpha)


def differs(
    name: str,
    statement: str,
    counts: Any,
    p: Any,
    *,
    epsilon: float,
    alpha: float,
    role: Role = "claim",
) -> Check:
    """Whether counts differ from a law, the opposite of `follows`.

    It holds if they differ, and fails if they are certified to lie within epsilon.

    Example:
        >>> at = {"epsilon": 0.05, "alpha": 0.01}
        >>> differs("coin", "A coin is loaded", [5600, 4400], [0.5, 0.5], **at).holds
        True
    """
    found = follows(name, statement, counts, p, epsilon=epsilon, alpha=alpha, role=role)
    return replace(found, holds=None if found.holds is None else not found.holds)


def equals(
    name: str,
    statement: str,
    estimate: Estimate,
    reference: float,
    *,
    tolerance: float,
    alpha: float,
    role: Role = "claim",
) -> Check:
    """Whether a measured number equals a given one.

    It fails if the interval leaves the reference out, and holds if the whole interval lies within
    the tolerance of it.

    Args:
        name: The name under which the check is found.
        statement: What is tested, a sentence.
        estimate: A measured number with an interval.
        reference: The exact number.
        tolerance: Largest deviation that still counts as agreement, positive.
        alpha: Error rate of the interval; 0 where another check pays for it.
        role: The role of the check.

    Example:
        >>> equals("x", "x is 1", Estimate(1.01, 0.98, 1.04), 1.0, tolerance=0.05, alpha=0.01).holds
        True
    """
    by = (
        f"{estimate.best:.4g} in [{estimate.low:.4g}, {estimate.high:.4g}], exact {reference:.4g}, "
        f"tolerance {tolerance:.2g}"
    )
    if reference not in estimate:
        return Check(name, statement, False, by, role, alpha)
    near = max(estimate.high - reference, reference - estimate.low) <= tolerance
    return Check(name, statement, True if near else None, by, role, alpha)


def algebra(
    name: str, statement: str, defect: float, *, tolerance: float = 1e-10, role: Role = "claim"
) -> Check:
    """Whether an identity holds in dense linear algebra, up to rounding.

    Args:
        name: The name under which the check is found.
        statement: What is tested, a sentence.
        defect: Largest deviation; NaN fails.
        tolerance: The largest deviation that rounding may cause.
        role: The role of the check.

    Example:
        >>> algebra("thirds", "1/3 * 3 is 1", abs(1 / 3 * 3 - 1)).holds
        True
    """
    return Check(name, statement, bool(defect <= tolerance), f"dense, defect {defect:.1e}", role)


def every(name: str, statement: str, checks: Sequence[Check], *, role: Role = "claim") -> Check:
    """Several checks as one: it holds if all of them do, and fails if one fails.

    Args:
        name: The name under which the check is found.
        statement: What is tested, a sentence.
        checks: Checks, at least one; how the first that does not hold was found, or else the last
            one, is how this one was.
        role: The role of the check.

    Example:
        >>> one, other = algebra("x", "x", 0.0), algebra("y", "y", 1.0)
        >>> every("both", "both", [one, one]).holds, every("both", "both", [one, other]).by
        (True, '1 of 2 hold; y: dense, defect 1.0e+00')
    """
    order = {False: 0, None: 1, True: 2}
    worst = min(checks, key=lambda check: order[check.holds])
    count = sum(check.holds is True for check in checks)
    *_, last = checks
    shown = worst if worst.holds is not True else last
    by = f"{count} of {len(checks)} hold; {shown.statement}: {shown.by}"
    return Check(name, statement, worst.holds, by, role, sum(check.alpha for check in checks))
