"""A17: overlaps of real vectors are not softmax; coherent states of keys of one length are."""

import numpy as np
import pytest

from qcattn import dense_state
from qcattn.attention import softmax
from qcattn.claims.born.overlaps import ScoresAsOverlaps, _coherent, _swap_tests, _unit
from qcattn.datasets import load_head
from qcattn.progress import silent

SMALL = {"rows": 2, "keys": 4, "shots": 10**7, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return ScoresAsOverlaps(**SMALL)(seed=1)


def test_overlaps_of_real_vectors_are_another_law(found):
    """False-failure rate 1e-6."""
    assert found.standing == "refuted" and "signs and lengths" in found.words
    assert found.check("overlaps").holds and found.check("overlaps").role == "control"
    assert all(number.reference in number.estimate for number in found.numbers)


def test_coherent_states_with_keys_of_one_length_are_softmax():
    """The premise changed: other states of the same vectors. False-failure rate 1e-6."""
    alike = ScoresAsOverlaps(**SMALL, coherent=0.25)(seed=1)
    assert alike.standing == "exact" and "not Born's rule" not in alike.words


def test_words_follow_from_checks_by_name(described_twice):
    one, other = described_twice(ScoresAsOverlaps(**SMALL))
    assert one == other


def test_swap_tests_of_other_states_decide_nothing():
    """A planted fault of the circuits: the keys of the first row are the query itself."""
    claim = ScoresAsOverlaps(**SMALL)
    measured = claim.measure(np.random.SeedSequence(1), silent)
    measured.counts[0] = [claim.shots, 0]
    checks = {check.name: check for check in claim.check(measured)}
    assert checks["overlaps"].holds is False and checks["overlaps"].role == "control"


def test_a_swap_test_gives_the_squared_overlap_of_dense_algebra():
    head = load_head()
    states = _unit(np.vstack([head.queries[20], head.keys[18:21]]))
    for test, state in zip(_swap_tests(states), states[1:], strict=True):
        law, _ = dense_state.outcome_distribution(test)
        assert law[0] == pytest.approx((1 + (states[0] @ state) ** 2) / 2, abs=1e-9)


def test_coherent_states_overlap_by_the_closed_form():
    """|<a|b>|^2 = exp(-|a - b|^2), and softmax for keys of one length."""
    rng = np.random.default_rng(3)
    query, keys = rng.normal(size=16), rng.normal(size=(5, 16))
    states = _coherent(query, keys)
    apart = np.square(query - keys).sum(axis=1) / (2 * 4)
    assert (states[1:] @ states[0]) ** 2 == pytest.approx(np.exp(-apart))
    keys *= 3 / np.linalg.norm(keys, axis=1, keepdims=True)
    states = _coherent(query, keys)
    overlaps = (states[1:] @ states[0]) ** 2
    assert overlaps / overlaps.sum() == pytest.approx(softmax(keys @ query / 4))
