"""A19: softmax is a posterior over keys that are sent alike; A20: words without an observable."""

import pytest

from qcattn.claims.born.dictionary import AttentionDictionary
from qcattn.claims.born.undefined import _MISSING, UndefinedWords

SMALL = {"shots": 100_000, "alpha": 1e-6, "epsilon": 0.05}


@pytest.fixture(scope="module")
def found():
    return AttentionDictionary(**SMALL)(seed=1)


def test_softmax_is_what_is_retrodicted_and_not_what_is_predicted(found):
    """False-failure rate 1e-6."""
    assert found.standing == "conditional" and "equally often" in found.condition
    assert found.check("clicks").holds and found.check("retrodiction").holds
    assert found.check("another prior").holds is False
    assert found.check("prediction").holds is False
    assert all(number.reference in number.estimate for number in found.numbers)


def test_where_keys_are_not_sent_alike_it_is_refuted():
    """The premise changed: it would pass with probability far below 1e-6."""
    uneven = AttentionDictionary(**SMALL, uneven=0.8)(seed=1)
    assert uneven.standing == "refuted" and "does not follow softmax" in uneven.words


def test_where_no_other_prior_is_tried_no_condition_is_named():
    alike = AttentionDictionary(**SMALL, beyond=0.0)(seed=1)
    assert alike.check("another prior").holds and not alike.condition


def test_words_follow_from_checks_by_name(described_twice):
    one, other = described_twice(AttentionDictionary(**SMALL))
    assert one == other


def test_words_without_an_observable_are_untestable_and_say_what_is_missing():
    found = UndefinedWords()(seed=1)
    assert found.standing == "untestable" and found.shots == 0 and not found.checks
    assert all(word in found.words and what in found.words for word, what in _MISSING.items())
