"""Every circuit gives as many shots as were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, task_of

__all__ = ["AsAsked"]

_SHOTS = {
    "quick": (1, 2, 7, 1023),
    "standard": (1, 2, 3, 7, 64, 1023, 65_537),
    "deep": (1, 2, 3, 7, 64, 1023, 65_537, 3_000_001),
}


@dataclass(frozen=True, kw_only=True)
class AsAsked(Probe[ProbeJob]):
    """The simulator returns as many shots as were asked for, also for odd numbers of shots.

    References:
        [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017), the statistic of
            `qcattn.fit`.
    """

    name: ClassVar[str] = "as asked"
    relation: ClassVar[str] = "As many shots of as many bits come as were asked for"
    effect: ClassVar[str] = "total variation"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Small circuits of one binding, two in each job, and others of Clifford gates alone."""
        plain = [
            case for case in cases if not case.features and not case.noise and 2 <= case.qubits <= 6
        ]
        cliffords = [case for case in plain if "clifford" in case.exercises]
        for what, some in (("", plain), (", Clifford gates", cliffords)):
            for i, shots in enumerate(_SHOTS[level] if some else ()):
                pair = some[i % len(some)], some[(i + len(some) // 2) % len(some)]
                yield ProbeJob(
                    name=f"{shots:,} and {shots + 1:,} shots{what}",
                    tasks=tuple(task_of(case, shots + j) for j, case in enumerate(pair)),
                    laws=tuple(case.laws for case in pair),
                )

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the number of shots exactly, and their law by `qcattn.fit`."""
        return follow(job, drawn, rng)
