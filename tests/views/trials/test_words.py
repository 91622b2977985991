"""Trials in words."""

from dataclasses import replace

import numpy as np

from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, ImaginaryTime
from qcattn.trials import prepare
from qcattn.views.trials.sheets import errors
from qcattn.views.trials.words import refusals, words


def test_words_say_what_agrees_and_the_error_rate(good):
    said = words(good)
    assert said.startswith("Both trials are as claimed") and "0.0001%" in said
    resolution = max(trial.result.fit.overall_resolution for trial in good.trials)
    assert f"to {resolution:.2g} (Heralded)" in said, "not to differ is no proof of agreement"
    part = replace(good, complete=False)
    assert "Interrupted" in words(part)


def test_a_true_error_that_is_unknown_is_not_said_to_agree(good):
    first, second = good.trials
    some = replace(good, trials=(first, replace(second, trace_distance=np.nan)))
    assert "the true error, where it is known, with the claimed one." in words(some)
    assert "the claimed error was not checked: Heralded." in words(some)
    none = replace(good, trials=(replace(first, trace_distance=np.nan), some.trials[1]))
    assert "true error" not in words(none)
    assert "the claimed error was not checked: Amplitude, Heralded." in words(none)


def test_where_no_shot_is_kept_nothing_agrees_and_the_shots_it_takes_are_told():
    """False failures: a shot is kept in 400 with a probability below 1e-5."""
    methods = [ImaginaryTime(steps=60), Heralded(), Amplitude()]
    done = prepare(ising(2), beta=[0.5, 25.0], methods=methods, shots=400, seed=1, alpha=1e-6)
    usual, rare = done.trials[0], done.trials[3]
    assert usual.standing == "agrees" and rare.standing == done.standing == "undecided"
    said = words(done)
    assert "1 of 2 trials remains undecided, for no shot was kept: ImaginaryTime at beta 25" in said
    assert f"takes up to {1 / float(rare.result.prepared.success):.2g} shots" in said
    assert "1 of 2 trials is as claimed" in said and "All" not in said
    assert errors(done).lines[1][errors(done).headings.index("p")] == ""
    ((names, why),) = refusals(done)
    assert names == "Heralded, Amplitude" and "which this method needs" in why
