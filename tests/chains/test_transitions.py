"""Transition matrices against softmax, closed forms and a general eigensolver."""

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.chains.proposals import local_proposal, quantum_proposal, uniform_proposal
from qcattn.chains.transitions import acceptances, metropolis, spectral_gap, worst_distance

BETA = 1.3
ENERGIES = np.random.default_rng(5).normal(size=8)
PROPOSALS = {
    "uniform": uniform_proposal(3),
    "local": local_proposal(3),
    "quantum": quantum_proposal(ENERGIES, 0.4, 5.0, steps=6),
}


@pytest.mark.parametrize("name", PROPOSALS)
def test_a_chain_keeps_softmax_in_detailed_balance(name):
    transition = metropolis(PROPOSALS[name], ENERGIES, BETA)
    law = softmax(-ENERGIES, beta=BETA)
    assert np.allclose(transition.sum(axis=1), 1, atol=1e-14) and transition.min() >= 0
    flow = law[:, None] * transition
    assert np.abs(flow - flow.T).max() < 1e-15
    wrong = softmax(-ENERGIES, beta=1.1 * BETA)
    assert np.abs(wrong @ transition - wrong).max() > 1e-4, "a wrong temperature is not kept"


@pytest.mark.parametrize("name", PROPOSALS)
def test_the_gap_is_that_of_a_general_eigensolver(name):
    values = np.linalg.eigvals(metropolis(PROPOSALS[name], ENERGIES, BETA))
    second = np.sort(np.abs(values))[-2]
    assert abs(spectral_gap(PROPOSALS[name], ENERGIES, BETA) - (1 - second)) < 1e-10


@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0])
def test_the_gap_of_uniform_proposals_is_the_closed_form(beta):
    """J. Liu, Statistics and Computing 6, 113 (1996): the largest ratio of law to proposal."""
    largest = softmax(-ENERGIES, beta=beta).max()
    assert np.isclose(spectral_gap(uniform_proposal(3), ENERGIES, beta), 1 / (8 * largest))


def test_the_gap_of_one_flip_between_two_states_is_the_closed_form():
    assert np.isclose(spectral_gap(local_proposal(1), [0.0, 0.7], 1.0), 1 - np.exp(-0.7))
    assert spectral_gap(local_proposal(1), [0.0, 0.0], 1.0) == 0.0, "it never settles"


def test_a_state_that_must_not_occur_never_does():
    energies = np.append(ENERGIES[:-1], np.inf)
    transition = metropolis(uniform_proposal(3), energies, BETA)
    assert not transition[:-1, -1].any() and np.allclose(transition.sum(axis=1), 1)
    law = softmax(-energies, beta=BETA)
    assert np.abs(law @ transition - law).max() < 1e-15
    block = metropolis(uniform_proposal(3), energies, BETA)[:-1, :-1]
    second = np.sort(np.abs(np.linalg.eigvals(block)))[-2]
    assert np.isclose(spectral_gap(uniform_proposal(3), energies, BETA), 1 - second)
    assert spectral_gap(uniform_proposal(1), [0.0, np.inf], 1.0) == 1.0


def test_the_worst_distance_bounds_that_of_any_start_and_falls():
    law = softmax(-ENERGIES, beta=BETA)
    transition, bounds = metropolis(uniform_proposal(3), ENERGIES, BETA), []
    for steps in (1, 4, 16):
        power = np.linalg.matrix_power(transition, steps)
        bounds.append(worst_distance(power))
        assert np.abs(power - law).sum(axis=1).max() / 2 <= bounds[-1]
    assert bounds[0] > bounds[1] > bounds[2]
    kept = np.append(np.full(7, True), False)
    blocked = metropolis(uniform_proposal(3), np.append(ENERGIES[:-1], np.inf), BETA)
    assert worst_distance(blocked, kept) <= worst_distance(blocked)


@pytest.mark.parametrize("energies", [[0.0, np.nan], [0.0, -np.inf], [np.inf, np.inf], [[0.0]]])
def test_what_is_no_energy_is_refused(energies):
    with pytest.raises(ValueError, match="`energies` must be"):
        acceptances(energies, 1.0)


def test_a_proposal_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"`proposal` must be of shape \(4, 4\)"):
        metropolis(uniform_proposal(1), [0.0] * 4, 1.0)
