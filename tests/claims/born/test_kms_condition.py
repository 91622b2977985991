"""A6: detailed balance is a thermometer, its interval covers, and only thermal states pass."""

import numpy as np
import pytest
from qiskit.quantum_info import Pauli
from scipy import stats

from qcattn.backends import Aer
from qcattn.claims.born._correlators import bohr_frequencies, comb, correlation, hadamard_test
from qcattn.claims.born._thermometer import defect, exact_defect, inverse_temperature
from qcattn.claims.born.kms_condition import KMSCondition
from qcattn.dense_state import outcome_distribution
from qcattn.encodings import Binary, Transverse
from qcattn.evidence import Check
from qcattn.models.spins import ising
from qcattn.preparations import QSVT, Purification
from qcattn.progress import silent
from qcattn.records import Counts
from qcattn.thermal import gibbs_state

BETA = "inverse temperature by detailed balance"
SMALL = {"shots": 300_000, "tolerance": 0.15, "alpha": 1e-6, "backend": Aer(draws="born")}


def test_the_temperature_comes_out_and_the_pure_state_does_not_pass():
    """False-failure rate 1e-6."""
    found = KMSCondition(**SMALL)(seed=3)
    assert found.standing == "conditional" and "finite" in found.condition
    assert found.check("phases").holds is False
    beta = found.number(BETA).estimate
    assert 1.0 in beta and 0.85 < beta.low < beta.high < 1.15
    assert "not equivalent" in found.words
    one_phase = KMSCondition(**SMALL, phases=1)(seed=3)
    assert one_phase.standing == "exact" and not one_phase.condition
    assert abs(found.shots - 330_000) < 10


def test_every_check_has_a_name_and_the_words_follow_from_names_wherever_they_stand():
    claim = KMSCondition(**SMALL)
    measured = claim.measure(np.random.SeedSequence(3), silent)
    checks = {check.name: check for check in claim.check(measured)}
    assert list(checks) == [
        "all pairs",
        "no other state",
        "temperature",
        "other temperatures",
        "defect 1",
        "defect 2",
        "pure state",
        "phases",
    ]
    said = claim.describe(measured, checks)
    other = {"other": Check("other", "Another one holds", False, "")}
    assert claim.describe(measured, dict(reversed(checks.items())) | other) == said
    open_ = Check("pure state", "It breaks the condition", None, "")
    assert "was not told" in claim.describe(measured, checks | {"pure state": open_}).words


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_state_of_another_temperature_is_refuted(factor):
    """A planted fault: the circuit is prepared at another beta than the one it was asked for."""
    wrong = KMSCondition(
        **SMALL, preparation=lambda h, beta: QSVT(error=1e-3)(h, beta=factor * beta)
    )(seed=1)
    assert wrong.standing == "refuted"
    assert factor in wrong.number(BETA).estimate


def test_swapped_outcomes_are_caught(checked):
    """A planted fault in the backend: one outcome in ten is read as the other."""

    def careless(prepared, shots, seed):
        counts = SMALL["backend"](prepared, shots, seed)
        moved = counts.keys // 10
        return Counts(counts.keys - moved + moved[..., ::-1], counts.stray, counts.discarded)

    found = checked(KMSCondition(**{**SMALL, "backend": careless}))
    assert found["temperature"].holds is False


def test_few_shots_do_not_decide():
    found = KMSCondition(shots=8_000, backend=SMALL["backend"])(seed=1)
    assert found.standing == "undecided"
    assert "was not told" in found.words or "loose" in found.words


def test_a_test_that_keeps_no_shot_leaves_the_temperature_open():
    found = KMSCondition(shots=200, backend=SMALL["backend"])(seed=0)
    assert found.standing == "undecided"
    beta = found.number(BETA).estimate
    assert np.isnan(beta.best) or beta.low < 0.5 < 1.5 < beta.high


def test_the_circuit_has_the_correlation_that_linear_algebra_has():
    """False-failure rate 1e-6: of 1e9 draws 2e8 are kept."""
    hamiltonian = Transverse(field=0.7)([1.0, 0.2, -0.5, 0.3])
    claim = KMSCondition(preparation=QSVT(error=1e-6))
    teeth, tests = claim.hadamard_tests()
    for one in tests:
        # The dense simulator reads the register `system`; here the probe is what is measured.
        law = Aer(draws="born")(one, 10**9, 1).frequencies
        assert np.abs(law - one.distribution).max() < 2e-4  # 5.7 standard deviations
    state = gibbs_state(hamiltonian.matrix, 1.0)
    y = np.kron(np.eye(2), [[0, -1j], [1j, 0]])
    assert correlation(state, hamiltonian.matrix, y, [0.0]) == pytest.approx(1.0)
    exact = correlation(state, hamiltonian.matrix, y, teeth.times)
    assert np.allclose([one.distribution[0] for one in tests[::2]], (1 + exact.real) / 2)


def test_a_diagonal_hamiltonian_correlates_as_it_should():
    """One qubit of energies 0, -w: G(t) = p_0 e^{iwt} + p_1 e^{-iwt} for A = X."""
    scores, t = np.array([0.0, 1.3]), 0.8
    prepared = Purification()(Binary()(scores), beta=1.0)
    p = outcome_distribution(prepared)[0]
    exact = p[0] * np.exp(1j * 1.3 * t) + p[1] * np.exp(-1j * 1.3 * t)
    h = np.diag(-scores)
    found = correlation(np.diag(p), h, np.array([[0, 1], [1, 0]]), [t])[0]
    assert found == pytest.approx(exact)
    evolution = np.diag(np.exp(1j * scores * t))
    for part, value in (("real", exact.real), ("imaginary", exact.imag)):
        test = hadamard_test(prepared, "X", evolution, part, value)
        law = Aer(draws="born")(test, 10**9, 1).frequencies
        assert law == pytest.approx(test.distribution, abs=2e-4)


@pytest.mark.parametrize(
    ("hamiltonian", "string"),
    [
        (ising(2), "IZ"),
        (ising(2), "IX"),
        (Transverse(field=0.7)([1.0, 0.2, -0.5, 0.3]), "IY"),
        (Transverse(field=1.0)([2.0, 0.5, -1.0, 0.0]), "IY"),
    ],
)
@pytest.mark.parametrize("beta", [0.4, 1.0, 2.0])
def test_the_comb_finds_detailed_balance_in_exact_correlations(hamiltonian, string, beta):
    matrix, a = hamiltonian.matrix, Pauli(string).to_matrix()
    teeth = comb(bohr_frequencies(matrix, a), 1.0)
    g = correlation(gibbs_state(matrix, beta), matrix, a, teeth.times)
    both, difference = teeth.offsets + teeth.even @ g.real, -teeth.odd @ g.imag
    assert np.log((both + difference) / (both - difference)) == pytest.approx(
        beta * teeth.frequencies, rel=1e-6
    )
    below, at, above = exact_defect(teeth, g, np.array([0.9, 1.0, 1.1]) * beta)
    assert below < 0 < above and abs(at) < 1e-6 * min(above, -below)


def test_the_interval_covers_and_the_defect_vanishes_at_one_temperature():
    """200 intervals at 95%: fewer than 173 hits in less than 1e-6 of runs.

    The planted fault: the same intervals asked for a beta 10% off.
    """
    claim = KMSCondition(preparation=QSVT(error=1e-3))
    teeth, tests = claim.hadamard_tests()
    law = np.array([one.distribution for one in tests])
    rng = np.random.default_rng(5)
    drawn = rng.multinomial(200_000, np.broadcast_to(law, (200, *law.shape)))
    counts = drawn.reshape(200, -1, 2, 2).swapaxes(1, 2)
    found = [inverse_temperature(teeth, one, 0.05) for one in counts]
    held = sum(1.0 in one for one in found)
    assert stats.binom.cdf(172, 200, 0.95) < 1e-6
    assert held >= 173
    assert sum(1.1 in one for one in found) < 100
    signs = [defect(teeth, counts[0], beta, 0.05).best > 0 for beta in (0.8, 0.9, 1.1, 1.2)]
    assert signs == [False, False, True, True]


def test_no_level_joined_is_refused():
    with pytest.raises(ValueError, match="observable that joins levels"):
        comb(bohr_frequencies(np.diag([0.0, 1.0]), np.diag([1.0, -1.0])), 1.0)
