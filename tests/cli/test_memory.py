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
        ("300MiB", "Python and its libraries take 41"),
    ],
)
def test_too_little_is_refused(tmp_path, monkeypatch, memory, message):
    monkeypatch.chdir(tmp_path)
    np.save("scores.npy", np.zeros((200, 64)))
    done = CliRunner().invoke(app, ["run", "--scores", "scores.npy", *FEW, "--memory", memory])
    assert done.exit_code == 2
    assert re.search(message, done.output.replace("\n", " "))
    assert not (tmp_path / "qcattn-run").exists()


def test_each_row_counts_with_what_comparing_it_takes(tmp_path, monkeypatch):
    """300,000 rows of 2 keys hold 2 GiB while it is found out what would have been seen."""
    monkeypatch.chdir(tmp_path)
    np.save("scores.npy", np.zeros((300_000, 2)))
    done = CliRunner().invoke(app, ["run", "--scores", "scores.npy", *FEW, "--memory", "600MiB"])
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert re.search(r"scores of shape \(300000, 2\) .* take 2,\d+,\d+,\d+ bytes", said), said


def test_many_rows_stay_below_what_is_predicted(tmp_path):
    """A process of its own."""
    np.save(tmp_path / "scores.npy", np.random.default_rng(1).normal(size=(80_000, 2)))
    command = [sys.executable, "-m", "qcattn", "run", "--scores", "scores.npy", *FEW]
    done = subprocess.run(
        [*command, "--memory", "1.5GiB"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = re.search(r"Memory: (.*) GiB at the peak, (.*) GiB predicted", done.stdout)
    assert said, done.stdout
    assert 0.45 < float(said[1]) < float(said[2]) <= 1.5


def test_a_file_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez_compressed("scores.npz", scores=np.zeros((10_000_000, 2)))
    done = CliRunner().invoke(app, ["run", "--scores", "scores.npz", *FEW, "--memory", "500MiB"])
    assert done.exit_code == 2
    assert "it takes 160,000,128 bytes (0.149 GiB) once it is read" in " ".join(done.output.split())
