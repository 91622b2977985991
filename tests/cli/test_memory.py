"""`qcattn run --memory`: what was allowed, predicted and measured."""

import re
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn.cli import app

FEW = ["--shots", "100", "--alpha", "1e-6", "--preparation", "Amplitude", "--draws", "born"]


def test_the_peak_stands_beside_the_prediction(tmp_path):
    """A process of its own: its peak is that of the run alone."""
    np.save(tmp_path / "scores.npy", np.random.default_rng(1).normal(size=(2000, 64)))
    command = [sys.executable, "-m", "qcattn", "run", "--scores", "scores.npy", *FEW]
    done = subprocess.run(
        [*command, "--memory", "2GiB"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = re.search(r"Memory: (.*) GiB at the peak, (.*) GiB predicted, 2GiB allowed", done.stdout)
    assert said, done.stdout
    measured, predicted = float(said[1]), float(said[2])
    assert 0.1 < measured < predicted < 2


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        ("much", "such as 4GiB"),
        ("100MiB", "allows 104,857,600 bytes"),
        ("410MiB", "leaves .* bytes"),
    ],
)
def test_too_little_is_refused(tmp_path, monkeypatch, memory, message):
    monkeypatch.chdir(tmp_path)
    np.save("scores.npy", np.zeros((200, 64)))
    done = CliRunner().invoke(app, ["run", "--scores", "scores.npy", *FEW, "--memory", memory])
    assert done.exit_code == 2
    assert re.search(message, done.output.replace("\n", " "))
    assert not (tmp_path / "qcattn-run").exists()
