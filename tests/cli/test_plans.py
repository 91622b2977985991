"""A plan says what it takes, and draws what it says; noise is named in one way everywhere."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn import load_sweep
from qcattn.cli import app

SCORES = '[[scores]]\nfile = "s.npy"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("s.npy", [[0.0, 1.0], [0.5, 0.0]])
    return tmp_path


def sweep(plan, *options):
    Path("plan.toml").write_text(plan + SCORES)
    done = CliRunner().invoke(app, ["sweep", "plan.toml", *options])
    return done, " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("plan", "options", "drawn", "said"),
    [
        ("shots = 100\nalpha = 1e-6\n", [], 100, "1 cell, 100 shots a row"),
        ("alpha = 1e-6\n", [], 4096, "1 cell, 4,096 shots a row"),
        ("alpha = 1e-6\n", ["--shots", "3000"], 4096, "in whole batches of 2,048 where 3,000"),
        ("shots = 250\nbatch = 100\nalpha = 1e-6\n", [], 300, "of 100 where 250 are asked for"),
    ],
)
def test_a_plan_says_how_many_shots_it_draws(folder, plan, options, drawn, said):
    done, heard = sweep(plan, *options)
    assert done.exit_code == 0, done.output
    assert said in heard
    (cell,) = load_sweep("runs.sqlite")
    assert set(cell.counts.shots.ravel()) == {drawn}


def test_no_noise_is_a_noise_everywhere(folder):
    done, _ = sweep('noise = ["none"]\nshots = 100\nalpha = 1e-6\n')
    assert done.exit_code == 0, done.output
    line = "run --scores s.npy --noise none --shots 100 --alpha 1e-6 --preparation Amplitude"
    assert CliRunner().invoke(app, line.split()).exit_code == 0


@pytest.mark.parametrize(
    ("noise", "cure"),
    [
        ("depolarizing:0.01", "write 'depolarizing=0.01'"),
        ("readout:0.01,thermal:5", "write 'readout=0.01,thermal=5'"),
        ("FakeManilaV2", "pip install 'qcattn[fake]'"),
    ],
)
def test_noise_that_is_nearly_right_is_told_what_is(folder, monkeypatch, noise, cure):
    import sys

    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", None)
    done, heard = sweep(f'noise = "{noise}"\n')
    assert done.exit_code == 2 and cure in heard
    done = CliRunner().invoke(app, ["run", "--scores", "s.npy", "--noise", noise])
    assert done.exit_code == 2 and cure in " ".join(done.stderr.split())
