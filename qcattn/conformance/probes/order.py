"""Shots of one run do not depend on the shots before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability
from qcattn.comparisons import fit, independent
from qcattn.conformance.agreement import as_asked, variation
from qcattn.conformance.case import Case, Law
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, Shown, job_of
from qcattn.conformance.streams import grouped, of_cliffords, paired, spread_out
from qcattn.conformance.tally import columns
from qcattn.evidence import Estimate
from qcattn.plurals import p_is
from qcattn.records import Counts

__all__ = ["Order"]

_SHOTS = {"quick": 6000, "standard": 20_000, "deep": 200_000}
_CIRCUITS = {"quick": 6, "standard": 15, "deep": 40}
_LAGS = (1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
_BLOCKS = 8


@dataclass(frozen=True, kw_only=True)
class Order(Probe[ProbeJob]):
    """Shots come in no order: pairs at thirteen distances, blocks, and stretches that come twice.

    Pairs do not overlap, so that the table of a distance follows the product of the law with
    itself exactly; each distance is looked at in two such sets of pairs.

    References:
        [1] A. Miranskyy et al., arXiv:2510.22418, on testing distributions of quantum programs.
    """

    name: ClassVar[str] = "order of shots"
    relation: ClassVar[str] = "Shots of one run are independent of the shots before them"
    effect: ClassVar[str] = "total variation of pairs"
    shown_by: ClassVar[Shown] = "order"
    needs: ClassVar[frozenset[Ability]] = frozenset({"order"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Some circuits that are sampled from one state, and some that run shot by shot."""
        number = _CIRCUITS[level]
        for dynamic in (False, True):
            some = spread_out(cases, number, dynamic=dynamic)
            some += of_cliffords(cases, number // 3, dynamic=dynamic, beside=some)
            for case in some:
                yield job_of(case, _SHOTS[level])

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge by exact tests of pairs, blocks and repeats, each with its part of the p-value."""
        wrong = as_asked(job, drawn)
        if wrong:
            return Outcome(0.0, shots=job.shots, said=wrong)
        ((run,),), ((law,),) = drawn, job.laws
        found = dict(_parts(columns(run, law), law, rng))
        worst = min(found, key=lambda name: found[name])
        return Outcome(
            min(1.0, len(found) * found[worst]),
            _dependence(columns(run, law), law),
            resolution=_resolution(law, job.shots),
            shots=job.shots,
            said=f"{worst}, {p_is(found[worst])}",
        )


def _parts(shots: np.ndarray, law: Law, rng: np.random.Generator) -> Iterator[tuple[str, float]]:
    """P-values by what was looked at."""
    group, p = grouped(shots, law)

    def seed() -> int:
        return int(rng.integers(2**32))

    for lag, half, first in _pairs(len(group)):
        where = f"pairs {lag} shots apart, set {half + 1}"
        yield where, paired(group[first], p, group[first + lag], p, seed())
    blocks = [np.bincount(one, minlength=len(p)) for one in np.array_split(group, _BLOCKS)]
    yield "blocks of the run", fit(np.array(blocks), p, seed=seed()).overall()
    if (shots < len(law.p)).all():
        repeats = independent([shots], law.p, parts=("repeat",))
        yield "a stretch that comes twice", repeats.overall()


def _pairs(shots: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Each lag and half, and the first shots of pairs of which no two share a shot."""
    for lag in _LAGS:
        if 4 * lag > shots:
            break
        place = np.arange(shots - lag)
        for half in (0, 1):
            yield lag, half, place[place // lag % 2 == half]


def _dependence(shots: np.ndarray, law: Law) -> Estimate:
    """Total variation from the product of the law, of the distance whose pairs fit worst."""
    group, p = grouped(shots, law)
    square, off = np.outer(p, p).ravel(), []
    for lag, _, first in _pairs(len(group)):
        pairs = group[first] * len(p) + group[first + lag]
        counts = np.bincount(pairs, minlength=len(square))[None]
        none = np.zeros(1, dtype=np.int64)
        off.append(variation(Counts(counts, none, none), square, closely=False))
    return max(off, key=lambda one: (one.low, one.best))


def _resolution(law: Law, shots: int) -> float:
    """Smallest dependence of neighbours that is seen with 90% power, as a total variation."""
    _, p = grouped(np.zeros(0, dtype=int), law)
    square = np.outer(p, p).ravel()
    pairs = np.round(square * (shots // 2)).astype(int)
    return float(fit(pairs, square, alpha=1e-6).resolution)
