"""A18: relative entropy is no distance, the root of Jensen and Shannon's divergence is one."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.born.distances import EntropyAsDistance

SMALL = {"shots": 100_000, "alpha": 1e-6, "tolerance": 0.15}


@pytest.fixture(scope="module")
def found():
    return EntropyAsDistance(**SMALL)(seed=1)


def test_what_holds_and_what_does_not(found):
    """False-failure rate 1e-6."""
    assert found.standing == "conditional"
    names = ("counted", "pinsker", "joint convexity", "data processing", "keys taken together")
    assert all(found.check(name).holds for name in names)
    assert found.check("symmetric").holds is False and found.check("triangle").holds is False
    assert all(number.reference in number.estimate for number in found.numbers)


def test_a_distance_passes_for_one():
    """The premise changed. False-failure rate 1e-6."""
    root = EntropyAsDistance(**SMALL, kind="root Jensen-Shannon")(seed=1)
    assert root.standing == "exact" and "is no distance" not in root.words


def test_words_follow_from_checks_by_name(described_twice):
    one, other = described_twice(EntropyAsDistance(**SMALL))
    assert one == other


def test_counts_of_other_rows_are_caught(checked):
    """A planted fault: the keys come in reverse."""

    def reversing(prepared, shots, seed):
        counts = Aer()(prepared, shots, seed)
        return replace(counts, keys=counts.keys[..., ::-1])

    found = checked(EntropyAsDistance(**SMALL, backend=reversing))
    assert found["counted"].holds is False and found["counted"].role == "control"


@pytest.mark.parametrize("kind", ["relative entropy", "root Jensen-Shannon"])
def test_distances_against_their_sums(kind):
    p, q = np.random.default_rng(2).dirichlet(np.ones(6), 2)
    found = float(EntropyAsDistance(kind=kind)._distance(p, q))
    m = (p + q) / 2
    halves = (p * np.log(p / m)).sum() / 2 + (q * np.log(q / m)).sum() / 2
    exact = {"relative entropy": (p * np.log(p / q)).sum(), "root Jensen-Shannon": np.sqrt(halves)}
    assert found == pytest.approx(exact[kind])
