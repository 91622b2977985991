"""Proposals: symmetric for any number of Trotter steps, and what is not symmetric is refused."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp
from scipy.linalg import expm

from qcattn.chains.proposals import (
    local_proposal,
    mixer,
    problem_scale,
    quantum_proposal,
    trotter_steps,
    uniform_proposal,
)
from qcattn.chains.transitions import metropolis

ENERGIES = np.random.default_rng(3).normal(size=16)


def mixer_matrix(n):
    """Independent of the package: the sum of X as Qiskit writes it."""
    return SparsePauliOp.from_sparse_list([("X", [q], 1.0) for q in range(n)], n).to_matrix().real


def generator(energies, gamma):
    problem = np.diag(energies - energies.mean())
    mixing = mixer_matrix(len(energies).bit_length() - 1)
    alpha = np.linalg.norm(mixing) / np.linalg.norm(problem)
    return (1 - gamma) * alpha * problem + gamma * mixing


def test_the_evolution_is_that_of_a_matrix_exponential():
    evolved = expm(-3.7j * generator(ENERGIES, 0.4))
    assert np.abs(quantum_proposal(ENERGIES, 0.4, 3.7) - np.abs(evolved) ** 2).max() < 1e-12


def test_trotter_steps_lead_to_the_evolution_in_second_order():
    exact = quantum_proposal(ENERGIES, 0.4, 3.7)
    off = [
        np.abs(quantum_proposal(ENERGIES, 0.4, 3.7, steps=r) - exact).max() for r in (50, 100, 200)
    ]
    assert off[2] < 1e-3
    assert np.allclose([off[0] / off[1], off[1] / off[2]], 4, rtol=0.05)


@pytest.mark.parametrize("steps", [None, 1, 2, 5, 25])
def test_a_quantum_proposal_is_symmetric_however_coarse_its_steps(steps):
    """Of the bare product too, before rounding is averaged away."""
    moves = quantum_proposal(ENERGIES, 0.35, 12.0, steps=steps)
    assert np.array_equal(moves, moves.T) and np.allclose(moves.sum(axis=1), 1, atol=1e-12)
    assert moves[0, 1:].max() > 1e-3, "it moves at all"
    if steps is not None:
        product = bare([0.35] * steps, 12.0)
        assert np.abs(product - product.T).max() < 1e-12
        assert np.abs(product - moves).max() < 1e-12


def bare(gammas, time):
    """Moduli squared of a product of Trotter steps, each with a gamma of its own."""
    step, whole = time / len(gammas), np.eye(len(ENERGIES))
    scale = problem_scale(ENERGIES)
    for gamma in gammas:
        half = np.diag(np.exp(-0.5j * step * (1 - gamma) * scale * ENERGIES))
        whole = half @ mixer(4, gamma * step) @ half @ whole
    return np.abs(whole) ** 2


def test_a_product_that_does_not_read_the_same_backwards_is_found_and_refused():
    rising = bare([0.25, 0.4, 0.6], 6.0)
    assert np.abs(rising - rising.T).max() > 1e-2
    with pytest.raises(ValueError, match="symmetric"):
        metropolis(rising, ENERGIES, 1.0)
    there_and_back = bare([0.25, 0.6, 0.25], 6.0)
    assert np.abs(there_and_back - there_and_back.T).max() < 1e-12


def test_the_problem_is_scaled_to_the_mixer_and_equal_energies_to_nothing():
    problem = problem_scale(ENERGIES) * np.diag(ENERGIES - ENERGIES.mean())
    assert np.isclose(np.linalg.norm(problem), np.linalg.norm(mixer_matrix(4)))
    assert problem_scale([7.0, 7.0]) == 0.0
    flat = quantum_proposal([7.0, 7.0], 0.5, 1.0)
    assert np.isclose(flat[0, 1], np.sin(0.5) ** 2)


@pytest.mark.parametrize("make", [uniform_proposal, local_proposal])
def test_classical_proposals_are_symmetric_and_sum_to_one(make):
    moves = make(3)
    assert np.array_equal(moves, moves.T) and np.allclose(moves.sum(axis=1), 1)


def test_steps_are_no_longer_than_the_longest():
    assert [trotter_steps(t) for t in (0.0, 0.8, 0.81, 20.0)] == [1, 1, 2, 25]


@pytest.mark.parametrize(
    ("named", "cure"),
    [
        ({"energies": [0.0, 1.0, 2.0]}, "2\\*\\*n"),
        ({"energies": [0.0, np.inf]}, "finite"),
        ({"gamma": 1.5}, "gamma"),
        ({"time": -1.0}, "time"),
        ({"steps": 0}, "steps"),
    ],
)
def test_what_is_no_proposal_is_refused_by_name(named, cure):
    given = {"energies": [0.0, 1.0], "gamma": 0.5, "time": 1.0} | named
    with pytest.raises(ValueError, match=cure):
        quantum_proposal(**given)
