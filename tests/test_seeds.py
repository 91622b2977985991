"""Anything that `numpy.random.default_rng` takes becomes one integer that reproduces the run."""

import numpy as np
import pytest

from qcattn.seeds import entropy


@pytest.mark.parametrize("seed", [0, 7, 2**100, np.int64(3)])
def test_an_integer_is_kept(seed):
    assert entropy(seed) == int(seed)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, 2, 3],
        lambda: np.random.SeedSequence(5),
        lambda: np.random.default_rng(5),
        lambda: np.random.PCG64(5),
        lambda: np.random.RandomState(5),
    ],
)
def test_equal_seeds_give_equal_entropy(make):
    assert entropy(make()) == entropy(make())
    assert 0 <= entropy(make()) < 2**128


def test_no_seed_is_fresh():
    assert entropy() != entropy()


def test_a_generator_moves_on():
    rng = np.random.default_rng(5)
    assert entropy(rng) != entropy(rng)


def test_children_of_a_seed_sequence_differ():
    one, two = np.random.SeedSequence(5).spawn(2)
    assert entropy(one) != entropy(two)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="`seed` must be 0 or more, but is -1"):
        entropy(-1)
