"""How often the probes raise a false alarm on a sampler that is right, and which faults they find.

    python tests/benchmarks/conformance.py --runs 100  # --write
    python tests/benchmarks/conformance.py --runs 0 --first-alarm standard  # --write

The first runs all probes on the reference sampler with as many seeds, then each planted fault once,
with no limit of time. The laws are those of the corpus, so that a run costs its draws, some three
seconds at the level ``quick``, and a fault the laws of the circuits that it changes too. The second
asks each fault for jobs of its level, few shots first, until one of them makes the alarm certain by
itself. What is found does not depend on the number of workers. With ``--kept FILE``
every answer is written there as it comes, and the same command goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import results
from planted import FAULTS
from rich.console import Console
from rich.progress import track
from scipy.stats import binom

from qcattn.conformance.probe import Level
from qcattn.conformance.reference import Reference
from qcattn.conformance.report import Answer, conclude
from qcattn.conformance.running import all_probes, jobs_of, run_conformance
from qcattn.conformance.turns import seed_of_job
from qcattn.parsing import parse_json


def main(arguments: list[str] | None = None, kept: Path | None = None) -> int:
    """Run the reference, then every fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100, help="of the reference; 0 for none")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--level", default="quick")
    parser.add_argument("--alpha", type=float, default=1e-3)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw side by side")
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--first-alarm", metavar="LEVEL", help="ask for one alarm, at this level")
    parser.add_argument("--kept", metavar="FILE", help="keep answers here, and go on from them")
    given = parser.parse_args(arguments)
    seeds = range(given.first, given.first + given.runs)
    runs = [Run("", seed, given.level, given.alpha, all_alarms) for seed in seeds]
    level, look = given.level, all_alarms
    if given.first_alarm is not None:
        level, look = given.first_alarm, first_alarm
    faults = [] if given.no_faults else list(FAULTS)
    runs += [Run(name, 0, level, given.alpha, look) for name in faults]

    found = _alarms(runs, given.workers, kept)
    alarms = [f"seed {run.seed}: {by}" for run, by in found.items() if not run.fault and by]
    _, high = binom.interval(0.99, max(given.runs, 1), given.alpha)
    if given.runs:
        print(
            f"False alarms: {len(alarms)} of {given.runs} runs at {given.alpha:g}; at most "
            f"{high:.0f} in 99% of correct suites. {'; '.join(alarms)}".strip()
        )
    if not faults:
        return 0
    print(f"\n| planted fault | {_HEADS[look].format(level)} |\n|---|---|")
    by_fault = {run.fault: by for run, by in found.items() if run.fault}
    for name, by in by_fault.items():
        print(f"| {name} | {by or '**missed**'} |")
    caught = sum(map(bool, by_fault.values()))
    print(f"\nFound at the level `{level}`: {caught} of {len(faults)}.")
    return 0


class Run(NamedTuple):
    """One simulator, and how it is looked at."""

    fault: str
    seed: int
    level: Level
    alpha: float
    look: Callable[[Reference, Level, float, int], str]


def _alarms(runs: list[Run], workers: int, kept: Path | None) -> dict[Run, str]:
    """What has an alarm in each run; those that are kept are not run again."""
    known = _known(kept)
    found = {run: known[_key(run)] for run in runs if _key(run) in known}
    rest = [run for run in runs if run not in found]
    bar = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        each: Iterable[tuple[Run, str]] = map(_one, rest)
        if workers > 1:
            context = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=context))
            each = pool.map(_one, rest)
        for run, by in track(each, total=len(rest), console=bar):
            found[run] = by
            if kept is not None:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([*_key(run), by]) + "\n")
    return {run: found[run] for run in runs}


def _known(kept: Path | None) -> dict[tuple[Any, ...], str]:
    """Answers by their runs; a line that a kill cut in two is not there."""
    if kept is None or not kept.exists():
        return {}
    whole = kept.read_text(encoding="utf-8").split("\n")[:-1]
    kept.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
    return {tuple(key): by for *key, by in map(parse_json, whole)}


def _key(run: Run) -> tuple[Any, ...]:
    return run.fault, run.seed, run.level, run.alpha, run.look.__name__


def _one(run: Run) -> tuple[Run, str]:
    simulator = _reference(run.level)
    if run.fault:
        # Its own table of what it changes, after the laws that are known already.
        simulator = _with_laws(FAULTS[run.fault], simulator)
    return run, run.look(simulator, run.level, run.alpha, run.seed)


def all_alarms(simulator: Reference, level: Level, alpha: float, seed: int) -> str:
    """Names of the probes with an alarm, in a run without a limit of time."""
    report = run_conformance(simulator, seed=seed, level=level, alpha=alpha, seconds=float("inf"))
    return ", ".join(one.name for one in report.alarms)


def first_alarm(simulator: Reference, level: Level, alpha: float, seed: int) -> str:
    """The first job that makes the alarm of the same run certain, if any does.

    Jobs of few shots come first; numbers that are saved without a shot come last.
    A probe's p-value is at most twice that of a job times the number of jobs, so that its alarm is
    certain once a job is below the share of the probe over that; the jobs that come after cannot
    take it back. Without such a job the probes are concluded as in any run.
    """
    probes = {probe.name: probe for probe in all_probes()}
    share = alpha / len(probes)
    jobs = [(name, job) for name in probes for job in jobs_of(probes[name], level)]
    number = Counter(name for name, _ in jobs)
    answers: dict[str, list[Answer]] = {name: [] for name in probes}
    saved = {name for name in probes if probes[name].needs & {"probabilities", "options"}}
    for name, job in sorted(jobs, key=lambda one: (one[0] in saved, one[1].shots)):
        outcome = probes[name](job, simulator, seed_of_job(seed, name, job.name))
        answers[name].append(Answer(job.name, outcome))
        if outcome is not None and 2 * number[name] * outcome.p_value <= share:
            return f"{name}: {job.name}"
    found = [
        conclude(name, probe.relation, probe.effect, answers[name], alpha=share, seed=seed)
        for name, probe in probes.items()
    ]
    return ", ".join(f"{one.name}: all jobs together" for one in found if one.standing == "alarm")


_HEADS = {all_alarms: "found by (`{}`)", first_alarm: "first found by (`{}`)"}


@cache
def _reference(level: Level) -> Reference:
    """The reference, which knows the laws of all jobs of a level, so that only draws take time."""
    simulator = Reference()
    for probe in all_probes():
        for job in jobs_of(probe, level):
            for task, laws in zip(job.tasks, job.laws, strict=True):
                for row, law in enumerate(laws):
                    simulator.keep(task, row, law, job.noise)
    return simulator


def _with_laws(make: Callable[[], Reference], known: Reference) -> Reference:
    return replace(make(), _kept=dict(known._kept))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--kept", type=Path)
    own, rest = parser.parse_known_args()  # where answers are kept is no part of the command
    main = partial(main, kept=own.kept)
    sys.exit(results.run("conformance.py", main, rest))
