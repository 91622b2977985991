import numpy as np
import pytest
from scipy.linalg import logm
from scipy.stats import unitary_group

from qcattn.certification import certify_dense
from qcattn.encodings import Binary, OneHot, Rotated
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


def test_one_qubit_by_hand():
    """Coherent state against Gibbs: T = sqrt(pq), squared fidelity p^2 + q^2, D = H(p)."""
    hamiltonian = Binary()([0.0, 0.8])
    p = 1 / (1 + np.exp(0.8))
    q = 1 - p
    found = certify_dense(Amplitude()(hamiltonian, beta=1.0), hamiltonian, 1.0)
    assert found.state == "qsample" and found.holds
    assert found.fidelity == pytest.approx(1, abs=1e-12)
    assert found.gibbs_trace_distance == pytest.approx(np.sqrt(p * q), abs=1e-12)
    assert found.gibbs_fidelity == pytest.approx(p * p + q * q, abs=1e-12)
    entropy = -p * np.log(p) - q * np.log(q)
    assert found.relative_entropy == pytest.approx(entropy, abs=1e-12)
    mixed = certify_dense(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
    assert mixed.state == "gibbs" and mixed.holds
    assert mixed.purity == pytest.approx(p * p + q * q, abs=1e-12)
    assert mixed.qsample_trace_distance == pytest.approx(np.sqrt(p * q), abs=1e-12)
    assert mixed.qsample_fidelity == pytest.approx(p * p + q * q, abs=1e-12)
    assert mixed.relative_entropy < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_a_displaced_gibbs_state(seed, tools):
    """published-numbers 12: D(W rho W+ || rho) = beta (Tr H W rho W+ - Tr H rho), any unitary W.

    An identity of quantum thermodynamics, here on the transverse-field Ising chain.
    """
    hamiltonian, beta = ising(2, coupling=1.0, field=0.6, periodic=False), 0.9
    rho = gibbs(hamiltonian, beta)
    turn = unitary_group.rvs(4, random_state=np.random.default_rng(seed))
    moved = turn @ rho @ turn.conj().T
    found = certify_dense(tools.given(moved), hamiltonian, beta)
    matrix = hamiltonian.matrix
    want = beta * np.trace(matrix @ (moved - rho)).real
    assert want > 0.1, "the displacement is one"
    assert found.relative_entropy == pytest.approx(want, abs=1e-10)
    by_logs = np.trace(moved @ (logm(moved) - logm(rho))).real
    assert found.relative_entropy == pytest.approx(by_logs, abs=1e-9)


@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()])
def test_the_exact_methods_are_exact(preparation):
    for hamiltonian in (
        Binary()([0.0, 1.0, -np.inf, 0.5, 0.2]),
        OneHot()([0.0, 1.0, 0.5]),
        Rotated()([0.0, 1.0, 0.5, -0.4]),
    ):
        prepared = preparation(hamiltonian, beta=1.3)
        found = certify_dense(prepared, hamiltonian, 1.3)
        assert found.trace_distance < 1e-7 and found.fidelity > 1 - 1e-9
        assert prepared.state == "qsample" or found.relative_entropy < 1e-9
        wrong = certify_dense(preparation(hamiltonian, beta=1.43), hamiltonian, 1.3)
        assert not wrong.holds, "10% in beta is noticed"


def test_cold_states_keep_their_digits():
    hamiltonian = Binary()([0.0, 60.0])
    found = certify_dense(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
    assert found.relative_entropy < 1e-9 and found.holds


def test_weight_on_padding_is_infinitely_far(tools):
    hamiltonian = Binary()([0.0, 1.0, 0.5])
    rho = gibbs(hamiltonian, 1.0)
    away = 0.999 * rho + 0.001 * np.diag([0, 0, 0, 1])
    assert certify_dense(tools.given(away), hamiltonian, 1.0).relative_entropy == np.inf
    assert certify_dense(tools.given(rho), hamiltonian, 1.0).relative_entropy < 1e-9


def test_the_relative_entropy_is_that_of_the_matrices(tools):
    rho = tools.random_state(np.random.default_rng(6), 4)
    for hamiltonian in (Binary()([0.0, 1.0, 0.5, -1.0]), Rotated()([0.0, 1.0, 0.5, -1.0])):
        found = certify_dense(tools.given(rho), hamiltonian, 0.8)
        want = np.trace(rho @ (logm(rho) - logm(gibbs(hamiltonian, 0.8)))).real
        assert found.relative_entropy == pytest.approx(want, abs=1e-9)


def test_too_many_qubits_are_refused_with_the_bytes():
    hamiltonian = OneHot()(np.zeros(20))
    prepared = Amplitude()(hamiltonian, beta=1.0)
    with pytest.raises(ValueError, match="bytes"):
        certify_dense(prepared, hamiltonian, 1.0)


def test_what_does_not_fit_is_refused():
    rows = Binary()([[0.0, 1.0]])
    with pytest.raises(ValueError, match=r"prepared\[0\]"):
        certify_dense(Amplitude()(rows, beta=1.0), rows, 1.0)
    with pytest.raises(ValueError, match="1 system qubit,"):
        certify_dense(Amplitude()(rows[0], beta=1.0), ising(2), 1.0)
