"""``qcattn conformance`` as it is typed."""

import json
import re
import shlex
import subprocess
import sys
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.conformance import searching, turns
from qcattn.conformance.journal import entry_of
from qcattn.conformance.stored import load_report
from qcattn.errors import NotWhole

REFERENCE = "qcattn.conformance.reference:Reference"
FAULT = "planted:Turned"
SHORT = ["--probe", "bit order", "--probe", "seeds", "--seed", "3"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_this_process(function, *args, waiting):
    """In place of a process of its own, which takes seconds to start."""
    return function(*args)


def called(*words):
    return CliRunner().invoke(app, ["conformance", *words])


def shown(*words):
    return CliRunner().invoke(app, ["show", *words])


def test_a_sound_simulator_passes_and_all_files_are_there(elsewhere):
    done = called("--backend", REFERENCE, *SHORT)
    assert done.exit_code == 0, done.output
    assert "No alarm" in done.output
    folder = elsewhere / "qcattn-conformance"
    assert {"conformance.json", "journal.jsonl", "junit.xml", "report.html"} <= {
        path.name for path in folder.iterdir()
    }
    assert load_report(folder).standing == "passed"
    assert called("--backend", REFERENCE, *SHORT).exit_code == 0
    assert (elsewhere / "qcattn-conformance-2" / "report.html").is_file()


def test_an_alarm_ends_with_1_and_stands_in_the_xml(elsewhere):
    done = called("--backend", FAULT, *SHORT, "--out", "bad", "--json")
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    assert said["verdict"] == "alarm" and said["probes"][0]["failed"]
    (suite,) = ElementTree.parse(elsewhere / "bad" / "junit.xml").getroot()
    assert suite.get("failures") == "1"
    (failure,) = suite.iter("failure")
    assert "Refuted" in failure.get("message")
    properties = {p.get("name"): p.get("value") for p in suite.find("testcase").iter("property")}
    assert float(properties["p_value"]) == 0 and "resolution" in properties


def test_an_alarm_without_a_script_promises_none(elsewhere):
    done = called("--backend", FAULT, *SHORT, "--out", "bad")
    said = " ".join(done.output.split())
    assert done.exit_code == 1 and "Turned does not tell its own calls" in said
    page = (elsewhere / "bad" / "report.html").read_text()
    assert "There is no script of its own" in page and "A script of its own" not in page
    assert not list((elsewhere / "bad").glob("*.py"))


def test_an_alarm_has_a_script_that_shows_it(elsewhere, monkeypatch):
    """The adapter of Qulacs is told that x is z; its script needs nothing of ours."""
    qulacs = pytest.importorskip("qcattn.backends.qulacs")
    monkeypatch.setitem(qulacs._PLAIN, "x", "Z")
    monkeypatch.setattr(turns, "apart", in_this_process)
    monkeypatch.setattr(searching, "apart", in_this_process)
    done = called("--backend", "qulacs", "--probe", "bit order", "--out", "bad")
    assert done.exit_code == 1, done.output
    assert "bit order: A script of its own shows it: bad/bit_order.py." in done.output
    shown = subprocess.run([sys.executable, "bad/bit_order.py"], capture_output=True, text=True)
    assert shown.returncode == 1 and "right" in shown.stdout
    assert "import qulacs" in (elsewhere / "bad" / "report.html").read_text()


def test_the_report_lies_there_before_its_scripts_are_searched_for(elsewhere, monkeypatch):
    """So that a kill in the search takes nothing of it; Ctrl-C ends the search alone."""

    def stopped(report, *rest, **named):
        assert load_report(elsewhere / "bad").standing == report.standing == "alarm"
        page = (elsewhere / "bad" / "report.html").read_text()
        assert "was cut off" in page and "To draw the same again" in page
        assert (elsewhere / "bad" / "junit.xml").is_file()
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(searching, "scripts_of", stopped)
    done = called("--backend", FAULT, *SHORT, "--out", "bad")
    assert done.exit_code == 1 and "90 s at most" in " ".join(done.output.split()), done.output
    assert "Ctrl-C ended the search" in (elsewhere / "bad" / "report.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        [
            "--backend",
            REFERENCE,
            *SHORT[:-2],
            "--level",
            "standard",
            "--family-alpha",
            "0.01234567",
        ],
        [
            "--backend",
            "qiskit.providers.basic_provider:BasicSimulator()",
            *("--python", sys.executable, "--probe", "bit order"),
        ],
    ],
)
def test_the_command_that_is_told_draws_the_same_again(elsewhere, words, monkeypatch):
    """Every job again, bit for bit: on the page and in the terminal stands one command."""
    monkeypatch.setattr(turns, "apart", in_this_process)
    first = called(*words, "--out", "one")
    (again,) = re.findall("To draw the same again: (.*)", first.output)
    assert escape(again) in (elsewhere / "one" / "report.html").read_text()
    program, command, *rest = shlex.split(again)
    assert (program, command) == ("qcattn", "conformance")
    second = called(*rest, "--out", "two")
    assert second.exit_code == first.exit_code == 0, second.output
    one, two = (load_report(elsewhere / name) for name in ("one", "two"))
    for name in ("simulator", "level", "alpha", "seed"):
        assert getattr(one, name) == getattr(two, name)
    drawn = [[entry_of(answer) for part in report.probed for answer in part.answers]
             for report in (one, two)]  # fmt: skip
    for entry in drawn[0] + drawn[1]:
        entry.pop("seconds")
    assert drawn[0] == drawn[1] and drawn[0]
    assert [part.alpha for part in one.probed] == [part.alpha for part in two.probed]


def test_a_backend_of_another_environment_is_tested_and_named_in_the_report(elsewhere):
    backend = ["--backend", "qiskit.providers.basic_provider:BasicSimulator"]
    done = called(*backend, "--python", sys.executable, "--probe", "bit order", "--out", "piped")
    assert done.exit_code == 0, done.output
    said = load_report(elsewhere / "piped").simulator
    assert said["backend"] == "basic_simulator" and said["python"]


def test_two_reports_are_compared(elsewhere):
    assert called("--backend", FAULT, *SHORT, "--out", "old").exit_code == 1
    (elsewhere / "old" / "conformance.json").rename("old.json")
    done = called("--backend", REFERENCE, *SHORT, "--out", "new", "--against", "old.json")
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    assert "Better: bit order: alarm before, passed now; no longer refuted 12 jobs (" in said
    again = shown("new")
    told = done.output.partition("To draw the same again: ")[0]
    assert (again.exit_code, again.output) == (0, told)


def test_show_says_what_the_command_said_at_its_end(elsewhere):
    for backend, code, json_too in ((FAULT, 1, []), (REFERENCE, 0, ["--json"])):
        out = f"found-{code}"
        done = called("--backend", backend, *SHORT, "--out", out, *json_too)
        again = shown(out, *json_too)
        told = done.stdout if json_too else done.stdout[: len(again.stdout)]
        assert (again.exit_code, again.stdout) == (code, told), again.output
    assert json.loads(again.stdout)["report"] == str(Path(out, "report.html"))


def test_a_run_that_was_cut_off_goes_on_with_its_own_seed(elsewhere):
    assert called("--backend", REFERENCE, *SHORT, "--out", "one").exit_code == 0
    journal = (elsewhere / "one" / "journal.jsonl").read_text().splitlines(keepends=True)
    for name in ("conformance.json", "report.html", "junit.xml"):
        (elsewhere / "one" / name).unlink()
    half = shown("one")
    assert half.exit_code == 2 and "the same command with `--out one` goes on" in half.stderr
    (elsewhere / "one" / "journal.jsonl").write_text("".join(journal[:5]))
    done = called("--backend", REFERENCE, *SHORT[:-2], "--out", "one")
    assert done.exit_code == 0, done.output
    assert load_report(elsewhere / "one").seed == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--backend", "qulaks"], "--backend"),
        (["--backend", "nowhere:Nothing"], "cannot be imported"),
        (["--backend", "os:getcwd"], "must give a Qiskit BackendV2"),
        (["--backend", REFERENCE, "--level", "quik"], "`--level` must be"),
        (["--backend", REFERENCE, "--probe", "bit odrer"], "bit order"),
        (["--backend", REFERENCE, "--family-alpha", "2"], "--family-alpha"),
        (["--backend", REFERENCE, "--against", "nowhere"], "nowhere"),
        (["--backend", REFERENCE, "--seed", "-1"], "--seed"),
        (["--backend", "planted:unlicensed"], "cannot be made: KeyError: 'no licence'"),
        (["--backend", REFERENCE, "--out", "/proc/none"], "`--out` is /proc/none, but /proc"),
        (["--backend", "a:b", "--python", "nowhere"], "`--python` must be a Python interpreter"),
    ],
)
def test_what_is_wrong_is_said_with_code_2(elsewhere, words, said):
    done = called(*words)
    assert done.exit_code == 2 and said in done.output, done.output
    assert not list(elsewhere.iterdir())  # nor is a folder left that holds nothing


def test_a_damaged_report_is_refused(elsewhere):
    called("--backend", REFERENCE, *SHORT, "--out", "one")
    path = elsewhere / "one" / "conformance.json"
    path.write_text(path.read_text().replace('"p_value": 1.0', '"p_value": 0.5', 1))
    with pytest.raises(NotWhole, match="damaged"):
        load_report(elsewhere / "one")
