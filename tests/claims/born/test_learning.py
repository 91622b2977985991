"""A14: what training gains, and the premises and faults that change the verdict."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.born.learning import LearnedMeasurement
from qcattn.evidence import Check
from qcattn.progress import silent
from qcattn.records import Counts

#: One training of noisy words on three qubits.
WORDS = {
    "tasks": ("noisy words",),
    "words": 8,
    "trainings": 1,
    "queries": 16,
    "held_out": 600,
    "alpha": 1e-6,
    "worth": 0.02,
}


#: Enough for the checks on what was measured, whatever was learned.
QUICK = WORDS | {"words": 4, "queries": 6, "held_out": 300, "evaluations": 1}


@pytest.fixture(scope="module")
def plain():
    return LearnedMeasurement(**WORDS)(seed=0)


@pytest.fixture(scope="module")
def paired():
    premises = WORDS | {"noise": 0.7, "partner": 1, "evaluations": 12, "worth": 0.08}
    return LearnedMeasurement(**premises)(seed=0)


def test_beta_helps_and_the_basis_does_not_where_a_word_is_to_be_found(plain):
    """False-failure rate 1e-6 of the intervals, given what was trained."""
    assert plain.standing == "refuted"
    assert plain.check("noisy words: read").holds is True
    assert plain.check("noisy words: basis over start").holds is False
    assert plain.check("derivatives").holds is True
    assert plain.check("noisy words: beta over start").holds is True
    assert plain.check("noisy words: optimal").holds is False
    assert "alone, beta +" in plain.words and "gains most" in plain.words
    assert "does not reach the optimum" in plain.words
    for number in plain.numbers:
        assert np.isnan(number.reference) or number.reference in number.estimate, number.name


def test_the_basis_helps_where_words_go_in_pairs(paired):
    """The word to be found differs in one bit from the one shown: a turn of one qubit by pi."""
    assert paired.standing == "conditional"
    assert paired.check("noisy words: basis over start").holds is True
    assert paired.check("noisy words: all over beta and phase").holds is True
    assert paired.check("noisy words: all over classical, as many").holds is True
    assert paired.check("noisy words: optimal").holds is True
    assert "to the optimum" in paired.words and "alone, the basis +" in paired.words


def test_words_follow_from_checks_by_name_wherever_they_stand():
    claim = LearnedMeasurement(**QUICK)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert set(checks) == {
        "derivatives",
        "noisy words: read",
        "noisy words: beta over start",
        "noisy words: basis over start",
        "noisy words: phase over start",
        "noisy words: optimal",
        "noisy words: beta and phase over beta",
        "noisy words: all over beta and phase",
        "noisy words: all over classical, as many",
        "noisy words: all over classical, two",
    }
    more = {"another": Check("another", "Something else holds", False, "")}
    said = claim.describe(measured, checks)
    assert said.words and claim.describe(measured, more | dict(reversed(checks.items()))) == said


def test_curves_fall_and_bars_are_the_held_out_losses(paired):
    training, bars = paired.panels
    assert [curve.name for curve in training.curves] == [
        "beta",
        "basis",
        "phase",
        "beta and phase",
        "all",
    ]
    assert all((np.diff(curve.y) <= 0).all() for curve in training.curves)
    (held_out,) = bars.curves
    assert bars.ticks[0] == "start" and len(bars.ticks) == len(held_out.y) == 9
    assert ((held_out.low < held_out.y) & (held_out.y < held_out.high)).all()
    assert held_out.y[bars.ticks.index("all")] < 0.3 < 0.8 < held_out.y[0]


def test_a_simulator_that_loses_a_tenth_of_the_shots_to_key_zero_is_caught(checked):
    def leaking(prepared, shots, seed):
        counts = Aer(draws="born")(prepared, shots, seed)
        moved = counts.keys // 10
        keys = counts.keys - moved
        keys[..., 0] += moved.sum(axis=-1)
        return Counts(keys, counts.stray, counts.discarded)

    found = checked(LearnedMeasurement(**QUICK, backend=leaking), seed=0)
    assert found["noisy words: read"].holds is False


def test_a_simulator_of_another_phase_is_caught_by_the_derivatives():
    """A planted fault: the angle of the phase is not the one that was bound."""

    def turned(prepared, shots, seed):
        values = prepared.values.copy()
        names = [parameter.name for parameter in prepared.circuit.parameters]
        if "p[0]" in names:
            values[..., names.index("p[0]")] += 1.0
        return Aer(draws="born")(replace(prepared, values=values), shots, seed)

    found = LearnedMeasurement(**QUICK, backend=turned)(seed=0)
    assert found.check("derivatives").holds is False and found.standing == "undecided"


def test_another_head_is_the_formula_of_neither():
    """Scores of SmolLM2: what a third head attends to has no optimum that anybody knows."""
    small = LearnedMeasurement(
        tasks=("another head",), window=4, trainings=2, texts=8, evaluations=2, held_out=300
    )
    found = small(seed=0)
    assert "another head: optimal" not in {check.name for check in found.checks}
    assert found.standing in {"refuted", "undecided"} and "Bayes" not in found.words
    gain = found.number("another head: gain of all over the start").estimate
    assert -0.3 < gain.best < 0.3


def test_trainings_that_leave_nothing_to_be_held_out_are_refused():
    claim = LearnedMeasurement(tasks=("another head",), trainings=3, texts=500)
    with pytest.raises(ValueError, match=r"of 1,500 held out, but 0 are left.*fewer trainings"):
        claim.measure(np.random.SeedSequence(1), silent)


def test_both_tasks_stand_in_one_picture_though_one_has_no_bayes():
    tiny = {"words": 4, "window": 4, "trainings": 1, "queries": 4, "texts": 4, "held_out": 90}
    found = LearnedMeasurement(**tiny, evaluations=1)(seed=1)
    *_, bars = found.panels
    words, head = (curve.x.size for curve in bars.curves)
    assert words == head + 1 == len(bars.ticks) and "Bayes" in bars.ticks
    assert found.words.count("held-out loss") == 2


def test_the_same_seed_gives_the_same_finding_and_progress_goes_up():
    tiny = LearnedMeasurement(
        tasks=("noisy words",), words=4, trainings=1, queries=6, held_out=40, evaluations=2
    )
    told = []
    one = tiny(seed=1, progress=lambda done, total, what: told.append((done / total, what)))
    same, other = tiny(seed=1), tiny(seed=2)
    assert one.numbers == same.numbers != other.numbers
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] < 1
    assert told[0][1] == "noisy words: beta"
