"""``qcattn claims`` as people use it: some, bad input, Ctrl-C, show; and the same from Python."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
from typer.testing import CliRunner

import qcattn
from qcattn.claims import PureStates, all_claims, run_claims
from qcattn.claims.frame import running
from qcattn.cli import app
from qcattn.errors import Interrupted
from qcattn.evidence import Check


@dataclass(frozen=True, kw_only=True)
class Quick(PureStates):
    """One state of one qubit; its verdict changes by chance once in a million runs."""

    qubits: int = 1
    states: int = 1
    shots: int = 50_000
    alpha: float = 1e-6


@dataclass(frozen=True, kw_only=True)
class Stopped(Quick):
    name = "A2"

    def __call__(self, *, seed=0, progress=None):
        raise KeyboardInterrupt


@dataclass(frozen=True, kw_only=True)
class Short(Quick):
    name = "A3"

    def __call__(self, *, seed=0, progress=None):
        found = Quick()(seed=seed, progress=progress)
        return replace(found, name="A3", checks=(Check("rule", "p is q", None, "few shots"),))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "all_claims", lambda: [Quick(), Stopped(), Short()])
    return tmp_path


def invoke(*arguments):
    """In this process: what is planted here is not in others."""
    return CliRunner().invoke(app, ["claims", "--workers", "1", *map(str, arguments)])


def test_a_claim_is_run_in_full_saved_and_shown_again(folder):
    done = invoke("a1", "--out", "mine", "--seed", 3)
    assert done.exit_code == 0, done.output
    assert "exact" in done.stdout and "What was tested" in done.stdout
    assert f"section “{PureStates.section}”)" in " ".join(done.stdout.split())
    (finding,) = qcattn.load_findings("mine")
    assert finding.standing == "exact" and finding.seed == 3
    assert {path.name for path in (folder / "mine").iterdir()} == {
        "A1-1.svg", "findings.json", "findings.npz", "report.html",
    }  # fmt: skip
    shown = CliRunner().invoke(app, ["show", "mine"])
    assert shown.exit_code == 0 and "exact" in shown.stdout
    said = json.loads(CliRunner().invoke(app, ["show", "mine", "--json"]).stdout)
    assert said["findings"][0]["verdict"] == "exact"


def test_the_same_seed_finds_the_same_alone_and_among_others(folder):
    assert invoke("A1", "--seed", 3).exit_code == 0
    assert invoke("A1", "A1", "--seed", 3, "--json").exit_code == 0
    (alone,) = qcattn.load_findings("qcattn-claims")
    among = qcattn.load_findings("qcattn-claims-2")
    assert len(among) == 2
    assert all(one.numbers == alone.numbers and one.checks == alone.checks for one in among)
    assert run_claims(["A1"], seed=4)[0].numbers != alone.numbers


def test_an_undecided_claim_exits_2_and_a_refuted_one_0(folder, monkeypatch):
    done = invoke("A3")
    assert done.exit_code == 2 and "1 undecided" in done.output
    assert CliRunner().invoke(app, ["show", "qcattn-claims"]).exit_code == 2
    monkeypatch.setattr(running, "all_claims", lambda: [Quick(power=1.0)])
    done = invoke()
    assert done.exit_code == 0 and "1 refuted" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["A4"], "but is 'A4'; did you mean 'A"),
        (["--seed", -1], "`--seed`"),
        (["A1", "--out", "taken"], "exists"),
    ],
)
def test_bad_input_exits_2_before_anything_is_done(folder, options, message):
    (folder / "taken").mkdir()
    (folder / "taken" / "file").touch()
    done = invoke(*options)
    assert done.exit_code == 2, done.output
    assert message in done.output.replace("\n", " ") and "Traceback" not in done.output
    assert [path.name for path in folder.iterdir()] == ["taken"]


def test_an_interrupted_run_keeps_what_is_done_and_marks_the_rest(folder):
    done = invoke()
    assert done.exit_code == 2 and "Interrupted" in done.output
    found = qcattn.load_findings("qcattn-claims")
    assert [one.standing for one in found] == ["exact", "undecided", "undecided"]
    assert [one.shots > 0 for one in found] == [True, False, False]
    assert "interrupted" in found[1].words
    # Plotting takes seconds, and who presses Ctrl-C has two: pictures are left for later.
    kept = folder / "qcattn-claims"
    page = kept / "report.html"
    assert "<svg" not in page.read_text() and not [*kept.glob("*.svg")]
    assert "pictures were not plotted" in page.read_text() and found[0].panels
    qcattn.report(found, page)
    assert "<svg" in page.read_text() and "not plotted" not in page.read_text()
    assert invoke("A2").exit_code == 2
    assert not (folder / "qcattn-claims-2").exists()


STOPPED = """
import os, signal, sys
from qcattn import claims, cli

run_claims = claims.run_claims

def stopped(names, *, seed, progress, workers):
    def step(done, total, what):
        progress(done, total, what)
        if done > 1:
            os.kill(os.getpid(), signal.SIGINT)
    small = claims.PureStates(states=1, shots=1000)
    return run_claims([small, small], seed=seed, progress=step)

claims.run_claims = stopped
sys.argv[1:] = ["claims", "--out", "mine"]
cli.main()
"""


def test_ctrl_c_keeps_what_is_done(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Interrupted" in done.stdout
    first, second = qcattn.load_findings(tmp_path / "mine")
    assert first.shots == 1000 and second.shots == 0 and second.standing == "undecided"


def test_one_document_alone_and_neither_with_names():
    for document, letter in (("born", "A"), ("symmetry", "B")):
        listed = json.loads(invoke("--document", document, "--list", "--json").stdout)["claims"]
        assert listed and {one["name"][0] for one in listed} == {letter}
    for wrong in (["--document", "bron"], ["A1", "--document", "born"], ["--workers", 0]):
        done = invoke(*wrong)
        assert done.exit_code == 2 and "Traceback" not in done.output


def test_findings_come_as_markdown(folder):
    done = invoke("A1", "--markdown")
    assert done.exit_code == 0 and "| A1 Born's rule, pure states | exact |" in done.stdout
    assert "**A1 Born's rule, pure states: exact.**" in done.stdout
    assert invoke("A1", "--markdown", "--json").exit_code == 2


def test_findings_are_the_same_for_any_number_of_workers():
    """Two claims in two processes; the clock alone may differ."""
    small = [PureStates(states=1, shots=1000), PureStates(states=2, shots=1000)]
    told = []
    alone = run_claims(small, seed=5)
    spread = run_claims(small, seed=5, workers=2, progress=lambda *one: told.append(one))
    for one, other in zip(alone, spread, strict=True):
        assert one.numbers == other.numbers and one.checks == other.checks
        assert one.words == other.words and one.settings == other.settings
    done = [done for done, _, _ in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 2


def test_progress_grows_to_the_end_and_names_the_claim():
    seen = []
    run_claims([Quick(), Quick()], progress=lambda *told: seen.append(told))
    done = [done for done, _, _ in seen]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 2
    assert {total for _, total, _ in seen} == {2}
    assert "Born's rule" in seen[-2][2]


def test_claims_of_ones_own_and_unknown_ones_from_python():
    found = qcattn.run_claims([Quick(power=1.0)], seed=1)
    assert [one.standing for one in found] == ["refuted"]
    assert all_claims()[0] == PureStates()
    with pytest.raises(ValueError, match="did you mean 'A"):
        run_claims(["A01"])
    with pytest.raises(Interrupted) as stop:
        run_claims([Stopped()])
    assert [one.standing for one in stop.value.result] == ["undecided"]
