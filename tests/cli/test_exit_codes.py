"""One table of exit codes for the whole house, in the README: every command is held to it.

The counts are given, or drawn with a false-failure rate of 1e-6.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from qcattn.claims.frame import running
from qcattn.cli import app
from qcattn.cli.app import reporting
from qcattn.evidence import Check, Finding

COMMANDS = typer.main.get_command(app).commands
README = Path(__file__).parents[2] / "README.md"
FAIR = "--draws born --preparation Amplitude --alpha 1e-6"


def invoke(line):
    return CliRunner().invoke(app, line.split())


class Stated:
    """A claim that comes out as it is told to."""

    clock = staticmethod(lambda: 0.0)
    title = name = "A1"

    def __init__(self, holds):
        self.holds = holds

    def __call__(self, *, seed=0, progress=None):
        check = Check("rule", "p is q", self.holds, "stated", alpha=0.01)
        return Finding(name="A1", title="A law", checks=(check,), alpha=0.01, seed=0, shots=1)

    def not_run(self, *, seed):
        return Stated(None)(seed=seed)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("s.npy", [[0.0, 1.0, 2.0], [1.0, 0.5, 0.0]])
    np.save("zeros.npy", np.zeros((20, 2)))
    np.savez("qk.npz", queries=np.eye(2), keys=np.eye(2))
    fair = {"00": 0.5, "11": 0.5}
    files = {
        "p": fair,
        "same": {"00": 5050, "11": 4950},
        "other": {"00": 6000, "11": 4000},
        "empty": [{"00": 0}, {"00": 500, "11": 500}],
    }
    for name, content in files.items():
        Path(f"{name}.json").write_text(json.dumps(content))
    for name, noise, shots in (("fair", "none", 500), ("noisy", "readout=0.3", 5000)):
        Path(f"{name}.toml").write_text(
            f'shots = {shots}\nalpha = 1e-6\nnoise = "{noise}"\nseed = 1\n'
            '[[scores]]\nfile = "s.npy"\n'
        )
    return tmp_path


#: Lines of the command, its exit code, and what the object of --json says (None: it has none).
CASES = [
    (f"run --scores s.npy {FAIR}", 0, "agrees"),
    (f"run --scores s.npy {FAIR} --noise readout=0.3", 1, "differs"),
    ("run --scores gone.npy", 2, None),
    ("prepare --scores s.npy --methods Amplitude --alpha 1e-6 --gap 3", 0, "agrees"),
    ("prepare --hamiltonian isink", 2, None),
    ("sweep fair.toml", 0, "agrees"),
    ("sweep noisy.toml", 1, "differs"),
    ("sweep fair.toml --until certified=0.001", 2, "undecided"),
    ("sweep gone.toml", 2, None),
    ("compare same.json p.json", 0, "agrees"),
    ("compare same.json p.json --epsilon 0.05", 0, "agrees"),
    ("compare same.json p.json --epsilon 0.001", 2, "undecided"),
    ("compare empty.json p.json", 2, "undecided"),
    ("compare other.json p.json", 1, "differs"),
    ("compare gone.json p.json", 2, None),
    ("plan p.json", 0, None),
    ("plan gone.json", 2, None),
    ("show gone", 2, None),
    ("merge gone.sqlite", 2, None),
    ("export gone.sqlite --csv a.csv", 2, None),
    ("extract --model gone --text a", 2, None),
    ("claims A99", 2, None),
]


@pytest.mark.parametrize(("line", "code", "verdict"), CASES)
def test_a_command_ends_with_the_code_of_its_verdict(folder, line, code, verdict):
    done = invoke(line)
    assert done.exit_code == code, done.output
    if verdict is None:
        return
    said = json.loads(invoke(f"{line} --json").stdout)
    assert said["command"] == line.split()[0] and said["verdict"] == verdict
    left = {"run": "qcattn-run", "prepare": "qcattn-prepare", "sweep": "runs.sqlite"}
    if said["command"] in left:
        shown = invoke(f"show {left[said['command']]} --json")
        assert shown.exit_code == code
        again = json.loads(shown.stdout)
        assert (again["command"], again["verdict"]) == (said["command"], verdict)


@pytest.mark.parametrize(
    ("holds", "code", "verdict"), [(True, 0, "decided"), (None, 2, "undecided")]
)
def test_a_claim_ends_with_the_code_of_its_verdict(folder, monkeypatch, holds, code, verdict):
    monkeypatch.setattr(running, "all_claims", lambda: [Stated(holds)])
    done = invoke("claims A1 --json")
    assert done.exit_code == code, done.output
    said = json.loads(done.stdout)
    assert (said["command"], said["verdict"]) == ("claims", verdict)
    assert said["folder"] == "qcattn-claims" and Path(said["report"]).exists()
    shown = invoke("show qcattn-claims --json")
    assert shown.exit_code == code and json.loads(shown.stdout) == said


def test_stores_are_written_out_with_code_0(folder):
    assert invoke("sweep fair.toml").exit_code == 0
    assert invoke("export runs.sqlite --csv a.csv").exit_code == 0
    assert invoke("merge runs.sqlite --into b.sqlite").exit_code == 0


def test_json_is_an_object_of_rows_for_every_command_that_has_it(folder):
    lines = {line.split()[0]: line for line, code, _ in CASES if code == 0} | {
        "claims": "claims A2"
    }
    having = {name for name, one in COMMANDS.items() if any(p.name == "json" for p in one.params)}
    assert having == {*lines, "show", "conformance"}
    for name in lines.keys() & having:
        text = invoke(f"{lines[name]} --json").stdout
        said = json.loads(text, parse_constant=pytest.fail)
        assert isinstance(said, dict) and said["command"] == name and text.isascii()
        assert ("folder" in said) == ("report" in said) == (name in ("run", "prepare", "claims"))


def test_a_run_tells_counts_and_p_values_of_every_row(folder):
    from qcattn import load

    said = json.loads(invoke(f"run --scores s.npy {FAIR} --json").stdout)
    result = load(said["folder"])
    (part,) = said["parts"]
    assert part["counts"] == result.counts.keys.tolist()
    assert part["stray"] == result.counts.stray.tolist()
    assert part["comparisons"][0]["p_values"] == result.fit.p_values.tolist()
    assert np.allclose(part["expected"], result.expected) and Path(said["report"]).exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fault_of_qcattn_is_code_3_in_every_command(name):
    command = COMMANDS[name].callback
    assert command.__wrapped__, "every command is wrapped"
    wrapped = app.registered_commands[list(COMMANDS).index(name)].callback
    assert wrapped.__code__ is reporting(lambda: None).__code__


def test_the_table_names_every_command_and_code():
    text = README.read_text(encoding="utf-8").split("## Exit codes")[1].split("\n## ")[0]
    heading, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    assert sorted(re.findall(r"`(\w+)`", heading)) == sorted(COMMANDS)
    assert [line.split("|")[1].strip() for line in lines] == ["0", "1", "2", "3"]
