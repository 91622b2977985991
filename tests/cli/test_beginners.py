"""What one types who has read the README and no more: each mistake is answered by its cure."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit.primitives import StatevectorSampler
from typer.testing import CliRunner

import qcattn
from qcattn.cli import app

QUICK = "--preparation Amplitude --draws born --shots 400"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("cat,mat\n0.5,1.5\n1,0\n")
    Path("fair.json").write_text(json.dumps([985, 1010, 1005]))
    Path("law.json").write_text(json.dumps([0.3333, 0.3333, 0.3334]))
    Path("dice.json").write_text(json.dumps({"1": 985, "2": 1010, "3": 1005}))
    Path("dice.csv").write_text("one,985\ntwo,1010\nthree,1005\n")
    Path("percent.csv").write_text("one,33\ntwo,33\nthree,34\n")
    Path("signs.csv").write_text("one,33%\ntwo,33%\nthree,34%\n")
    Path("down.csv").write_text("token,score\nthe,0.5\ncat,1.2\nsat,-0.3\non,0\n")
    Path("kept").mkdir()
    Path("kept/report.html").write_text("<!doctype html>")
    Path("kept/result.json").write_text("{}")
    Path("kept/result.npz").write_bytes(b"")
    return tmp_path


def invoke(line):
    """By `main`, which says what typer does not."""
    words = [sys.executable, "-m", "qcattn", *line.split()]
    return subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)


def flat(done):
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("run mine.csv", "`--scores mine.csv`"),
        ("run --shots 1e3", "It is '1e3': write a number in plain digits"),
        ("run --beta 1,5", "It is '1,5': write a number in plain digits"),
    ],
)
def test_what_typer_refuses_is_refused_with_a_cure(line, cure):
    done = invoke(line)
    assert done.returncode == 2 and cure in done.stderr, done.stderr
    assert "`--scores" in cure or "`--scores" not in done.stderr


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("run --scores .", "it is a folder; name a file in it"),
        ("compare law.json fair.json", "counts come first"),
        ("compare dice.json law.json", "count decimals from 0 to 2, or name the outcomes in both"),
        ("conformance --backend stim --probe bits", "`--probe` must be one of"),
        ("conformance --backend BasicSimulator", "module:factory"),
        ("run --scores down.csv", "on one line, as 0.5,1.2,-0.3,..., in NumPy by"),
        ("compare dice.csv percent.csv", "if these are percentages, divide them by 100"),
        ("compare dice.csv signs.csv", "nothing between thousands and no %"),
        ("prepare --pauli Z0*Z1=1", "one for each qubit, the last one for qubit 0"),
        ("show kept/report.html", "name its folder, `kept`"),
        ("show kept/result.json", "name its folder, `kept`"),
    ],
)
def test_what_is_refused_names_its_cure(line, cure):
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 2 and cure in flat(done), done.output


def test_counts_that_are_no_probabilities_are_not_taken_for_swapped():
    Path("ones.json").write_text(json.dumps([1, 0, 0]))
    done = CliRunner().invoke(app, ["compare", "ones.json", "law.json", "--normalise"])
    assert "Outcomes are read as positions" in flat(done), done.output


@pytest.mark.parametrize("shape", [(3, 1), (1,)])
def test_a_single_key_is_run_and_its_page_is_plotted(shape):
    np.save("one_key.npy", np.zeros(shape))
    done = CliRunner().invoke(app, f"run --scores one_key.npy --out out {QUICK}".split())
    assert done.exit_code == 2, done.output
    assert "a single possible key" in flat(done) and "smaller beta" not in flat(done)
    assert Path("out/report.html").is_file()


def test_no_empty_line_stands_where_a_bar_would_be():
    done = invoke(f"run --scores mine.csv --out out {QUICK}")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "rows count from 0" in " ".join(done.stdout.split())


def test_the_print_of_rows_with_one_luck_names_the_cure():
    """The sampler has a seed, so that nothing here is left to chance."""
    fixed = qcattn.Sampler(StatevectorSampler(seed=1))
    result = qcattn.run([[0.3, 1.0, -0.5]] * 2, backend=fixed, seed=1)
    assert "no fixed seed" in str(result)


def test_the_page_of_a_noisy_run_says_so_at_its_top():
    for out, noise in (("noisy", "--noise readout=0.3 --draws shots"), ("clean", "")):
        line = f"run --scores mine.csv --out {out} {QUICK} {noise}"
        CliRunner().invoke(app, line.split())
    said = [Path(f"{out}/report.html").read_text().split("</header>")[0] for out in
            ("noisy", "clean")]  # fmt: skip
    assert "with noise: readout=0.3" in said[0] and "noise" not in said[1]
