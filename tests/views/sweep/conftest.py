"""A sweep over temperatures, told and thermal, without and with readout errors."""

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, sweep

SCORES = np.random.default_rng(8).normal(scale=1.5, size=(9, 4))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Three temperatures, told and thermal, without and with readout errors. alpha = 1e-6."""
    grid = Grid(
        SCORES,
        beta=[0.5, 1.0, 2.0],
        preparations=[Amplitude(), Heralded()],
        noise=["none", "readout=0.1"],
        backends=Aer(device="CPU", draws="born"),
        shots=8000,
        batch=2000,
        alpha=1e-6,
    )
    return sweep(grid, store=tmp_path_factory.mktemp("views") / "runs.sqlite")
