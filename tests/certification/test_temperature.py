import numpy as np
import pytest
from scipy import stats

from qcattn.backends import Aer
from qcattn.backends.noise import noise_options
from qcattn.certification import Estimate, certify_temperature, temperature
from qcattn.certification.temperature import beta_at, likely_betas
from qcattn.encodings import Binary
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


def test_two_levels_by_hand():
    """beta = log(k0/k1) / gap, and at its ends the likelihood has fallen by log(2/alpha)."""
    energies, counts = np.array([1.0, 3.0]), np.array([700, 300])
    found = likely_betas(counts, energies, 0.01)
    assert found.best == pytest.approx(np.log(7 / 3) / 2, abs=1e-10)

    def loglik(beta):
        weights = np.exp(-beta * energies)
        return counts @ np.log(weights / weights.sum())

    for end in (found.low, found.high):
        assert loglik(found.best) - loglik(end) == pytest.approx(np.log(200), abs=1e-6)
    assert found.low < found.best < found.high


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_energies_in_other_units_have_the_temperature_in_those(scale):
    energies, counts = np.array([0.0, 1.0, 2.5]), np.array([700, 250, 50])
    one, other = likely_betas(counts, energies, 0.01), likely_betas(counts, scale * energies, 0.01)
    for name in ("best", "low", "high"):
        assert scale * getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-9)


def test_edges():
    energies = np.array([0.0, 1.0, 2.5])
    cold, hot = (likely_betas(np.array(k), energies, 0.01) for k in ([50, 0, 0], [0, 0, 50]))
    assert cold.best == np.inf == cold.high and 0 < cold.low < np.inf
    assert hot.best == -np.inf == hot.low and -np.inf < hot.high < 0
    few = likely_betas(np.array([1, 0, 0]), energies, 0.01)
    assert few.best == np.inf and few.low < 0
    weights = np.exp(-cold.low * energies)
    assert (weights[0] / weights.sum()) ** 50 == pytest.approx(0.005, rel=1e-6)
    inverted = likely_betas(np.array([10, 20, 70]), energies, 0.01)
    assert inverted.high < 0
    for counts, levels in (([0, 0, 0], energies), ([5, 6, 7], np.ones(3))):
        nothing = likely_betas(np.array(counts), levels, 0.01)
        assert np.isnan(nothing.best) and (nothing.low, nothing.high) == (-np.inf, np.inf)


def test_a_mean_energy_has_one_beta():
    levels = np.linalg.eigvalsh(heisenberg(3).matrix)
    for beta in (-2.0, 0.0, 1e-3, 0.7, 3.0):
        weights = np.exp(-beta * (levels - levels.min()))
        energy = weights @ levels / weights.sum()
        assert beta_at(levels, energy) == pytest.approx(beta, abs=1e-5)
    assert beta_at(levels, levels.min() - 1) == np.inf
    assert beta_at(levels, levels.max()) == -np.inf


@pytest.mark.parametrize("centre", [-3.0, -1.0, 0.0, 0.6, 2.0, 5.0])
@pytest.mark.parametrize("ends", [(-np.inf, np.inf), (-4.0, np.inf), (-np.inf, 6.0)])
def test_the_best_of_all_betas_is_found_however_wide_the_interval(centre, ends):
    """Few shots leave an interval without end; two levels may differ by rounding alone."""
    levels = np.append(np.linalg.eigvalsh(ising(2).matrix), 2 * np.sqrt(2) * (1 + 1e-15))

    def energy(beta):
        weights = np.exp(-beta[:, None] * (levels - levels.min()))
        return weights @ levels / weights.sum(axis=1)

    def p_values(betas):
        away = energy(np.clip(betas, -100, 100)) - energy(np.array([centre]))
        return 0.9 * np.exp(-((away / 0.2) ** 2))

    found = temperature._any_beta(p_values, Estimate(0.3, *ends), levels, 0.001)
    assert found == pytest.approx(0.901, abs=0.005)


def test_few_shots_of_terms_that_do_not_commute_raise_no_more_alarms_than_they_may(tools):
    """20 shots a basis, 90 draws at 5%; false-failure rate 1e-6."""
    prepared, backend = tools.given(gibbs(ising(2), 1.0)), tools.Exact()
    alarms = sum(
        not certify_temperature(
            prepared, ising(2), 1.0, shots=20, backend=backend, seed=seed, alpha=0.05
        ).thermal
        for seed in range(90)
    )
    assert alarms <= stats.binom.isf(1e-6, 90, 0.05)


def test_the_interval_holds_and_false_alarms_are_few(tools):
    """40 to 80 draws at 5%: interval of beta, and "it has a temperature"; false-failure rate 1e-6.

    The test of fit is within a fifth of its level, far inside of the limit.
    """
    rng = np.random.default_rng(1)
    for shots, keys in ((10, 4), (300, 8), (5000, 16)):
        hamiltonian = Binary()(rng.normal(scale=1.5, size=keys))
        prepared, backend = Purification()(hamiltonian, beta=1.0), tools.Exact()
        found = [
            certify_temperature(
                prepared, hamiltonian, 1.0, shots=shots, backend=backend, seed=seed, alpha=0.05
            )
            for seed in range(80 if keys == 8 else 40)
        ]
        limit = tools.most_misses(len(found), 0.05)
        assert sum(1.0 not in one.beta for one in found) <= limit
        assert sum(not one.thermal for one in found) <= limit
        if keys == 8:
            halved = sum(
                abs(one.beta.best - 1) > (one.beta.high - one.beta.low) / 6 for one in found
            )
            assert halved > limit, "a third of the width would not do"


def test_a_wrong_beta_is_a_temperature_but_another(tools):
    """10% in beta; swapped energies are no temperature at all. Fixed seeds, alpha 1e-6."""
    scores = np.array([0.0, 1.0, 2.0, 3.0])
    hamiltonian = Binary()(scores)
    options = {"shots": 100_000, "backend": tools.Exact(), "alpha": 1e-6, "seed": 1}
    right = certify_temperature(Heralded()(hamiltonian, beta=1.0), hamiltonian, 1.0, **options)
    assert right.agrees and right.kept < 100_000
    warm = certify_temperature(Heralded()(hamiltonian, beta=0.9), hamiltonian, 1.0, **options)
    assert warm.thermal and not warm.agrees and 0.9 in warm.beta
    swapped = Heralded()(Binary()(scores[[1, 0, 2, 3]]), beta=1.0)
    found = certify_temperature(swapped, hamiltonian, 1.0, **options)
    assert not found.thermal and not found.agrees


def test_states_outside_are_no_temperature(tools):
    hamiltonian = Binary()([0.0, 1.0, -np.inf])
    leaking = Purification()(Binary()([0.0, 1.0, -4.0]), beta=1.0)
    found = certify_temperature(leaking, hamiltonian, 1.0, backend=tools.Exact())
    assert found.outside > 0 and not found.thermal
    assert np.isfinite(found.beta.best), "the rest still has one"


@pytest.mark.parametrize("hamiltonian", [ising(2, field=0.8), heisenberg(2)])
def test_hamiltonians_that_do_not_commute(hamiltonian, tools):
    """Intervals and false alarms over 110 draws at 5%; faults at alpha 1e-6."""
    beta, backend = 0.7, tools.Exact()
    rho = gibbs(hamiltonian, beta)
    prepared = tools.given(rho)
    found = [
        certify_temperature(
            prepared, hamiltonian, beta, shots=300, backend=backend, seed=seed, alpha=0.05
        )
        for seed in range(110)
    ]
    limit = tools.most_misses(110, 0.05)
    assert sum(beta not in one.beta for one in found) <= limit
    assert sum(not one.thermal for one in found) <= limit
    options = {"shots": 100_000, "backend": backend, "alpha": 1e-6}
    warm = certify_temperature(tools.given(gibbs(hamiltonian, 0.63)), hamiltonian, beta, **options)
    assert warm.thermal and not warm.agrees and 0.63 in warm.beta
    dephased = tools.given(np.diag(np.diag(rho)))
    assert not certify_temperature(dephased, hamiltonian, beta, **options).thermal
    assert certify_temperature(prepared, hamiltonian, beta, **options).agrees


def test_the_qsample_has_the_temperature_of_its_counts(tools):
    hamiltonian = Binary()([0.0, 1.0, 0.3, 2.0])
    prepared = Amplitude()(hamiltonian, beta=1.0)
    options = {"shots": 50_000, "backend": tools.Exact(), "alpha": 1e-6}
    assert certify_temperature(prepared, hamiltonian, 1.0, **options).agrees


def test_depolarising_noise_warms_and_is_told_from_a_temperature():
    """On Aer, 8 keys, 20 000 shots, alpha 1e-6, fixed seeds.

    Noise mixes the uniform distribution in: beta_eff falls, and with these shots no temperature
    fits any more. The same circuit without noise has the temperature asked for.
    """
    hamiltonian = Binary()([0.0, 1.0, 2.0, 3.0, 0.5, -1.0, 4.0, 1.5])
    prepared = Purification()(hamiltonian, beta=1.0)
    options = {"shots": 20_000, "alpha": 1e-6, "seed": 5}
    clean = certify_temperature(prepared, hamiltonian, 1.0, **options)
    assert clean.agrees
    best = [1.0]
    for strength in (0.02, 0.05):
        noisy = Aer(**noise_options(f"depolarizing={strength}", 6))
        found = certify_temperature(prepared, hamiltonian, 1.0, backend=noisy, **options)
        assert found.beta.best < best[-1] - 0.05 and found.beta.high < 1
        best.append(found.beta.best)
        assert not found.thermal


def test_equal_energies_have_every_temperature(tools):
    hamiltonian = Binary()([1.0, 1.0])
    prepared = Purification()(hamiltonian, beta=1.0)
    found = certify_temperature(prepared, hamiltonian, 1.0, backend=tools.Exact(), alpha=1e-6)
    assert found.agrees and np.isnan(found.beta.best)
