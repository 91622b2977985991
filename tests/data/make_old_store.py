"""Make tests/data/old_store.sqlite, a store of schema 1, by the qcattn that wrote such stores.

    PYTHONPATH=QCATTN_OF_0.1.0 python tests/data/make_old_store.py

It kept a log beside the file, and sealed nothing but batches. The log is empty once it is closed.
"""

from pathlib import Path

import numpy as np

from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, sweep

TARGET = Path(__file__).with_name("old_store.sqlite")

if __name__ == "__main__":
    TARGET.unlink(missing_ok=True)
    grid = Grid(
        Scores(np.array([[0.5, -1.0, 0.25, 1.5]]), tokens=("a", "b", "c", "d"), axes=("query",)),
        preparations=[Amplitude(), Heralded()],
        backends=Aer(device="CPU", draws="born"),
        shots=400,
        batch=100,
        seed=5,
    )
    done = sweep(grid, store=TARGET, until="width=0.2")
    print(done, [cell.counts.keys.tolist() for cell in done], [cell.looks for cell in done])
