"""What a terminal, a pipe or a disk does not take: nothing that was drawn is lost, no verdict lies.

Each command runs in a process of its own, through a shell where the shell does it.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import qcattn
from qcattn.folders.trials import load_trials

QCATTN = f"{sys.executable} -m qcattn"
#: A perfect sampler is said to differ, and a test fails for it, once in a million such runs.
FAIR = "run --scores s.npy --preparation Amplitude --draws born --alpha 1e-6 --out mine"
#: A fifth of the bits is read wrong: missed once in far more than a million runs.
NOISY = f"{FAIR} --noise readout=0.2"


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "s.npy", [[0.0, 1.0, 2.0, -np.inf], [1.0, 0.5, 0.0, 0.2]])
    return tmp_path


def shell(folder, line, **environment):
    """A line of bash: its exit code, standard output and error stream."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("around", "command"),
    [
        ("{} | head -1; exit ${{PIPESTATUS[0]}}", FAIR),
        ("{} > /dev/full", NOISY),
        ("{} >&-", FAIR),
        ("{} 2> /dev/full", FAIR),
        ("{} <&- >&- 2>&-", FAIR),
    ],
)
def test_a_stream_that_takes_nothing_costs_nothing(folder, around, command):
    """A full disk behind standard output is said, where there is an error stream to say it."""
    done = shell(folder, around.format(f"{QCATTN} {command}"))
    assert done.returncode == (1 if command == NOISY else 0), done.stderr
    assert qcattn.load(folder / "mine").counts.shots.all()
    assert (folder / "mine" / "report.html").exists()
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    full = "standard output cannot be written: No space left on device"
    assert (full in done.stderr) == (around == "{} > /dev/full")
    if around.startswith("{} | head"):
        assert "cannot be written" not in done.stderr


def test_a_plan_that_nobody_could_read_is_no_success(folder):
    """All that it has to say stands there; a run has its results and its verdict."""
    (folder / "p.csv").write_text("0.4,0.3,0.2,0.1\n")
    assert shell(folder, f"{QCATTN} plan p.csv > /dev/full").returncode == 2
    assert shell(folder, f"{QCATTN} plan p.csv").returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_an_encoding_that_lacks_a_character_costs_nothing(folder, encoding):
    tokens = [" cat", "猫", "é", "🙂"]
    command = NOISY.replace("s.npy", "s.npz") + " --beta 2"
    np.savez(folder / "s.npz", scores=[[0.0, 1.0, 2.0, -np.inf]], tokens=tokens)
    done = shell(folder, f"{QCATTN} {command}", PYTHONIOENCODING=encoding)
    assert done.returncode == 1, done.stderr
    assert "counts differ" in " ".join(done.stdout.split())
    page = (folder / "mine" / "report.html").read_text(encoding="utf-8")
    assert "猫" in page and "┤" in page, "the page is UTF-8 whatever the terminal is"


def test_json_is_whole_in_an_encoding_that_lacks_a_character(folder):
    line = f"{QCATTN} claims A20 --json"
    text = shell(folder, line, PYTHONIOENCODING="ascii", COLUMNS="100").stdout
    assert "r → 1" in str(json.loads(text)) and "\ufffd" not in text and "?" not in text


def test_a_foreign_backend_of_matplotlib_is_left_alone(folder):
    """A notebook hands its own to what it starts by ``!qcattn run``; below there is none at all."""
    inline = "module://matplotlib_inline.backend_inline"
    done = shell(folder, f"{QCATTN} {FAIR}", MPLBACKEND=inline)
    assert done.returncode == 0, done.stderr
    assert "<svg" in (folder / "mine" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "load"),
    [
        ("prepare --hamiltonian ising --field 0 --qubits 2 --methods Heralded --alpha 1e-6",
         load_trials),
        ("claims A20", qcattn.load_findings),
    ],
)  # fmt: skip
def test_trials_and_findings_are_kept_as_well(folder, command, load):
    line = f"{QCATTN} {command} --out mine > /dev/full"
    done = shell(folder, line, MPLBACKEND="nosuch")
    assert done.returncode == 0, done.stderr
    assert load(folder / "mine") and (folder / "mine" / "report.html").exists()


def test_a_sweep_says_its_verdict_to_nobody(folder):
    (folder / "plan.toml").write_text('shots = 100\nalpha = 1e-6\n[[scores]]\nfile = "s.npy"\n')
    for around in ("> /dev/full", "| head -1; exit ${PIPESTATUS[0]}"):
        assert shell(folder, f"{QCATTN} sweep plan.toml {around}").returncode == 0
    assert shell(folder, f"{QCATTN} show runs.sqlite {around}").returncode == 0


@pytest.mark.parametrize(
    ("blocks", "kept", "entries"),
    [
        (32, "all counts and verdicts", {"counts", "verdict"}),  # of 1,024 bytes a file
        (8, "the verdicts", {"verdict"}),
    ],
)
def test_where_no_place_has_room_what_fits_is_kept(folder, blocks, kept, entries):
    """No file may be larger than that, in any place, as on disks that are full."""
    np.save(folder / "s.npy", np.random.default_rng(1).normal(size=(60, 16)))
    done = shell(
        folder,
        f"ulimit -f {blocks}; {QCATTN} {FAIR} > /dev/null",
        TMPDIR=str(folder),
        HOME=str(folder),
    )
    said = " ".join(done.stderr.split())
    assert done.returncode == 2 and "Traceback" not in said
    assert "No place has room for" in said and kept in said
    assert "the same seed gives the same counts again" in said
    files = list(folder.glob("qcattn-run-*"))
    assert len(files) == bool(entries) and not (folder / "mine").exists()
    for file in files:
        document = json.loads(file.read_text())
        (part,) = document["parts"]
        assert {"counts", "verdict"} & set(part) == entries
        assert document["verdict"] == "agrees" and str(file) in said
        assert "counts" not in part or np.sum(part["counts"]) == 60 * 4096
