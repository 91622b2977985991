"""Change bytes of a store at random, then read it, check it, and sweep on it again.

    python tests/sweeps/flipping.py FOLDER --flips 540 --seed 1

Each flip changes one byte of a fresh copy. What is read must be refused in words that name the
file, or be the same as before; a sweep of the same grid must refuse, or give the same in the end.
Prints one line of JSON; the exit code is 1 if anything was changed silently or refused unworded.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, damages, load_sweep, sweep

MOST_WORDS = 600


def grid_of() -> Grid:
    """Four cells of two blocks, with names."""
    scores = np.random.default_rng(4).normal(size=(70, 4))
    return Grid(
        Scores(scores, tokens=("a", "b", "c", "d"), axes=("query",)),
        beta=[0.5, 1.0],
        preparations=[Amplitude(), Heralded()],
        backends=Aer(device="CPU", draws="born"),
        shots=1000,
        batch=50,
    )


def seen(done) -> str:
    """All that can be read of a sweep."""
    return json.dumps(
        [
            done.alpha,
            [
                [
                    cell.key,
                    cell.spec,
                    dict(cell.point),
                    cell.axes,
                    cell.tokens,
                    cell.shots,
                    cell.alpha,
                    cell.failure,
                    cell.rule,
                    cell.looks,
                    cell.met,
                    cell.counts.keys.tolist(),
                    cell.counts.stray.tolist(),
                    cell.counts.discarded.tolist(),
                    cell.expected.tolist(),
                    cell.blocks,
                    cell.standing,
                    [verdict.overall for verdict in cell.verdicts],
                ]
                for cell in done
            ],
        ],
        default=str,
    )


def worded(error: Exception, path: Path) -> bool:
    """Whether a refusal names the file, and is short."""
    text = str(error)
    kinds = isinstance(error, ValueError | OSError)
    return kinds and str(path) in text and "decode" not in text and len(text) < MOST_WORDS


def attempt(what, path: Path, before: str) -> str:
    """What came of it: refused, unworded, the same, or changed."""
    try:
        after = seen(what())
    except Exception as error:
        return "refused" if worded(error, path) else f"unworded {type(error).__name__}: {error}"
    return "same" if after == before else "changed"


def flipped(folder: Path, flips: int, seed: int) -> dict:
    """Flip, read, check, sweep; what was seen."""
    rng = np.random.default_rng(seed)
    grid, whole, path = grid_of(), folder / "whole.sqlite", folder / "flipped.sqlite"
    before = seen(sweep(grid, store=whole, until="width=0.12"))
    content = whole.read_bytes()
    found: dict[str, Counter] = {"read": Counter(), "sweep": Counter()}
    checked = mended = 0
    odd: list[str] = []
    for at in rng.integers(len(content), size=flips).tolist():
        changed = bytearray(content)
        changed[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(changed))
        read = attempt(lambda: load_sweep(path), path, before)
        try:
            checked += bool(damages(path))
        except ValueError:
            checked += 1
        on = []

        def swept(on=on):
            on.append(sweep(grid, store=path, until="width=0.12"))
            return on[0]

        drawn = attempt(swept, path, before)
        mended += bool(on and on[0].mended)
        if read == "refused" and drawn == "same" and damages(path):
            odd.append(f"byte {at}: still damaged after a sweep")
        odd += [f"byte {at}: {one}" for one in (read, drawn) if one not in ("same", "refused")]
        found["read"][read.split()[0]] += 1
        found["sweep"][drawn.split()[0]] += 1
        for beside in folder.glob("flipped.sqlite*"):
            beside.unlink()
    shutil.rmtree(folder / "flipped", ignore_errors=True)
    return {
        "bytes": len(content),
        "flips": flips,
        "read": dict(found["read"]),
        "refused by --check": checked,
        "sweep again": dict(found["sweep"]),
        "mended": mended,
        "wrong": odd,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flips", type=int, default=540)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = flipped(options.folder, options.flips, options.seed)
    print(json.dumps(found))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
