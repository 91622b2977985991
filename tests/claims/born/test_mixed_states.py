"""Born's rule for mixed states: exact, and not for a superposition or a sampler with a fault."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Statevector, partial_trace
from scipy.stats import unitary_group

from qcattn.backends import Aer
from qcattn.claims.born._mixed import purified, random_state
from qcattn.claims.born.mixed_states import MixedStates

SMALL = {"qubits": 1, "states": 2, "shots": 40_000, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return MixedStates(**SMALL)(seed=1)


def test_the_rule_is_exact(found):
    """False-failure rate 1e-6."""
    assert found.standing == "exact"
    assert all(check.holds for check in found.checks)
    number = found.number("total variation, the worst of 4")
    assert number.reference == 0 and 0 < number.estimate.best < number.estimate.high < 0.03
    assert found.shots == 6 * 40_000


def test_checks_have_names_and_the_purification_is_a_control(found):
    names = ["purification", "rule", "partner ignored", "partner heeded"]
    assert [check.name for check in found.checks] == ["sampler", *names]
    assert [found.check(name).role for name in names] == ["control", "claim", "claim", "claim"]


def test_words_follow_from_the_names_of_the_checks_not_from_their_order(described_twice):
    one, other = described_twice(MixedStates(**SMALL))
    assert one == other


def test_a_superposition_with_the_same_weights_is_another_state():
    """It would pass for the mixture with probability far below 1e-6: it is 0.1 off and more."""
    wrong = MixedStates(**SMALL, partner=False)(seed=1)
    assert wrong.standing == "refuted"
    assert "do not follow" in wrong.words


class Heedful(Aer):
    """Loses half of the shots whose last bit, the partner's if it is measured, is 1."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        if prepared.codewords.shape[1] == 2:
            counts.keys[2:] //= 2
        return counts


def test_a_sampler_that_depends_on_the_partner_is_caught():
    found = MixedStates(**SMALL, backend=Heedful())(seed=1)
    assert found.standing == "refuted"
    assert found.check("purification").holds and found.check("rule").holds
    assert found.check("partner ignored").holds is False
    assert found.check("partner heeded").holds is False


@pytest.mark.parametrize("partner", [True, False])
def test_the_circuit_prepares_what_it_says(partner):
    rng = np.random.default_rng(2)
    vectors, basis = (unitary_group.rvs(4, random_state=rng) for _ in range(2))
    weights = rng.dirichlet(np.ones(4))
    circuit = purified(weights, vectors, basis=basis, partner=partner).remove_final_measurements(
        inplace=False
    )
    state = Statevector(circuit)
    rho = partial_trace(state, range(2, 4)).data if partner else DensityMatrix(state).data
    inside = vectors * np.sqrt(weights)
    superposition = inside.sum(axis=1)
    expected = (
        inside @ inside.conj().T if partner else np.outer(superposition, superposition.conj())
    )
    assert np.allclose(basis @ rho @ basis.conj().T, expected)
    assert np.isclose(np.trace(expected), 1)


def test_random_states_are_states_of_full_rank_and_hilbert_schmidt_purity():
    """The mean purity 2 size / (size^2 + 1) of that measure is missed with probability 1e-6."""
    rng = np.random.default_rng(3)
    states = [random_state(4, rng) for _ in range(1000)]
    purities = np.array([np.trace(rho @ rho).real for rho in states])
    assert all(np.allclose(rho, rho.conj().T) and np.isclose(np.trace(rho), 1) for rho in states)
    assert min(np.linalg.eigvalsh(rho)[0] for rho in states) > 0
    assert abs(purities.mean() - 8 / 17) < 5 * purities.std() / np.sqrt(1000)
