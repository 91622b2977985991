"""What a sweep costs beside drawing, and what a second worker brings.

    python tests/benchmarks/sweeps.py  # --write: into RESULTS.md

Overhead: tasks that only sleep 100 ms and hand back the counts of 64 rows, so that what is left is
the sweep's own work: cutting jobs, handing them over, checking, compressing, writing with a disk
flush. Speed-up: the layer of 1,536 rows of 128 keys, `Amplitude`, 4,096 shots of Aer's own
sampling, by one and by two workers in turns. Workers are started beforehand; what starting them
takes is said apart. Needs a quiet machine with two cores.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import results

from qcattn.backends import Aer
from qcattn.preparations import Amplitude
from qcattn.sweeps import Grid, Processes, Sweep, sweep
from qcattn.sweeps.worker import Batch, Drawn, Piece, work

#: Seconds of a task that sleeps.
TASK = 0.1


def resting(pieces: Sequence[Piece]) -> list[Drawn]:
    """In place of drawing: 100 ms of sleep a batch, and counts of the right size."""
    out = []
    for piece in pieces:
        keys, shots = piece.spec["scores"]["shape"][-1], int(piece.spec["batch"])
        table = np.zeros((piece.num_rows, keys + 2), "<i8")
        rng = np.random.default_rng(piece.block)
        table[:, :keys] = rng.multinomial(shots, np.full(keys, 1 / keys), size=piece.num_rows)
        batches = []
        for number in piece.batches:
            time.sleep(TASK)
            batches.append(Batch(number, table.tobytes(), TASK))
        out.append(Drawn(piece, {"kind": "told"}, tuple(batches), "", TASK * len(batches)))
    return out


class Resting(Processes):
    """Workers that rest."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(resting if fn is work else fn, *args, **kwargs)


def layer(rows: int, shots: int, batch: int) -> Grid:
    """Rows of 128 keys in one cell."""
    scores = np.random.default_rng(0).normal(scale=2.0, size=(rows, 128))
    return Grid(
        scores, preparations=Amplitude(), backends=Aer(device="CPU"), shots=shots, batch=batch
    )


def warmed(pool: Processes) -> tuple[Processes, float]:
    """The pool with all workers up, and the seconds that took."""
    start = time.perf_counter()
    waits = [pool.submit(time.sleep, 1.0) for _ in range(pool.workers)]
    for one in waits:
        one.result()
    return pool, time.perf_counter() - start - 1.0


def timed(grid: Grid, folder: Path, pool: Processes | None) -> tuple[float, Sweep]:
    """Seconds of a sweep into a fresh store."""
    path = folder / f"{time.monotonic_ns()}.sqlite"
    start = time.perf_counter()
    done = sweep(grid, store=path, executor=pool)
    return time.perf_counter() - start, done


def overhead(folder: Path, tasks: int, workers: int) -> float:
    """Wall time of tasks that sleep over what they sleep, less one."""
    pool, _ = warmed(Resting(workers))
    with pool:
        blocks = 8
        grid = layer(64 * blocks, 128 * -(-tasks // blocks), 128)
        timed(layer(64, 128, 64), folder, pool)
        seconds, _ = timed(grid, folder, pool)
        drawn = blocks * -(-tasks // blocks)
    return seconds * workers / (drawn * TASK) - 1


def speed_up(folder: Path, rows: int, shots: int, repeats: int) -> dict[str, Any]:
    """Seconds of the layer by one and two workers, in turns."""
    grid = layer(rows, shots, 2048)
    (one, start), (two, starts) = warmed(Processes(1)), warmed(Processes(2))
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with one, two:
        for pool in (one, two):
            timed(layer(64, 1024, 1024), folder, pool)
        for turn in range(repeats):
            done = {}
            for pool in (one, two) if turn % 2 == 0 else (two, one):
                taken, done[pool.workers] = timed(grid, folder, pool)
                seconds[pool.workers].append(taken)
            a, b = (done[number].cells[0].counts.keys for number in (1, 2))
            if not np.array_equal(a, b):
                raise RuntimeError("one and two workers gave different counts")
    ratios = [a / b for a, b in zip(seconds[1], seconds[2], strict=True)]
    return {
        "seconds, one worker": statistics.median(seconds[1]),
        "seconds, two workers": statistics.median(seconds[2]),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "seconds to start one worker": start,
        "seconds to start two workers": starts,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Cost of a sweep beside drawing; speed-up.")
    parser.add_argument("--rows", type=int, default=1536)
    parser.add_argument("--shots", type=int, default=4096)
    parser.add_argument("--tasks", type=int, default=160, help="tasks of 100 ms")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, Any] = {
            f"overhead at 100 ms tasks, {workers} workers": overhead(folder, options.tasks, workers)
            for workers in (1, 2)
        }
        found |= speed_up(folder, options.rows, options.shots, options.repeats)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("| what | measured |\n|---|---|")
        for what, value in found.items():
            values = value if isinstance(value, list) else [value]
            print(f"| {what} | {', '.join(f'{each:.3g}' for each in values)} |")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("sweeps.py", main))
