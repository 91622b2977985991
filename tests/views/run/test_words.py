from dataclasses import replace

import numpy as np
import pytest

from qcattn.preparations import Heralded
from qcattn.views.labels import number, p_text
from qcattn.views.run.words import sentence


def test_a_run_that_agrees_states_its_numbers(make):
    result = make(make.causal((2, 3, 5, 5)))
    fit = result.fit
    assert result.standing == "agrees"
    assert sentence(result) == (
        f"The counts agree with softmax: 30 rows of 4,096 shots, global p = {p_text(fit.overall)}. "
        "A perfect sampler would be called different in at most 1% of such runs; a total "
        f"variation of {number(np.median(fit.resolution))} in one row alone (the median row) or of "
        f"{number(fit.overall_resolution)} in every row at once would have been seen with 90% "
        "power."
    )


def test_one_row_is_not_called_rows(make):
    result = make(np.zeros(4))
    assert "1 row of 4,096 shots, p = " in sentence(result)
    assert "median" not in sentence(result)
    assert f"of {number(float(result.fit.resolution))} would" in sentence(result)


def test_a_row_that_differs_is_named_with_its_key(make):
    """No false failure: 800 shots too many."""
    scores = np.zeros((2, 3, 3))

    def fault(law):
        law[4] = [0.4, 0.4, 0.2]

    result = make(scores, tokens=["a", " b", "c"], fault=fault)
    assert result.standing == "differs"
    count = int(result.counts.keys[1, 1, 2])
    assert sentence(result).startswith(
        "The counts differ from softmax: 1 of 6 rows is refuted, global p = "
    )
    assert (
        f"Worst: head 1, query 1 '␣b': key 2 'c' came in {count:,} of 4,096 shots, 1,365 expected "
        f"({number(1365.3333 - count)} too few, "
    ) in sentence(result)
    assert sentence(result).endswith("called different in at most 1% of such runs.")


@pytest.mark.parametrize("fault", [None, lambda law: law.__setitem__(0, [0.4, 0.4, 0.2])])
def test_a_noisy_simulator_is_named(make, fault):
    result = make(np.zeros((2, 3)), fault=fault)
    assert "noisy" not in sentence(result)
    noisy = replace(result, settings={**result.settings, "noise": "readout=0.01"})
    known = "softmax is the law without noise" if fault else "which these shots do not show"
    assert f"The simulator was told to be noisy (readout=0.01){',' * (not fault)}" in sentence(
        noisy
    )
    assert known in sentence(noisy)


def test_a_deviation_common_to_all_rows_is_told_from_one_bad_row(make):
    result = make(np.zeros((4, 3)))
    verdict = replace(result.fit, overall=1e-5, refuted=np.zeros(4, bool))
    said = sentence(replace(result, verdicts=(verdict,)))
    assert "no single one of 4 rows stands out, but all of them together do, global p" in said


def test_strays_and_masked_keys_are_called_by_name(make):
    assert "5 of 4,096 shots read no key" in sentence(make(np.zeros(3), stray=5))

    def leak(law):
        law[0] = [0.5, 0.5]

    assert "key 1 is masked and came in" in sentence(make([0.0, -np.inf], fault=leak))


def test_an_interrupted_run_is_undecided(make):
    result = make(np.zeros((2, 3, 4)), rows=2)
    assert result.standing == "undecided"
    assert sentence(result).startswith(
        "Undecided: the run was interrupted, 2 of 6 rows have shots; what there is agrees"
    )


def test_an_interrupted_run_may_differ(make):
    result = make(np.zeros((2, 3, 4)), rows=2, stray=3)
    assert result.standing == "differs"
    assert "The run was interrupted: 2 of 6 rows have shots." in sentence(result)


def test_no_shots_are_undecided(make):
    assert "nothing was compared" in sentence(make(np.zeros((2, 3)), rows=0))


def test_a_herald_that_agrees_is_told_with_both_shares(make):
    result = make([[0.0, 1.0, 2.0, 0.5]], preparation=Heralded())
    predicted = float(result.prepared.success[0])
    counted = result.counts.kept[0] / 4096
    assert f"let {counted:.2%} of them through, as predicted ({predicted:.2%};" in sentence(result)
    assert "different in at most 1% of such runs" in sentence(result)


def test_a_herald_that_differs_is_told_apart_from_the_counts(make):
    """No false failure: 10% of about 2,400 kept shots are 6.5 standard deviations and more."""
    result = make([[0.0, 1.0, 1.5, 0.5]], preparation=Heralded(), accept=0.8)
    said = sentence(result)
    assert result.verdicts[1].differs
    assert "which shots count, differs from its prediction" in said
    assert "The counts agree with softmax" in said
    assert f"{int(result.counts.kept[0]):,} of 4,096 shots let through" in said


@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_error_rate_is_the_verdicts_own(make, alpha):
    result = make(np.zeros((2, 3)))
    verdict = replace(result.fit, alpha=alpha, overall=0.5)
    said = sentence(replace(result, verdicts=(verdict,)))
    assert f"different in at most {100 * alpha:g}% of such runs" in said


def test_what_cannot_be_stated_is_not_stated(make):
    result = make(np.zeros((2, 3)))
    blind = replace(result.fit, resolution=np.ones(2), overall_resolution=1.0, overall=0.5)
    said = sentence(replace(result, verdicts=(blind,)))
    assert said.startswith("Undecided") and "no deviation" in said
