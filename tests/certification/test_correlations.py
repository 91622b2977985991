"""The KMS condition from shots, against the dense one and the Gibbs state."""

import numpy as np
import pytest

from qcattn import thermal
from qcattn.certification import certify_correlations, kms
from qcattn.certification.correlations import kms_observables
from qcattn.encodings import Binary
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import QSVT, Amplitude, Purification
from qcattn.preparations.reference import gibbs


@pytest.mark.parametrize("hamiltonian", [ising(2, field=0.8), heisenberg(3), ising(1)])
@pytest.mark.parametrize("beta", [0.3, 1.0, 20.0])
def test_the_observables_vanish_in_the_gibbs_state_alone(hamiltonian, beta):
    pairs, observables = kms_observables(hamiltonian.matrix, beta)
    n = hamiltonian.num_qubits
    assert 0 < len(pairs) == len(observables) <= 6 * n * (3 * n + 1)
    assert np.abs(observables - np.swapaxes(observables, 1, 2).conj()).max() < 1e-12
    values = np.einsum("kij,ji->k", observables, gibbs(hamiltonian, beta))
    assert np.abs(values).max() < 1e-9
    mixed = np.eye(2**n) / 2**n
    assert np.abs(np.einsum("kij,ji->k", observables, mixed)).max() > 0.1


def test_they_are_elements_of_the_dense_defect(tools):
    """|Tr rho (A B_- - B_+ A)| with A of norm 1 is at most the trace norm, for every state."""
    rng = np.random.default_rng(1)
    hamiltonian = ising(2, field=0.8)
    _, observables = kms_observables(hamiltonian.matrix, 0.7)
    for _ in range(20):
        rho = tools.random_state(rng, 4)
        largest = np.abs(np.einsum("kij,ji->k", observables, rho)).max()
        dense = kms(rho, hamiltonian.matrix, 0.7).defect
        assert 0.1 * dense < largest <= dense + 1e-12


def test_estimates_are_the_expectation_values(tools):
    """From expected counts, no chance: what is left is the rounding of 10^8 shots."""
    hamiltonian, state = ising(2, field=0.8), tools.random_state(np.random.default_rng(2), 4)
    found = certify_correlations(
        tools.given(state), hamiltonian, 0.7, shots=10**8, backend=tools.Exact(expected=True)
    )
    _, observables = kms_observables(hamiltonian.matrix, 0.7)
    exact = np.einsum("kij,ji->k", observables, state).real
    assert np.abs(found.estimates - exact).max() < 1e-6
    assert (found.low <= exact).all() and (exact <= found.high).all()
    assert found.defect.best == pytest.approx(np.abs(exact).max(), abs=1e-6)
    assert found.worst == found.pairs[int(np.abs(exact).argmax())]
    true = float(thermal.trace_distance(state, gibbs(hamiltonian, 0.7)))
    assert 0.2 * true < found.trace_distance <= true


def test_intervals_hold_together_and_false_alarms_are_few(tools):
    """40 runs at alpha = 30%: more alarms than `most_misses` in one case of a million."""
    hamiltonian = heisenberg(2)
    prepared, backend = tools.given(gibbs(hamiltonian, 0.5)), tools.Exact()
    alarms = sum(
        certify_correlations(
            prepared, hamiltonian, 0.5, shots=500, backend=backend, seed=seed, alpha=0.3
        ).refuted
        for seed in range(40)
    )
    assert alarms <= tools.most_misses(40, 0.3)


@pytest.mark.parametrize("fault", ["none", "warm", "dephased", "qsample", "depolarised"])
def test_states_that_are_not_thermal_are_caught(fault, tools):
    """False-failure rate 1e-6: the error rate of the one state that is right."""
    hamiltonian, beta = ising(2, field=0.8), 0.7
    sigma = gibbs(hamiltonian, beta)
    roots = np.sqrt(np.diag(sigma).real)
    state = {
        "none": sigma,
        "warm": gibbs(hamiltonian, 0.55),
        "dephased": np.diag(np.diag(sigma)),
        "qsample": np.outer(roots, roots),
        "depolarised": 0.85 * sigma + 0.15 * np.eye(4) / 4,
    }[fault]
    options = {"shots": 50_000, "backend": tools.Exact(), "seed": 3, "alpha": 1e-6}
    found = certify_correlations(tools.given(state), hamiltonian, beta, **options)
    assert found.refuted == (fault != "none")
    true = float(thermal.trace_distance(state, sigma))
    assert found.trace_distance <= true + 1e-12
    allowed = certify_correlations(tools.given(state), hamiltonian, beta, error=true, **options)
    assert not allowed.refuted, "within the trace distance that is claimed"


def test_on_aer_a_thermal_circuit_passes_and_a_pure_one_does_not():
    """False-failure rate 1e-6."""
    hamiltonian = ising(2, field=0.5)
    prepared = QSVT(error=1e-3)(hamiltonian, beta=0.5)
    assert not certify_correlations(prepared, hamiltonian, 0.5, seed=4, alpha=1e-6).refuted
    keys = Binary()([0.0, 1.0, 0.4, -0.3])
    pure = Amplitude()(keys, beta=1.0)
    assert not certify_correlations(pure, keys, 1.0, alpha=1e-6).refuted, "it claims no Gibbs state"
    assert certify_correlations(pure, keys, 1.0, alpha=1e-6, error=0.0).refuted
    mixed = Purification()(keys, beta=1.0)
    assert not certify_correlations(mixed, keys, 1.0, alpha=1e-6).refuted


def test_what_cannot_be_measured_is_refused():
    hamiltonian = ising(6)
    with pytest.raises(ValueError, match="729 bases"):
        certify_correlations(Purification()(ising(6, field=0.0), beta=1.0), hamiltonian, 1.0)
    padded = Binary()([0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="filled"):
        certify_correlations(Purification()(padded, beta=1.0), padded, 1.0)
