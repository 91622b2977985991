import numpy as np
import pytest
from scipy.stats import entropy

from qcattn import thermal
from qcattn.certification import certify_free_energy
from qcattn.certification.free_energy import _allowed, coherence, entropy_range, largest_entropy
from qcattn.dense_state import system_state
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_entropies_of_a_purity_are_between_the_bounds_and_reach_them(size):
    rng = np.random.default_rng(size)
    for scale in (0.3, 1.0, 3.0):
        for spectrum in rng.dirichlet(np.full(size, scale), 500):
            purity = spectrum @ spectrum
            low, high = entropy_range(purity, purity, size)
            assert low - 1e-9 <= entropy(spectrum) <= high + 1e-9
            assert -np.log(purity) - 1e-9 <= low
    for k in range(1, size + 1):
        for part in (0.0, 0.3, 0.9):
            flat = np.append(np.ones(k), part)[:size] / (k + (part if k < size else 0))
            purity = flat @ flat
            assert entropy_range(purity, purity, size)[0] == pytest.approx(entropy(flat), abs=1e-6)
        large = np.append(k, np.ones(size - 1)) / (k + size - 1)
        purity = large @ large
        assert entropy_range(purity, purity, size)[1] == pytest.approx(entropy(large), abs=1e-6)


def test_a_range_of_purities_widens_the_range_of_entropies():
    assert entropy_range(0.25, 1.0, 4) == pytest.approx((0.0, np.log(4)))
    low, high = entropy_range(0.4, 0.6, 4)
    assert low == entropy_range(0.6, 0.6, 4)[0] and high == entropy_range(0.4, 0.4, 4)[1]


def test_the_most_even_distribution_of_a_box():
    low, high = np.array([0.5, 0.0, 0.1]), np.array([0.7, 0.2, 0.15])
    best = largest_entropy(low, high)
    grid = [
        (a, b, 1 - a - b)
        for a in np.linspace(0.5, 0.7, 201)
        for b in np.linspace(0.0, 0.2, 201)
        if 0.1 - 1e-12 <= 1 - a - b <= 0.15 + 1e-12
    ]
    assert max(entropy(one) for one in grid) == pytest.approx(best, abs=1e-4)
    assert largest_entropy(np.zeros(4), np.ones(4)) == pytest.approx(np.log(4))


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_coherence_bounds_the_distance_to_the_diagonal(rank, tools):
    rng = np.random.default_rng(rank)
    tight = 0.0
    for _ in range(100):
        rho = tools.random_state(rng, 4, rank)
        weight = rng.uniform()
        rho = weight * rho + (1 - weight) * np.diag(np.diag(rho))
        p = np.diag(rho).real
        true = entropy(p) - thermal.von_neumann_entropy(rho)
        bound = coherence(p, p, np.trace(rho @ rho).real)
        assert true <= bound + 1e-9
        loose = coherence(0.9 * p, np.minimum(1, 1.1 * p), np.trace(rho @ rho).real)
        assert bound <= loose + 1e-12
        tight = max(tight, true / bound)
    assert tight > 0.2
    assert coherence(p, p, p @ p) == pytest.approx(0, abs=1e-12), "no coherence, no distance"


def test_relative_entropy_within_a_trace_distance(tools):
    rng = np.random.default_rng(7)
    hamiltonian, beta = ising(2, field=0.8), 0.9
    sigma, matrix = gibbs(hamiltonian, beta), hamiltonian.matrix
    exact = thermal.free_energy(matrix, beta)
    span = beta * np.ptp(np.linalg.eigvalsh(matrix))
    for _ in range(200):
        weight = rng.uniform() ** 3
        rho = (1 - weight) * sigma + weight * tools.random_state(rng, 4, int(rng.integers(1, 5)))
        divergence = beta * (np.trace(rho @ matrix).real - exact)
        divergence -= thermal.von_neumann_entropy(rho)
        assert divergence <= _allowed(float(thermal.trace_distance(rho, sigma)), span, 4) + 1e-9
    assert _allowed(0.0, span, 4) == 0.0


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_the_exact_value_is_the_published_one(beta, tools):
    """published-numbers 3 (Consiglio et al., arXiv 2303.11276), exact at beta 1, n = 2.

    H = -sum XX - 0.5 sum Z on two sites, the bond once: E = -1.051202, S = .956009,
    F = -2.007211 (ours). The bounds hold all three; false-failure rate 1e-6 (fixed seed).
    """
    hamiltonian = ising(2, field=0.5, axes=("X", "Z"))
    prepared = tools.given(gibbs(hamiltonian, beta))
    found = certify_free_energy(
        prepared, hamiltonian, beta, backend=tools.Exact(), shots=50_000, alpha=1e-6
    )
    assert found.free_energy_low <= found.exact <= found.free_energy_high and not found.refuted
    if beta == 1.0:
        assert found.exact == pytest.approx(-2.007211, abs=5e-7)
        assert -1.051202 in found.energy
        assert found.entropy_low <= 0.956009 <= found.entropy_high
    assert found.trace_distance < 0.3


def truth(prepared, hamiltonian, beta):
    rho, _ = system_state(prepared)
    energy = np.trace(rho @ hamiltonian.matrix).real
    s = float(thermal.von_neumann_entropy(rho))
    divergence = beta * (energy - float(thermal.free_energy(hamiltonian.matrix, beta))) - s
    distance = float(thermal.trace_distance(rho, gibbs(hamiltonian, beta)))
    return energy, np.trace(rho @ rho).real, s, energy - s / beta, max(0.0, divergence), distance


@pytest.mark.parametrize("case", ["gibbs", "near", "coherent", "diagonal", "qsample"])
def test_the_bounds_hold_together(case, tools):
    """160 draws at 5%: any bound failing more often than at that level happens in 1e-6."""
    hamiltonian, beta = ising(2, field=0.8), 0.7
    if case == "gibbs":
        prepared = tools.given(gibbs(hamiltonian, beta))
    elif case == "near":
        prepared = tools.given(
            0.8 * gibbs(hamiltonian, beta)
            + 0.2 * tools.random_state(np.random.default_rng(1), 4, rank=1)
        )
    else:
        hamiltonian = Binary()([0.0, 1.0, 0.4, -0.5])
        prepared = {
            "coherent": tools.given(
                0.7 * gibbs(hamiltonian, beta) + 0.3 * np.full((4, 4), 0.25, complex)
            ),
            "diagonal": Heralded()(hamiltonian, beta=beta),
            "qsample": Amplitude()(hamiltonian, beta=beta),
        }[case]
    energy, purity, s, free, divergence, distance = truth(prepared, hamiltonian, beta)
    backend, misses, narrow = tools.Exact(), 0, 0
    slack = 1e-9
    for seed in range(160):
        found = certify_free_energy(
            prepared, hamiltonian, beta, shots=400, backend=backend, seed=seed, alpha=0.05
        )
        misses += not (
            energy in found.energy
            and purity in found.purity
            and found.entropy_low - slack <= s <= found.entropy_high + slack
            and found.free_energy_low - slack <= free <= found.free_energy_high + slack
            and found.divergence_low - slack <= divergence <= found.divergence_high + slack
            and distance <= found.trace_distance + slack
        )
        fifth = (found.energy.high - found.energy.low) / 10
        narrow += abs(found.energy.best - energy) > fifth
    assert misses <= tools.most_misses(160, 0.05)
    assert narrow > tools.most_misses(160, 0.05), "a fifth of the width would not do"


def test_planted_faults_are_caught(tools):
    """A coherent state, and half the beta, claimed to be the Gibbs state."""
    backend = tools.Exact()
    for hamiltonian, beta in ((Binary()([0.0, 1.0, 2.0, 0.4]), 1.0), (ising(2, field=0.8), 0.7)):
        rho = gibbs(hamiltonian, beta)
        right = tools.given(rho)
        roots = np.sqrt(np.diag(rho).real)
        pure, warm = tools.given(np.outer(roots, roots)), tools.given(gibbs(hamiltonian, beta / 3))
        options = {"backend": backend, "shots": 100_000, "alpha": 1e-6}
        assert not certify_free_energy(right, hamiltonian, beta, **options).refuted
        for wrong in (pure, warm):
            found = certify_free_energy(wrong, hamiltonian, beta, **options)
            assert found.refuted and found.divergence_low > 0.02
            allowed = certify_free_energy(wrong, hamiltonian, beta, error=0.9, **options)
            assert not allowed.refuted, "nothing is refuted that claims so little"


def test_a_qsample_claims_nothing_of_the_gibbs_state(tools):
    hamiltonian = Binary()([0.0, 1.0])
    prepared = Amplitude()(hamiltonian, beta=1.0)
    found = certify_free_energy(prepared, hamiltonian, 1.0, backend=tools.Exact())
    assert not found.refuted and found.divergence_low > 0.3


def test_more_shots_bring_the_bound_down_where_h_is_diagonal(tools):
    hamiltonian = Binary()([0.0, 1.0, 0.4, -0.5])
    prepared = Purification()(hamiltonian, beta=1.0)
    bounds = [
        certify_free_energy(
            prepared, hamiltonian, 1.0, backend=tools.Exact(expected=True), shots=shots
        ).trace_distance
        for shots in (10**4, 10**6, 10**8)
    ]
    assert bounds[0] < 0.35 and bounds[1] < 0.4 * bounds[0] + 0.1 and bounds[2] < 0.05


def test_a_state_without_energy_is_refused():
    hamiltonian = Binary()([0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="filled"):
        certify_free_energy(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
