"""How often the interval of the KMS thermometer holds the true inverse temperature.

python tests/benchmarks/kms_coverage.py --repetitions 200 --shots 80000  # --write: into RESULTS.md
"""

import argparse
import sys

import numpy as np
import results
from scipy import stats

from qcattn.backends import Aer
from qcattn.claims import KMSCondition
from qcattn.claims.born._thermometer import draw_tests, inverse_temperature


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--shots", type=int, default=80_000, help="of a repetition")
    parser.add_argument("--draws", choices=("shots", "born"), default="shots")
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    claim = KMSCondition()
    teeth, tests = claim.hadamard_tests()
    backend = Aer(draws=options.draws)
    found = []
    for part in np.random.SeedSequence(options.seed).spawn(options.repetitions):
        counts = draw_tests(teeth, tests, options.shots, backend, part)
        found.append(inverse_temperature(teeth, counts, options.alpha))
    held = sum(claim.beta in one for one in found)
    best = np.array([one.best for one in found])
    widths = np.array([one.high - one.low for one in found])
    band = stats.binomtest(held, len(found)).proportion_ci(0.99)
    normal = 2 * stats.norm.isf(options.alpha / 2) * best.std(ddof=1)
    print(
        f"{held} of {len(found)} intervals at {1 - options.alpha:.0%} hold beta = {claim.beta:g} "
        f"(99% band of the coverage {band.low:.3f} to {band.high:.3f});\n"
        f"mean of the estimates {best.mean():.4f}, their spread {best.std(ddof=1):.4f}, "
        f"intervals {widths.mean() / normal:.2f} times as wide as normal ones; "
        f"{options.shots:,} shots each, draws={options.draws}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(results.run("kms_coverage.py", main))
