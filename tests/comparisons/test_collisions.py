"""The exact law of collisions, against every sequence of shots and against its own moments."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import fit
from qcattn.comparisons._collisions import _upper_tail, collision_tail


def counted(shots, outcomes):
    """Probabilities of at least c collisions, by listing all sequences."""
    found = Counter(
        sum(k * (k - 1) // 2 for k in Counter(sequence).values())
        for sequence in product(range(outcomes), repeat=shots)
    )
    law = np.zeros(shots * (shots - 1) // 2 + 1)
    for collisions, number in found.items():
        law[collisions] = number / outcomes**shots
    return np.cumsum(law[::-1])[::-1]


@pytest.mark.parametrize(("shots", "outcomes"), [(2, 2), (3, 7), (5, 4), (6, 5), (4, 12), (9, 3)])
def test_every_sequence_is_counted(shots, outcomes):
    tail = counted(shots, outcomes)
    for collisions, expected in enumerate(tail):
        found = collision_tail(shots, outcomes, collisions)
        assert found == pytest.approx(expected, rel=1e-9, abs=2e-14)


@pytest.mark.parametrize(
    ("shots", "outcomes"), [(37, 4096), (400, 4096), (900, 900), (60, 30), (1000, 10**6)]
)
def test_mean_and_variance_are_those_of_pairs(shots, outcomes):
    """Pairs of shots collide with probability 1/K, and are uncorrelated."""
    tail = _upper_tail(shots, outcomes)
    law = -np.diff(np.append(tail, 0.0))
    number, pairs = np.arange(law.size), shots * (shots - 1) / 2
    mean = law @ number
    assert mean == pytest.approx(pairs / outcomes, rel=1e-9)
    variance = law @ (number - mean) ** 2
    assert variance == pytest.approx(pairs / outcomes * (1 - 1 / outcomes), rel=1e-6)


def test_no_law_is_given_that_lost_its_digits():
    assert collision_tail(96, 16, 300) is None, "six shots an outcome: the terms cancel"
    assert collision_tail(10**5, 10, 5) is None, "too many collisions to list"


def test_far_out_it_stays_positive():
    assert collision_tail(37, 4096, 600) == 1e-14


#: Keys and shots at which a gamma law called up to 23% of perfect rows different at 10%.
GRID = [(4096, 37), (4096, 100), (2048, 31), (2048, 33), (1000, 100), (256, 40), (64, 60), (16, 64)]
LEVELS = (0.2, 0.1, 0.05, 0.01, 0.001)


@pytest.mark.parametrize(("keys", "shots"), GRID)
def test_rows_of_equal_keys_are_never_refuted_above_the_level(keys, shots):
    """2,000 rows at five levels: above the binomial's 1 - 1e-6 with probability 5e-6 a place."""
    counts = np.random.default_rng(keys + shots).multinomial(shots, np.ones(keys) / keys, 2000)
    p_values = fit(counts, np.ones(keys) / keys).p_values
    for level in LEVELS:
        assert (p_values <= level).sum() <= stats.binom.isf(1e-6, 2000, level), level


@pytest.mark.parametrize(("keys", "shots", "spread"), [(1000, 45, 0.2), (4096, 91, 0.05)])
def test_nor_are_rows_of_nearly_equal_keys(keys, shots, spread):
    """As above, on 300 rows; the importance sampling draws its own numbers for each row."""
    rng = np.random.default_rng(keys)
    p = np.exp(spread * rng.normal(size=keys))
    p /= p.sum()
    p_values = fit(rng.multinomial(shots, p, 300), p).p_values
    for level in LEVELS:
        assert (p_values <= level).sum() <= stats.binom.isf(1e-6, 300, level), level


@pytest.mark.parametrize("shots", [0, 1])
def test_without_two_shots_nothing_collides(shots):
    assert collision_tail(shots, 4, 0) == 1.0 and collision_tail(2, 4, 1) < 1.0


def test_half_of_equal_keys_left_out_is_seen():
    """100 shots on half of 1,000 keys collide twice as often: seen in about 52% of the rows.

    That 500 rows show it in less than 40% has probability 1e-7.
    """
    q = np.repeat([2 / 1000, 0.0], 500)
    counts = np.random.default_rng(1).multinomial(100, q, 500)
    assert (fit(counts, np.ones(1000) / 1000).p_values <= 0.05).mean() > 0.4
