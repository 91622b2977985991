"""How often a perfect sampler is said to differ, and whether planted faults are caught.

    python tests/benchmarks/false_alarms.py --seeds 200 --draws shots

runs 300 rows of SmolLM2 for each seed with Aer's own shots, counts the seeds that say "differs"
at alpha = 1%, and prints the binomial band in which 99% of correct tests lie. Then it plants each
fault of the tests in one run of all rows, with the default shots and alpha.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.progress import track
from scipy.stats import binom

from qcattn import Aer, run
from qcattn.datasets import load_scores

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_experiment import FAULTS, Faulty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--shots", type=int, default=4096)
    parser.add_argument("--draws", choices=["shots", "born"], default="shots")
    parser.add_argument("--no-faults", action="store_true")
    given = parser.parse_args()

    backend = Aer(device="CPU", draws=given.draws)
    options = {"shots": given.shots, "backend": backend, "alpha": 0.01}
    # Thirty layers, the last query (eleven visible keys) of all nine heads, and one row more.
    scores = load_scores().scores[:, :, -1, :].reshape(270, 11)
    scores = scores[[*range(270), *range(0, 270, 9)]]
    assert scores.shape == (300, 11)
    seeds = range(given.first, given.first + given.seeds)
    alarms = sum(run(scores, seed=seed, **options).differs for seed in track(seeds))
    low, high = binom.interval(0.99, given.seeds, 0.01)
    print(
        f"false alarms: {alarms} of {given.seeds} runs of 300 rows x {given.shots} shots "
        f"({given.draws}), {alarms / given.seeds:.2%}; 99% band of alpha = 1%: "
        f"{low:.0f} to {high:.0f}"
    )
    if given.no_faults:
        return
    for fault in ["none", *FAULTS]:
        result = run(load_scores(), seed=given.first, preparation=Faulty(fault), **options)
        print(
            f"{'differs' if result.differs else 'agrees':<8} global p = {result.fit.overall:<9.2g}"
            f" {int(result.fit.refuted.sum()):>5} of 2970 rows refuted   {fault}",
            flush=True,
        )


if __name__ == "__main__":
    main()
