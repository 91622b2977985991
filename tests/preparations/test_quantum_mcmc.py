"""The quantum Metropolis chain: moves are the dense proposals, its law is softmax as claimed."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qcattn import dense_state
from qcattn.attention import softmax
from qcattn.chains.proposals import quantum_proposal
from qcattn.encodings import Binary, OneHot
from qcattn.errors import DoesNotFit
from qcattn.preparations import QuantumMCMC
from qcattn.preparations.quantum_mcmc import (
    Move,
    append_move,
    energies_of_states,
    transition_of,
)
from qcattn.records import Hamiltonian

SCORES = [0.3, 1.1, -0.4, 0.9]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_gates_of_a_move_propose_what_the_dense_evolution_does(n):
    energies = np.random.default_rng(n).normal(size=2**n)
    move, moves = Move(0.4, 2.3, 3), QuantumCircuit(n)
    append_move(moves, energies, move)
    dense = quantum_proposal(energies, move.gamma, move.time, steps=move.steps)
    assert np.abs(np.abs(dense_state.unitary(moves)) ** 2 - dense).max() < 1e-12
    assert dense[0, 1:].max() > 0.05, "it moves at all"
    assert moves.count_ops().get("cx", 0) == (move.steps - 1) * (2**n - 2)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_softmax_comes_out_within_the_claimed_error_and_a_wrong_beta_does_not(beta):
    prepared = QuantumMCMC(error=1e-4)(Binary()(SCORES), beta=beta)
    assert prepared.error <= 1e-4
    off = np.abs(prepared.distribution - softmax(SCORES, beta=beta)).sum() / 2
    assert off <= prepared.error
    assert np.abs(prepared.distribution - softmax(SCORES, beta=1.1 * beta)).sum() / 2 > 5e-3


def test_a_smaller_error_takes_more_steps_and_too_few_are_refused():
    hamiltonian = Binary()(SCORES)
    resets = [
        QuantumMCMC(error=error)(hamiltonian, beta=1.0).circuit.count_ops()["reset"] / 3
        for error in (1e-1, 1e-2, 1e-3)
    ]
    assert resets == sorted(set(resets))
    few = QuantumMCMC(error=1e-3, most_steps=int(resets[2]) - 1)
    with pytest.raises(DoesNotFit, match="`most_steps`"):
        few(hamiltonian, beta=1.0)


@pytest.mark.parametrize("encode", [Binary(), OneHot()])
def test_masked_keys_and_padding_never_come_out(encode):
    prepared = QuantumMCMC(error=0.2)(encode([0.3, -np.inf, 1.1]), beta=1.0)
    state, _ = dense_state.system_state(prepared)
    inside = [int(word, 2) for word in encode([0.3, -np.inf, 1.1]).bitstrings]
    populations = np.real(state.diagonal())
    assert np.abs(populations[inside] - prepared.distribution).max() < 1e-9
    assert abs(prepared.distribution.sum() - 1) < 1e-12 and prepared.distribution[1] == 0


def test_any_diagonal_hamiltonian_will_do():
    ising = Hamiltonian.of(np.diag([-1.0, 0.2, 0.4, -0.7]))
    prepared = QuantumMCMC()(ising, beta=1.5)
    assert np.abs(prepared.distribution - softmax([1.0, -0.2, -0.4, 0.7], beta=1.5)).sum() < 0.02
    with pytest.raises(DoesNotFit, match="not diagonal"):
        QuantumMCMC()(Hamiltonian.of(np.array([[0.0, 1.0], [1.0, 0.0]])), beta=1.0)


def test_each_step_keeps_the_thermal_law_whatever_its_trotter_error():
    energies = energies_of_states(Binary()(SCORES))
    law = softmax(SCORES, beta=1.3)
    for move in QuantumMCMC(times=(2.0, 20.0)).moves(5):
        assert np.abs(law @ transition_of(energies, move, 1.3) - law).max() < 1e-14
        assert move.time / move.steps <= 0.8 and 0.25 <= move.gamma <= 0.6


@pytest.mark.parametrize(
    "options",
    [{"error": 0.0}, {"gammas": (0.6, 0.2)}, {"gammas": (0.5, 1.5)}, {"times": (0.0, 1.0)},
     {"most_steps": 0}],
)  # fmt: skip
def test_options_out_of_range_are_refused_by_name(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        QuantumMCMC(**options)
