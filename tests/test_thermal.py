from functools import reduce

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qcattn.thermal import (
    boltzmann,
    fidelity,
    free_energy,
    gibbs_state,
    internal_energy,
    kl_divergence,
    log_partition_function,
    relative_entropy,
    root_fidelity,
    shannon_entropy,
    total_variation,
    trace_distance,
    von_neumann_entropy,
)

INF = np.inf
X = np.array([[0, 1], [1, 0]], dtype=float)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1.0, -1.0])


# models and random matrices --------------------------------------------------------------------


def on(sites, n):
    """Tensor product with the given one-qubit matrices at the given sites of n."""
    return reduce(np.kron, [sites.get(site, np.eye(2)) for site in range(n)])


def ising_ring(n, field=0.5):
    """Transverse-field Ising ring -sum XX - field sum Z; two sites share a single bond."""
    bonds = [(i, (i + 1) % n) for i in range(n if n > 2 else 1)]
    coupling = sum(on({a: X, b: X}, n) for a, b in bonds)
    return -coupling - field * sum(on({i: Z}, n) for i in range(n))


def random_hermitian(rng, n, lead=()):
    real, imaginary = rng.normal(size=(2, *lead, n, n))
    matrix = real + 1j * imaginary
    return (matrix + np.swapaxes(matrix, -1, -2).conj()) / 2


def random_unitary(rng, n):
    return np.linalg.eigh(random_hermitian(rng, n))[1]


def random_state(rng, n, rank=None, lead=()):
    factor = rng.normal(size=(2, *lead, n, rank or n))
    factor = factor[0] + 1j * factor[1]
    state = factor @ np.swapaxes(factor, -1, -2).conj()
    return state / np.trace(state, axis1=-2, axis2=-1)[..., None, None]


def pure(vector):
    vector = np.asarray(vector) / np.linalg.norm(vector)
    return np.outer(vector, vector.conj())


# the independent reference: 60 digits ----------------------------------------------------------


def exact_eigen(matrix):
    values, vectors = mpmath.eighe(mpmath.matrix(matrix.tolist()))
    return list(values), vectors


def exact_thermal(hamiltonian, beta):
    """Gibbs state, ln Z, F, E and S in 60 digits, from a float64 matrix."""
    with mpmath.workdps(60):
        beta = mpmath.mpf(beta)
        levels, vectors = exact_eigen(hamiltonian)
        z = mpmath.fsum(mpmath.exp(-beta * e) for e in levels)
        p = [mpmath.exp(-beta * e) / z for e in levels]
        state = vectors * mpmath.diag(p) * vectors.H
        energy = mpmath.fsum(a * e for a, e in zip(p, levels, strict=True))
        return {
            "state": np.array(state.tolist(), dtype=complex),
            "log_z": float(mpmath.log(z)),
            "free": float(-mpmath.log(z) / beta),
            "energy": float(energy),
            "entropy": float(beta * energy + mpmath.log(z)),
        }


def exact_relative_entropy(rho, sigma):
    with mpmath.workdps(60):
        r, _ = exact_eigen(rho)
        s, vectors = exact_eigen(sigma)
        weights = vectors.H * mpmath.matrix(rho.tolist()) * vectors
        first = mpmath.fsum(x * mpmath.log(x) for x in r)
        second = mpmath.fsum(mpmath.re(weights[i, i]) * mpmath.log(s[i]) for i in range(len(s)))
        return float(first - second)


def exact_root_fidelity(rho, sigma):
    with mpmath.workdps(60):
        values, vectors = exact_eigen(rho)
        root = vectors * mpmath.diag([mpmath.sqrt(v) for v in values]) * vectors.H
        inner = root * mpmath.matrix(sigma.tolist()) * root
        return float(mpmath.fsum(mpmath.sqrt(v) for v in exact_eigen((inner + inner.H) / 2)[0]))


# equilibrium -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [1e-3, 1.0, 30.0, 1e3, 1e4])
@pytest.mark.parametrize("real", [True, False])
def test_thermal_quantities_agree_with_60_digits(strength, real):
    rng = np.random.default_rng(7)
    h = random_hermitian(rng, 5)
    h = h.real if real else h
    beta = strength / np.linalg.norm(h, 2)
    exact = exact_thermal(h, beta)
    state = gibbs_state(h, beta)
    assert np.isrealobj(state) == real
    # Eigenvalues carry an error of about 1e-15 * beta * |H| into the exponents.
    np.testing.assert_allclose(state, exact["state"], rtol=0, atol=1e-14 * max(strength, 1))
    np.testing.assert_allclose(np.trace(state), 1, rtol=1e-14)
    np.testing.assert_allclose(log_partition_function(h, beta), exact["log_z"], rtol=1e-13)
    np.testing.assert_allclose(free_energy(h, beta), exact["free"], rtol=1e-13)
    np.testing.assert_allclose(internal_energy(h, beta), exact["energy"], atol=1e-13)
    np.testing.assert_allclose(von_neumann_entropy(state), exact["entropy"], atol=1e-12)


def test_a_degenerate_ground_state_at_beta_h_1e4_stays_mixed():
    """|H| = 1e4 with gaps of order one: the ground doublet shares the weight with its neighbour."""
    u = random_unitary(np.random.default_rng(0), 4)
    h = (u * [-1e4, -1e4, -1e4 + 1, 1e4]) @ u.conj().T
    h = (h + h.conj().T) / 2
    p = np.array([1, 1, np.exp(-1), 0]) / (2 + np.exp(-1))
    np.testing.assert_allclose(gibbs_state(h, 1.0), (u * p) @ u.conj().T, atol=1e-11)
    np.testing.assert_allclose(log_partition_function(h, 1.0), 1e4 + np.log(2 + np.exp(-1)))
    np.testing.assert_allclose(von_neumann_entropy(gibbs_state(h, 1.0)), shannon_entropy(p))


@pytest.mark.parametrize(
    ("n", "energy", "entropy", "free"),
    [
        (2, -1.051202, 0.956009, -2.007211),
        (3, -2.996998, 0.937527, -3.934526),
        (4, -3.872418, 1.184153, -5.056570),
    ],
)
def test_published_ising_rings(n, energy, entropy, free):
    """Exact values at beta 1 of the rings of Consiglio et al., arXiv:2303.11276."""
    h = ising_ring(n)
    assert internal_energy(h, 1.0) == pytest.approx(energy, abs=6e-7)
    assert von_neumann_entropy(gibbs_state(h, 1.0)) == pytest.approx(entropy, abs=6e-7)
    assert free_energy(h, 1.0) == pytest.approx(free, abs=6e-7)


def test_published_heisenberg_cycle():
    h = sum(on({i: p, (i + 1) % 4: p}, 4) for i in range(4) for p in (X, Y, Z))
    assert -log_partition_function(h, 2.0) == pytest.approx(-16.0010066690, abs=6e-11)


def test_published_triangle():
    """Exact free energy of -ZZI-IZZ-ZIZ at beta 1.5 (Wang et al., arXiv:2005.08797)."""
    energies = -np.diag(sum(on({a: Z, b: Z}, 3) for a, b in [(0, 1), (1, 2), (0, 2)]))
    assert free_energy(energies, 1.5, diagonal=True) == pytest.approx(-3.467037, abs=6e-7)


@pytest.mark.parametrize(
    ("n", "shares"),
    [
        (2, [0.7764, 0.5888, 0.4524, 0.3621, 0.2815]),
        (4, [0.4705, 0.2215, 0.1370, 0.1211, 0.1148]),
        (6, [0.3235, 0.0999, 0.0409, 0.0314, 0.0307]),
    ],
)
def test_published_heralding_probabilities(n, shares):
    h, betas = ising_ring(n), np.array([0.2, 0.5, 1, 2, 5])
    ground = np.linalg.eigvalsh(h)[0]
    log_share = log_partition_function(h, betas) + betas * ground - n * np.log(2)
    np.testing.assert_allclose(np.exp(log_share), shares, atol=6e-5)


def test_independent_spins_in_closed_form():
    fields, beta = np.array([0.3, 1.1, 2.0]), 1.7
    h = sum(f * on({i: X}, 3) for i, f in enumerate(fields))
    t = np.tanh(beta * fields)
    log_z = np.log(2 * np.cosh(beta * fields)).sum()
    state = reduce(np.kron, [(np.eye(2) - x * X) / 2 for x in t])
    np.testing.assert_allclose(gibbs_state(h, beta), state, atol=1e-14)
    np.testing.assert_allclose(log_partition_function(h, beta), log_z)
    np.testing.assert_allclose(internal_energy(h, beta), -(fields * t).sum())
    np.testing.assert_allclose(
        von_neumann_entropy(state), log_z - (beta * fields * t).sum(), atol=1e-14
    )


def test_oscillator_in_closed_form():
    """Levels n + 1/2: ln Z = -beta/2 - ln(1 - e^-beta), and Planck's mean energy."""
    levels, beta = np.arange(2000) + 0.5, 0.1
    np.testing.assert_allclose(
        log_partition_function(levels, beta, diagonal=True), -beta / 2 - np.log(-np.expm1(-beta))
    )
    np.testing.assert_allclose(
        internal_energy(levels, beta, diagonal=True), 0.5 + 1 / np.expm1(beta)
    )


def test_energies_equal_their_diagonal_matrix_and_infinity_is_a_missing_state():
    rng = np.random.default_rng(3)
    energies, beta = rng.normal(size=(4, 6)) * 50, np.array([0.01, 0.1, 1.0, 200.0])
    matrix = energies[..., None] * np.eye(6)
    padded = np.insert(energies, 2, INF, axis=-1)
    p = boltzmann(energies, beta)
    np.testing.assert_allclose(np.diagonal(gibbs_state(matrix, beta), 0, -2, -1), p, atol=1e-15)
    np.testing.assert_array_equal(boltzmann(padded, beta)[:, 2], 0)
    np.testing.assert_allclose(np.delete(boltzmann(padded, beta), 2, axis=-1), p)
    for function in (log_partition_function, free_energy, internal_energy):
        expected = function(matrix, beta)
        assert expected.shape == (4,)
        np.testing.assert_allclose(function(energies, beta, diagonal=True), expected, rtol=1e-13)
        np.testing.assert_allclose(function(padded, beta, diagonal=True), expected, rtol=1e-13)


def test_boltzmann_agrees_with_60_digits_at_beta_e_1e4():
    energies = np.array([-1e4, -1e4 + 0.25, -1e4 + 600, 1e4])
    with mpmath.workdps(60):
        weights = [mpmath.exp(-mpmath.mpf(e)) for e in energies]
        exact = [float(w / mpmath.fsum(weights)) for w in weights]
    np.testing.assert_allclose(boltzmann(energies, 1.0), exact, rtol=1e-13)
    np.testing.assert_array_equal(boltzmann([-1.7e308, 1.7e308, INF], 3.0), [1, 0, 0])


def test_a_matrix_hermitian_up_to_rounding_counts_as_its_hermitian_part():
    h = ising_ring(2)
    askew = h + 1e-10 * np.triu(np.ones((4, 4)), 1)
    part = (askew + askew.T) / 2
    np.testing.assert_allclose(gibbs_state(askew, 1.0), gibbs_state(part, 1.0), atol=1e-15)
    assert np.abs(gibbs_state(askew, 1.0) - gibbs_state(h, 1.0)).max() > 1e-12


def test_leading_axes_are_carried_and_beta_broadcasts_with_them():
    h = random_hermitian(np.random.default_rng(4), 3, lead=(2, 1))
    betas = np.array([0.5, 1.0, 4.0])
    states = gibbs_state(h, betas)
    assert states.shape == (2, 3, 3, 3)
    for i, j in np.ndindex(2, 3):
        one = h[i, 0], betas[j]
        np.testing.assert_allclose(states[i, j], gibbs_state(*one), atol=1e-15)
        for function in (log_partition_function, free_energy, internal_energy):
            np.testing.assert_allclose(function(h, betas)[i, j], function(*one), rtol=1e-14)
    pairs = {
        relative_entropy: 1e-13,
        trace_distance: 1e-14,
        fidelity: 1e-14,
        root_fidelity: 1e-14,
    }
    for function, tolerance in pairs.items():
        table = function(states[:, :, None], states[:, None])
        assert table.shape == (2, 3, 3)
        assert table[1, 0, 2] == pytest.approx(function(states[1, 0], states[1, 2]), abs=tolerance)
        assert table[0, 0, 2] > 0.01


# entropies -------------------------------------------------------------------------------------


def test_relative_entropy_agrees_with_60_digits():
    rng = np.random.default_rng(11)
    for n in (2, 3, 5):
        rho, sigma = random_state(rng, n), random_state(rng, n)
        expected = exact_relative_entropy(rho, sigma)
        assert expected > 0.05
        assert relative_entropy(rho, sigma) == pytest.approx(expected, rel=1e-12)


def test_relative_entropy_with_small_eigenvalues_in_a_turned_basis():
    rng = np.random.default_rng(12)
    u = random_unitary(rng, 4)
    sigma = (u * [1 - 1.1e-6, 1e-6, 1e-7, 1e-10]) @ u.conj().T
    sigma = (sigma + sigma.conj().T) / 2
    sigma = sigma / np.trace(sigma).real
    rho = random_state(rng, 4)
    # sigma's smallest eigenvalue, 1e-10, is held to about 1e-16 / 1e-10 = 1e-6 of itself.
    assert relative_entropy(rho, sigma) == pytest.approx(
        exact_relative_entropy(rho, sigma), rel=1e-6
    )


def test_relative_entropy_of_a_displaced_gibbs_state():
    """D(W rho W+ || rho) = beta (Tr(H W rho W+) - Tr(H rho)) for any unitary W."""
    rng = np.random.default_rng(13)
    h, beta, w = ising_ring(3), 0.8, random_unitary(rng, 8)
    rho = gibbs_state(h, beta)
    moved = w @ rho @ w.conj().T
    expected = beta * (np.trace(h @ moved).real - internal_energy(h, beta))
    assert expected > 1
    assert relative_entropy(moved, rho) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
def test_free_energy_exceeds_equilibrium_by_the_relative_entropy(beta):
    rng = np.random.default_rng(14)
    h, rho = random_hermitian(rng, 6), random_state(rng, 6)
    free = np.trace(h @ rho).real - von_neumann_entropy(rho) / beta
    gibbs = gibbs_state(h, beta)
    divergence = relative_entropy(rho, gibbs)
    assert divergence > 0.1
    held = 1e-15 / np.linalg.eigvalsh(gibbs)[0]  # how well the matrix knows its smallest eigenvalue
    assert held < 1e-4
    assert free - free_energy(h, beta) == pytest.approx(divergence / beta, rel=max(held, 1e-12))


def test_relative_entropy_is_infinite_outside_the_support_and_finite_inside():
    rng = np.random.default_rng(15)
    u = random_unitary(rng, 5)
    block = np.zeros((5, 5), dtype=complex)
    block[:3, :3] = random_state(rng, 3)
    inside = np.zeros((5, 5), dtype=complex)
    inside[:3, :3] = random_state(rng, 3)
    sigma, rho = u @ block @ u.conj().T, u @ inside @ u.conj().T
    expected = exact_relative_entropy(inside[:3, :3], block[:3, :3])
    assert relative_entropy(rho, sigma) == pytest.approx(expected, rel=1e-10)
    assert relative_entropy(random_state(rng, 5), sigma) == INF
    assert relative_entropy(0.999 * rho + 0.001 * np.eye(5) / 5, sigma) == INF
    assert relative_entropy(sigma, sigma) == pytest.approx(0, abs=1e-12)
    ground = np.diag([1.0, 0.0])
    assert relative_entropy(pure([1, 1e-17]), ground) == pytest.approx(0, abs=1e-15)
    assert relative_entropy(pure([1, 1e-7]), ground) == INF
    a, b = pure([1, 1j, 2]), pure([1, 1j, 2.001])
    assert relative_entropy(a, b) == INF
    assert relative_entropy(a, a) == pytest.approx(0, abs=1e-12)


def test_diagonal_states_keep_eigenvalues_far_below_rounding():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([1.0, 1e-30, 0.0])
    expected = 0.5 * np.log(0.5) + 0.5 * (np.log(0.5) + 30 * np.log(10))
    assert relative_entropy(np.diag(p), np.diag(q)) == pytest.approx(expected, rel=1e-14)
    assert kl_divergence(p, q) == pytest.approx(expected, rel=1e-14)
    assert relative_entropy(np.diag([1, 1e-30]), np.diag([1.0, 0])) == INF
    assert root_fidelity(np.diag([1.0, 1e-20]), np.diag([0.0, 1])) == pytest.approx(1e-10)
    assert von_neumann_entropy(np.diag([1, 1e-20])) == pytest.approx(1e-20 * np.log(1e20))


def test_entropies_of_known_states():
    assert shannon_entropy([0.5, 0.25, 0.25, 0]) == pytest.approx(1.5 * np.log(2))
    assert von_neumann_entropy(pure([3, 4j, 1])) == pytest.approx(0, abs=1e-14)
    assert shannon_entropy([1 + 1e-12, 0.0]) == 0
    assert von_neumann_entropy(np.eye(7) / 7) == pytest.approx(np.log(7))
    bell = pure([1, 0, 0, 1]).reshape(2, 2, 2, 2)
    assert von_neumann_entropy(np.einsum("ijkj->ik", bell)) == pytest.approx(np.log(2))
    assert kl_divergence([0.5, 0.5], [0.25, 0.75]) == pytest.approx(0.5 * np.log(4 / 3))
    assert kl_divergence([0.0, 1.0], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert kl_divergence([0.5, 0.5], [0.0, 1.0]) == INF
    assert kl_divergence([0.0, 1.0], [0.0, 1.0]) == 0


# distances -------------------------------------------------------------------------------------


def test_fidelity_agrees_with_60_digits():
    rng = np.random.default_rng(21)
    for n in (2, 4):
        rho, sigma = random_state(rng, n), random_state(rng, n)
        expected = exact_root_fidelity(rho, sigma)
        assert 0.3 < expected < 0.99
        assert root_fidelity(rho, sigma) == pytest.approx(expected, rel=1e-12)
        assert fidelity(rho, sigma) == pytest.approx(expected**2, rel=1e-12)


def test_qubits_on_the_bloch_sphere():
    """T = |a - b|/2, and F = Tr(rho sigma) + 2 sqrt(det rho det sigma) (Jozsa 1994)."""
    rng = np.random.default_rng(22)
    a, b = rng.normal(size=(2, 20, 3))
    a /= np.linalg.norm(a, axis=-1, keepdims=True) * rng.uniform(1, 3, (20, 1))
    b /= np.linalg.norm(b, axis=-1, keepdims=True) * rng.uniform(1, 3, (20, 1))
    paulis = np.stack([X, Y, Z])
    rho = (np.eye(2) + np.einsum("ni,ijk->njk", a, paulis)) / 2
    sigma = (np.eye(2) + np.einsum("ni,ijk->njk", b, paulis)) / 2
    overlap = np.trace(rho @ sigma, axis1=-2, axis2=-1).real
    determinants = np.linalg.det(rho).real * np.linalg.det(sigma).real
    np.testing.assert_allclose(trace_distance(rho, sigma), np.linalg.norm(a - b, axis=-1) / 2)
    np.testing.assert_allclose(fidelity(rho, sigma), overlap + 2 * np.sqrt(determinants))


def test_pure_states():
    rng = np.random.default_rng(23)
    for n in (2, 8, 64):
        a, b = rng.normal(size=(2, n)) + 1j * rng.normal(size=(2, n))
        overlap = abs(np.vdot(a, b)) ** 2 / (np.vdot(a, a) * np.vdot(b, b)).real
        rho, sigma = pure(a), pure(b)
        assert fidelity(rho, sigma) == pytest.approx(overlap, abs=1e-13)
        assert trace_distance(rho, sigma) == pytest.approx(np.sqrt(1 - overlap), abs=1e-13)
        assert root_fidelity(rho, np.eye(n) / n) == pytest.approx(1 / np.sqrt(n), abs=1e-13)
        assert fidelity(rho, rho) == pytest.approx(1, abs=1e-13)
    assert fidelity(pure([1, 1]), pure([1, -1])) == pytest.approx(0, abs=1e-30)
    assert trace_distance(pure([1, 1]), pure([1, -1])) == pytest.approx(1, abs=1e-15)


def test_diagonal_states_reduce_to_distributions():
    p, q = np.random.default_rng(24).dirichlet(np.ones(6), size=2)
    rho, sigma = np.diag(p), np.diag(q)
    assert trace_distance(rho, sigma) == pytest.approx(total_variation(p, q), abs=1e-15)
    assert total_variation(p, q) == pytest.approx(np.maximum(p - q, 0).sum(), abs=1e-15)
    assert relative_entropy(rho, sigma) == pytest.approx(kl_divergence(p, q), rel=1e-13)
    assert kl_divergence(p, q) == pytest.approx((p * np.log(p / q)).sum(), rel=1e-13)
    assert root_fidelity(rho, sigma) == pytest.approx(np.sqrt(p * q).sum(), rel=1e-13)
    assert von_neumann_entropy(rho) == pytest.approx(shannon_entropy(p), rel=1e-13)
    assert total_variation(p, q) > 0.1


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 6), data=st.data())
def test_distances_keep_their_bounds_and_symmetries(seed, n, data):
    rank = data.draw(st.tuples(st.integers(1, n), st.integers(1, n)))
    rng = np.random.default_rng(seed)
    rho, sigma = random_state(rng, n, rank[0]), random_state(rng, n, rank[1])
    u = random_unitary(rng, n)
    t, f, d = trace_distance(rho, sigma), fidelity(rho, sigma), relative_entropy(rho, sigma)

    assert 0 <= t <= 1
    assert 0 <= f <= 1
    assert d >= 0
    assert t == pytest.approx(trace_distance(sigma, rho), abs=1e-14)
    assert f == pytest.approx(fidelity(sigma, rho), abs=1e-10)
    assert f == pytest.approx(root_fidelity(rho, sigma) ** 2, abs=1e-15)
    # Fuchs and van de Graaf (1999): 1 - sqrt(F) <= T <= sqrt(1 - F); Pinsker: 2 T^2 <= D.
    assert 1 - np.sqrt(f) <= t + 1e-10
    assert t**2 <= 1 - f + 1e-10
    assert 2 * t**2 <= d + 1e-10
    assert 0 <= von_neumann_entropy(rho) <= np.log(n) + 1e-12

    turned = u @ rho @ u.conj().T, u @ sigma @ u.conj().T
    assert trace_distance(*turned) == pytest.approx(t, abs=1e-12)
    assert von_neumann_entropy(turned[0]) == pytest.approx(von_neumann_entropy(rho), abs=1e-11)
    if min(np.linalg.eigvalsh(rho)[-rank[0]], np.linalg.eigvalsh(sigma)[-rank[1]]) > 1e-6:
        assert fidelity(*turned) == pytest.approx(f, abs=1e-8)
        assert relative_entropy(*turned) == pytest.approx(d, rel=1e-6, abs=1e-8)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_channel_makes_states_easier_to_tell_apart(seed):
    """Data processing under the partial trace over one of two qubits; additivity on products."""
    rng = np.random.default_rng(seed)
    rho, sigma = random_state(rng, 4), random_state(rng, 4)
    small = [np.einsum("ijkj->ik", s.reshape(2, 2, 2, 2)) for s in (rho, sigma)]
    assert trace_distance(*small) <= trace_distance(rho, sigma) + 1e-12
    assert fidelity(*small) >= fidelity(rho, sigma) - 1e-12
    assert relative_entropy(*small) <= relative_entropy(rho, sigma) * (1 + 1e-9)
    products = np.kron(rho, small[0]), np.kron(sigma, small[1])
    assert relative_entropy(*products) == pytest.approx(
        relative_entropy(rho, sigma) + relative_entropy(*small), rel=1e-7
    )
    assert fidelity(*products) == pytest.approx(fidelity(rho, sigma) * fidelity(*small), rel=1e-7)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30))
def test_distribution_distances_keep_their_bounds(seed, n):
    p, q, r = np.random.default_rng(seed).dirichlet(np.full(n, 0.5), size=3)
    v = total_variation(p, q)
    assert 0 <= v <= 1
    assert v == total_variation(q, p)
    assert v <= total_variation(p, r) + total_variation(r, q) + 1e-15
    assert 2 * v**2 <= kl_divergence(p, q) + 1e-12
    assert 0 <= shannon_entropy(p) <= np.log(n) + 1e-12
    assert kl_divergence(p, p) == 0


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), log_beta=st.floats(-3, 4), shift=st.floats(-1e3, 1e3))
def test_thermodynamic_identities(seed, log_beta, shift):
    """F = E - S/beta; a shift of the zero of energy moves F and E alone."""
    rng, beta = np.random.default_rng(seed), 10**log_beta
    h = random_hermitian(rng, 4)
    h /= np.linalg.norm(h, 2)
    state, free, energy = gibbs_state(h, beta), free_energy(h, beta), internal_energy(h, beta)
    entropy = von_neumann_entropy(state)
    assert energy == pytest.approx(np.trace(h @ state).real, abs=1e-12)
    assert free == pytest.approx(energy - entropy / beta, abs=1e-11)
    assert log_partition_function(h, beta) == pytest.approx(-beta * free, rel=1e-12)
    moved = h + shift * np.eye(4)
    assert free_energy(moved, beta) == pytest.approx(free + shift, abs=1e-11)
    assert internal_energy(moved, beta) == pytest.approx(energy + shift, abs=1e-11 * (1 + beta))


# bad input -------------------------------------------------------------------------------------

GOOD = np.eye(2) / 2


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, 1], [2, 0]], r"`{}` must be Hermitian, but {} differs.*by 1;"),
        ([[0, 1j], [1j, 0]], r"`{}` must be Hermitian"),
        ([GOOD, [[0.5, 0.1], [0, 0.5]]], r"`{}` must be Hermitian, but {}\[1\] differs"),
        (np.ones((2, 3)), r"`{}` must be of shape \(\.\.\., N, N\).*shape \(2, 3\)"),
        (np.ones(3), r"`{}` must be of shape \(\.\.\., N, N\).*np\.diag"),
        (np.ones((0, 0)), r"`{}` must be of shape \(\.\.\., N, N\)"),
        ([[np.nan, 0], [0, 1]], r"`{}` must be finite, but {}\[0, 0\] is nan"),
        ([[1, 0], [0, INF]], r"`{}` must be finite, but {}\[1, 1\] is inf"),
        ([["a", "b"], ["c", "d"]], r"`{}` must hold numbers, but is of dtype <U1"),
        ([[1, 0], [1]], r"`{}` must be a rectangular array"),
    ],
)
def test_unusable_matrices_are_named(matrix, message):
    for function in (gibbs_state, log_partition_function, free_energy, internal_energy):
        with pytest.raises(ValueError, match=message.replace("{}", "hamiltonian")):
            function(matrix, 1.0)
    with pytest.raises(ValueError, match=message.replace("{}", "state")):
        von_neumann_entropy(matrix)
    for function in (relative_entropy, trace_distance, fidelity, root_fidelity):
        with pytest.raises(ValueError, match=message.replace("{}", "rho")):
            function(matrix, GOOD)
        with pytest.raises(ValueError, match=message.replace("{}", "sigma")):
            function(GOOD, matrix)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (np.eye(2), r"must have trace 1, but that of {} is 2\.0; divide"),
        ([GOOD, 0.9 * GOOD], r"must have trace 1, but that of {}\[1\] is 0\.9"),
        (np.diag([1.2, -0.2]), r"no negative eigenvalue, but {} has -0\.2"),
        ([[0.5, 0.6], [0.6, 0.5]], r"no negative eigenvalue, but {} has -0\.1"),
    ],
)
def test_matrices_that_are_no_density_matrix_are_named(state, message):
    with pytest.raises(ValueError, match=message.replace("{}", "state")):
        von_neumann_entropy(state)
    for function in (relative_entropy, trace_distance, fidelity, root_fidelity):
        with pytest.raises(ValueError, match=message.replace("{}", "rho")):
            function(state, GOOD)
        with pytest.raises(ValueError, match=message.replace("{}", "sigma")):
            function(GOOD, state)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([1.1, -0.1], r"`{}` must not be negative, but {}\[1\] is -0\.1"),
        ([[0.5, 0.5], [np.nan, 1.0]], r"{}\[1, 0\] is nan"),
        ([INF, 0.0], r"{}\[0\] is inf"),
        (
            [[0.5, 0.5], [0.5, 0.4]],
            r"`{}` must sum to one over its last axis, but {}\[1\] sums to 0\.9; .*{}.sum",
        ),
        ([3, 5], r"`{}` must sum to one"),
        (1.0, r"`{}` must be of shape \(\.\.\., outcomes\)"),
        ([1j, 1], r"`{}` must hold real numbers"),
    ],
)
def test_unusable_probabilities_are_named(p, message):
    with pytest.raises(ValueError, match=message.replace("{}", "probabilities")):
        shannon_entropy(p)
    for function in (kl_divergence, total_variation):
        with pytest.raises(ValueError, match=message.replace("{}", "p")):
            function(p, [0.5, 0.5])
        with pytest.raises(ValueError, match=message.replace("{}", "q")):
            function([0.5, 0.5], p)


def test_shapes_that_do_not_fit_are_named():
    three = np.eye(3) / 3
    for function in (relative_entropy, trace_distance, fidelity, root_fidelity):
        with pytest.raises(
            ValueError, match=r"`sigma` must be of shape \(\.\.\., 2, 2\).*\(3, 3\)"
        ):
            function(GOOD, three)
        with pytest.raises(ValueError, match=r"`sigma` must be of shape"):
            function(np.broadcast_to(GOOD, (2, 2, 2)), np.broadcast_to(GOOD, (3, 2, 2)))
    for function in (kl_divergence, total_variation):
        with pytest.raises(ValueError, match=r"`q` must be of shape \(\.\.\., 2\).*\(1,\)"):
            function([0.5, 0.5], [1.0])


@pytest.mark.parametrize(
    ("beta", "message"),
    [
        (0, r"`beta` must be positive and finite, but beta is 0"),
        (-2.0, r"beta is -2"),
        (INF, r"beta is inf"),
        ([1.0, np.nan], r"beta\[1\] is nan"),
        (np.ones(5), r"`beta`.*broadcast with the leading axes \(3,\).*shape \(5,\)"),
        (None, r"`beta` must hold real numbers"),
    ],
)
def test_unusable_beta_is_named(beta, message):
    matrices = np.broadcast_to(GOOD, (3, 2, 2))
    for function in (gibbs_state, log_partition_function, free_energy, internal_energy):
        with pytest.raises(ValueError, match=message):
            function(matrices, beta)
    with pytest.raises(ValueError, match=message):
        boltzmann(np.zeros((3, 2)), beta)


@pytest.mark.parametrize(
    ("energies", "message"),
    [
        ([0.0, np.nan], r"`{}` must be finite, or \+inf.*{}\[1\] is nan"),
        ([[0.0, 1.0], [-INF, 0.0]], r"{}\[1, 0\] is -inf"),
        ([[0.0, INF], [INF, INF]], r"`{}` has only \+inf at {}\[1\]"),
        ([], r"`{}` must be of shape \(\.\.\., N\)"),
        (2.0, r"`{}` must be of shape \(\.\.\., N\)"),
        (["0", "1"], r"`{}` must hold real numbers"),
        ([[0.0], [1.0, 2.0]], r"`{}` must be a rectangular array"),
    ],
)
def test_unusable_energies_are_named(energies, message):
    with pytest.raises(ValueError, match=message.replace("{}", "energies")):
        boltzmann(energies, 1.0)
    for function in (log_partition_function, free_energy, internal_energy):
        with pytest.raises(ValueError, match=message.replace("{}", "hamiltonian")):
            function(energies, 1.0, diagonal=True)
