"""How often the probes raise a false alarm on a sampler that is right, and which faults they find.

    python tests/benchmarks/conformance.py --runs 100  # --write: into RESULTS.md

runs all probes on the reference sampler with as many seeds, then each planted fault once. A run of
the reference takes some ten seconds at the level ``quick``, a fault some twenty.
"""

from __future__ import annotations

import argparse
import sys

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
    parser.add_argument("--no-faults", action="store_true")
    given = parser.parse_args(arguments)
    options = {"level": given.level, "alpha": given.alpha}

    reference, bar = Reference(), Console(stderr=True)
    seeds = range(given.first, given.first + given.runs)
    alarms = [
        f"seed {seed}: {', '.join(one.name for one in report.alarms)}"
        for seed in track(seeds, console=bar)
        if (report := run_conformance(reference, seed=seed, **options)).alarms
    ]
    _, high = binom.interval(0.99, max(given.runs, 1), given.alpha)
    print(
        f"False alarms: {len(alarms)} of {given.runs} runs at {given.alpha:g}; at most {high:.0f} "
        f"in 99% of correct suites. {'; '.join(alarms)}".strip()
    )
    if given.no_faults:
        return 0
    print("\n| planted fault | found by |\n|---|---|")
    found = 0
    for name, make in FAULTS.items():
        report = run_conformance(make(), seed=given.first, **options)
        found += bool(report.alarms)
        by = ", ".join(one.name for one in report.alarms) or "**missed**"
        print(f"| {name} | {by} |", flush=True)
    print(f"\nFound at the level `{given.level}`: {found} of {len(FAULTS)}.")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("conformance.py", main))
