"""A seed makes a job come out again, whatever else is in it, and another seed does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability, Simulator
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, Shown, fresh_seed, task_of
from qcattn.conformance.streams import of_cliffords, spread_out
from qcattn.evidence import Estimate

__all__ = ["Seeds"]

_SHOTS = 500
_CIRCUITS = {"quick": 4, "standard": 12, "deep": 40}


@dataclass(frozen=True, kw_only=True)
class Seeds(Probe[ProbeJob]):
    """A seed gives the same shots again, also with fewer circuits, and another seed gives others.

    There is next to no chance in it: two jobs of another seed are the same with a probability that
    is computed from the laws, and that is the p-value.

    References:
        [1] J. K. Salmon et al., SC '11, 16, on streams of counter-based generators.
    """

    name: ClassVar[str] = "seeds"
    relation: ClassVar[str] = "One seed gives one answer, whatever the job, and others differ"
    effect: ClassVar[str] = "jobs that came out otherwise"
    shown_by: ClassVar[Shown] = "seeds"
    needs: ClassVar[frozenset[Ability]] = frozenset({"seed"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Jobs of four circuits of either kind, and of Clifford gates alone."""
        number = _CIRCUITS[level]
        for dynamic in (False, True):
            chosen = spread_out(cases, number, dynamic=dynamic)
            yield from _in_fours(chosen)
            yield from _in_fours(of_cliffords(cases, number, dynamic=dynamic, beside=chosen))

    def ask(self, job: ProbeJob, simulator: Simulator, rng: np.random.Generator) -> Any:
        """Run the four jobs."""
        seed, other = fresh_seed(rng), fresh_seed(rng)
        half = job.tasks[: max(1, len(job.tasks) // 2)]
        jobs = {
            "once": simulator.sample(job.tasks, seed),
            "again": simulator.sample(job.tasks, seed),
            "shorter": simulator.sample(half, seed),
            "other": simulator.sample(job.tasks, other),
        }
        if "order" not in simulator.abilities:
            return {
                name: [[_sorted(run) for run in one] for one in job] for name, job in jobs.items()
            }
        return jobs

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge whether the shots are the same, bit by bit."""
        shots = 4 * job.shots

        def found(p_value: float, said: str = "") -> Outcome:
            # One bit of one shot is enough, so that what is seen is one job at least.
            wrong = float(p_value < 1.0)
            return Outcome(p_value, Estimate(wrong, wrong, wrong), 1.0, shots, said)

        if not _same(drawn["once"], drawn["again"]):
            return found(0.0, "one seed gave two answers")
        if not _same(drawn["once"][: len(drawn["shorter"])], drawn["shorter"]):
            return found(0.0, "the first circuits depend on those after them")
        if _same(drawn["once"], drawn["other"]):
            chance = float(np.prod([_chance(law.p, _SHOTS) for (law,) in job.laws]))
            return found(chance, "another seed gave the same shots")
        return found(1.0)


def _in_fours(cases: Sequence[Case]) -> Iterator[ProbeJob]:
    for i in range(0, len(cases), 4):
        job = cases[i : i + 4]
        first, *_ = job
        yield ProbeJob(
            name=f"{first.name} and {len(job) - 1} others",
            tasks=tuple(task_of(case, _SHOTS) for case in job),
            laws=tuple(case.laws for case in job),
            needs=frozenset(feature for case in job for feature in case.features),
        )


def _sorted(run: np.ndarray) -> np.ndarray:
    return run[np.lexsort(run.T[::-1])]


def _same(one: Sequence[Sequence[np.ndarray]], other: Sequence[Sequence[np.ndarray]]) -> bool:
    pairs = zip(one, other, strict=False)
    alike = all(len(a) == len(b) and all(map(np.array_equal, a, b)) for a, b in pairs)
    return len(one) == len(other) and alike


def _chance(p: np.ndarray, shots: int) -> float:
    r"""Probability, at most, that two runs have the same counts of the likeliest outcome.

    The largest binomial probability is at most :math:`1/\sqrt{2 \pi n p (1-p)} \cdot 1.1`.
    """
    spread = shots * float(p.max()) * (1 - float(p.max()))
    return min(1.0, 1.1 / np.sqrt(2 * np.pi * max(spread, 1e-9)))
