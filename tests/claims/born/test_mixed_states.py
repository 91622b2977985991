"""Born's rule for mixed states: exact, and not for a superposition or a sampler with a fault."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Statevector, partial_trace
from scipy.stats import unitary_group

from qcattn.backends import Aer
from qcattn.claims import MixedStates
from qcattn.claims.born._mixed import purified

SMALL = {"qubits": 1, "states": 2, "shots": 40_000, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return MixedStates(**SMALL)(seed=1)


def test_the_rule_is_exact(found):
    """False-failure rate 1e-6."""
    assert found.standing == "exact"
    assert all(check.holds for check in found.checks)
    (number,) = found.numbers
    assert number.reference == 0 and 0 < number.estimate.best < number.estimate.high < 0.03
    assert found.shots == 6 * 40_000


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
    assert [check.holds for check in found.checks] == [True, True, False, False]


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
