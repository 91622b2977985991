import numpy as np
import pytest

from qcattn.attention import telling_head
from qcattn.views.run.heads import head_beside


def test_the_telling_head_is_neither_sharp_nor_alike(make):
    """By the formula, written out with loops."""
    scores = np.random.default_rng(0).normal(0, 2, (3, 2, 5, 5))
    scores[1, 1] = 40 * np.eye(5)  # each query looks at itself alone
    scores[0, 0] = np.linspace(0, 1, 5)  # all queries look alike
    result = make(scores, shots=10)
    worth = {}
    for index in np.ndindex(3, 2):
        p = result.expected[index]
        spread = -sum(x * np.log(x) for x in p.ravel() if x > 0) / 5
        q = p.mean(axis=0)
        worth[index] = spread * (-sum(x * np.log(x) for x in q if x > 0) - spread)
    best = telling_head(result.expected)
    assert best == max(worth, key=worth.get)
    assert abs(worth[0, 0]) < 1e-12
    assert worth[1, 1] < 1e-9


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_without_heads_the_index_is_empty(make, shape):
    assert telling_head(make(np.zeros(shape), shots=10).expected) == ()


def test_the_first_of_equal_heads_is_taken(make):
    result = make(np.tile(np.eye(3), (2, 2, 1, 1)), shots=10)
    assert telling_head(result.expected) == (0, 0)


def test_the_head_that_was_prepared_again_is_found(make):
    scores = make.causal((3, 2, 4, 4))
    main, again = make(scores, shots=10), make(scores[2, 1], shots=10)
    assert head_beside(main, [again]) == (2, 1)
    assert head_beside(main, [make(scores[2, 1] + np.eye(4), shots=10)]) is None
    assert head_beside(main, []) is None
    assert head_beside(again, [again]) is None
