"""How often a perfect sampler is said to differ, and whether planted faults are caught.

    python tests/benchmarks/false_alarms.py --seeds 200 --draws shots  # --write: into RESULTS.md

runs 300 rows of SmolLM2 for each seed with Aer's own shots, counts the seeds that say "differs"
at alpha = 1%, and prints the binomial band in which 99% of correct tests lie. Then it plants each
fault of the tests in one run of all rows, with the default shots and alpha.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import results
from rich.console import Console
from rich.progress import track
from scipy.stats import binom

from qcattn import Aer, run
from qcattn.datasets import load_scores

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_experiment import FAULTS, Faulty


def main(arguments: list[str] | None = None) -> int:
    """Run all seeds, then every fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--shots", type=int, default=4096)
    parser.add_argument("--draws", choices=["shots", "born"], default="shots")
    parser.add_argument("--no-faults", action="store_true")
    given = parser.parse_args(arguments)

    backend = Aer(device="CPU", draws=given.draws)
    options = {"shots": given.shots, "backend": backend, "alpha": 0.01}
    # Thirty layers, the last query (eleven visible keys) of all nine heads, and one row more.
    scores = load_scores().scores[:, :, -1, :].reshape(270, 11)
    scores = scores[[*range(270), *range(0, 270, 9)]]
    assert scores.shape == (300, 11)
    seeds = range(given.first, given.first + given.seeds)
    bar = Console(stderr=True)
    alarms = sum(run(scores, seed=seed, **options).differs for seed in track(seeds, console=bar))
    low, high = binom.interval(0.99, given.seeds, 0.01)
    print(
        f"False alarms: {alarms} of {given.seeds} runs of 300 rows x {given.shots} shots "
        f"({given.draws}), {alarms / given.seeds:.2%}; 99% band of alpha = 1%: "
        f"{low:.0f} to {high:.0f}."
    )
    if given.no_faults:
        return 0
    print("\n| fault | verdict | global p | rows refuted of 2,970 |\n|---|---|---|---:|")
    for fault in ["none", *FAULTS]:
        result = run(load_scores(), seed=given.first, preparation=Faulty(fault), **options)
        verdict = "differs" if result.differs else "agrees"
        print(
            f"| {fault} | {verdict} | {result.fit.overall:.2g} | "
            f"{int(result.fit.refuted.sum()):,} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(results.run("false_alarms.py", main))
