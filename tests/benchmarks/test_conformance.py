"""The script that counts false alarms and faults, on a few of each."""

import conformance
import planted

from qcattn.conformance import running


def test_it_counts_alarms_and_names_what_found_a_fault(monkeypatch, capsys):
    faults = {
        name: planted.FAULTS[name] for name in ("bits are turned round", "the seed is ignored")
    }
    monkeypatch.setattr(conformance, "FAULTS", faults)
    few = [probe for probe in running.all_probes() if probe.name in ("bit order", "seeds")]
    monkeypatch.setattr(running, "all_probes", lambda: few)
    assert conformance.main(["--runs", "3"]) == 0
    said = capsys.readouterr().out
    assert "False alarms: 0 of 3 runs" in said
    assert "| bits are turned round | bit order |" in said
    assert "| the seed is ignored | seeds |" in said
    assert "2 of 2" in said


def test_a_table_has_every_fault_and_goes_on_where_it_was(monkeypatch, capsys, tmp_path):
    """What is kept is not run again, and the command of the table does not name the file."""
    kept, names = tmp_path / "kept", list(planted.FAULTS)
    ran = []
    monkeypatch.setattr(conformance, "_one", lambda run: (ran.append(run), (run, "x"))[1])
    words = ["--runs", "2", "--first-alarm", "standard"]
    assert conformance.main(words, kept) == 0
    first, runs = capsys.readouterr().out, len(ran)
    assert runs == 2 + len(names)
    assert [line for line in first.splitlines() if line.startswith("| ")][1:] == [
        f"| {name} | x |" for name in names
    ]
    with kept.open("a") as file:
        file.write('["the line that a ki')
    assert conformance.main(words, kept) == 0
    assert capsys.readouterr().out == first and len(ran) == runs


def test_a_first_alarm_is_one_of_the_whole_run_and_a_sound_sampler_has_none(monkeypatch, capsys):
    """False-failure rate 1e-3."""
    names = ("bits are turned round", "the seed is ignored")
    monkeypatch.setattr(conformance, "FAULTS", {name: planted.FAULTS[name] for name in names})
    few = [probe for probe in running.all_probes() if probe.name in ("bit order", "seeds")]
    for module in (conformance, running):
        monkeypatch.setattr(module, "all_probes", lambda: few)
    assert conformance.main(["--runs", "0", "--first-alarm", "standard"]) == 0
    said = capsys.readouterr().out
    assert "| bits are turned round | bit order: " in said
    assert "| the seed is ignored | seeds: " in said and "at the level `standard`: 2 of 2" in said
    assert conformance.first_alarm(conformance.Reference(), "quick", 1e-3, 1) == ""
