"""B7: magnons are there, a soft mode of heads is not, and what is flat is counted."""

import numpy as np
import pytest
from scipy.linalg import null_space

from qcattn.claims.symmetry._flat import change_of_scores, directions, rotary_directions
from qcattn.claims.symmetry._magnons import magnon_ring, momenta
from qcattn.claims.symmetry.goldstone import GoldstoneModes, _barrier, _valley
from qcattn.models import heisenberg

QUICK = {"sites": 6, "shots": 100_000, "tolerance": 0.15, "alpha": 1e-6}


def test_heads_are_no_goldstone_modes():
    """False-failure rate 1e-6."""
    found = GoldstoneModes(**QUICK, keys=3)(seed=1)
    assert found.standing == "refuted"
    assert found.check("magnon").holds and found.check("soft").holds is False
    assert found.check("counting").holds is False
    assert "4,096 directions" in found.words and "leave 64" in found.words
    assert all(one.reference in one.estimate for one in found.numbers)


def test_many_keys_on_a_circle_are_nearly_soft():
    found = GoldstoneModes(**QUICK, keys=8, flatness=0.05)(seed=1)
    assert found.standing == "conditional" and "nearly a rotation" in found.condition


def test_a_faulty_simulator_decides_nothing(faulty):
    found = GoldstoneModes(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_the_dispersion_is_that_of_the_dense_hamiltonian():
    """The one-magnon levels of the Heisenberg ring, by another way."""
    sites = 6
    matrix = heisenberg(sites, coupling=-0.25).matrix.real
    one = [1 << q for q in range(sites)]
    levels = np.linalg.eigvalsh(matrix[np.ix_(one, one)]) - matrix[0, 0]
    bloch = 1 - np.cos(2 * np.pi * np.arange(sites) / sites)
    assert np.allclose(np.sort(levels), np.sort(bloch))
    assert np.allclose(momenta(sites)[-1], np.pi)


def test_the_ring_is_that_of_linear_algebra():
    """Means along X against exp(-iHt), Trotter's error allowed for."""
    from scipy.linalg import expm

    from qcattn.records import every_reading

    sites, time = 4, 0.8
    matrix = heisenberg(sites, coupling=-0.25).matrix
    state = np.zeros(2**sites, dtype=complex)
    state[[0, 1]] = 1 / np.sqrt(2)
    state = expm(-1j * time * matrix) @ state
    law = magnon_ring(sites, time, 40, "X").distribution
    read = law @ (1.0 - 2.0 * every_reading(sites))
    flips = [np.vdot(state, state[np.arange(2**sites) ^ (1 << q)]).real for q in range(sites)]
    assert np.allclose(read, flips, atol=1e-3) and np.ptp(flips) > 0.3


def test_flat_directions_are_the_kernel_counted_densely():
    rng = np.random.default_rng(1)
    q, k = rng.normal(size=(2, 6, 2))
    columns = []
    for side in (0, 1):
        for i in range(6):
            for a in range(2):
                step = np.zeros((6, 2))
                step[i, a] = 1
                columns.append((step @ k.T if side == 0 else q @ step.T).ravel())
    assert null_space(np.array(columns).T).shape[1] == directions(q, k) == 4
    assert change_of_scores(q, k, seed=1) < 1e-12


def test_matrices_that_commute_with_rotary_turns_are_counted_densely():
    d, base = 6, 50.0
    angles = base ** (-2 * np.arange(d // 2) / d)
    turn = np.zeros((d, d))
    for i, angle in enumerate(angles):
        c, s = np.cos(angle), np.sin(angle)
        turn[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[c, -s], [s, c]]
    eye = np.eye(d)
    assert null_space(np.kron(turn, eye) - np.kron(eye, turn.T)).shape[1] == 6
    assert rotary_directions(d, base) == 6


@pytest.mark.parametrize(("number", "known"), [(4, 0.045), (8, 2.4e-5)])
def test_barriers_in_closed_form(number, known):
    angles = 2 * np.pi * np.arange(64) / 64
    weights = np.exp(_valley(angles, number))
    dense = 2 * weights @ np.cos(number * angles) / weights.sum()
    assert _barrier(number) == pytest.approx(known, rel=0.02) == pytest.approx(dense, rel=0.02)
