"""Kill a sweep again and again at random moments, then compare it with one left alone.

    python tests/sweeps/killing.py FOLDER --kills 50 --seed 1

Each sweep is a process of its own, ended with SIGKILL. After every kill the store must open, be
whole, and hold all that it held before. What is left in the end is drawn by two sweeps at once.
Prints one line of JSON; the exit code is 1 if anything was lost, counted twice or changed.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from qcattn.backends import Aer
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, jobs, sweep
from qcattn.sweeps.store import Store

BATCH = 50


def grid_of(shots: int) -> Grid:
    """Two cells of two blocks."""
    scores = np.random.default_rng(4).normal(size=(70, 4))
    return Grid(
        scores,
        preparations=[Amplitude(), Heralded()],
        backends=Aer(device="CPU", draws="born"),
        shots=shots,
        batch=BATCH,
    )


def started(shots: int, path: Path) -> int:
    """A process that sweeps, a batch a job; its number."""
    child = os.fork()
    if not child:
        jobs.SECONDS = 0.0
        sweep(grid_of(shots), store=path)
        os._exit(0)
    return child


def held(path: Path) -> dict[str, str]:
    """Address and seal of each batch in the store, all of them checked; {} before there is one."""
    if not path.exists():
        return {}
    with Store(path) as store:
        for cell, spec in store.specs().items():
            store.table(cell, spec)
        return dict(store.rows("SELECT task, sha256 FROM batches"))


def seconds_to_the_first(shots: int, path: Path) -> float:
    """How long a process takes here until something is recorded."""
    begun, child = time.monotonic(), started(shots, path)
    while not held(path):
        time.sleep(0.01)
    pace = time.monotonic() - begun
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return pace


def killed(folder: Path, kills: int, seed: int) -> dict:
    """Kill, look, go on; what was seen."""
    rng = np.random.default_rng(seed)
    path, shots, lost, counts = folder / "killed.sqlite", 20 * BATCH, 0, []
    pace = seconds_to_the_first(shots, folder / "first.sqlite")
    while len(counts) < kills:
        before = held(path)
        child = started(shots, path)
        # Longer now and then, so that it gets somewhere.
        time.sleep(rng.exponential(pace))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            shots += 40 * BATCH  # it was done before; there is more to do now
            continue
        after = held(path)
        lost += sum(after.get(task) != seal for task, seal in before.items())
        counts.append(len(after))
    # What is left is drawn by two at once.
    shots += 40 * BATCH
    both = [started(shots, path) for _ in range(2)]
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in both]
    done, alone = (
        sweep(grid_of(shots), store=path),
        sweep(grid_of(shots), store=folder / "a.sqlite"),
    )
    same = held(path) == held(folder / "a.sqlite") and all(
        np.array_equal(getattr(a.counts, name), getattr(b.counts, name))
        for a, b in zip(done, alone, strict=True)
        for name in ("keys", "stray", "discarded")
    )
    right = all((cell.counts.shots == shots).all() for cell in done)
    return {
        "kills": len(counts),
        "batches": len(held(path)),
        "at each kill": counts,
        "lost": lost,
        "same as alone": bool(same and right and ended == [0, 0]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = killed(options.folder, options.kills, options.seed)
    print(json.dumps(found))
    return 0 if found["same as alone"] and not found["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
