"""B2: positions break permutations, as no field does, and the mask does without them."""

import numpy as np
import pytest

from qcattn.claims.symmetry._positions import (
    Tokens,
    attended,
    magnet_levels,
    rotary,
    sinusoids,
)
from qcattn.claims.symmetry.positions import PositionField
from qcattn.models import ising

QUICK = {"shots": 30_000, "epsilon": 0.15, "alpha": 1e-6}


def test_positions_break_permutations_but_not_as_a_field():
    """False-failure rate 1e-6."""
    found = PositionField(**QUICK | {"shots": 80_000}, width=32)(seed=2)
    assert found.standing == "analogy"
    assert found.check("equivariant").holds and found.check("broken").holds
    assert found.check("rotation").holds is False and found.check("field").holds is False
    assert found.check("mask").holds is False and found.check("rotary").holds
    assert all(one.reference in one.estimate for one in found.numbers)
    assert "no rotation" in found.words and "to the power" in found.words


def test_positions_of_no_amplitude_break_nothing():
    found = PositionField(**QUICK, amplitude=0.0)(seed=1)
    assert found.standing == "refuted" and "break no symmetry" in found.words


def test_without_softmax_the_symmetry_is_a_rotation():
    found = PositionField(**QUICK, normalised=False)(seed=1)
    assert found.check("rotation").holds and "without softmax" in found.words


def test_a_faulty_simulator_decides_nothing(faulty):
    found = PositionField(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_the_response_is_quadratic_because_signs_cancel():
    """Derivatives of the exact response at zero: the first vanishes, the second does not."""
    tokens = Tokens.drawn(8, 16, np.random.default_rng(3))

    def response(amplitude):
        rows = np.exp(tokens.response(amplitude))
        rows /= rows.sum(axis=-1, keepdims=True)
        return (rows * tokens.reading()).sum(axis=-1).mean()

    up, down, still = response(1e-3), response(-1e-3), response(0.0)
    assert abs(up - down) / 2e-3 < 1e-10 and (up + down - 2 * still) / 1e-6 > 0.1


def test_small_laws():
    assert np.allclose(sinusoids(3, 6)[0], [0, 1, 0, 1, 0, 1])
    ring = ising(4, coupling=0.3, field=0.0).energies
    assert np.allclose(magnet_levels(4, 0.0), ring)
    vectors = np.random.default_rng(1).normal(size=(3, 4))
    assert np.allclose(rotary(vectors, np.zeros(3), 100.0), vectors)
    turned = rotary(vectors, np.arange(3.0), 100.0)
    assert np.linalg.norm(turned, axis=1) == pytest.approx(np.linalg.norm(vectors, axis=1))
    swap = np.eye(3)[[1, 0, 2]]
    weights = np.random.default_rng(2).normal(size=(4, 4))
    for normalised in (True, False):
        before = attended(vectors, weights, normalised=normalised)
        assert np.allclose(attended(swap @ vectors, weights, normalised=normalised), swap @ before)
