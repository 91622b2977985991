"""Counts that were brought from elsewhere against probabilities, in words."""

from __future__ import annotations

import numpy as np

from qcattn.comparisons import Certificate
from qcattn.comparisons.outcomes import Outcomes
from qcattn.records import Agreement
from qcattn.views.labels import number, p_is, plural

__all__ = ["standing", "words"]


def standing(certificate: Certificate, *, epsilon: float | None) -> Agreement:
    """The verdict on the counts in one word.

    Args:
        certificate: A certificate of `qcattn.comparisons.certify`.
        epsilon: The total variation that was to be certified, or None if nobody asked.

    Returns:
        The word: the counts differ if any row does; they agree if every row has shots, and is
        certified where that was asked. Where it was not, shots so few that nothing would have been
        seen decide nothing.
    """
    if certificate.fit.refuted:
        return "differs"
    good = not _nothing_seen(certificate) if epsilon is None else certificate.all_certified
    return "agrees" if good and not np.any(certificate.fit.undecided) else "undecided"


def _nothing_seen(certificate: Certificate) -> bool:
    """Whether no deviation would have been seen, and none beyond one half is excluded either."""
    return certificate.fit.blind and bool(np.max(certificate.upper) > 0.5)


def words(certificate: Certificate, outcomes: Outcomes, *, epsilon: float | None) -> str:
    """What the counts say, with error rates, in a few sentences.

    Args:
        certificate: A certificate of `qcattn.comparisons.certify`; it holds the test of fit too.
            Rows that differ and rows without shots are both named.
        outcomes: How rows are called.
        epsilon: The total variation that was to be certified, or None if nobody asked.
    """
    fit = certificate.fit
    rows = fit.p_values.size
    confidence = f"{100 * (1 - certificate.alpha):.6g}%"
    shots = plural(int(fit.shots.sum()), "shot") + (f" in {rows:,} rows" if rows > 1 else "")
    global_p = f"{'global ' if rows > 1 else ''}{p_is(fit.overall())}"
    empty = fit.undecided.ravel()
    verb = "has" if empty.sum() == 1 else "have"
    without = (
        f"{int(empty.sum()):,} of {plural(rows, 'row')} {verb} no shots{_named(empty, outcomes)}."
    )
    if empty.any() and not fit.refuted:
        return f"Undecided: {without}"
    if fit.refuted:
        said = f"The counts differ from the probabilities ({shots}, {global_p})."
        if rows > 1:
            bad = np.ravel(fit.rows())
            said += f" {int(bad.sum()):,} of {rows:,} rows refuted{_named(bad, outcomes)}."
        said += f" Undecided: {without}" if empty.any() else ""
    else:
        said = f"The counts do not differ from the probabilities ({shots}, {global_p})."
        if epsilon is None and _nothing_seen(certificate):
            said = f"Undecided: so few ({shots}) that no deviation would have been seen."
    said += (
        f" A perfect sampler would be called different in at most {100 * fit.alpha:.6g}% of such "
        "comparisons."
    )
    worst = float(np.max(np.ravel(certificate.upper)[~empty]))
    where = " in every row" if rows > 1 else ""
    said += (
        f" Total variation is at most {number(worst)}{where}{' with shots' if empty.any() else ''}"
        f", at {confidence} confidence{' each' if rows > 1 else ''}."
    )
    if epsilon is None:
        return said
    certified, refuted = int(certificate.certified.sum()), int(certificate.refuted.sum())
    if certified == rows:
        return f"{said} That is agreement within {number(epsilon)}, certified."
    if refuted:
        return said
    return (
        f"{said} Agreement within {number(epsilon)} is undecided"
        f"{f' in {rows - certified:,} rows' if rows > 1 else ''}: draw more shots (`qcattn plan`)."
    )


def _named(which: np.ndarray, outcomes: Outcomes, most: int = 10) -> str:
    """The first of these rows by number and name, in brackets; nothing for none or an only row."""
    rows = np.flatnonzero(which)
    if not rows.size or which.size == 1:
        return ""
    called = [outcomes.row(int(row)) for row in rows[:most]]
    listed = ", ".join(called) + (", ..." if rows.size > most else "")
    return f" ({'row' if rows.size == 1 else 'rows'} {listed})"
