"""How often a perfect sampler leaves a claim undecided, and whether verdict and words stay.

python tests/benchmarks/undecided.py --seeds 50  # --write: into qcattn/claims/RESULTS.md

Every claim at quick settings, or with ``--default`` at its own, each seed with other rows, states
and shots. Words are compared without their figures. B13 and A20 draw nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import results

from qcattn.backends import Aer
from qcattn.claims.frame.claim import Claim
from qcattn.claims.frame.running import all_claims
from qcattn.evidence import Finding
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
    "A14": {"words": 8, "queries": 16, "texts": 64, "held_out": 400},
    "A15": {"runs": 150, "kept": 500, "preparation": QSVT(error=1e-3), "backend": _BORN},
    "A16": {"backend": _BORN},
    "A17": {"rows": 3, "keys": 6},
    "A18": {"backend": _BORN},
    "A19": {"shots": 200_000, "epsilon": 0.04, "backend": _BORN},
    "A20": {},
    "B1": {"keys": 64, "qubits": 6, "shots": 60_000, "epsilon": 0.1, "rows": 8, "backend": _BORN},
    "B2": {"shots": 30_000, "epsilon": 0.15, "backend": _BORN},
    "B3": {
        "tokens": 8, "changed": 6, "sites": 6, "times": 8, "steps": 12, "shots": 20_000,
        "epsilon": 0.1, "backend": _BORN,
    },
    "B4": {
        "size": 1024, "duration": 120, "rows": 32, "largest": 64, "decades": 2, "shots": 5_000,
        "epsilon": 0.25, "backend": _BORN,
    },
    "B5": {"motions": 3, "shots": 10_000, "epsilon": 0.1, "pooled": 0.06, "backend": _BORN},
    "B6": {"shots": 400_000, "epsilon": 0.02, "backend": _BORN},
    "B7": {"sites": 6, "shots": 100_000, "tolerance": 0.15, "backend": _BORN},
    "B8": {"times": 5, "shots": 60_000, "backend": _BORN},
    "B9": {"rows": 4, "shots": 20_000, "epsilon": 0.1, "backend": _BORN},
    "B10": {"largest": 8, "shots": 20_000, "epsilon": 0.1, "backend": _BORN},
    "B11": {"shots": 60_000, "epsilon": 0.05, "backend": _BORN},
    "B12": {"shots": 60_000, "epsilon": 0.05, "backend": _BORN},
    "B13": {},
    "B14": {
        "layers": {"minilm": (1,), "smollm2": (12,)}, "deals": 200, "shots": 2_000,
        "epsilon": 0.2, "alpha": 0.02, "backend": _BORN,
    },
}  # fmt: skip


@dataclass
class Tally:
    """What a claim came to, seed after seed.

    Attributes:
        verdicts: How often each.
        wordings: Different ones, without their figures, of runs that were decided.
        open: Of runs that were not: the seed, and the checks that left it so.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    wordings: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def add(self, found: Finding, seed: int) -> None:
        """Take in one finding."""
        self.verdicts[found.standing] += 1
        if found.standing == "undecided":
            left = [
                one.name
                for one in found.checks
                if one.holds is None or (one.role == "control" and not one.holds)
            ]
            self.open.append(f"seed {seed}: {', '.join(left)}")
        else:
            self.wordings.add(re.sub(r"[-\d.,e+]*\d", "#", found.words))

    def row(self, claim: Claim[Any]) -> str:
        """A line of the table."""
        said = ", ".join(f"{verdict} {number}" for verdict, number in self.verdicts.most_common())
        return f"| {claim.name} {claim.title} | {said} | {len(self.wordings)} |"


def tallied(
    names: Sequence[str],
    seeds: int,
    settings: Mapping[str, Mapping[str, Any]],
    workers: int = 1,
) -> dict[str, Tally]:
    """What claims come to, seed after seed.

    Args:
        names: Of the claims, all if empty.
        seeds: How many, from 0.
        settings: Premises of a claim by its name; what is not named has its own.
        workers: Processes that the runs are spread over; what is found is the same for any number.
    """
    names = names or [one.name for one in all_claims()]
    runs = [(name, settings.get(name, {}), seed) for seed in range(seeds) for name in names]
    found = {name: Tally() for name in names}
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for (name, _, seed), one in zip(runs, pool.map(finding, runs), strict=True):
            found[name].add(one, seed)
            print(f"{name} seed {seed}: {one.standing}", file=sys.stderr, flush=True)
    return found


def finding(run: tuple[str, Mapping[str, Any], int]) -> Finding:
    """Of the claim of that name with these premises at that seed."""
    name, premises, seed = run
    types = {one.name: type(one) for one in all_claims()}
    return types[name](**premises)(seed=seed)


def table(tallies: Mapping[str, Tally]) -> str:
    """Of all claims, and the share of runs that ended undecided."""
    claims = {one.name: one for one in all_claims()}
    undecided = sum(one.verdicts["undecided"] for one in tallies.values())
    runs = sum(one.verdicts.total() for one in tallies.values())
    return "\n".join(
        [
            "| claim | verdicts | wordings |\n| --- | --- | ---: |",
            *(one.row(claims[name]) for name, one in tallies.items()),
            f"\nUndecided: {undecided} of {runs:,} runs with a perfect sampler.",
            *(f"{name}, {seed}." for name, one in tallies.items() for seed in one.open),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CLAIM", help="all of them if none")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--default", action="store_true", help="default settings, not quick ones")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the runs")
    given = parser.parse_args(arguments)
    settings = {} if given.default else QUICK
    print(table(tallied(given.names, given.seeds, settings, given.workers)))
    return 0


if __name__ == "__main__":
    sys.exit(results.run("undecided.py", main, path=results.CLAIMS))
