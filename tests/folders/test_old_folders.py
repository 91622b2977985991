"""Folders that qcattn 0.1.0 wrote still load, and hold what it printed of them.

tests/data/make_old_folders.py made them. All have format version 1; trials and findings had no
hash of their own then.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from qcattn import load, load_findings, load_trials, save_findings, save_trials
from qcattn.errors import NotWhole
from qcattn.folders.runs import load_run, save_run

OLD = Path(__file__).parents[1] / "data" / "old_folders"


@pytest.mark.parametrize("path", sorted(OLD.rglob("*.json")), ids=lambda p: str(p.relative_to(OLD)))
def test_they_are_old(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["format_version"] == 1
    assert ("sha256" in document) == (path.name == "result.json")


def test_a_result():
    old = load(OLD / "result")
    assert old.counts.keys.tolist() == [[51, 23, 44, 82], [185, 0, 15, 0]]
    assert old.standing == "agrees" and old.seed == 1180591620717411303424
    assert old.beta.tolist() == [0.5, 2.0]
    assert old.scores.tolist() == [[0.5, -1.0, 0.25, 1.5], [1.0, -np.inf, 0.0, -np.inf]]
    assert old.tokens == ("the", "cat", "sät", ".") and old.axes == ("query",)
    assert old.source["sentence"] == "the cat sät ."
    assert f"{old.fit.overall:.3g}" == "0.274" and old.fit.alpha == 0.01
    cost = old.resources
    assert (cost.qubits, cost.two_qubit_gates, cost.depth) == (4, 3, 5)
    assert old.prepared.circuit.num_parameters == old.prepared.values.shape[-1]


def test_a_result_whose_resolution_is_infinite():
    old = load(OLD / "empty_result")
    assert old.standing == "undecided" and not old.complete and not old.counts.shots.any()
    assert [verdict.alpha for verdict in old.verdicts] == [0.005, 0.005]
    assert old.verdicts[1].overall_resolution == np.inf


def test_a_run_of_two_parts():
    run = load_run(OLD / "heralded_result")
    main, again = run.parts
    assert run.alpha == 0.01
    assert main.counts.keys.tolist() == [[37, 11, 38, 114], [138, 0, 62, 0]]
    assert again.counts.keys.tolist() == [[13, 3, 16, 55], [0, 0, 0, 0]]
    assert again.counts.discarded.tolist() == [113, 0]
    assert (main.standing, again.standing) == ("agrees", "undecided")
    assert (main.prepared.method, again.prepared.method) == ("Purification", "Heralded")
    assert [verdict.name for verdict in again.verdicts] == ["fit", "acceptance"]
    assert [part.complete for part in run.parts] == [True, False]


def test_a_result_without_a_second_part_is_a_run_of_one():
    run = load_run(OLD / "result")
    assert len(run.parts) == 1 and run.alpha == 0.01


def test_trials():
    old = load_trials(OLD / "trials")
    assert old.standing == "agrees" and (old.shots, old.seed, old.alpha) == (300, 4, 0.01)
    assert old.hamiltonian.encoding == "Binary" and old.hamiltonian.off_diagonal is None
    assert np.isposinf(old.hamiltonian.energies).tolist() == [False, True, False, True]
    assert {trial.name: trial.standing for trial in old.trials} == {
        "Purification": "agrees",
        "Heralded": "agrees",
        "QITE": "does not fit",
    }
    counts = {trial.name: trial.result and trial.result.counts for trial in old.trials}
    assert counts["Purification"].keys.tolist() == [199, 0, 101, 0]
    assert counts["Heralded"].keys.tolist() == [83, 0, 47, 0]
    assert int(counts["Heralded"].discarded) == 170
    assert counts["QITE"] is None
    (refused,) = (trial for trial in old.trials if trial.result is None)
    assert refused.refused.startswith("`hamiltonian` (Binary) has masked keys or padding, and QITE")
    assert np.isnan(refused.trace_distance) and np.isnan(refused.fidelity)


def test_trials_of_terms_that_do_not_commute():
    old = load_trials(OLD / "transverse_trials")
    assert {trial.name: trial.standing for trial in old.trials} == {
        "Purification": "does not fit",
        "QSVT": "agrees",
    }
    (done,) = (trial.result for trial in old.trials if trial.result is not None)
    assert done.counts.keys.tolist() == [25, 8, 21, 31] and int(done.counts.discarded) == 215
    assert old.hamiltonian.off_diagonal is not None


STANDINGS = {"A0": "undecided", "A1": "exact", "A2": "refuted", "A12": "refuted"}
SHOTS = {"A0": 7, "A1": 6_000, "A2": 36_000, "A12": 16_000}
HOLD = {
    "A0": [True, True, True, None],
    "A1": [True, True],
    "A2": [True, False, True, True],
    "A12": [True, True, True, True, False, False, False],
}
NUMBERS = {"A0": [], "A1": [0.0393514], "A2": [0.53144],
           "A12": [1.98666, 1.18753, 6.98024, 0.9885, 0.0, 0.1405, 0.8785]}  # fmt: skip


def test_findings():
    """They had a claim in place of a name, and a verdict in place of a standing."""
    found = load_findings(OLD / "findings")
    assert {one.name: one.standing for one in found} == STANDINGS
    assert {one.name: one.shots for one in found} == SHOTS
    assert {one.name: [check.holds for check in one.checks] for one in found} == HOLD
    for one in found:
        best = [number.estimate.best for number in one.numbers]
        assert [float(f"{x:.6g}") for x in best if not np.isnan(x)] == NUMBERS[one.name]
        assert all(check.alpha == 0 for check in one.checks), "it was not written down"
        assert all(one.check(check.name) is check for check in one.checks)


def test_checks_that_had_no_names_are_named_by_what_they_state():
    found = {one.name: one for one in load_findings(OLD / "findings")}
    assert [check.name for check in found["A0"].checks] == [
        "Counts follow the rule",
        "Counts follow the rule (3)",  # the one of this statement comes next
        "Counts follow the rule (2)",
        "In any basis",
    ]
    assert all(check.name == check.statement for one in ("A1", "A2", "A12")
               for check in found[one].checks)  # fmt: skip
    assert found["A0"].check("In any basis").role == "beyond"


def test_what_is_seldom_in_findings():
    (old,) = (one for one in load_findings(OLD / "findings") if one.name == "A0")
    (number,) = old.numbers
    estimate = number.estimate
    assert np.isnan([estimate.best, number.reference]).all()
    assert (estimate.low, estimate.high) == (-np.inf, np.inf)
    assert (old.seed, old.seconds, old.alpha, old.condition) == (2**100, 1.25, 0.01, "Some day")
    (panel,) = old.panels
    (curve,) = panel.curves
    assert panel.ticks == ("ä", "b") and (panel.x_scale, panel.y_scale) == ("linear", "log")
    assert curve.style == "bars" and curve.high.tolist() == [1, np.inf]
    assert np.array_equal(curve.y, [0.5, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("name", "read", "write", "document"),
    [
        ("heralded_result", load_run, save_run, "result.json"),
        ("trials", load_trials, save_trials, "trials.json"),
        ("transverse_trials", load_trials, save_trials, "trials.json"),
        ("findings", load_findings, save_findings, "findings.json"),
    ],
)
def test_what_is_written_again_is_written_in_the_newest_version(
    tmp_path, same, name, read, write, document
):
    old = read(OLD / name)
    write(old, tmp_path / "new")
    again = read(tmp_path / "new")
    written = json.loads((tmp_path / "new" / document).read_text(encoding="utf-8"))
    assert written["format_version"] == 2 and written["sha256"]
    if name == "transverse_trials":  # sums of Pauli strings compare by what they do
        assert np.array_equal(again.hamiltonian.matrix, old.hamiltonian.matrix)
        assert same(again.trials, old.trials)
    else:
        assert same(again, old)


def test_files_that_do_not_match_the_hash_in_the_document_are_refused(tmp_path):
    for name, read, file in (
        ("trials", load_trials, "hamiltonian.npz"),
        ("trials", load_trials, "01-Heralded/result.npz"),
        ("findings", load_findings, "findings.npz"),
        ("heralded_result", load_run, "heralded/result.npz"),
        ("result", load, "template.qpy"),
    ):
        folder = tmp_path / file.replace("/", "-") / name
        shutil.copytree(OLD / name, folder)
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(bytes(content))
        with pytest.raises(NotWhole, match=f"{file}` is damaged"):
            read(folder)
