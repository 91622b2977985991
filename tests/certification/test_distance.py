import numpy as np
import pytest

from qcattn import thermal
from qcattn.certification import certify_distance
from qcattn.encodings import Binary, OneHot
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.reference import gibbs


@pytest.mark.parametrize("field", [0.0, 0.8])
def test_the_bounds_hold_and_are_not_wide(field, tools):
    """90 draws at 5% for each of two states; false-failure rate 1e-6."""
    hamiltonian, beta, backend = ising(2, field=field), 0.7, tools.Exact()
    sigma = gibbs(hamiltonian, beta)
    rng = np.random.default_rng(3)
    for weight in (0.0, 0.3):
        rho = (1 - weight) * sigma + weight * tools.random_state(rng, 4, rank=1)
        prepared = tools.given(rho)
        want = float(thermal.trace_distance(rho, sigma))
        found = [
            certify_distance(
                prepared, hamiltonian, beta, shots=500, backend=backend, seed=seed, alpha=0.05
            )
            for seed in range(90)
        ]
        misses = sum(not one.low - 1e-9 <= want <= one.high + 1e-9 for one in found)
        assert misses <= tools.most_misses(90, 0.05)
        sharp = certify_distance(prepared, hamiltonian, beta, shots=10**7, backend=backend)
        assert sharp.high - want < 0.05 + 0.6 * want, "within what h says of T"
        assert sharp.low > 0.5 * want or weight == 0
        assert sharp.low < want + 1e-12


def test_faults_are_caught_and_the_right_state_is_not():
    """On Aer, fixed seeds, alpha 1e-6: a coherent state for a mixed one, and the other way."""
    for encoding in (Binary(), OneHot()):
        hamiltonian = encoding([0.0, 1.0, 0.4])
        options = {"shots": 20_000, "alpha": 1e-6, "seed": 2}
        for preparation, other in ((Amplitude(), "gibbs"), (Heralded(), "qsample")):
            prepared = preparation(hamiltonian, beta=1.0)
            right = certify_distance(prepared, hamiltonian, 1.0, **options)
            wrong = certify_distance(prepared, hamiltonian, 1.0, state=other, **options)
            assert not right.refuted and right.low == 0.0 and right.high < 0.5
            assert wrong.refuted and wrong.low > 0.2


def test_a_pure_state_is_bounded_by_its_fidelity(tools):
    hamiltonian = Binary()([0.0, 1.0, 0.4, -0.3])
    prepared = Amplitude()(hamiltonian, beta=1.0)
    found = certify_distance(prepared, hamiltonian, 1.0, shots=10**6, backend=tools.Exact(), seed=1)
    assert found.high <= np.sqrt(1 - found.overlap.low) + 1e-12 and found.high < 0.05


def test_the_claim_is_held_against_the_lower_bound(tools):
    hamiltonian, backend = Binary()([0.0, 1.0]), tools.Exact()
    rho = gibbs(hamiltonian, 1.0) + 0.1 * np.array([[0, 1], [1, 0]])
    options = {"shots": 400_000, "backend": backend, "alpha": 1e-6}
    assert not certify_distance(tools.given(rho, error=0.1), hamiltonian, 1.0, **options).refuted
    bold = certify_distance(tools.given(rho, error=0.03), hamiltonian, 1.0, **options)
    assert bold.refuted and bold.error == 0.03
    warm = certify_distance(Purification()(hamiltonian, beta=0.5), hamiltonian, 1.0, **options)
    assert warm.refuted


def test_too_many_bases_are_refused(tools):
    hamiltonian = ising(6, field=0.8)
    words = Purification()(Binary()(np.zeros(64)), beta=1.0)
    with pytest.raises(ValueError, match="729 bases"):
        certify_distance(words, hamiltonian, 1.0, backend=tools.Exact())
