"""Jobs of probes, each probe in its turn, and jobs that take longer than they may."""

from __future__ import annotations

import copyreg
import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.circuit import CASE_DEFAULT

from qcattn.apart import apart
from qcattn.backends.simulator import Simulator
from qcattn.conformance.probe import Outcome, Probe, ProbeJob
from qcattn.conformance.report import Answer, LeftOut
from qcattn.conformance.timing import foreseen, in_turn, longest
from qcattn.errors import Died

__all__ = ["Answered", "Begun", "Ended", "Work", "seed_of_job", "turns"]

#: Answers that are known, by the names of probe and job.
Known = Mapping[tuple[str, str], Answer]


@dataclass(frozen=True, eq=False)
class Work:
    """The jobs of one probe that are put to the simulator, and the abilities that it lacks."""

    probe: Probe[Any]
    jobs: tuple[ProbeJob, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Begun:
    """A job has begun.

    Attributes:
        probe: The name of the probe of the job.
        job: The name of the job.
        done: Shots of the jobs before it.
        most: Seconds that it may take, where it can be ended.
    """

    probe: str
    job: str
    done: int
    most: float


@dataclass(frozen=True, eq=False)
class Answered:
    """A job of a probe has its answer."""

    probe: str
    answer: Answer


@dataclass(frozen=True, eq=False)
class Ended:
    """A probe had its turn.

    Attributes:
        probe: The name of the probe.
        answers: The answers of its jobs, in their order.
        left_out: Jobs that did not fit into its time, or were ended.
    """

    probe: str
    answers: tuple[Answer, ...]
    left_out: LeftOut


class _Turn:
    """What one probe was asked in its time.

    Args:
        work: The jobs of the probe.
        seconds: Seconds that it may take; its first job is run in any case.
    """

    def __init__(self, work: Work, seconds: float) -> None:
        self.seconds, self.used, self.would_take, self.left_out = seconds, 0.0, 0.0, 0
        self._jobs, self._drawn, self._took = work.jobs, list[int](), list[float]()
        self._answers: dict[str, Answer] = {}
        self._slow: dict[int, tuple[int, float]] = {}

    @property
    def most(self) -> float:
        """The seconds that the next job may take."""
        return longest(self.seconds, self.used)

    def fits(self, job: ProbeJob) -> bool:
        """Whether there is time for a job; if not, it is counted as left out."""
        takes = foreseen(job.shots, self._drawn, self._took)
        known = [self._slow.get(id(task.circuit), (math.inf, 0.0)) for task in job.tasks]
        slow = [
            took for (shots, took), task in zip(known, job.tasks, strict=True)
            if task.shots >= shots
        ]  # fmt: skip
        if not slow and (not self._drawn or self.used + takes <= self.seconds):
            return True
        self.would_take += max(takes, *slow, 0.0)
        self.left_out += 1
        return False

    def keep(self, job: ProbeJob, answer: Answer) -> None:
        """The answer of a job that was run."""
        self._answers[job.name] = answer
        self.used += answer.seconds
        if answer.cut:
            self.left_out += 1
            self.would_take += answer.seconds
            if len(job.tasks) == 1:
                (task,) = job.tasks
                self._slow[id(task.circuit)] = task.shots, answer.seconds
        elif answer.outcome is not None:
            self._drawn.append(job.shots)
            self._took.append(answer.seconds)

    def ended(self, probe: str) -> Ended:
        """What came of the turn."""
        answers = [self._answers[job.name] for job in self._jobs if job.name in self._answers]
        return Ended(probe, tuple(answers), LeftOut(self.left_out, self.would_take))


def _default_case() -> Any:
    return CASE_DEFAULT


# Qiskit compares it by identity, which pickling into the other process loses: a `switch` with a
# default would not be read there.
copyreg.pickle(type(CASE_DEFAULT), lambda _: (_default_case, ()))


class _TooLong(Exception):
    """A job takes longer than it may."""


def turns(
    works: Sequence[Work],
    simulator: Simulator,
    made_by: Callable[[], Simulator] | None,
    *,
    root: int,
    seconds: float,
    known: Known,
) -> Iterator[Begun | Answered | Ended]:
    """Run all probes in order, and yield what begins, every new answer, and every end of a turn.

    Args:
        works: The jobs of each probe.
        simulator: The simulator that is tested.
        made_by: A function that makes it in another process, where a job that takes too long is
            ended and left out, and one that ends the process raises what is reported; None for this
            process.
        root: Entropy of the run.
        seconds: Seconds that the whole may take; each probe has an equal part, and what others
            leave of theirs.
        known: Answers of a run before.
    """
    if made_by is None:
        yield from _turns(lambda: simulator, works, root, seconds, known)
        return
    known, ended = dict(known), set[str]()
    begun: Begun | None = None

    def look(since: float) -> None:
        if begun is not None and since > begun.most:
            raise _TooLong

    while True:
        begun = None  # until the process has started, no job takes time
        called = time.monotonic()
        since = starting = 0.0
        try:
            for event in apart(_turns, made_by, works, root, seconds, known, waiting=look):
                begun = event if isinstance(event, Begun) else None
                if begun is not None:
                    since = time.monotonic()
                    starting = starting or since - called
                if isinstance(event, Answered):
                    known[event.probe, event.answer.job] = event.answer
                if isinstance(event, Ended):
                    if event.probe in ended:  # before the process was started again
                        continue
                    ended.add(event.probe)
                yield event
            return
        except (_TooLong, Died) as error:
            if begun is None:
                raise
            # Another must start, which is time of its probe: it may be that every job ends one.
            answer = Answer(begun.job, None, begun.most + starting, cut=True)
            if isinstance(error, Died) and not error.killed:
                said = f"the process of the simulator ended with code {error.code}"
                took = time.monotonic() - since + starting
                answer = Answer(begun.job, Outcome(0.0, said=said, raised="Died"), took)
            known[begun.probe, begun.job] = answer
            yield Answered(begun.probe, answer)


def _turns(
    make: Callable[[], Simulator],
    works: Sequence[Work],
    root: int,
    seconds: float,
    known: Known,
) -> Iterator[Begun | Answered | Ended]:
    simulator, done = make(), 0
    simulator.settings()  # imports what it needs, so that the first job does not pay for it
    left, waiting = seconds, sum(bool(work.jobs) for work in works)
    for work in works:
        name = work.probe.name
        turn = _Turn(work, left / max(waiting, 1))
        for job in in_turn(work.jobs):
            answer = known.get((name, job.name))
            if answer is not None:
                turn.keep(job, answer)
            elif turn.fits(job):
                yield Begun(name, job.name, done, turn.most)
                answer = _answer(work.probe, job, simulator, root)
                yield Answered(name, answer)
                turn.keep(job, answer)
            done += job.shots
        left, waiting = left - turn.used, waiting - bool(work.jobs)
        yield turn.ended(name)


def _answer(probe: Probe[Any], job: ProbeJob, simulator: Simulator, root: int) -> Answer:
    begun = time.perf_counter()
    outcome = probe(job, simulator, seed_of_job(root, probe.name, job.name))
    return Answer(job.name, outcome, time.perf_counter() - begun)


def seed_of_job(root: int, probe: str, job: str) -> np.random.SeedSequence:
    """The seed of a job, from its name, so that it does not depend on what else is in the run."""
    name = hashlib.sha256(f"{probe}\n{job}".encode()).digest()
    return np.random.SeedSequence([root, *np.frombuffer(name[:16], np.uint32).tolist()])
