"""Jumps, generator and steps in detailed balance, against closed forms and published gaps."""

import numpy as np
import pytest
from qiskit.quantum_info import Pauli
from scipy.integrate import quad_vec
from scipy.linalg import expm, sqrtm

from qcattn.models.spins import free_fermions
from qcattn.preparations.lindblad import coherent, frequencies, gap, jump, lindbladian, staying
from qcattn.preparations.reference import gibbs
from qcattn.thermal import gibbs_state

RNG = np.random.default_rng(5)


def hermitian(size, rng=RNG):
    matrix = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    return (matrix + matrix.conj().T) / 2


def case(size, beta, weights, jumps=2):
    """Frequencies, jumps and the Gibbs state of a random Hamiltonian, in its eigenbasis."""
    energies = np.linalg.eigvalsh(hermitian(size))
    nu = frequencies(energies, beta)
    found = [jump(hermitian(size), nu, weights) for _ in range(jumps)]
    return nu, found, gibbs_state(np.diag(energies), beta)


def majoranas(n):
    """X and Y at each site behind a string of Z: the 2n Majorana operators by Jordan-Wigner."""
    return ["I" * (n - 1 - k) + letter + "Z" * k for k in range(n) for letter in "XY"]


PUBLISHED = [
    (2, 0.5, 1.9378458784),
    (2, 1.0, 1.7563919694),
    (2, 2.0, 1.1353352832),
    (3, 0.5, 1.8764598011),
    (3, 1.0, 1.5291751965),
    (3, 2.0, 0.5895701771),
]


@pytest.mark.parametrize(("n", "beta", "published"), PUBLISHED)
def test_the_gap_of_free_fermions_is_the_published_one(n, beta, published):
    """Smid et al., arXiv:2501.01412: H = -sum a+_k a_{k+1} + h.c. on an open chain, all 2n
    Majoranas as jumps, q = exp(-nu^2/8): the gap is 2 exp(-beta^2 c^2) cosh(beta c) with
    c = cos(pi/(n+1)), in units of the rate at which a jump of no energy happens."""
    hamiltonian = free_fermions(n)
    energies, vectors = np.linalg.eigh(hamiltonian.matrix)
    nu = frequencies(energies, beta)
    jumps = [
        jump(vectors.conj().T @ Pauli(label).to_matrix() @ vectors, nu, "gaussian")
        for label in majoranas(n)
    ]
    generator = lindbladian(jumps, nu)
    c = np.cos(np.pi / (n + 1))
    found = gap(generator)
    assert abs(found - 2 * np.exp(-(beta**2) * c**2) * np.cosh(beta * c)) < 1e-9
    assert abs(found - published) < 1e-9
    fixed = vectors.conj().T @ gibbs(hamiltonian, beta) @ vectors
    assert np.abs(generator @ fixed.ravel()).max() < 1e-12
    without = gap(lindbladian(jumps[1:], nu))
    assert abs(without - published) > 1e-3, "one Majorana less is another gap"


@pytest.mark.parametrize("weights", ["gaussian", "glauber"])
@pytest.mark.parametrize("size", [2, 3, 8])
@pytest.mark.parametrize("beta", [0.3, 1.0])
def test_the_gibbs_state_is_the_exact_fixed_point(size, beta, weights):
    nu, jumps, fixed = case(size, beta, weights)
    generator = lindbladian(jumps, nu)
    scale = np.abs(generator).max()
    assert np.abs(generator @ fixed.ravel()).max() < 1e-13 * scale
    assert np.abs(np.eye(size).ravel() @ generator).max() < 1e-13 * scale, "traces are kept"
    assert gap(generator) > 1e-3, "and it is the only one"
    wrong = gibbs_state(np.diag(np.log(1 / np.diag(fixed))), 1.05)
    assert np.abs(generator @ wrong.ravel()).max() > 1e-4, "another temperature is none"


def test_without_the_coherent_term_or_with_its_sign_turned_it_is_not():
    nu, jumps, fixed = case(4, 1.0, "gaussian")
    term = coherent(jumps, nu)
    assert np.abs(term - term.conj().T).max() < 1e-14
    turn = -1j * (np.kron(term, np.eye(4)) - np.kron(np.eye(4), term.conj()))
    generator = lindbladian(jumps, nu)
    for more in (-1.0, -2.0):
        assert np.abs((generator + more * turn) @ fixed.ravel()).max() > 1e-2


def test_a_jump_is_the_integral_over_its_time_evolution():
    """Ding, Li, Lin, arXiv:2404.05998: L is the integral of f(t) e^{iHt} A e^{-iHt}, where f is
    sqrt(2/pi) exp(2 (1/4 + i t)^2), the Fourier transform of exp(-nu^2/8 - nu/4)."""
    h, a, beta = hermitian(4), hermitian(4), 0.7

    def integrand(t):
        turn = expm(1j * t * beta * h)
        return np.sqrt(2 / np.pi) * np.exp(2 * (0.25 + 1j * t) ** 2) * (turn @ a @ turn.conj().T)

    expected, _ = quad_vec(integrand, -5, 5, epsabs=1e-12)
    energies, vectors = np.linalg.eigh(h)
    found = jump(vectors.conj().T @ a @ vectors, frequencies(energies, beta), "gaussian")
    assert np.abs(vectors @ found @ vectors.conj().T - expected).max() < 1e-10


@pytest.mark.parametrize("weights", ["gaussian", "glauber"])
def test_jumps_are_in_detailed_balance(weights):
    """sigma^(-1/4) L sigma^(1/4) is Hermitian."""
    _, jumps, fixed = case(5, 0.6, weights, jumps=1)
    quarter = np.diag(fixed).real ** 0.25
    turned = jumps[0] / quarter[:, None] * quarter
    assert np.abs(turned - turned.conj().T).max() < 1e-12


def test_glauber_rates_up_and_down_make_two():
    """|L|^2 is 2 / (1 + e^nu) for an A of ones: up and down of a pair sum to 2 at any distance."""
    nu = frequencies(np.array([0.0, 0.3, 7.0, 2000.0]), 1.0)
    rates = jump(np.ones((4, 4)), nu, "glauber") ** 2
    assert np.isfinite(rates).all() and np.allclose(rates + rates.T, 2, rtol=1e-14, atol=0)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("weights", ["gaussian", "glauber"])
def test_staying_is_the_closed_form_and_keeps_the_gibbs_state(weights, share):
    """R = sqrt(s S s) s^(-1), where s = sigma^(1/2) and S = 1 - delta L+L: the one solution that
    keeps the trace and is in detailed balance (Gilyen et al., arXiv:2405.20322)."""
    nu, (found, *_), fixed = case(4, 0.5, weights)
    found = found * np.sqrt(share) / np.linalg.norm(found, 2)
    square = found.conj().T @ found
    stays = staying(square, nu)
    root = np.diag(np.sqrt(np.diag(fixed).real))
    expected = sqrtm(root @ (np.eye(4) - square) @ root) @ np.linalg.inv(root)
    assert np.abs(stays - expected).max() < 1e-12
    assert np.abs(stays.conj().T @ stays + square - np.eye(4)).max() < 1e-14
    after = stays @ fixed @ stays.conj().T + found @ fixed @ found.conj().T
    assert np.abs(after - fixed).max() < 1e-14
    naive = sqrtm(np.eye(4) - square)  # no coherent term
    moved = naive @ fixed @ naive.conj().T + found @ fixed @ found.conj().T
    assert np.abs(moved - fixed).max() > 1e-4


def test_short_steps_are_the_lindbladian():
    """(channel - 1) / delta goes to the generator in proportion to delta."""
    nu, (found, *_), _ = case(3, 0.8, "gaussian")
    found = found / np.linalg.norm(found, 2)
    generator = lindbladian([found], nu)
    differences = []
    for delta in (1e-2, 1e-3):
        stays = staying(delta * found.conj().T @ found, nu)
        channel = np.kron(stays, stays.conj()) + delta * np.kron(found, found.conj())
        differences.append(np.abs((channel - np.eye(9)) / delta - generator).max())
    assert differences[1] < 2e-3
    assert 9 < differences[0] / differences[1] < 11


def test_a_step_that_is_too_long_is_refused():
    nu, (found, *_), _ = case(3, 0.8, "gaussian")
    with pytest.raises(ValueError, match="step"), np.errstate(all="ignore"):
        staying(1.5 * found.conj().T @ found / np.linalg.norm(found, 2) ** 2, nu)
