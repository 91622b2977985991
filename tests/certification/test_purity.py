from dataclasses import replace

import numpy as np
import pytest

from qcattn.certification import certify_purity, two_copies
from qcattn.certification.purity import purity_interval
from qcattn.dense_state import outcome_distribution, system_state
from qcattn.encodings import Binary, OneHot
from qcattn.models.spins import heisenberg
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


def parity(n):
    """-1 to the number of pairs that read 11, by a loop over bits."""
    signs = []
    for reading in range(4**n):
        singlets = sum(reading >> q & 1 and reading >> (n + q) & 1 for q in range(n))
        signs.append((-1) ** singlets)
    return np.array(signs)


def cases(tools):
    rng = np.random.default_rng(1)
    scores = Binary()([0.3, -1.0, 0.8, 0.1])
    return [
        Amplitude()(scores, beta=1.0),
        Purification()(scores, beta=1.0),
        Heralded()(Binary()([0.0, 1.0, 0.4]), beta=1.0),
        Amplitude()(OneHot()([0.0, 1.0, 0.4]), beta=1.0),
        tools.given(tools.random_state(rng, 4)),
        tools.with_reset(),
    ]


def test_the_swap_test_reads_the_purity(tools):
    """The dense distribution of the doubled circuit, no shots: mean parity = Tr rho^2."""
    for prepared in cases(tools):
        rho, success = system_state(prepared)
        double = two_copies(prepared)
        chances, both = outcome_distribution(double)
        want = np.trace(rho @ rho).real
        assert abs(parity(len(rho).bit_length() - 1) @ chances - want) < 1e-12
        assert abs(both - success**2) < 1e-12 and abs(double.success - success**2) < 1e-9
    assert want < 0.99 and success < 0.99, "the last case, with a reset, is mixed and heralded"


def test_one_qubit_on_aer():
    """Tr rho^2 = p^2 + q^2 of the mixed state, 1 of the coherent one; false failure 1e-6."""
    hamiltonian = Binary()([0.0, 1.0])
    p = 1 / (1 + np.e)
    for preparation, want in ((Purification(), p**2 + (1 - p) ** 2), (Amplitude(), 1.0)):
        prepared = preparation(hamiltonian, beta=1.0)
        found = certify_purity(prepared, hamiltonian, 1.0, seed=1, alpha=1e-6)
        assert found.exact == pytest.approx(want, abs=1e-12)
        assert found.exact in found.purity and not found.refuted
        other = "gibbs" if prepared.state == "qsample" else "qsample"
        wrong = certify_purity(prepared, hamiltonian, 1.0, seed=2, alpha=1e-6, state=other)
        assert wrong.refuted and wrong.exact not in wrong.purity


def test_heralds_and_resets_on_aer(tools):
    """False-failure rate 1e-6 each; the coin without its herald has another purity."""
    hamiltonian = Binary()([0.0, 1.0, 0.4, 2.0])
    found = certify_purity(
        Heralded()(hamiltonian, beta=1.0), hamiltonian, 1.0, seed=4, shots=20_000, alpha=1e-6
    )
    assert not found.refuted and found.exact in found.purity and 0 < found.kept < 20_000
    prepared = tools.with_reset()
    rho, _ = system_state(prepared)
    found = certify_purity(
        prepared, Binary()([0.0, 1.0]), 1.0, seed=5, shots=20_000, alpha=1e-6, error=1.0
    )
    assert np.trace(rho @ rho).real in found.purity
    loose = replace(prepared, herald_register=None)
    unheralded, _ = system_state(loose)
    assert np.trace(unheralded @ unheralded).real not in found.purity


def test_intervals_hold(tools):
    """300 draws at 5%, false-failure rate 1e-6: intervals, and the test of a true claim."""
    hamiltonian = heisenberg(2)
    rho = gibbs(hamiltonian, 0.3)
    prepared, backend = tools.given(rho), tools.Exact()
    found = [
        certify_purity(prepared, hamiltonian, 0.3, shots=300, backend=backend, seed=s, alpha=0.05)
        for s in range(300)
    ]
    limit = tools.most_misses(300, 0.05)
    want = np.trace(rho @ rho).real
    assert sum(want not in one.purity for one in found) <= limit
    assert sum(one.refuted for one in found) <= limit
    halved = sum(
        abs(one.purity.best - want) > (one.purity.high - one.purity.low) / 4 for one in found
    )
    assert halved > limit, "intervals of half the width would not do"
    colder = certify_purity(
        tools.given(gibbs(hamiltonian, 0.33)), hamiltonian, 0.3, shots=100_000, backend=backend
    )
    assert colder.refuted, "10% in beta is noticed"


def test_the_claimed_error_is_allowed(tools):
    """|Tr rho^2 - Tr sigma^2| <= 2 T (s_max - s_min) + 2 T^2 over random pairs."""
    rng = np.random.default_rng(9)
    tight = 0.0
    for _ in range(300):
        sigma = tools.random_state(rng, 4, rank=int(rng.integers(1, 5)))
        rho = (1 - (w := rng.uniform())) * sigma + w * tools.random_state(rng, 4, rank=1)
        distance = np.abs(np.linalg.eigvalsh(rho - sigma)).sum() / 2
        levels = np.linalg.eigvalsh(sigma)
        bound = 2 * distance * (levels[-1] - levels[0]) + 2 * distance**2
        moved = abs(np.trace(rho @ rho - sigma @ sigma).real)
        assert moved <= bound + 1e-12
        tight = max(tight, moved / bound)
    assert tight > 0.5, "the bound is no more than twice what occurs"


def test_the_purity_is_never_below_that_of_the_mixed_state():
    interval = purity_interval(50, 100, 2, 0.01)
    assert interval.low == 0.25 and interval.high > 0.25
    nothing = purity_interval(0, 0, 2, 0.01)
    assert (nothing.low, nothing.high) == (0.25, 1.0) and np.isnan(nothing.best)


@pytest.mark.parametrize("side", [1, -1])
def test_claims_of_an_error_are_held_to_it(side, tools):
    """Populations moved by .05, which on one side reaches the bound on the purity.

    A claim of .05 passes (300 draws at 5%, false-failure rate 1e-6), one of .03 does not.
    """
    hamiltonian, backend = Binary()([np.log(0.7), np.log(0.3)]), tools.Exact()
    rho = np.diag([0.7 + 0.05 * side, 0.3 - 0.05 * side])
    honest, bold = tools.given(rho, error=0.05), tools.given(rho, error=0.03)
    alarms = sum(
        certify_purity(
            honest, hamiltonian, 1.0, shots=1000, backend=backend, seed=seed, alpha=0.05
        ).refuted
        for seed in range(300 if side == 1 else 10)
    )
    assert alarms <= tools.most_misses(300, 0.05)
    found = certify_purity(bold, hamiltonian, 1.0, shots=4_000_000, backend=backend, alpha=1e-6)
    assert found.refuted and found.error == 0.03


def test_far_from_the_mixed_state_the_square_of_the_claim_counts(tools):
    """Trace distance .3 from equal populations: purity .5 + 2 (.3)^2, the bound itself.

    False-failure rate 1e-6.
    """
    hamiltonian, backend = Binary()([0.0, 0.0]), tools.Exact()
    far = tools.given(np.diag([0.8, 0.2]))
    options = {"shots": 100_000, "backend": backend, "seed": 1, "alpha": 1e-6}
    assert not certify_purity(far, hamiltonian, 1.0, error=0.3, **options).refuted
    assert certify_purity(far, hamiltonian, 1.0, error=0.27, **options).refuted
