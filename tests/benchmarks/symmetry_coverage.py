"""How often intervals that the claims of the second document print hold the exact number.

python tests/benchmarks/symmetry_coverage.py --repetitions 200  # --write: into RESULTS.md
"""

import argparse
import sys

import numpy as np
import results
from scipy import stats
from scipy.special import ndtri

from qcattn.certification.intervals import mean
from qcattn.claims.symmetry._codes import cosets, log_score, nishimori
from qcattn.claims.symmetry._field import energy_of_pair, points
from qcattn.claims.symmetry._magnons import energies, magnon_ring, momenta
from qcattn.claims.symmetry._minima import binder
from qcattn.claims.symmetry._powers import slope
from qcattn.claims.symmetry.goldstone import _valley
from qcattn.evidence import Estimate


def binders(rng, alpha):
    """B1: Binder's cumulant of the field at the onset, 200,000 shots."""
    x = points(7, 1.8)
    law = np.exp(-800 * energy_of_pair(x, 1.0))
    law /= law.sum()
    exact, _ = binder(x, law, 0.0)
    while True:
        best, margin = binder(x, rng.multinomial(200_000, law), -ndtri(alpha / 2))
        yield exact, Estimate(best, best - margin, best + margin)


def slopes(rng, alpha):
    """B4: the exponent of the error of sampling, 48 rows of 16 keys, to 100,000 shots.

    The exact number is that of the mean over 100 times as many rows.
    """
    shots = np.array([100, 1_000, 10_000, 100_000])

    def errors(rows):
        seen = [rng.multinomial(n, np.full(16, 1 / 16), size=rows) / n for n in shots]
        return np.array([np.abs(one - 1 / 16).sum(axis=1) / 2 for one in seen]).T

    exact = slope(shots.astype(float), errors(4_800), alpha).best
    while True:
        yield exact, slope(shots.astype(float), errors(48), alpha)


def scores(rng, alpha):
    """B6: what a tenth off Nishimori's temperature loses of the log score, a million shots."""
    law = cosets(3, 0.1)
    told = cosets(3, 1 / (1 + np.exp(1.1 * nishimori(0.1))))
    worse = (log_score(law, told) - log_score(law, law)).ravel()
    while True:
        yield (
            float(law.ravel() @ worse),
            mean([(worse, rng.multinomial(1_000_000, law.ravel()))], alpha),
        )


def magnons(rng, alpha):
    """B7: energies of a magnon at all five momenta of a ring of 8, 400,000 shots an axis."""
    along_x, along_y = (magnon_ring(8, 1.5, 12, axis).distribution for axis in "XY")
    exact = 1 - np.cos(momenta(8))
    while True:
        drawn = (rng.multinomial(400_000, law / law.sum()) for law in (along_x, along_y))
        found = energies(*drawn, 1.5, alpha)
        yield exact, found


def barriers(rng, alpha):
    """B7: the barrier between four keys on a circle, 400,000 shots."""
    angles = 2 * np.pi * np.arange(64) / 64
    law = np.exp(_valley(angles, 4))
    law /= law.sum()
    while True:
        one = mean([(2 * np.cos(4 * angles), rng.multinomial(400_000, law))], alpha)
        yield float(2 * law @ np.cos(4 * angles)), one


def holds(exact, found):
    return (
        all(value in one for value, one in zip(exact, found, strict=True))
        if isinstance(found, list)
        else exact in found
    )


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    print(f"| interval at {1 - given.alpha:.0%} | held | 99% band of the coverage |")
    print("| --- | ---: | ---: |")
    kinds = (binders, slopes, scores, magnons, barriers)
    for kind, seed in zip(kinds, np.random.SeedSequence(given.seed).spawn(len(kinds)), strict=True):
        runs = kind(np.random.default_rng(seed), given.alpha)
        held = sum(holds(*next(runs)) for _ in range(given.repetitions))
        band = stats.binomtest(held, given.repetitions).proportion_ci(0.99)
        said = (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")
        print(f"| {said} | {held} of {given.repetitions} | {band.low:.3f} to {band.high:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("symmetry_coverage.py", main))
