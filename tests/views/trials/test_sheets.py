"""The tables of trials hold the numbers of the trials."""

from qcattn.views.trials import sheets
from qcattn.views.trials.words import refusals, words


def cells(sheet, column):
    at = sheet.headings.index(column)
    return [line[at] for line in sheet.lines]


def test_cost_and_errors_are_those_of_the_trials(good):
    cost, errors = sheets.cost(good), sheets.errors(good)
    assert cells(cost, "method") == ["Amplitude", "Heralded"]
    assert cells(cost, "qubits") == ["2+0", "2+3"]
    for i, trial in enumerate(good.trials):
        assert cells(cost, "2q gates")[i] == str(trial.result.resources.two_qubit_gates)
        assert cells(cost, "depth")[i] == str(trial.result.resources.depth)
        assert cells(cost, "shots")[i] == "2,000"
    counts = good.trials[1].result.counts
    assert cells(cost, "kept")[0] == ""
    assert abs(float(cells(cost, "counted")[1]) - counts.kept / counts.shots) < 1e-3
    assert cells(errors, "claimed") == ["0", "0"] and cells(errors, "true") == ["0", "0"]
    assert cells(errors, "verdict") == ["as claimed", "as claimed"]
    assert not errors.marked


def test_a_broken_claim_and_a_refusal_are_told_apart(mixed):
    errors = sheets.errors(mixed)
    assert cells(errors, "beta") == ["0.5"] * 2 + ["2"] * 2
    assert cells(errors, "verdict") == ["as claimed", "claim broken"] * 2
    assert errors.marked == {1, 3}
    said = words(mixed)
    assert "2 of 4 trials differ from what they claim: Braggart." in said
    assert "2 of 4 trials are as claimed" in said
    assert refusals(mixed) == (("Picky", "<b>not</b> to my taste"),)
    whole = sheets.errors(mixed, fidelity=True)
    assert len(whole.columns) == len(whole.lines[0])
    assert cells(whole, "fidelity")[0] == "1.000000" and "fidelity" not in errors.headings
