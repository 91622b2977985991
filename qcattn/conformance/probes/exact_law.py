"""Every circuit's shots follow its exact law, at few shots and at many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, job_of

__all__ = ["ExactLaw"]

#: Shots by level; circuits of few qubits are drawn at the largest number too.
_SHOTS = {"quick": (400, 10_000), "standard": (400, 10_000, 100_000), "deep": (400, 10_000, 10**6)}
#: The number of circuits without noise among which one is drawn a million times, by level.
_MILLION = {"quick": 60, "standard": 10, "deep": 1}


@dataclass(frozen=True, kw_only=True)
class ExactLaw(Probe[ProbeJob]):
    """Each circuit of the corpus, by itself, follows its exact distribution.

    Example:
        >>> from qcattn.conformance.corpus import corpus
        >>> [job.name for job in ExactLaw().jobs(corpus(), "quick")][0]
        '..., 400 shots'

    References:
        [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017), the statistic of
            `qcattn.fit`.
    """

    name: ClassVar[str] = "exact law"
    relation: ClassVar[str] = "The shots of every circuit follow its exact law"
    effect: ClassVar[str] = "total variation"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Each circuit without noise with the shots of this level, some with a million shots."""
        quiet = [case for case in cases if not case.noise]
        for shots in _SHOTS[level]:
            yield from (job_of(case, shots) for case in quiet)
        if level != "deep":
            plain = [case for case in quiet if not case.features and len(case.laws) == 1]
            yield from (job_of(case, 10**6) for case in plain[:: _MILLION[level]])

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)
