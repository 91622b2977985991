"""Findings in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qcattn.claims.frame.running import document_of
from qcattn.evidence import Finding, Panel, Standing
from qcattn.views.labels import plural

__all__ = ["MEANING", "caption", "command", "source_of", "standings"]

#: What a verdict means, the good news first.
MEANING: dict[Standing, str] = {
    "exact": "An exact claim is an identity, and was measured to be one.",
    "conditional": "A conditional claim holds under its condition and fails beyond.",
    "analogy": "An analogy has like numbers from another mechanism.",
    "refuted": "A refuted claim has a measured counter-example.",
    "untestable": "An untestable claim has no observable that is defined.",
    "undecided": "An undecided claim needs more shots, was interrupted, or failed a control of "
    "its instrument.",
}


def standings(findings: Sequence[Finding]) -> str:
    """Say in a sentence how many claims came out which way.

    Example:
        >>> standings([Finding(name="A1", title="", checks=(), alpha=0.01, seed=0)])
        '1 claim: 1 untestable.'
    """
    found = Counter(finding.standing for finding in findings)
    parts = [f"{found[verdict]} {verdict}" for verdict in MEANING if found[verdict]]
    claims = plural(len(findings), "claim")
    return f"{claims}: {', '.join(parts)}." if parts else f"{claims}."


def source_of(finding: Finding) -> str:
    """The document that makes the claim, and the section where it stands; "" if neither is known.

    Example:
        >>> source_of(Finding(name="A6", title="", checks=(), alpha=0.01, seed=0, section="KMS"))
        'Softmax ≡ Born Rule: A Party Trick Derivation (Ada & Luna, 2026), section “KMS”'
    """
    section = f"section “{finding.section}”" if finding.section else ""
    return ", ".join(filter(None, [document_of(finding.name), section]))


def caption(panels: Sequence[Panel]) -> str:
    """Say what the points of the pictures are, if there are any."""
    points = [curve for one in panels for curve in one.curves if curve.style == "points"]
    if not points:
        return ""
    with_intervals = {curve.low is not None for curve in points}
    if len(with_intervals) > 1:
        return "Points are measured, with intervals where these are shown."
    return (
        "Points are measured, with their intervals."
        if True in with_intervals
        else ("Points are measured.")
    )


def command(findings: Sequence[Finding]) -> str:
    """The ``qcattn claims`` that finds the same again."""
    names = " ".join(finding.name for finding in findings)
    return f"qcattn claims {names} --seed {findings[0].seed}"
