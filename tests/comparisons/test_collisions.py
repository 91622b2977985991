"""The exact law of collisions, against every sequence of shots and against its own moments."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

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
