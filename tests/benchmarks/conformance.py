"""How often the probes raise a false alarm on a sampler that is right, and which faults they find.

    python tests/benchmarks/conformance.py --runs 300  # --write: into RESULTS.md

runs all probes on the reference sampler with as many seeds, then each planted fault once, with no
limit of time. Laws are computed once a process; after that a run costs its draws, some four seconds
at the level ``quick``, and a fault the laws of the circuits that it changes. What is found does not
depend on the number of workers.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache

import results
from planted import FAULTS
from rich.console import Console
from rich.progress import track
from scipy.stats import binom

from qcattn.conformance.reference import Reference
from qcattn.conformance.running import run_conformance


def main(arguments: list[str] | None = None) -> int:
    """Run the reference, then every fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100, help="of the reference; 0 for none")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--level", default="quick")
    parser.add_argument("--alpha", type=float, default=1e-3)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw side by side")
    parser.add_argument("--no-faults", action="store_true")
    given = parser.parse_args(arguments)
    runs = [("", seed, given.level, given.alpha) for seed in range(given.runs)]
    runs = [(name, given.first + seed, *rest) for name, seed, *rest in runs]
    faults = [] if given.no_faults else list(FAULTS)
    runs += [(name, given.first, given.level, given.alpha) for name in faults]

    found = dict(_alarms(runs, given.workers))
    alarms = [f"seed {seed}: {by}" for (name, seed), by in found.items() if not name and by]
    _, high = binom.interval(0.99, max(given.runs, 1), given.alpha)
    print(
        f"False alarms: {len(alarms)} of {given.runs} runs at {given.alpha:g}; at most {high:.0f} "
        f"in 99% of correct suites. {'; '.join(alarms)}".strip()
    )
    if given.no_faults:
        return 0
    print("\n| planted fault | found by |\n|---|---|")
    by_fault = {name: found[name, given.first] for name in faults}
    for name, by in by_fault.items():
        print(f"| {name} | {by or '**missed**'} |")
    caught = sum(map(bool, by_fault.values()))
    print(f"\nFound at the level `{given.level}`: {caught} of {len(faults)}.")
    return 0


Run = tuple[str, int, str, float]


def _alarms(runs: list[Run], workers: int) -> list[tuple[tuple[str, int], str]]:
    """Names of the probes with an alarm, by the name of the fault and the seed."""
    bar = Console(stderr=True)
    if workers < 2:
        return [_one(run) for run in track(runs, console=bar)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return list(track(pool.map(_one, runs), total=len(runs), console=bar))


def _one(run: Run) -> tuple[tuple[str, int], str]:
    name, seed, level, alpha = run
    simulator = _reference()
    if name:
        # Its own table of what it changes, after the laws that are known already.
        simulator = _with_laws(FAULTS[name], simulator)
    report = run_conformance(simulator, seed=seed, level=level, alpha=alpha, seconds=float("inf"))
    return (name, seed), ", ".join(one.name for one in report.alarms)


@cache
def _reference() -> Reference:
    return Reference()


def _with_laws(make: Callable[[], Reference], known: Reference) -> Reference:
    return replace(make(), _kept=dict(known._kept))


if __name__ == "__main__":
    sys.exit(results.run("conformance.py", main))
