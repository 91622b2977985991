import numpy as np
import pytest
from scipy.linalg import expm

from qcattn import thermal
from qcattn.certification import certify_kms, kms
from qcattn.encodings import Binary, Rotated
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs

PAULIS = {
    "X": np.array([[0, 1], [1, 0]], complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1.0 + 0j, -1]),
}


def test_one_qubit_by_hand():
    """Diagonal p0, p1 at gap e: X+ turns 0 to 1 with weight 1/(1 + exp(-e)), so the defect is

    2 |p1 - p0 exp(-e)| / (1 + exp(-e)), for X and for Y.
    """
    for p1, gap, beta in ((0.5, 1.0, 1.0), (0.2, 0.7, 2.0), (0.9, 3.0, 0.4)):
        found = kms(np.diag([1 - p1, p1]), np.diag([0.0, gap]), beta)
        want = 2 * abs(p1 - (1 - p1) * np.exp(-beta * gap)) / (1 + np.exp(-beta * gap))
        assert found.defect == pytest.approx(want, abs=1e-12)
        assert found.worst in "XY"


def by_definition(rho, matrix, beta, letter, site, n):
    """sup over A of norm 1 of |Tr rho A B+(i beta) - Tr rho B+ A|, with plain exponentials."""
    b = np.ones((1, 1))
    for q in reversed(range(n)):
        b = np.kron(b, PAULIS[letter] if q == site else np.eye(2))
    levels, vectors = np.linalg.eigh(matrix)
    b = vectors.conj().T @ b @ vectors
    plus = vectors @ (b / (1 + np.exp(-beta * (levels[:, None] - levels)))) @ vectors.conj().T
    moved = expm(-beta * matrix) @ plus @ expm(beta * matrix)
    return np.abs(np.linalg.svd(moved @ rho - rho @ plus, compute_uv=False)).sum()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_stable_form_is_the_definition(n, tools):
    rng = np.random.default_rng(n)
    matrix = ising(n, field=0.8).matrix
    rho = tools.random_state(rng, 2**n)
    found = kms(rho, matrix, 0.6)
    want = {
        (letter, site): by_definition(rho, matrix, 0.6, letter, site, n)
        for letter in "XYZ"
        for site in range(n)
    }
    assert found.defect == pytest.approx(max(want.values()), abs=1e-10)
    letter = found.worst.replace("I", "")
    site = found.worst[::-1].index(letter)
    assert want[letter, site] == pytest.approx(found.defect, abs=1e-10)


@pytest.mark.parametrize("beta", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("n", [2, 4])
def test_the_gibbs_state_has_no_defect_however_cold(n, beta):
    for hamiltonian in (ising(n, field=0.8), heisenberg(n), ising(n, field=0.0)):
        rho = gibbs(hamiltonian, beta)
        assert kms(rho, hamiltonian.matrix, beta).defect < 1e-9


def test_other_states_have_one():
    hamiltonian = ising(2, field=0.8)
    rho = gibbs(hamiltonian, 0.7)
    dephased = np.diag(np.diag(rho))
    warm = gibbs(hamiltonian, 0.63)
    roots = np.sqrt(np.diag(rho).real)
    for state in (dephased, warm, np.outer(roots, roots), np.eye(4) / 4):
        found = kms(state, hamiltonian.matrix, 0.7)
        assert found.defect > 0.01
        assert found.trace_distance <= thermal.trace_distance(state, rho) + 1e-12


def test_the_defect_bounds_the_trace_distance_from_below(tools):
    rng = np.random.default_rng(4)
    hamiltonian = heisenberg(2)
    sigma, tight = gibbs(hamiltonian, 0.5), 0.0
    for _ in range(200):
        weight = rng.uniform()
        rho = weight * sigma + (1 - weight) * tools.random_state(rng, 4, int(rng.integers(1, 5)))
        true = float(thermal.trace_distance(rho, sigma))
        bound = kms(rho, hamiltonian.matrix, 0.5).trace_distance
        assert bound <= true + 1e-12
        tight = max(tight, bound / true)
    assert tight > 0.3


def test_from_circuits():
    for hamiltonian in (Binary()([0.0, 1.0, 0.4, -0.3]), Rotated()([0.0, 1.0, 0.4, -0.3])):
        for preparation in (Purification(), Heralded()):
            prepared = preparation(hamiltonian, beta=1.0)
            assert certify_kms(prepared, hamiltonian, 1.0).defect < 1e-9
            assert certify_kms(prepared, hamiltonian, 1.1).defect > 0.01
        coherent = Amplitude()(hamiltonian, beta=1.0)
        assert certify_kms(coherent, hamiltonian, 1.0).defect > 0.3


def test_states_without_energy_are_refused():
    hamiltonian = Binary()([0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="filled"):
        certify_kms(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
