"""The table of findings, and what the tolerances of today say of counts."""

import findings
import numpy as np
import results
from tolerances import NAMES, alarms, means_off

from qcattn.conformance.case import Law
from qcattn.conformance.running import run_conformance
from qcattn.conformance.stored import write_conformance
from qcattn.parsing import parse_json

COIN = Law(("0", "1"), np.array([0.5, 0.5]))


def test_each_tolerance_sees_what_is_larger_than_it_and_nothing_else():
    assert alarms([5000, 5000, 0], COIN) == set()
    assert alarms([5400, 4600, 0], COIN) == {"KS", "chi-square"}
    assert alarms([5600, 4400, 0], COIN) == {"0.05 shots", "KS", "chi-square"}
    assert alarms([7000, 3000, 0], COIN) == set(NAMES) - {NAMES[1]}
    assert "chi-square" in alarms([5000, 4999, 1], COIN)
    half = np.arange(1000)[:, None] < 500
    assert not means_off(half, COIN) and means_off(np.arange(1000)[:, None] < 530, COIN)


def test_what_a_report_says_is_kept_and_shown_with_its_cause(tmp_path):
    from planted import FAULTS

    simulator = FAULTS["bits are turned round"]()
    report = run_conformance(simulator, seed=1, probes=["bit order"])
    (tmp_path / "report").mkdir()
    write_conformance(report, tmp_path / "report")
    kept = findings.brief_of(tmp_path / "report", simulator, "planted:Turned")
    (probe,) = kept["probes"]
    assert probe["failed"] and set(probe["failed"][0]["caught"]) == set(NAMES)
    (tmp_path / "turned.json").write_text(findings.json.dumps(kept))
    cause = {"backend": "turned", "probe": "bit", "job": "", "what": "turned", "cause": "planted"}
    for causes, said in (([cause], "turned | 1 | planted"), ([], "**not run down**")):
        (tmp_path / "causes.json").write_text(findings.json.dumps({"causes": causes}))
        assert said in findings.table(tmp_path)


def test_what_there_was_no_time_for_is_told_by_probe(tmp_path):
    probes = [
        {"probe": name, "standing": "passed", "shots": 7, "jobs": 5, "left_out": left}
        for name, left in (("seeds", 0), ("bit order", 3), ("exact law", 1200))
    ]
    probes[1]["not_taken"] = 2
    kept = {"backend": "mine:Slow", "simulator": {"backend": "slow", "version": "1"}}
    whole = findings.json.dumps(kept | {"level": "quick", "probes": probes})
    (tmp_path / "slow.json").write_text(whole)
    (tmp_path / "causes.json").write_text('{"causes": []}')
    said = "1,203 jobs left out (exact law 1,200 of 1,205, bit order 3 of 10), 2 that it does not"
    assert said in findings.table(tmp_path)


def test_every_stored_alarm_has_a_cause_and_the_table_is_the_stored_one():
    table = findings.table(findings.FOLDER)
    assert "not run down" not in table
    assert table in results.CIRCUITS.read_text(encoding="utf-8")
    assert parse_json((findings.FOLDER / "causes.json").read_bytes())["causes"]


def test_every_script_of_a_cause_stands_alone_and_exits_with_one_or_zero():
    causes = parse_json((findings.FOLDER / "causes.json").read_bytes())["causes"]
    named = {f"{one['script']}.py" for one in causes if "script" in one}
    paths = {path.name: path for path in (findings.FOLDER / "scripts").glob("*.py")}
    assert named == set(paths)
    for path in paths.values():
        text = path.read_text(encoding="utf-8")
        assert "qcattn" not in text and "sys.exit(" in text and "What is right: " in text
        compile(text, path.name, "exec")
