"""The quantum walk against the transition matrix of its chain, with and without its penalty."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator, Statevector

from qcattn.chains.proposals import local_proposal
from qcattn.chains.transitions import metropolis
from qcattn.chains.walks import filtered_walk, quantum_walk

BETA = 0.5
SPINS = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
#: A ring of four in a field: two wells.
RING = -(SPINS * np.roll(SPINS, 1, axis=1)).sum(axis=1) - 0.3 * SPINS.sum(axis=1)
PAIR = np.array([0.0, 1.0, 0.4, 0.5])


def law(energies):
    weights = np.exp(-BETA * energies)
    return weights / weights.sum()


def walk(energies, penalty):
    return Operator(quantum_walk(energies, BETA, penalty=penalty)).data


def lifted(energies):
    """B on states, from the formula: shape (all, states), system lowest, then move, then coin."""
    states = np.arange(len(energies))
    n = len(energies).bit_length() - 1
    out = np.zeros((2, n, len(energies), len(energies)))
    for m in range(n):
        accepted = np.minimum(1, np.exp(-BETA * (energies[states ^ 1 << m] - energies)))
        out[0, m, states, states] = np.sqrt((1 - accepted) / n)
        out[1, m, states, states] = np.sqrt(accepted / n)
    return out.reshape(-1, len(energies))


@pytest.mark.parametrize("energies", [PAIR, RING], ids=["pair", "ring"])
@pytest.mark.parametrize("penalty", [0.0, 0.3, 2.0])
def test_the_circuit_is_the_walk_of_the_formula(energies, penalty):
    lift, size = lifted(energies), len(energies)
    n = size.bit_length() - 1
    flip = np.eye(2 * n * size)
    for m in range(n):
        ones = (n + m) * size + np.arange(size)
        flip[np.ix_(ones, ones)] = np.eye(size)[np.arange(size) ^ 1 << m]
    inside = lift @ lift.T
    outside = np.eye(len(flip)) - inside
    expected = (inside + np.exp(1j * penalty) * outside) @ (inside - outside) @ flip
    assert np.abs(walk(energies, penalty) - expected).max() < 1e-12


def test_between_lifted_states_the_walk_is_the_chain():
    chain = metropolis(local_proposal(4), RING, BETA)
    found = lifted(RING).T @ walk(RING, 0.0) @ lifted(RING)
    assert np.abs(found - np.sqrt(chain * chain.T)).max() < 1e-12


def test_phase_zero_is_the_stationary_state_alone_only_with_the_penalty():
    """Without it, 17 circulations on the 32 edges of the cube keep it company."""
    still = lifted(RING) @ np.sqrt(law(RING))
    for penalty, number in ((0.0, 18), (0.3, 1), (np.pi / 2, 1)):
        found = walk(RING, penalty)
        assert np.abs(found @ still - still).max() < 1e-12
        assert (np.abs(np.angle(np.linalg.eigvals(found))) < 1e-7).sum() == number


def kept(penalty, phases, start):
    """Law of the keys where the phase reads 0, and its probability, by the mean of the powers."""
    power, state = walk(PAIR, penalty), start
    for _ in range(phases):
        state, power = (state + power @ state) / 2, power @ power
    zero = (np.abs(state) ** 2).reshape(4, 4).sum(axis=0)
    return zero / zero.sum(), zero.sum()


#: State 1, move 0, coin 1; and state 1 lifted.
PLAIN, LIFTED = np.eye(16)[1 + 8], lifted(PAIR)[:, 1]


def away(penalty, phases, start=PLAIN):
    return np.abs(kept(penalty, phases, start)[0] - law(PAIR)).sum() / 2


def test_the_penalised_walk_finds_the_law_and_the_other_one_does_not():
    assert away(0.8, 8) < 0.01
    assert min(away(0.0, phases) for phases in range(3, 13)) > 0.05, "no phase qubits help"
    assert away(0.0, 8, LIFTED) < 0.01, "a lifted start needs no penalty"


@pytest.mark.parametrize("is_lifted", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 0.8])
def test_the_circuit_keeps_what_the_powers_of_the_walk_keep(penalty, is_lifted):
    circuit = filtered_walk(PAIR, BETA, phases=3, penalty=penalty, start=1, lifted=is_lifted)
    circuit.remove_final_measurements()
    zero = Statevector(circuit).probabilities(range(5)).reshape(4, -1)[:, 0]
    law_kept, success = kept(penalty, 3, LIFTED if is_lifted else PLAIN)
    assert np.abs(zero - success * law_kept).max() < 1e-12


@pytest.mark.parametrize(
    ("energies", "options", "match"),
    [
        (np.zeros(8), {}, "of 2, 4, 8"),
        (np.zeros((2, 2)), {}, "of 2, 4, 8"),
        ([0.0, np.inf, 0.0, 0.0], {}, "finite"),
        (PAIR, {"phases": 0}, "phases"),
        (PAIR, {"start": 4}, "below 4"),
        (PAIR, {"beta": -1.0}, "beta"),
        (PAIR, {"penalty": np.nan}, "penalty"),
    ],
)
def test_what_is_no_walk_is_refused(energies, options, match):
    with pytest.raises(ValueError, match=match):
        filtered_walk(energies, **{"beta": 1.0, "phases": 2, **options})
