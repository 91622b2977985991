"""What files and users write, whatever it is: said in words with code 2, and never raw.

Files that would wait, that are too deep, too long, of another kind; numbers beyond all counting;
escape sequences, halves of characters and dollars.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from preloaded import ended
from typer.testing import CliRunner

from qcattn import load, load_sweep
from qcattn.cli import app

QCATTN = [sys.executable, "-m", "qcattn"]
FAST = "--preparation Amplitude --draws born --shots 100 --alpha 1e-6"
RED = "\x1b[31m"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("s.npy", [[0.0, 1.0], [0.5, 0.0]])
    Path("p.json").write_text(json.dumps({"00": 0.5, "11": 0.5}))
    return tmp_path


def invoke(line):
    return CliRunner().invoke(app, line.split() if isinstance(line, str) else line)


READING = [
    "run --scores {}.npy", "run --scores {}.npz", "run --scores {}.csv", "run --scores {}.json",
    "run --qk {}.npz", "compare {}.json p.json", "compare {}.csv p.json", "compare {}.npy p.json",
    "compare p.json {}.json", "plan {}.csv", "sweep {}.toml", "prepare --pauli {}.csv",
    "show {}.sqlite", "show {}", "export {}.sqlite --csv a.csv", "merge {}.sqlite --into b.sqlite",
    "sweep plan.toml --store {}.sqlite", "show {}.result", "run --hf {}.hf --text a",
]  # fmt: skip


def test_a_pipe_is_refused_and_not_waited_for(folder):
    Path("plan.toml").write_text('[[scores]]\nfile = "s.npy"\n')
    for end in (".npy", ".npz", ".csv", ".json", ".toml", ".sqlite", ""):
        os.mkfifo(f"waits{end}")
    for inside in ("waits.result/result.json", "waits.hf/config.json"):
        Path(inside).parent.mkdir()
        os.mkfifo(inside)
    lines = [line.format("waits").split() for line in READING]
    for line, done in zip(lines, ended(lines, folder), strict=True):
        assert done.code == 2, (line, done)
        assert "waits" in done.stderr and "Traceback" not in done.stderr, line


DEEP = {"json": "[" * 100_000, "toml": "a = " + "[" * 100_000}
LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "line",
    ["run --scores {}.json", "run --qk {}.json", "compare {}.json p.json", "plan {}.json",
     "sweep {}.toml", "show {}"],
)  # fmt: skip
def test_what_is_nested_too_deeply_is_said_with_the_name_of_the_file(folder, line):
    for end, content in DEEP.items():
        Path(f"deep.{end}").write_text(content)
    Path("deep").mkdir()
    Path("deep/result.json").write_text(DEEP["json"])
    done = invoke(line.format("deep"))
    assert done.exit_code == 2 and "deep" in done.stderr.split("nested")[0], done.output
    assert "nested too deeply" in done.stderr


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ("run --scores {}.json", json.dumps({LONG: [1, 2], "b": [1, 2]})),
        ("run --scores {}.json", json.dumps({f"k{i}": 1 for i in range(20_000)})),
        ("run --qk {}.json", json.dumps({f"k{i}": 1 for i in range(20_000)})),
        ("run --qk {}.json", json.dumps({"q": [[1]], "k": [[1]], "scale": LONG})),
        ("compare {}.json p.json", json.dumps({LONG: 1})),
        ("compare {}.csv p.json", LONG),
        ("plan {}.csv", LONG),
        ("sweep {}.toml", LONG + " = 1\n"),
        ("sweep {}.toml", f'[[scores]]\nmodel = "{LONG}"\n'),
        ("sweep {}.toml", f'noise = "{LONG}"\n[[scores]]\nfile = "s.npy"\n'),
        ("sweep {}.toml", f'preparations = "{LONG}"\n[[scores]]\nfile = "s.npy"\n'),
        ("run --scores s.npy --noise {}", None),
        ("run --preparation {}", None),
        ("prepare --pauli {}", None),
        ("prepare --beta {}", None),
        ("show {}", None),
        ("run --out {}", None),
    ],
)
def test_an_error_quotes_the_beginning_of_a_long_text(folder, line, content):
    name = "long" if content is not None else LONG
    if content is not None:
        Path("long" + re.search(r"\{\}(\.\w+)", line)[1]).write_text(content)
    done = invoke(line.format(name).split())
    assert done.exit_code == 2, done.output[:2000]
    assert 20 < len(done.output) < 5000, len(done.output)


def test_archives_and_texts_under_other_names(folder):
    np.savez("t.npz", scores=np.zeros((2, 3)), names=np.array(["a", "b", "c"]))
    shutil.copy("t.npz", "zip.npy")
    shutil.copy("s.npy", "single.npz")
    np.savez("words.npz", scores=np.array(["a", "b"]))
    np.savez("tokens.npz", tokens=np.array(["a", "b"]))
    Path("text.npy").write_text("hello")
    Path("text.npz").write_text("hello")
    for name in ("zip.npy", "single.npz"):
        assert invoke(f"run --scores {name} {FAST}").exit_code == 0, "read as what it is"
    scores = [
        f"run --scores {name}" for name in ("words.npz", "tokens.npz", "text.npy", "text.npz")
    ]
    counts = ["compare zip.npy p.json", "plan zip.npy", "compare text.npy p.json"]
    for line in (*scores, *counts, "run --qk tokens.npz", "run --qk text.npz"):
        done = invoke(line)
        assert done.exit_code == 2 and "Traceback" not in done.output, done.output
        assert line.split()[1 + (line[:3] == "run")] in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "run --scores s.npy --preparation Amplitude --draws born --shots {}",
        "run --scores s.npy --preparation Amplitude --shots {}",
        "prepare --hamiltonian ising --methods ImaginaryTime --shots {}",
        "sweep plan.toml --shots {}",
    ],
)
def test_more_shots_than_can_be_counted_are_refused_before_any_is_drawn(folder, line):
    Path("plan.toml").write_text(f'batch = {10**12}\n[[scores]]\nfile = "s.npy"\n')
    for shots in (10**16, 2**63 - 1, 10**19, 10**40):
        done = invoke(line.format(shots))
        assert done.exit_code == 2, done.output
        assert "`shots` must be at most 2**53" in " ".join(done.stderr.split())
    assert sorted(os.listdir()) == ["p.json", "plan.toml", "s.npy"]


@pytest.mark.parametrize(
    "line",
    [
        f"run --scores s.npy {FAST} --memory {10**20}GiB",
        f"run --scores s.npy {FAST} --memory 1e400",
        f"prepare --hamiltonian ising --qubits {10**20}",
        f"run --layer {10**30}",
        f"run --sentence {10**30}",
        f"prepare --query {10**30}",
    ],
)
def test_numbers_beyond_all_machines_are_refused_in_words(folder, line):
    done = invoke(line)
    assert done.exit_code == 2 and "Traceback" not in done.output, done.output


HOSTILE = f"a{RED}\u202e\x9b2J\ud800$x^2$"


def commands(folder):
    """Every command that shows what a file says, and what it needs."""
    content = {"scores": [[3.0, -2.0], [0.5, 0.0]], "axes": [HOSTILE], "tokens": [RED, "$b$"]}
    Path("s.json").write_text(json.dumps(content))
    Path("c.json").write_text(json.dumps({HOSTILE: 900, "b": 100}))
    Path("q.json").write_text(json.dumps({HOSTILE: 0.5, "b": 0.5}))
    said = json.dumps(HOSTILE.replace("\ud800", "")).replace("\\u009b", "\\u009B")
    Path("plan.toml").write_text(
        f'shots = 200\nalpha = 1e-6\nnoise = ["none", "readout=0.2"]\n[[scores]]\n'
        f'file = "s.json"\nname = {said}\n'
    )
    return [
        f"run --scores s.json {FAST} --noise readout=0.3 --out r", "show r", "show r --json",
        "compare c.json q.json", "plan q.json", "sweep plan.toml", "show runs.sqlite",
        "show runs.sqlite --json", "show runs.sqlite --plot noise --out a.svg",
        "show runs.sqlite --plot scores --out b.svg", "prepare --scores s.json --methods Amplitude",
        "export runs.sqlite --csv a.csv",
    ]  # fmt: skip


def test_no_escape_sequence_reaches_a_terminal_and_no_half_character_fails(folder):
    for line in commands(folder):
        done = invoke(line)
        assert done.exit_code in (0, 1), f"{line}: {done.output}"
        raw = [m for m in done.output if not m.isprintable() and m not in "\n\u00a0"]
        assert not raw, f"{line}: {raw}"
    assert load("r").axes == (r"a\x1b[31m\u202e\x9b2J\ud800$x^2$",)
    (name,) = {cell.point["scores"] for cell in load_sweep("runs.sqlite")}
    assert name == r"a\x1b[31m\u202e\x9b2J$x^2$"
    for picture in ("a.svg", "b.svg"):
        svg = Path(picture).read_text(encoding="utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x80-\x9f]", svg)
    assert "$x^2$" in Path("b.svg").read_text(encoding="utf-8"), "no mathematics"
    assert "$b$" in Path("r/report.html").read_text(encoding="utf-8")


QUOTED = [
    ["run", f"--{RED}"],
    ["run", "--scores", f"{RED}.npy"],
    ["run", "--preparation", RED],
    ["run", "--noise", RED],
    ["run", "--layer", RED],
    [RED],
    ["show", f"{RED}\udce9"],
    ["prepare", "--pauli", f"{RED}=1"],
    ["merge", RED, "--into", RED],
    ["sweep", f"{RED}.toml"],
    ["export", RED, "--csv", RED],
    ["extract", "--model", RED, "--text", RED],
]


def test_an_argument_that_is_quoted_in_an_error_is_legible(folder):
    for line, done in zip(QUOTED, ended(QUOTED, folder), strict=True):
        assert done.code == 2, (line, done)
        assert "\x1b" not in done.stdout + done.stderr and "Traceback" not in done.stderr, line


def test_a_file_whose_name_is_no_unicode_is_read_and_kept(folder):
    """Its name stands in the result, which is UTF-8."""
    os.rename("s.npy", b"caf\xe9.npy")
    line = [*QCATTN, "run", "--scores", b"caf\xe9.npy", *FAST.split(), "--out", "r"]
    done = subprocess.run(line, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert load("r").source["source"] == r"caf\udce9.npy"
