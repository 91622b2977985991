"""Circuits follow their laws as well when many different ones run as one job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, task_of

__all__ = ["ManyCircuits"]

#: Circuits of one job, and shots of each of them by turns.
_CIRCUITS = 8
_SHOTS = {
    "quick": (2000, 1999),
    "standard": (10_000, 3001),
    "deep": (100_000, 10_007),
}


@dataclass(frozen=True, kw_only=True)
class ManyCircuits(Probe[ProbeJob]):
    """Eight different circuits in one job, of several sizes and numbers of shots, keep their laws.

    References:
        [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017), the statistic of
            `qcattn.fit`.
    """

    name: ClassVar[str] = "many circuits"
    relation: ClassVar[str] = "Circuits that run as one job follow each its own law"
    effect: ClassVar[str] = "total variation"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Circuits without noise, shared out so that each job holds different kinds.

        Circuits of Clifford gates have jobs of their own, too, and so have wide circuits.
        """
        quiet = [case for case in cases if not case.noise]
        static = [case for case in quiet if not case.features - {"parameters"}]
        cliffords = [case for case in static if "clifford" in case.exercises]
        for what, kind in (
            ("", static),
            ("", [case for case in quiet if case not in static]),
            (" of Clifford gates", [case for case in cliffords if "wide" not in case.exercises]),
            (" of Clifford gates", [case for case in cliffords if "wide" in case.exercises]),
        ):
            jobs = -(-len(kind) // _CIRCUITS)
            for i in range(jobs):
                yield _job(kind[i::jobs], _SHOTS[level], what)

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)


def _job(cases: Sequence[Case], shots: tuple[int, ...], what: str) -> ProbeJob:
    needs: set[Ability] = {
        feature for case in cases for feature in case.features if feature != "parameters"
    }
    first, *_ = cases
    return ProbeJob(
        name=f"{first.name} and {len(cases) - 1} others{what} in one job",
        tasks=tuple(task_of(case, shots[i % len(shots)]) for i, case in enumerate(cases)),
        laws=tuple(case.laws for case in cases),
        needs=frozenset(needs),
    )
