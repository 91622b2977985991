"""A small grid, drawn exactly and quickly, and what it must give however it is drawn."""

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, sweep

SCORES = np.random.default_rng(11).normal(scale=1.5, size=(70, 4))
SCORES[3, 1] = -np.inf


def small_grid(**options) -> Grid:
    """Four cells of two blocks: 70 rows of 4 keys."""
    usual = {
        "scores": Scores(SCORES, tokens=("a", "b", "c", "d"), axes=("query",)),
        "beta": [0.5, 1.0],
        "preparations": [Amplitude(), Heralded()],
        "backends": Aer(device="CPU", draws="born"),
        "shots": 400,
        "batch": 100,
        "seed": 5,
    }
    return Grid(**{**usual, **options})


def tables_of(done) -> dict:
    """All that was counted, by place on the axes."""
    return {
        tuple(cell.point.values()): (
            cell.counts.keys.tolist(),
            cell.counts.stray.tolist(),
            cell.counts.discarded.tolist(),
        )
        for cell in done
    }


@pytest.fixture(scope="session")
def small():
    return small_grid


@pytest.fixture(scope="session")
def tables():
    return tables_of


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The small grid, drawn at one go by one process."""
    return sweep(small_grid(), store=tmp_path_factory.mktemp("reference") / "runs.sqlite")
