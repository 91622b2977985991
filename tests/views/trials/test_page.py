"""Trials as tables, words, pictures and a page."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, ImaginaryTime
from qcattn.trials import prepare
from qcattn.views.trials import page as views


@dataclass(frozen=True)
class Braggart:
    """Claims more than is true."""

    def __call__(self, hamiltonian, *, beta):
        return Heralded()(hamiltonian, beta=1.0001 * beta)


@dataclass(frozen=True)
class Picky:
    def __call__(self, hamiltonian, *, beta):
        raise ValueError("<b>not</b> to my taste")


ROW = Binary()([0.3, 1.1, -0.4, 0.9])


@pytest.fixture(scope="module")
def good():
    return prepare(ROW, methods=[Amplitude(), Heralded()], shots=2000, seed=1, alpha=1e-6)


@pytest.fixture(scope="module")
def mixed():
    methods = [Heralded(), Braggart(), Picky()]
    return prepare(ROW, beta=[0.5, 2.0], methods=methods, shots=2000, seed=1, alpha=1e-6)


def cells(sheet, column):
    at = sheet.columns.index(column)
    return [line[at] for line in sheet.lines]


def test_cost_and_errors_are_those_of_the_trials(good):
    cost, errors = views.cost(good), views.errors(good)
    assert cells(cost, "method") == ["Amplitude", "Heralded"]
    assert cells(cost, "qubits") == ["2+0", "2+3"]
    for i, trial in enumerate(good.trials):
        assert cells(cost, "2q")[i] == str(trial.result.resources.two_qubit_gates)
        assert cells(cost, "depth")[i] == str(trial.result.resources.depth)
        assert cells(cost, "shots")[i] == "2,000"
    counts = good.trials[1].result.counts
    assert cells(cost, "kept")[0] == ""
    assert abs(float(cells(cost, "counted")[1]) - counts.kept / counts.shots) < 1e-3
    assert cells(errors, "claimed") == ["0", "0"] and cells(errors, "true") == ["0", "0"]
    assert cells(errors, "verdict") == ["agrees", "agrees"]
    assert not errors.marked


def test_a_broken_claim_and_a_refusal_are_told_apart(mixed):
    errors = views.errors(mixed)
    assert cells(errors, "beta") == ["0.5"] * 2 + ["2"] * 2
    assert cells(errors, "verdict") == ["agrees", "claim broken"] * 2
    assert errors.marked == {1, 3}
    said = views.words(mixed)
    assert "2 of 4 trials differ from what they claim: Braggart." in said
    assert "2 of 4 trials agree" in said
    assert views.refusals(mixed) == (("Picky", "<b>not</b> to my taste"),)
    whole = views.errors(mixed, fidelity=True)
    assert len(whole.columns) == len(whole.align) == len(whole.lines[0])
    assert cells(whole, "fidelity")[0] == "1.000000" and "fidelity" not in errors.columns


def test_words_say_what_agrees_and_the_error_rate(good):
    said = views.words(good)
    assert said.startswith("All 2 trials agree") and "0.0001%" in said
    resolution = max(trial.result.fit.overall_resolution for trial in good.trials)
    assert f"to {resolution:.2g} (Heralded)" in said, "not to differ is no proof of agreement"
    part = replace(good, complete=False)
    assert "Interrupted" in views.words(part)


def test_a_true_error_that_is_unknown_is_not_said_to_agree(good):
    first, second = good.trials
    some = replace(good, trials=(first, replace(second, trace_distance=np.nan)))
    assert "the true error, where it is known, with the claimed one." in views.words(some)
    assert "the claimed error was not checked: Heralded." in views.words(some)
    none = replace(good, trials=(replace(first, trace_distance=np.nan), some.trials[1]))
    assert "true error" not in views.words(none)
    assert "the claimed error was not checked: Amplitude, Heralded." in views.words(none)


def test_without_a_point_to_draw_there_is_a_page_without_a_warning(good, mixed, tmp_path):
    """Neither where the true errors are unknown nor where all that was done is a refusal."""
    blind = replace(good, trials=tuple(replace(t, trace_distance=np.nan) for t in good.trials))
    refused = replace(mixed, trials=mixed.trials[2:3], complete=False)
    assert views.words(refused) == "Interrupted before any method was done."
    for number, trials in enumerate((blind, refused)):
        views.write_page_of(trials, tmp_path / f"{number}.html")
        assert (tmp_path / f"{number}.html").stat().st_size > 1000


def test_where_no_shot_is_kept_nothing_agrees_and_the_shots_it_takes_are_told():
    """False failures: a shot is kept in 40 with a probability below 1e-6."""
    methods = [ImaginaryTime(steps=60), Heralded(), Amplitude()]
    done = prepare(ising(2), beta=[0.5, 25.0], methods=methods, shots=40, seed=1, alpha=1e-6)
    usual, rare = done.trials[0], done.trials[3]
    assert usual.standing == "agrees" and rare.standing == done.standing == "undecided"
    said = views.words(done)
    assert "1 of 2 trials remains undecided, for no shot was kept: ImaginaryTime at beta 25" in said
    assert f"takes up to {1 / float(rare.result.prepared.success):.2g} shots" in said
    assert "1 of 2 trials agrees" in said and "All" not in said
    assert cells(views.errors(done), "p")[1] == ""
    ((names, why),) = views.refusals(done)
    assert names == "Heralded, Amplitude" and "which this method needs" in why


def test_brief_is_json_with_every_number(mixed):
    brief = json.loads(json.dumps(views.brief(mixed), allow_nan=False))
    assert brief["verdict"] == "differs" and len(brief["trials"]) == 6
    assert brief["trials"][2]["refused"] == "<b>not</b> to my taste"
    assert brief["trials"][0]["trace_distance"] < 1e-9 < brief["trials"][1]["trace_distance"]


def test_pictures_show_each_method_once_with_its_numbers(mixed):
    axes = Figure().subplots()
    assert views.error_against_cost(mixed, axes) is axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["Heralded", "Braggart"]
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    boasts = [mixed.trials[i].result for i in (1, 4)]
    gates = [each.resources.two_qubit_gates / each.prepared.success for each in boasts]
    assert np.allclose(points["Braggart"][:, 0], gates) and gates[0] != gates[1]
    assert np.allclose(points["Braggart"][:, 1], [mixed.trials[i].trace_distance for i in (1, 4)])
    axes = Figure().subplots()
    views.error_against_beta(mixed, axes)
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    assert points["Heralded"][:, 0].tolist() == [0.5, 2.0]


def test_the_page_is_whole_and_safe(mixed, tmp_path):
    views.write_page_of(mixed, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert "<b>not</b>" not in page and "&lt;b&gt;not" in page
    assert page.count("<svg") == 2 and "<script" not in page and "http:" not in page
    assert "claim broken" in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
