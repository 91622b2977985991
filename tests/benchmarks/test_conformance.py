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


def test_a_first_alarm_is_one_of_the_whole_run_and_a_sound_sampler_has_none(monkeypatch, capsys):
    """False-failure rate 1e-3."""
    names = ("bits are turned round", "the seed is ignored")
    monkeypatch.setattr(conformance, "FAULTS", {name: planted.FAULTS[name] for name in names})
    few = [probe for probe in running.all_probes() if probe.name in ("bit order", "seeds")]
    for module in (conformance, running):
        monkeypatch.setattr(module, "all_probes", lambda: few)
    assert conformance.main(["--runs", "0", "--first-alarm", "standard"]) == 0
    said = capsys.readouterr().out
    assert "| bits are turned round | bit order | bit order: " in said
    assert "| the seed is ignored | seeds | seeds: " in said and said.count("2 of 2") == 2
    assert conformance.first_alarm(conformance.Reference(), "quick", 1e-3, 1) == ""
