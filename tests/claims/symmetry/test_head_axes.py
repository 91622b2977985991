"""B14: heads share their axes, unless their keys are dealt at random."""

import numpy as np
import pytest

from qcattn.claims.symmetry._axes import axes, shuffled
from qcattn.claims.symmetry.head_axes import HeadAxes

QUICK = {
    "layers": {"minilm": (1,), "smollm2": (12,)}, "deals": 200, "shots": 2_000, "epsilon": 0.2,
    "alpha": 0.02,
}  # fmt: skip


def test_heads_of_a_layer_share_their_axes():
    """The permutation test errs in 0.7% of runs; the numbers lie far apart."""
    found = HeadAxes(**QUICK)(seed=1)
    assert found.standing == "refuted"
    assert found.check("minilm").holds is False and found.check("smollm2").holds is False
    assert "mostly one and the same" in found.words
    assert all(one.reference in one.estimate for one in found.numbers)


def test_keys_dealt_at_random_give_each_head_an_axis():
    found = HeadAxes(**QUICK, dealt=True)(seed=1)
    assert found.standing == "exact" and "axes of their own" in found.words


def test_a_faulty_simulator_decides_nothing(faulty):
    found = HeadAxes(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_the_number_of_axes_is_that_of_orthogonal_heads():
    seen = np.ones((1, 4), dtype=bool)
    apart = np.array([[[0.5, 0.5, 0, 0]], [[0.5, 0, 0.5, 0]], [[0.5, 0, 0, 0.5]]])
    assert axes(apart, seen) == pytest.approx(3.0)
    assert axes(apart[[0, 0, 0]], seen) == pytest.approx(1.0)
    mask = np.tril(np.ones((3, 3), dtype=bool))
    weights = np.random.default_rng(1).random((2, 3, 3)) * mask
    dealt = shuffled(weights, mask, np.random.default_rng(2))
    assert np.allclose(np.sort(dealt), np.sort(weights)) and not np.any(dealt[:, ~mask])
    assert not np.allclose(dealt, weights)
