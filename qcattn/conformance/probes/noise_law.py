"""Noise that a simulator is given acts, with and without control flow beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, job_of

__all__ = ["NoiseLaw"]

_SHOTS = {"quick": (10_000,), "standard": (400, 10_000, 100_000), "deep": (10_000, 10**6)}


@dataclass(frozen=True, kw_only=True)
class NoiseLaw(Probe[ProbeJob]):
    """Circuits under noise follow their closed-form law; a simulator that drops noise is refuted.

    References:
        [1] M. A. Nielsen and I. L. Chuang, Quantum Computation and Quantum Information (2010),
            chapter 8.
    """

    name: ClassVar[str] = "noise"
    relation: ClassVar[str] = "Noise that is asked for acts as its closed form says"
    effect: ClassVar[str] = "total variation"
    needs: ClassVar[frozenset[Ability]] = frozenset({"noise"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Each circuit of the corpus that has noise."""
        for shots in _SHOTS[level]:
            yield from (job_of(case, shots) for case in cases if case.noise)

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)
