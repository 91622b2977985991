"""Memory of drawing, predicted and measured, and the largest rows that this machine draws.

    python tests/benchmarks/memory.py             # all cases, 10 minutes; --write: into RESULTS.md
    python tests/benchmarks/memory.py --case one-row-16384 --case rows-128

Each case runs in a process of its own. *Predicted* is what `Aer.footprint` says before anything is
drawn, for the rows at once that the budget allows, and *drawn* is how much the process's peak then
rose; *process* is its peak in all. Where drawing is foreseen to take long, it is done by a process
of its own: what that one holds before it begins is predicted with it (`qcattn.apart.PROCESS`), and
its peak is in the other two. A case fails if it took more than was predicted, if the counts
are not softmax, or if the process went over the limit that the case has.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import psutil
import results

from qcattn import softmax
from qcattn.apart import PROCESS, most_held
from qcattn.backends import Aer
from qcattn.backends.memory import parse_bytes
from qcattn.comparisons import fit
from qcattn.encodings import Binary
from qcattn.machine import peak_bytes
from qcattn.preparations import Amplitude, Purification

#: Error rate of the test of the counts against softmax.
ALPHA = 1e-8


@dataclass(frozen=True)
class Case:
    """What is drawn.

    Attributes:
        what: It in words.
        preparation: ``"Amplitude"``, ``"native"`` or ``"Purification"``.
        keys: Keys a row.
        rows: How many rows.
        shots: Shots a row.
        draws: As for `Aer`.
        memory: Budget of drawing.
        limit: What the whole process may hold.
    """

    what: str
    preparation: str
    keys: int
    rows: int
    shots: int
    draws: str = "shots"
    memory: str = "4GiB"
    limit: str = "8GiB"


CASES = {
    "one-row-16384": Case(
        "2^14 keys in one `Amplitude` row, gate by gate, 100,000 shots",
        *("Amplitude", 2**14, 1, 100_000),
    ),
    "one-row-16384-born": Case(
        "the same, born draws", "Amplitude", 2**14, 1, 100_000, draws="born"
    ),
    "native-1048576": Case(
        "2^20 keys in one `Amplitude(native=True)` row, 1,000,000 shots",
        *("native", 2**20, 1, 1_000_000),
    ),
    "native-1048576-born": Case(
        "the same, born draws", "native", 2**20, 1, 1_000_000, draws="born"
    ),
    "purification-4096": Case(
        "2^12 keys in one `Purification`, 24 qubits, 100,000 shots",
        *("Purification", 2**12, 1, 100_000),
    ),
    "rows-128": Case(
        "2^14 rows of 128 keys, 4,096 shots", "Amplitude", 128, 2**14, 4096, limit="2GiB"
    ),
    "rows-128-born": Case(
        "the same, born draws", "Amplitude", 128, 2**14, 4096, draws="born", limit="2GiB"
    ),
    "rows-128-born-lean": Case(
        "the same in 100 MiB",
        *("Amplitude", 128, 2**14, 4096, "born"),
        memory="100MiB",
        limit="500MiB",
    ),
    "rows-1024-lean": Case(
        "500 rows of 1,024 keys, 4,096 shots, in 64 MiB",
        *("Amplitude", 1024, 500, 4096),
        memory="64MiB",
        limit="400MiB",
    ),
    "many-shots": Case("4 rows of 16 keys, 3,000,000 shots", "Amplitude", 16, 4, 3_000_000),
}


def measure(case: Case) -> dict[str, Any]:
    """Draw a case in this process."""
    scores = np.random.default_rng(1).normal(scale=2.0, size=(case.rows, case.keys))
    if case.rows == 1:
        scores = scores[0]
    kind = {
        "Amplitude": Amplitude(),
        "native": Amplitude(native=True),
        "Purification": Purification(),
    }
    clock = [time.perf_counter()]
    prepared = kind[case.preparation](Binary()(scores), beta=1.0)
    clock.append(time.perf_counter())
    budget = parse_bytes(case.memory)
    backend = Aer(device="CPU", draws=case.draws, memory=budget)  # type: ignore[arg-type]
    before = psutil.Process().memory_info().rss
    counts = backend(prepared, case.shots, seed=1)
    clock.append(time.perf_counter())
    peak, helper = peak_bytes(), most_held()
    verdict = fit(counts, softmax(scores), alpha=ALPHA)
    clock.append(time.perf_counter())
    return {
        "rows at once": backend.rows_at_once(prepared, case.shots),
        "predicted": backend.peak_bytes(prepared, case.shots) + (PROCESS if helper else 0),
        "drawn": peak - before + helper,
        "process": peak_bytes() + helper,
        "p": float(verdict.overall()),
        "seconds": np.diff(clock).round(2).tolist(),
    }


def apart(case: Case) -> dict[str, Any]:
    """Draw a case in a process of its own."""
    command = [sys.executable, __file__, "--inside", json.dumps(asdict(case))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def right(case: Case, found: dict[str, Any]) -> bool:
    """Whether a case kept to what was predicted and allowed."""
    return bool(
        found["drawn"] <= found["predicted"] <= parse_bytes(case.memory)
        and found["process"] <= parse_bytes(case.limit)
        and found["p"] > ALPHA
    )


def main(argv: list[str] | None = None) -> int:
    """Measure and print; 1 if a case went over."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", action="append", choices=list(CASES), help="all if none is named")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.inside:
        print(json.dumps(measure(Case(**json.loads(args.inside)))))
        return 0
    heads = [
        *("case (name with `--case`)", "rows at once", "predicted MiB", "drawn MiB"),
        *("process MiB", "seconds to prepare, draw, compare", "p", ""),
    ]
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * 4}---|---:|---|")
    bad = False
    for name in args.case or CASES:
        case = CASES[name]
        found = apart(case)
        sizes = [f"{found[key] / 2**20:,.0f}" for key in ("predicted", "drawn", "process")]
        seconds = ", ".join(f"{each:.3g}" for each in found["seconds"])
        well = right(case, found)
        bad |= not well
        cells = [f"{case.what} (`{name}`)", f"{found['rows at once']:,}", *sizes, seconds]
        print(f"| {' | '.join(cells)} | {found['p']:.2g} | {'' if well else 'over'} |", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(results.run("memory.py", main))
