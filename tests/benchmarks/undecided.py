"""How often a perfect sampler leaves a claim undecided, and whether verdict and words stay.

python tests/benchmarks/undecided.py --seeds 50  # --write: into qcattn/claims/RESULTS.md

Every claim of the first document at quick settings, each seed with other rows, states and shots.
Words are compared without their figures.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import results

from qcattn import run_claims
from qcattn.backends import Aer
from qcattn.claims.frame.running import all_claims
from qcattn.preparations import QSVT

_BORN = Aer(draws="born")
#: Settings that take about a second or two each; what is not named keeps its default.
QUICK: dict[str, dict[str, Any]] = {
    "A1": {"states": 4, "backend": _BORN},
    "A2": {"states": 2, "backend": _BORN},
    "A3": {"rows": 1, "epsilon": 0.06, "backend": _BORN},
    "A4": {"states": 2, "directions": 1, "backend": _BORN},
    "A5": {"rows": 1, "epsilon": 0.05, "backend": _BORN},
    "A6": {"tolerance": 0.05, "shots": 2_000_000, "backend": _BORN},
    "A7": {"mean_numbers": (0.0, 1.0), "displacements": (0.0, 1.0), "levels": 32, "backend": _BORN},
    "A8": {"displacements": (0.4, 1.2), "tolerance": 0.1, "backend": _BORN},
    "A9": {"rows": 1, "epsilon": 0.06, "backend": _BORN},
    "A10": {"angles": (0.0, 1.0)},
    "A11": {"models": ("minilm",), "heads": (1, 2), "backend": _BORN},
    "A12": {"oscillators": 128, "backend": _BORN},
    "A13": {"words": 12, "many": 40, "backend": _BORN},
    "A14": {"words": 8, "trainings": 6, "queries": 16, "held_out": 400, "evaluations": 6},
    "A15": {"runs": 150, "kept": 500, "preparation": QSVT(error=1e-3), "backend": _BORN},
    "A16": {"backend": _BORN},
    "A17": {"rows": 3, "keys": 6},
    "A18": {"backend": _BORN},
    "A19": {"shots": 200_000, "epsilon": 0.04, "backend": _BORN},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CLAIM", help="all of A1 to A19 if none")
    parser.add_argument("--seeds", type=int, default=50)
    given = parser.parse_args(arguments)
    claims = {one.name: type(one) for one in all_claims() if one.name in QUICK}
    chosen = given.names or list(claims)
    print("| claim | verdicts | wordings |\n| --- | --- | ---: |")
    undecided = 0
    for name in chosen:
        verdicts: Counter[str] = Counter()
        wordings = set()
        for seed in range(given.seeds):
            (found,) = run_claims([claims[name](**QUICK[name])], seed=seed)
            verdicts[found.standing] += 1
            if found.standing == "undecided":
                open_ = [one.name for one in found.checks if one.holds is not True]
                print(f"{name} seed {seed}: {', '.join(open_)}", file=sys.stderr)
            else:
                wordings.add(re.sub(r"[-\d.,e]*\d", "#", found.words))
        undecided += verdicts["undecided"]
        said = ", ".join(f"{verdict} {number}" for verdict, number in verdicts.most_common())
        print(f"| {name} {claims[name].title} | {said} | {len(wordings)} |", flush=True)
    total = given.seeds * len(chosen)
    print(f"\nUndecided: {undecided} of {total} runs with a perfect sampler ({given.seeds} seeds).")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("undecided.py", main, path=results.CLAIMS))
