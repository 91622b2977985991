"""Folders that qcattn 0.1.0 wrote still load, and say what they said."""

from pathlib import Path

import numpy as np
import pytest

from qcattn import load, load_findings, load_trials
from qcattn.folders.runs import load_run

#: What 0.1.0 said of each when it wrote them.
FOUND = {"A0": "undecided", "A1": "exact", "A2": "refuted", "A12": "refuted"}
OLD = Path(__file__).parents[1] / "data" / "old_folders"


def test_a_result():
    old = load(OLD / "result")
    assert old.agrees and (old.counts.shots == old.shots).all()
    assert np.allclose(old.expected.sum(axis=-1), 1)


def test_a_run_of_two_parts():
    run = load_run(OLD / "heralded_result")
    main, again = run.parts
    assert main.prepared.kind == "told" and again.prepared.method == "Heralded"
    assert run.alpha == pytest.approx(main.alpha + again.alpha)
    assert [verdict.name for verdict in again.verdicts] == ["fit", "acceptance"]


def test_trials():
    old = load_trials(OLD / "trials")
    done = [trial for trial in old.trials if trial.result is not None]
    refused = [trial for trial in old.trials if trial.result is None]
    assert done and refused and all(trial.refused for trial in refused)
    assert old.standing == "agrees"


def test_findings():
    """They had a claim in place of a name, and their checks had no names."""
    found = load_findings(OLD / "findings")
    assert found
    for one in found:
        assert one.name[0] in "AB" and one.standing == FOUND[one.name]
        for check in one.checks:
            assert one.check(check.name) is check and check.statement.startswith(check.name[:20])
