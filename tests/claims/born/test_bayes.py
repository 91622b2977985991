"""Heralded likelihoods update a prior as Bayes does, in one basis."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.born import bayes
from qcattn.claims.born._posterior import posterior, updated
from qcattn.claims.born.bayes import BayesianUpdate
from qcattn.dense_state import outcome_distribution

SMALL = {"keys": 4, "rows": 1, "shots": 60_000, "epsilon": 0.06, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return BayesianUpdate(**SMALL)(seed=1)


def test_posteriors_come_out_after_one_update_and_after_two(found):
    """False-failure rate 1e-6."""
    assert found.standing == "conditional" and "one basis" in found.condition
    assert found.check("turned").holds is False and "not over quantum states" in found.words
    names = ("dense", "uniform prior", "other prior", "two updates", "summed", "evidence")
    assert [found.check(name).holds for name in names] == [True] * len(names)
    evidence = found.number("evidence of two updates")
    assert evidence.reference in evidence.estimate and 0.01 < evidence.reference < 0.9


def test_words_follow_from_the_names_of_the_checks_not_from_their_order(described_twice):
    one, other = described_twice(BayesianUpdate(**SMALL))
    assert one == other


def test_a_circuit_that_is_not_the_one_meant_decides_nothing(monkeypatch):
    """The instrument is at fault, so Bayes' rule is not refuted though the counts differ."""

    def wrong(*args, **kwargs):
        one = updated(*args, **kwargs)
        return replace(one, distribution=one.distribution[::-1])

    monkeypatch.setattr(bayes, "updated", wrong)
    found = BayesianUpdate(**SMALL)(seed=1)
    assert found.check("dense").holds is False and found.check("two updates").holds is False
    assert found.standing == "undecided"


def test_updates_that_commute_are_bayes_without_a_condition():
    """False-failure rate 1e-6: with both updates in one basis nothing fails."""
    alike = BayesianUpdate(**SMALL, beyond=0.0)(seed=1)
    assert alike.standing == "exact" and not alike.condition


def test_updates_in_two_bases_do_not_add():
    """They would pass with probability far below 1e-6."""
    wrong = BayesianUpdate(**SMALL, angle=0.8)(seed=1)
    assert wrong.standing == "refuted"
    names = ("uniform prior", "other prior", "two updates", "summed")
    assert [wrong.check(name).holds for name in names] == [True, True, False, True]
    assert "0.8 rad apart" in wrong.words


class Forgetful(Aer):
    """Keeps a tenth of the shots that the herald should discard, on key 0."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        leaked = counts.discarded // 10
        counts.keys[..., 0] += leaked
        counts.discarded[...] -= leaked
        return counts


def test_a_herald_that_leaks_is_caught(checked):
    assert checked(BayesianUpdate(**SMALL, backend=Forgetful()))["evidence"].holds is False


def test_the_rule_is_bayes_in_whole_numbers():
    prior = np.array([1, 2, 3, 4]) / 10
    scores = np.log([2.0, 1.0, 4.0, 1.0])
    law, evidence = posterior(prior, [scores, scores])
    pairs = ((1, 2), (2, 1), (3, 4), (4, 1))
    joint = [Fraction(p, 10) * Fraction(w, 4) ** 2 for p, w in pairs]
    assert np.allclose(law, [float(one / sum(joint)) for one in joint])
    assert np.isclose(evidence, float(sum(joint)))


def test_the_circuit_gives_that_rule():
    rng = np.random.default_rng(2)
    prior, updates = rng.dirichlet(np.ones(8)), list(rng.normal(size=(2, 8)))
    law, evidence = posterior(prior, updates)
    dense, kept = outcome_distribution(updated(prior, updates))
    assert np.allclose(dense, law) and np.isclose(kept, evidence)
    turned = updated(prior, updates, angle=0.5)
    assert np.abs(outcome_distribution(turned)[0] - law).max() > 0.01
