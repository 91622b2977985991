from math import comb

import numpy as np
import pytest

from qcattn.views.run.worst import STRAY, groups, worst_rows


def swap(row, one, two):
    def fault(law):
        law[row, [one, two]] = law[row, [two, one]]

    return fault


def test_two_swapped_keys_are_the_worst_row_and_one_of_them_is_blamed(make):
    """No false failure: the swap moves 1,300 of 4,096 shots."""
    scores = np.zeros((3, 2, 5, 4))
    scores[2, 1, 3] = [3.0, 0.0, -1.0, 1.0]
    flat = np.ravel_multi_index((2, 1, 3), (3, 2, 5))
    worst, *others = worst_rows(make(scores, fault=swap(flat, 0, 2)), 3)
    assert worst.row == (2, 1, 3)
    assert worst.key in (0, 2)
    assert worst.refuted
    assert abs(worst.deviation) > 20
    # Without the fault nothing is refuted.
    assert not any(found.refuted for found in worst_rows(make(scores), 30))
    assert not any(found.refuted for found in others)


def test_a_masked_key_that_came_is_blamed_however_few_shots_it_took(make):
    """False failure (the key does not come at all): (1 - 0.005)^4096 < 2e-9."""
    scores = make.causal((2, 4, 4))

    def leak(law):
        law[5] *= 1 - 0.005
        law[5, 3] += 0.005

    worst = worst_rows(make(scores, fault=leak), 1)[0]
    assert (worst.row, worst.key, worst.p_value) == ((1, 1), 3, 0.0)
    assert worst.expected == 0
    assert worst.measured > 0
    assert np.isposinf(worst.deviation)


def test_shots_that_read_no_key_are_blamed(make):
    worst = worst_rows(make(np.zeros((2, 3)), stray=2), 1)[0]
    assert (worst.key, worst.measured, worst.expected) == (STRAY, 2, 0.0)


def test_a_row_with_one_key_blames_nobody(make):
    worst = worst_rows(make([[0.0, -np.inf], [0.0, -np.inf]]), 1)[0]
    assert (worst.key, worst.measured, worst.expected, worst.deviation) == (0, 4096, 4096.0, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_key_blamed_is_the_one_with_the_smallest_binomial_tail(make, seed):
    """Against exact tails in integers; Chernoff's exponent may swap only near ties."""
    scores = np.random.default_rng(seed).normal(0, 2, 6)
    shots = 200

    def shift(law):
        law[0] = np.roll(law[0], 1)

    result = make(scores, shots=shots, fault=shift)

    def tail(count, p):
        terms = [comb(shots, k) * p**k * (1 - p) ** (shots - k) for k in range(shots + 1)]
        return min(sum(terms[: count + 1]), sum(terms[count:]))

    tails = [tail(int(k), p) for k, p in zip(result.counts.keys, result.expected, strict=True)]
    found = worst_rows(result)[0]
    assert tails[found.key] <= 10 * min(tails)
    assert found.measured == result.counts.keys[found.key]
    assert found.expected == pytest.approx(shots * result.expected[found.key], rel=1e-12)


def test_worst_rows_come_in_the_order_of_their_p_values(make):
    result = make(make.causal((2, 3, 6, 6)))
    found = worst_rows(result, 100)
    p_values = [one.p_value for one in found]
    assert len(found) == 36
    assert p_values == sorted(result.fit.p_values.ravel())
    assert all(result.fit.p_values[one.row] == one.p_value for one in found)
    assert len(worst_rows(result, 4)) == 4


def test_groups_say_what_the_verdict_says(make):
    result = make(np.zeros((3, 2, 4, 4)), fault=lambda law: law.__setitem__((8, 0), 0.5))
    p_values, refuted = result.fit.p_values, result.fit.refuted
    found = groups(result)
    assert [group.index for group in found] == [(0,), (1,), (2,)]
    for i, group in enumerate(found):
        assert (group.rows, group.decided) == (8, 8)
        assert group.smallest == p_values[i].min() == p_values[group.worst]
        assert group.together == min(1.0, 8 * p_values[i].min())
        assert group.refuted == refuted[i].sum()
    assert found[1].worst == (1, 0, 0)
    assert found[1].refuted == 1


@pytest.mark.parametrize(("shape", "lines"), [((3,), 1), ((5, 3), 1), ((2, 5, 3), 2)])
def test_one_axis_or_none_is_one_group(make, shape, lines):
    assert len(groups(make(np.zeros(shape), shots=10))) == lines


def test_rows_without_shots_are_left_out(make):
    result = make(np.zeros((2, 3, 4)), rows=2)
    assert len(worst_rows(result, 10)) == 2
    assert [(group.decided, group.rows) for group in groups(result)] == [(2, 3), (0, 3)]
    assert groups(result)[1].worst is None
    assert np.isnan(groups(result)[1].smallest)
