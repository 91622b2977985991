"""``qcattn conformance`` as it is typed."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.conformance.stored import load_report
from qcattn.errors import NotWhole

REFERENCE = "qcattn.conformance.reference:Reference"
FAULT = "planted:Turned"
SHORT = ["--probe", "bit order", "--probe", "seeds", "--seed", "3"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


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


def test_a_backend_of_another_environment_is_tested_and_named_in_the_report(elsewhere):
    backend = ["--backend", "qiskit.providers.basic_provider:BasicSimulator"]
    done = called(*backend, "--python", sys.executable, "--probe", "bit order", "--out", "piped")
    assert done.exit_code == 0, done.output
    said = load_report(elsewhere / "piped").simulator
    assert said["backend"] == "basic_simulator" and said["python"]


def test_two_reports_are_compared(elsewhere):
    assert called("--backend", FAULT, *SHORT, "--out", "old").exit_code == 1
    done = called("--backend", REFERENCE, *SHORT, "--out", "new", "--against", "old")
    assert done.exit_code == 0
    assert "Better: bit order: alarm before, passed now." in done.output
    again = shown("new")
    assert (again.exit_code, again.output) == (0, done.output)


def test_show_says_what_the_command_said_at_its_end(elsewhere):
    for backend, code, json_too in ((FAULT, 1, []), (REFERENCE, 0, ["--json"])):
        out = f"found-{code}"
        done = called("--backend", backend, *SHORT, "--out", out, *json_too)
        again = shown(out, *json_too)
        assert (again.exit_code, again.stdout) == (code, done.stdout), again.output
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
        (["--backend", REFERENCE, "--level", "quik"], "level"),
        (["--backend", REFERENCE, "--probe", "bit odrer"], "bit order"),
        (["--backend", REFERENCE, "--family-alpha", "2"], "--family-alpha"),
        (["--backend", REFERENCE, "--against", "nowhere"], "nowhere"),
        (["--backend", REFERENCE, "--seed", "-1"], "--seed"),
        (["--backend", "a:b", "--python", "nowhere"], "`--python` must be a Python interpreter"),
    ],
)
def test_what_is_wrong_is_said_with_code_2(words, said):
    done = called(*words)
    assert done.exit_code == 2 and said in done.output, done.output


def test_a_damaged_report_is_refused(elsewhere):
    called("--backend", REFERENCE, *SHORT, "--out", "one")
    path = elsewhere / "one" / "conformance.json"
    path.write_text(path.read_text().replace('"p_value": 1.0', '"p_value": 0.5', 1))
    with pytest.raises(NotWhole, match="damaged"):
        load_report(elsewhere / "one")
