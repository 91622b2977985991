"""Runs of a job, of neighbouring seeds and of calls without a seed share no randomness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.noise_terms import NoiseTerm  # noqa: F401  # of an inherited field, for readers of types
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.comparisons import fit, independent
from qcattn.conformance.agreement import as_asked
from qcattn.conformance.case import Case, Law
from qcattn.conformance.probe import (
    UNKNOWN,
    Level,
    Outcome,
    Probe,
    ProbeJob,
    Shown,
    fresh_seed,
    task_of,
)
from qcattn.conformance.streams import grouped, of_cliffords, paired, spread_out
from qcattn.conformance.tally import columns
from qcattn.conformance.uniforms import alike, too_close, uniforms
from qcattn.evidence import Estimate
from qcattn.plurals import p_is

__all__ = ["IndependentRuns", "Runs"]

_SHOTS = {"quick": 4000, "standard": 10_000, "deep": 50_000}
_CIRCUITS = {"quick": 3, "standard": 8, "deep": 20}
_RUNS = 4
#: Resolutions by a law in groups and a number of shots.
_RESOLUTIONS: dict[tuple[bytes, int], float] = {}
#: Offsets of the seeds of calls; None for a call without one.
Offsets = tuple[int | None, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Runs(ProbeJob):
    """Runs whose shots must be independent.

    Attributes:
        offsets: Numbers that are added to the seed of the first call, one for each call; None calls
            without a seed.
        ordered: Whether shots come in the order in which they were drawn.
    """

    offsets: Offsets = (0,)
    ordered: bool = True

    def only(self, places: Sequence[int]) -> Runs:
        """The job with some of its circuits only, each by its own call where it had one."""
        found = super().only(places)
        if len(self.offsets) < 2:
            return found
        each = len(self.tasks) // len(self.offsets)
        return replace(found, offsets=tuple(self.offsets[i // each] for i in places[::each]))

    def seeds(self, first: int) -> list[int | None]:
        """The seed of each call, given that of the first."""
        return [None if offset is None else first + offset for offset in self.offsets]


@dataclass(frozen=True, kw_only=True)
class IndependentRuns(Probe[Runs]):
    """Runs of one law are independent, in one job or several: not alike, shifted, too far or close.

    Counts of independent runs are made uniform numbers exactly (`qcattn.conformance.uniforms`), so
    that two runs which are too much alike, and runs that keep closer to their law than chance lets
    them, are seen at any level. Where shots come in order, all shifts of two runs are scanned too,
    and pairs in the same place are compared with the product of the laws.

    References:
        [1] A. Miranskyy et al., arXiv:2510.22418, on testing distributions of quantum programs.
    """

    name: ClassVar[str] = "independence of runs"
    relation: ClassVar[str] = "Runs of a job, of other seeds and of other calls are independent"
    effect: ClassVar[str] = "shared shots"
    shown_by: ClassVar[Shown] = "independence"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[Runs]:
        """Runs of some circuits of either kind: in one job, as bindings, with other seeds."""
        number = _CIRCUITS[level]
        for dynamic in (False, True):
            some = spread_out(cases, number, dynamic=dynamic)
            some += of_cliffords(cases, max(1, number // 3), dynamic=dynamic, beside=some)
            for case in some:
                yield from _schemes(case, _SHOTS[level])
        for case in [one for one in cases if one.parameters and not one.noise][:2]:
            yield _of_bindings(case, _SHOTS[level])

    def ask(
        self, job: Runs, simulator: Simulator, rng: np.random.Generator
    ) -> list[list[np.ndarray]]:
        """Make all calls of a job; what each returns is one part of the job that is judged."""
        seeds = job.seeds(fresh_seed(rng))
        drawn: list[list[np.ndarray]] = []
        size = len(job.tasks) // len(seeds)
        for i, seed in enumerate(seeds):
            part = job.tasks[i * size : (i + 1) * size]
            drawn += simulator.sample(part, seed, job.noise)
        if "order" in simulator.abilities:
            return drawn
        return _Mixed([run[rng.permutation(len(run))] for run in runs] for runs in drawn)

    def judge(self, job: Runs, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge by exact tests of likeness, closeness, shifts and pairs."""
        wrong = as_asked(job, drawn)
        if wrong:
            return Outcome(0.0, shots=job.shots, said=wrong)
        runs = [
            (columns(run, law), law)
            for part, laws in zip(drawn, job.laws, strict=True)
            for run, law in zip(part, laws, strict=True)
        ]
        found = dict(_parts(runs, rng))
        worst = min(found, key=lambda name: found[name])
        return Outcome(
            min(1.0, len(found) * found[worst]),
            _shared(runs),
            # Where the order says nothing, runs are seen that are the same as a whole.
            1.0 if isinstance(drawn, _Mixed) else _resolution(runs),
            shots=job.shots,
            said=f"{worst}, {p_is(found[worst])}",
        )


def _schemes(case: Case, shots: int) -> Iterator[Runs]:
    needs: set[Ability] = {feature for feature in case.features if feature != "parameters"}
    same, laws = (task_of(case, shots),) * _RUNS, (case.laws,) * _RUNS

    def job(what: str, tasks: tuple[Task, ...], offsets: Offsets, *more: Ability) -> Runs:
        name = f"{case.name}, {what}"
        return Runs(
            name=name, tasks=tasks, laws=laws, offsets=offsets, needs=frozenset(needs | set(more))
        )

    other = tuple(task_of(case, shots + 100 * i) for i in range(_RUNS))
    yield job(f"{_RUNS} circuits of a job", same, (0,))
    yield job("circuits of a job without a seed", same, (None,))
    yield job("other numbers of shots", other, (0,))
    yield job("neighbouring seeds", same, tuple(range(_RUNS)), "seed")
    yield job("calls without a seed", same, (None,) * _RUNS)


def _of_bindings(case: Case, shots: int) -> Runs:
    whole = task_of(case, shots)
    table = Task(whole.circuit, shots, np.repeat(whole.values[-1:], _RUNS, axis=0))
    return Runs(
        name=f"{case.name}, rows of a table of values",
        tasks=(table,),
        laws=(case.laws[-1:] * _RUNS,),
        needs=frozenset(case.features),
    )


class _Mixed(list[list[np.ndarray]]):
    """Runs whose shots were put in an order of chance, since theirs says nothing."""


def _shared(runs: Sequence[tuple[np.ndarray, Law]]) -> Estimate:
    """The largest share of shots that two runs have in common in the same place, of all pairs.

    A share c of the shots of two independent runs is equal by chance, and a share s + (1 - s) c of
    two that have a share s in common; the interval is Hoeffding's at 95%, with Bonferroni's
    correction over the pairs.
    """
    groups, off = [grouped(shots, law) for shots, law in runs], []
    for (one, p), (other, q) in combinations(groups, 2):
        if p.shape != q.shape or max(p.max(), q.max()) > 1 - 1e-9:
            continue
        both, chance = min(len(one), len(other)), float(p @ q)
        share = (float((one[:both] == other[:both]).mean()) - chance) / (1 - chance)
        wide = math.sqrt(math.log(2 * math.comb(len(groups), 2) / 0.05) / (2 * both)) / (1 - chance)
        off.append((share, wide))
    if not off:
        return UNKNOWN
    share, wide = max(off)
    return Estimate(*(min(1.0, max(0.0, x)) for x in (share, share - wide, share + wide)))


def _resolution(runs: Sequence[tuple[np.ndarray, Law]]) -> float:
    """The smallest such share that is seen with 90% power, for the first two runs.

    It is 1 where nothing could be seen: with one run, or a certain outcome.
    """
    if len(runs) < 2:
        return 1.0
    (one, law), (other, _) = runs[:2]
    _, p = grouped(one, law)
    if p.max() > 1 - 1e-9:
        return 1.0
    square, shots = np.outer(p, p).ravel(), min(len(one), len(other))
    key = square.tobytes(), shots
    if key not in _RESOLUTIONS:
        pairs = np.round(square * shots).astype(int)
        seen = float(fit(pairs, square, alpha=1e-6).resolution)
        _RESOLUTIONS[key] = min(1.0, seen / (1 - float(p @ p)))
    return _RESOLUTIONS[key]


def _parts(
    runs: Sequence[tuple[np.ndarray, Law]], rng: np.random.Generator
) -> Iterator[tuple[str, float]]:
    """P-values by what was looked at."""
    flat = [
        uniforms(np.bincount(shots, minlength=len(law.p))[: len(law.p)], law.p, rng)
        for shots, law in runs
    ]
    yield "runs too close to their law", too_close(np.concatenate(flat))
    groups = [grouped(shots, law) for shots, law in runs]
    for (i, (one, p)), (j, (other, q)) in combinations(enumerate(groups), 2):
        if flat[i].shape == flat[j].shape:
            yield f"runs {i} and {j} alike", alike(flat[i], flat[j])
        both = min(len(one), len(other))
        seed = int(rng.integers(2**32))
        pairs = paired(one[:both], p, other[:both], q, seed)
        yield f"runs {i} and {j} shot by shot", pairs
    first, *_ = (law for _, law in runs)
    if all(law is first and (shots < len(law.p)).all() for shots, law in runs):
        found = independent([shots for shots, _ in runs], first.p, parts=("shift", "repeat"))
        yield "a stretch of one run in another", found.overall()
