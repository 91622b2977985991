"""All probes on one simulator: one error budget, seeds by name, nothing lost in a kill."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, check_object
from qcattn.backends.simulator import Simulator
from qcattn.conformance.case import Case
from qcattn.conformance.corpus import corpus
from qcattn.conformance.journal import Journal
from qcattn.conformance.probe import LEVELS, Level, Probe, ProbeJob
from qcattn.conformance.report import LeftOut, Report, conclude
from qcattn.conformance.timing import LEVEL_SECONDS
from qcattn.conformance.turns import Answered, Begun, Ended, Work, seed_of_job, turns
from qcattn.errors import Interrupted
from qcattn.names import known
from qcattn.progress import Progress, silent
from qcattn.seeds import entropy
from qcattn.walking import classes

__all__ = [
    "all_probes",
    "applicable",
    "draw_again",
    "job_named",
    "jobs_of",
    "run_conformance",
]


def all_probes() -> list[Probe[Any]]:
    """One object of every probe, in the order of their names.

    Example:
        >>> [probe.name for probe in all_probes()][:3]
        ['as asked', 'bindings', 'bit order']
    """
    return sorted((cls() for cls in classes("conformance.probes").values()), key=lambda p: p.name)


def applicable(
    simulator: Simulator,
    level: Level,
    probes: Sequence[str] | None = None,
    cases: Sequence[Case] | None = None,
) -> list[str]:
    """The probes with a job that the simulator says it can run; they share the error budget.

    Args:
        simulator: The adapter of the simulator that is tested.
        level: ``"quick"``, ``"standard"`` or ``"deep"``.
        probes: Names; None for all.
        cases: Circuits; the corpus if None.

    Raises:
        ValueError: If a name is unknown.

    Example:
        >>> from qcattn.backends import Estimator
        >>> from qiskit.primitives import StatevectorEstimator
        >>> applicable(Estimator(StatevectorEstimator()), "quick", ["seeds", "expectation values"])
        ['expectation values']
    """
    circuits = corpus() if cases is None else cases
    works = [_work(probe, simulator, circuits, level) for probe in _chosen(probes)]
    return [work.probe.name for work in works if work.jobs]


def run_conformance(
    simulator: Simulator,
    *,
    level: Level = "quick",
    alpha: float = 1e-3,
    seed: Any = None,
    probes: Sequence[str | Probe[Any]] | None = None,
    cases: Sequence[Case] | None = None,
    journal: str | Path | None = None,
    seconds: float | None = None,
    made_by: Callable[[], Simulator] | None = None,
    progress: Progress = silent,
) -> Report:
    """Test a simulator by all probes.

    Args:
        simulator: The adapter of the simulator that is tested.
        level: ``"quick"``, ``"standard"`` or ``"deep"``: about 1, 10 and 60 minutes, and at most
            3, 20 and 120.
        alpha: Probability that a correct simulator has any alarm at all, over the whole run. The
            probes that are applicable share it equally.
        seed: What `numpy.random.default_rng` takes. Every job has its own part, by its name.
        probes: Names or objects; None for all.
        cases: Circuits; the corpus if None.
        journal: File into which every answer goes at once; a run that finds its own journal goes
            on where it was.
        seconds: Seconds that the run may take; those of `qcattn.conformance.timing.LEVEL_SECONDS`
            if None. Each probe has an equal part, and what others leave of theirs. Jobs that do not
            fit are left out, whatever the shots said so far, and the report says how many.
        made_by: A function of a module that makes the simulator in a process of its own. There a
            job that takes more than a third of its probe's time is ended and left out, and a
            simulator that crashes is an alarm of the job in which it did. None draws in this
            process, where one slow circuit takes as long as it takes.
        progress: A function that is told the shots that are done, how many there are, and the job.

    Returns:
        The report.

    Raises:
        ValueError: If a name is unknown or alpha is not an error rate.
        NotWhole: If the journal is of another run.
        Interrupted: If Ctrl-C is pressed; it carries the report of what was done, which is not
            complete.

    Example:
        >>> from qcattn.conformance.reference import Reference
        >>> few = corpus()[:20]
        >>> report = run_conformance(Reference(), probes=["exact law"], cases=few, seed=1)
        >>> report.standing
        'passed'
    """
    level = known("level", level, LEVELS)  # type: ignore[assignment]
    alpha, root, begun = check_alpha(alpha), entropy(seed), time.perf_counter()
    chosen = _chosen(probes)
    circuits = corpus() if cases is None else cases
    works = [_work(probe, simulator, circuits, level) for probe in chosen]
    sharing = sum(bool(work.jobs) for work in works)
    kept = None
    if journal is not None:
        kept = Journal(Path(journal), _identity(simulator, level, alpha, root, circuits))
    ended, stopped = _ended(
        turns(
            works,
            simulator,
            made_by,
            root=root,
            seconds=LEVEL_SECONDS[level] if seconds is None else seconds,
            known={} if kept is None else kept.answers,
        ),
        works,
        kept,
        progress,
    )
    found = [
        conclude(
            work.probe.name,
            work.probe.relation,
            work.probe.effect,
            one.answers,
            alpha=alpha / max(sharing, 1),
            seed=root,
            missing=work.missing,
            left_out=one.left_out,
        )
        for work, one in zip(works, ended, strict=True)
    ]
    report = Report(
        simulator=simulator.settings(),
        level=level,
        alpha=alpha,
        seed=root,
        probed=tuple(found),
        seconds=time.perf_counter() - begun,
        complete=not stopped,
    )
    if stopped:
        raise Interrupted(report)
    return report


def _ended(
    events: Iterator[Begun | Answered | Ended],
    works: Sequence[Work],
    kept: Journal | None,
    progress: Progress,
) -> tuple[list[Ended], bool]:
    """What the turn of each probe came to, and whether Ctrl-C cut them off."""
    total = sum(job.shots for work in works for job in work.jobs)
    known = {} if kept is None else kept.answers
    answers, ended = dict(known), dict[str, Ended]()
    try:
        for event in events:
            if isinstance(event, Begun):
                progress(event.done, total, f"{event.probe}: {event.job}")
            elif isinstance(event, Answered):
                answers[event.probe, event.answer.job] = event.answer
                if kept is not None:
                    kept.add(event.probe, event.answer)
            else:
                ended[event.probe] = event
        progress(total, total, "all probes")
        return [ended[work.probe.name] for work in works], False
    except KeyboardInterrupt:
        for work in works:
            name = work.probe.name
            some = [answers[name, job.name] for job in work.jobs if (name, job.name) in answers]
            ended.setdefault(name, Ended(name, tuple(some), LeftOut()))
        return [ended[work.probe.name] for work in works], True


def job_named(
    probe: str, job: str, level: Level, cases: Sequence[Case] | None = None
) -> tuple[Probe[Any], ProbeJob]:
    """Find a job of a report, to run it again.

    Args:
        probe: Name of the probe.
        job: Name of the job.
        level: The level of the report.
        cases: Circuits; the corpus if None.

    Raises:
        ValueError: If there is no such probe or job.
    """
    (found,) = _chosen([probe])
    circuits = tuple(corpus() if cases is None else cases)
    by_name = {one.name: one for one in jobs_of(found, level, circuits)}
    return found, by_name[known("job", job, by_name)]


def _chosen(probes: Sequence[str | Probe[Any]] | None) -> list[Probe[Any]]:
    everything = {probe.name: probe for probe in all_probes()}
    if probes is None:
        return list(everything.values())
    chosen = [
        everything[known("probes", one, everything)] if isinstance(one, str) else one
        for one in probes
    ]
    for one in chosen:
        check_object(one, "probes", "ExactLaw()", "jobs", "ask", "judge")
    return chosen


def _work(probe: Probe[Any], simulator: Simulator, cases: Sequence[Case], level: Level) -> Work:
    abilities = simulator.abilities
    missing = sorted(probe.needs - abilities)
    if missing:
        return Work(probe, (), tuple(missing))
    jobs = [
        job
        for job in jobs_of(probe, level, cases)
        if job.needs <= abilities and job.qubits <= simulator.most_qubits
    ]
    return Work(probe, tuple(jobs), ())


def jobs_of(
    probe: Probe[Any], level: Level, cases: Sequence[Case] | None = None
) -> tuple[ProbeJob, ...]:
    """The jobs of a probe; the same circuits at every call, so that what is known may be kept.

    Args:
        probe: A probe, one of `all_probes`.
        level: ``"quick"``, ``"standard"`` or ``"deep"``.
        cases: Circuits; the corpus if None.
    """
    return _jobs(probe, tuple(corpus() if cases is None else cases), level)


@cache
def _jobs(probe: Probe[Any], cases: tuple[Case, ...], level: Level) -> tuple[ProbeJob, ...]:
    return tuple(probe.jobs(cases, level))


def draw_again(
    probe: str, job: str, level: Level, seed: int, simulator: Simulator
) -> tuple[ProbeJob, Any]:
    """Draw what a job of a report drew, or would have drawn with another seed.

    Args:
        probe: Name of the probe.
        job: Name of the job.
        level: The level of the report.
        seed: The seed of the report.
        simulator: The simulator that was tested.

    Returns:
        The job, and what its probe asks for: shots of each task and binding, in most of them.

    Raises:
        ValueError: If there is no such probe or job.
    """
    found, asked = job_named(probe, job, level)
    rng = np.random.default_rng(seed_of_job(seed, probe, job))
    return asked, found.ask(asked, simulator, rng)


def _identity(
    simulator: Simulator, level: Level, alpha: float, root: int, cases: Sequence[Case]
) -> Mapping[str, Any]:
    digest = hashlib.sha256()
    for case in cases:
        text = case.text if isinstance(case.text, bytes) else case.text.encode()
        digest.update(case.name.encode() + b"\0" + text)
    return {
        "simulator": simulator.settings(),
        "level": level,
        "alpha": alpha,
        "seed": str(root),
        "corpus": digest.hexdigest(),
    }
