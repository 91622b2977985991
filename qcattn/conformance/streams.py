"""Circuits whose shots are looked at in their order, and what two streams of shots share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.comparisons import fit
from qcattn.conformance.case import Case, Law

__all__ = ["grouped", "of_cliffords", "paired", "spread_out"]

_GROUPS = 4


def spread_out(cases: Sequence[Case], number: int, *, dynamic: bool) -> list[Case]:
    """Choose circuits, spread over the corpus, whose shots differ often enough to be told apart.

    Args:
        cases: Cases of the corpus.
        number: The number of circuits at most.
        dynamic: Whether to choose those that measure or reset on the way, or those that do not.
    """
    good = [
        case
        for case in cases
        if not case.noise
        and len(case.laws) == 1
        and case.qubits <= 8
        and case.clbits <= 8
        and bool(case.features) is dynamic
        and max(law.p.max() for law in case.laws) < 0.9
    ]
    step = max(1, len(good) // number)
    return good[::step][:number]


def of_cliffords(
    cases: Sequence[Case], number: int, *, dynamic: bool = False, beside: Sequence[Case] = ()
) -> list[Case]:
    """Choose circuits of Clifford gates whose shots differ, which every simulator takes.

    Without them a stabilizer simulator would be asked for the laws of its circuits only.

    Args:
        cases: Cases of the corpus.
        number: The number of circuits at most.
        dynamic: Whether to choose those that measure or reset on the way, or those that do not.
        beside: Circuits that are chosen already, and not again.

    Example:
        >>> from qcattn.conformance.corpus import corpus
        >>> [case.name for case in of_cliffords(corpus(), 3)]
        ['clifford/uniform-2', 'clifford/1-coins-4', 'clifford/6-coins-10']
    """
    good = [
        case
        for case in cases
        if "clifford" in case.exercises
        and bool(case.features) is dynamic
        and case not in beside
        and max(law.p.max() for law in case.laws) < 0.9
    ]
    step = max(1, len(good) // number)
    return good[::step][:number]


def grouped(columns: np.ndarray, law: Law) -> tuple[np.ndarray, np.ndarray]:
    """Put outcomes into at most four groups of about equal probability, and say how likely each is.

    Args:
        columns: Outcome of each shot, shape (shots,); ``len(law.p)`` for what the law excludes.
        law: The law of the outcomes.

    Returns:
        The group of each shot, shape (shots,), and probabilities, shape (groups,); a stray shot
        counts into the last group.
    """
    order = np.argsort(-law.p, kind="stable")
    sums = np.zeros(_GROUPS)
    group = np.full(len(law.p) + 1, _GROUPS - 1)
    for i in order:
        lightest = int(np.argmin(sums))
        group[i] = lightest
        sums[lightest] += law.p[i]
    used = np.unique(group)
    place = np.full(_GROUPS, -1)
    place[used] = np.arange(len(used))
    return place[group[columns]], sums[used]


def paired(one: np.ndarray, p: np.ndarray, other: np.ndarray, q: np.ndarray, seed: int) -> float:
    """The p-value that two streams of groups are independent, from pairs in the same place.

    Args:
        one: Groups, shape (shots,).
        p: Probabilities of the groups.
        other: Groups of the other stream, same shape.
        q: Probabilities of the other stream's groups.
        seed: The seed of the comparison.
    """
    table = np.bincount(one * len(q) + other, minlength=len(p) * len(q))
    return fit(table, np.outer(p, q).ravel(), seed=seed).overall()
