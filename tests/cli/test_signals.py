"""SIGTERM and SIGHUP, from schedulers, `timeout` and closed terminals, are as Ctrl-C."""

import importlib
import os
import signal
import subprocess
import sys

import pytest

from qcattn import load, load_findings, load_sweep
from qcattn.folders.trials import load_trials

#: A command whose progress stops the process at the second step, by a real signal.
STOPPED = """
import os, signal, sys
from qcattn import cli
from qcattn.cli import {command} as _
module = sys.modules["qcattn.cli.{command}"]
bar = module.bar

class Stopping:
    def __init__(self, **options):
        self.bar = bar(**options)
    def __enter__(self):
        tell, self.told = self.bar.__enter__(), 0
        def step(done, total, what):
            tell(done, total, what)
            if done >= {after}:
                os.kill(os.getpid(), signal.{stop})
        return step
    def __exit__(self, *error):
        return self.bar.__exit__(*error)

module.bar = Stopping
sys.argv[1:] = {arguments!r}
cli.main()
"""
PLAN = 'shots = 40_000\nbatch = 500\n[[scores]]\nmodel = "smollm2"\nlayers = [0]\nheads = [0]\n'
COMMANDS = {
    "run": (2, ["--model", "minilm", "--shots", "60000", "--out", "mine"], load),
    "prepare": (
        1,
        ["--hamiltonian", "ising", "--qubits", "2", "--methods", "ImaginaryTime,QSVT"],
        lambda folder: load_trials(folder.with_name("qcattn-prepare")),
    ),
    "claims": (1, ["A2", "A1", "--out", "mine"], load_findings),
    "sweep": (
        3,
        ["plan.toml", "--store", "runs.sqlite"],
        lambda folder: load_sweep(folder.with_name("runs.sqlite")),
    ),
}


@pytest.mark.parametrize(
    ("command", "stop"), [("run", "SIGHUP"), *((command, "SIGTERM") for command in COMMANDS)]
)
def test_what_was_drawn_is_kept_and_nothing_hidden_is_left(tmp_path, command, stop):
    after, arguments, loaded = COMMANDS[command]
    (tmp_path / "plan.toml").write_text(PLAN)
    code = STOPPED.format(command=command, after=after, stop=stop, arguments=[command, *arguments])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Interrupted" in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert loaded(tmp_path / "mine")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


WRITING = """
import os, signal, sys
from pathlib import Path
from qcattn import cli

write = Path.write_bytes

def disturbed(path, content):
    os.kill(os.getpid(), signal.{stop})
    return write(path, content)

Path.write_bytes = disturbed
sys.argv[1:] = "run --layer 0 --head 0 --draws born --alpha 1e-6 --out mine".split()
cli.main()
"""

PLOTTING = """
import os, signal, sys
from qcattn import cli
from qcattn.views.run import report

def disturbed(path, results):
    os.kill(os.getpid(), signal.{stop})

report.write_report = disturbed
sys.argv[1:] = "run --layer 0 --head 0 --draws born --alpha 1e-6 --out mine".split()
cli.main()
"""


@pytest.mark.parametrize(
    ("moment", "code", "stop"),
    [
        (WRITING, 0, "SIGTERM"),  # SIGINT while files are written: test_run.py
        (PLOTTING, 2, "SIGINT"),
        (PLOTTING, 2, "SIGTERM"),
    ],
    ids=["writing SIGTERM", "plotting SIGINT", "plotting SIGTERM"],
)
def test_results_are_written_to_the_end_and_the_page_may_be_left_out(tmp_path, moment, code, stop):
    done = subprocess.run(
        [sys.executable, "-c", moment.format(stop=stop)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert load(tmp_path / "mine").agrees
    assert "The counts agree" in done.stdout
    if code:
        assert "interrupted before the page was written" in done.stderr
        assert "`qcattn show mine` prints them" in " ".join(done.stderr.split())


def test_a_signal_that_the_shell_has_set_aside_stays_so(tmp_path):
    """As ``nohup`` does it."""
    code = WRITING.format(stop="SIGHUP").replace(
        "Path.write_bytes = disturbed",
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "draw = __import__('qcattn').Aer.stream\n"
        "def stream(*given, **more):\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    return draw(*given, **more)\n"
        "__import__('qcattn').Aer.stream = stream",
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "mine").complete


def test_a_whole_group_that_is_stopped_keeps_what_is_recorded(tmp_path):
    """A scheduler stops the workers too."""
    (tmp_path / "plan.toml").write_text(PLAN.replace("40_000", "4_000_000"))
    command = "sweep plan.toml --store runs.sqlite --workers 1"
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTED, *command.split()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline().strip() == "drawn"
    os.killpg(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "are kept in runs.sqlite. Go on with" in " ".join(said.split())
    (cell,) = load_sweep(tmp_path / "runs.sqlite")
    assert cell.counts.shots.all()


COUNTED = """
import sys
from qcattn import cli
from qcattn.sweeps.store import Store

record, told = Store.record, []

def counted(store, drawn):
    out = record(store, drawn)
    if not told:
        told.append(print("drawn", flush=True))
    return out

if __name__ == "__main__":
    Store.record = counted
    cli.main()
"""


@pytest.mark.parametrize("place", [("qcattn.claims", "run_claims"), ("qcattn.cli.app", "app")])
def test_a_signal_that_an_import_hides_is_no_fault_of_a_module(place, monkeypatch, capsys):
    """A module of pybind11 that is interrupted says that its initialization failed."""

    def imported(*_, **__):
        raise ImportError("initialization failed") from KeyboardInterrupt()

    main = importlib.import_module("qcattn.cli.app").main
    monkeypatch.setattr(importlib.import_module(place[0]), place[1], imported)
    monkeypatch.setattr("sys.argv", ["qcattn", "claims", "A1", "--out", "mine"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == "qcattn: interrupted"
