"""Bounds on the total variation before and after mitigation (extra `mitigation`).

    python tests/benchmarks/mitigation.py  # --write: into RESULTS.md

Three rows of 8 keys: the upper bound at 99% of `certify` on the noisy counts, and of `mitigated` on
what mthree (readout errors of 4%) and mitiq (depolarising of 1%, scales 1, 3, 5) make of them.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import results

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.mitigation import Quasi, folded, readout_mitigated, zero_noise
from qcattn.backends.noise import noise_options
from qcattn.comparisons import certify, mitigated
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude
from qcattn.records import Counts

SCORES = np.random.default_rng(3).normal(size=(3, 8))


def told(name: str, shots: str, counts: Counts, quasi: Quasi) -> None:
    """One line of the table."""
    law = softmax(SCORES)
    before, after = certify(counts, law, 0.02).upper, mitigated(quasi, law)
    bounds = [", ".join(f"{bound:.3f}" for bound in each) for each in (before, after.upper)]
    print(f"| {name} | {shots} | {' | '.join(bounds)} | {after.overall():.2g} |", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    print("| noise | shots a row | before | after | p after |\n|---|---|---|---|---|")
    reading = Aer(device="CPU", **noise_options("readout=0.04", 3))
    for shots in (4_000, 40_000):
        counts = reading(prepared, shots, seed=1)
        quasi = readout_mitigated(counts, reading.readout(prepared))
        told("readout 4%, mthree", f"{shots:,}", counts, quasi)
    noisy = Aer(device="CPU", draws="born", **noise_options("depolarizing=0.01", 3))
    for shots in (20_000, 100_000, 2_000_000):
        drawn = {s: noisy(folded(prepared, s), shots, seed=s) for s in (1, 3, 5)}
        quasi = zero_noise(list(drawn.values()), list(drawn))
        told("depolarizing 1%, mitiq", f"3 x {shots:,}", drawn[1], quasi)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("mitigation.py", main))
