"""Readings of chains against a law: the level is kept, faults are caught, dependence is declared.

The chains keep their key with a given probability and else draw one from p: p is their exact law,
and one reading in (1 + kept) / (1 - kept) is worth an independent one.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from qcattn import stages
from qcattn.attention import softmax
from qcattn.comparisons import acceptance, certify, effective_size, fit, fit_chains, same
from qcattn.comparisons.fit_chains import LOOKED_UP, _Steps
from qcattn.comparisons.monitor import Monitor
from qcattn.records import Counts

SCORES = np.array([-3.48, -2.67, -2.72, -0.7, -4.63, -0.38])
LAW = softmax(SCORES)
KEPT = 0.9
STICKY = KEPT * np.eye(6) + (1 - KEPT) * LAW


def chains(p, number, reads, kept, rng, first=None):
    """Readings (number, reads); the first from ``first``, else from p."""
    new = rng.random((number, reads)) >= kept
    new[:, 0] = True
    drawn = rng.choice(len(p), p=p, size=(number, reads))
    if first is not None:
        drawn[:, 0] = first
    last = np.maximum.accumulate(np.where(new, np.arange(reads), 0), axis=1)
    return np.take_along_axis(drawn, last, axis=1)


@pytest.mark.parametrize("shape", [(1, 200), (4, 50)])
def test_a_perfect_chain_is_refuted_no_more_often_than_alpha(shape):
    """Exact by construction; fails falsely once in 1e6 runs. `fit` would refute half of them."""
    rng, runs, alpha = np.random.default_rng(1), 80, 0.05
    drawn = [chains(LAW, *shape, KEPT, rng) for _ in range(runs)]
    refuted = [fit_chains(one, LAW, transition=STICKY, alpha=alpha).refuted for one in drawn]
    assert sum(refuted) <= binom.isf(1e-6, runs, alpha)
    naive = [fit(np.bincount(one.ravel(), minlength=6), LAW, alpha=alpha).refuted for one in drawn]
    assert sum(naive) > 0.5 * runs


def test_a_perfect_chain_from_a_known_start_is_not_refuted_and_from_another_it_is():
    """The readings before the start is forgotten count; one false failure in 1e4."""
    start = np.eye(6)[LAW.argmin()]
    readings = chains(LAW, 40, 8, KEPT, np.random.default_rng(2), first=LAW.argmin())
    assert fit_chains(readings, LAW, transition=STICKY, start=start).overall() > 1e-4
    assert fit_chains(readings, LAW, transition=STICKY).refuted
    assert fit_chains(readings, LAW).undecided


@pytest.mark.parametrize("transition", [STICKY, None])
def test_a_wrong_temperature_is_caught(transition):
    """Chains of twice beta; those of the right one pass (false failures: one in a hundred)."""
    wrong, number = softmax(SCORES, beta=2.0), 32 if transition is None else 8
    for p, caught in ((wrong, True), (LAW, False)):
        readings = chains(p, number, 300, KEPT, np.random.default_rng(3))
        found = fit_chains(readings, LAW, transition=transition, alpha=1e-2)
        assert found.refuted == caught and found.exact == (transition is not None)


def test_one_long_chain_is_cut_into_batches():
    readings = chains(LAW, 1, 20_000, KEPT, np.random.default_rng(4))
    found = fit_chains(readings[0], LAW)
    assert found.standing == "agrees" and found.chains == 32
    assert fit_chains(readings, softmax(SCORES, beta=1.3)).refuted


def test_too_little_that_moved_is_undecided_and_never_agrees():
    rng = np.random.default_rng(5)
    few = fit_chains(chains(LAW, 8, 500, KEPT, rng), LAW)
    frozen = fit_chains(np.full((64, 100), LAW.argmax()), LAW)
    stuck = fit_chains(chains(LAW, 20, 100, 1.0, rng), LAW)
    assert [one.standing for one in (few, frozen, stuck)] == ["undecided"] * 3
    known = fit_chains(np.full((4, 100), LAW.argmax()), LAW, transition=STICKY)
    assert known.refuted, "who knows the chain knows that it should have moved"


@pytest.mark.parametrize("read", [2, 3])
def test_one_reading_of_probability_zero_refutes(read):
    readings = np.zeros((20, 50), dtype=int)
    readings[3, 7] = read
    assert fit_chains(readings, [0.5, 0.5, 0.0]).overall() == 0.0


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_the_effective_size_is_that_of_theory(kept):
    """The mean of 20 estimates, whose own scatter is a few per cent, within 15%."""
    rng = np.random.default_rng(6)
    found = [effective_size(SCORES[chains(LAW, 8, 2000, kept, rng)]) for _ in range(20)]
    assert np.mean(found) == pytest.approx(16_000 * (1 - kept) / (1 + kept), rel=0.15)


def test_chains_that_stay_apart_are_worth_no_more_than_their_number():
    apart = np.repeat([[0.0], [1.0], [0.0], [1.0]], 100, axis=1)
    assert effective_size(apart) == pytest.approx(4, rel=0.05)
    assert effective_size(np.ones((2, 50))) == 100


def test_every_comparison_that_takes_independent_shots_refuses_those_of_a_chain():
    """Counts say so themselves, also when they are added or a row is taken."""
    counts = Counts(np.array([[30, 50, 20]]), np.array([0]), np.array([0]), independent=False)
    p, other = np.array([[0.3, 0.5, 0.2]]), replace(counts, independent=True)
    assert not (counts + other).independent and not counts[0].independent
    assert (other + other).independent and fit(other, p).overall() > 0.5
    for refusing in (
        lambda: fit(counts, p),
        lambda: certify(counts, p, 0.1),
        lambda: Monitor(p).update(counts),
        lambda: same(counts, other),
        lambda: acceptance(counts, 1.0),
        lambda: stages.compare(counts, p, None, 0.01),
    ):
        with pytest.raises(ValueError, match=r"independent shots.*fit_chains"):
            refusing()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"readings": [[0, 7]]}, "from 0 to 6"),
        ({"readings": [[0.5]]}, "whole numbers"),
        ({"p": [LAW, LAW]}, "one law"),
        ({"transition": np.eye(5)}, r"shape \(6, 6\)"),
        ({"transition": np.full((6, 6), 1 / 6)}, "keep `p`"),
        ({"start": LAW}, "`transition`"),
        ({"transition": STICKY, "start": [0.5, 0.5]}, "`start`"),
        ({"alpha": 2.0}, "alpha"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(given, said):
    arguments = {"readings": np.zeros((2, 5), dtype=int), "p": LAW} | given
    with pytest.raises(ValueError, match=said):
        fit_chains(arguments.pop("readings"), arguments.pop("p"), **arguments)


@pytest.mark.parametrize("keys", [1, 2, 7, 64, LOOKED_UP + 1])
def test_the_next_key_that_is_looked_up_is_the_one_on_the_ladder(keys):
    """Also on the edge of a cell, and where keys are never gone to."""
    rng = np.random.default_rng(keys)
    transition = rng.dirichlet(np.full(keys, 0.1), keys)
    transition[: keys // 2] = np.eye(keys)[: keys // 2]
    steps, at = _Steps(transition), rng.integers(0, keys, 5000)
    drawn = rng.random(5000)
    drawn[:2000] = np.floor(drawn[:2000] * steps.cells) / steps.cells
    ladder = np.cumsum(transition, axis=1)[:, :-1]
    assert (steps(at, drawn) == (ladder[at] <= drawn[:, None]).sum(axis=1)).all()
