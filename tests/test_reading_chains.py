"""Chains that are read again and again: their exact law, what is read, and what is refused.

The p-value of a test by repetition is no smaller than 1e-3; a right chain fails falsely once in a
hundred runs, and the seeds are fixed.
"""

import numpy as np
import pytest

from qcattn import DoesNotFit, fit
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.comparisons import fit_chains
from qcattn.encodings import Binary, Rotated
from qcattn.models import ising
from qcattn.preparations import CKG, DetailedBalance, Heralded, QuantumMCMC, SystemBath
from qcattn.preparations.reference import populations
from qcattn.reading_chains import _Circuit, _kept, read_chains
from qcattn.thermal import boltzmann

SCORES = [0.3, 1.1, -0.4, 0.9]
ROW, RING = Binary()(SCORES), ising(2, field=1.2)
CASES = {
    "keys of DetailedBalance": (ROW, DetailedBalance(), 1e-9),
    "keys of SystemBath": (ROW, SystemBath(cycles=12), 0.03),
    "keys of QuantumMCMC": (ROW, QuantumMCMC(), 1e-9),
    "levels of DetailedBalance": (RING, DetailedBalance(), 1e-9),
    "keys of CKG": (ROW, CKG(), 1e-9),
    "levels of CKG": (RING, CKG(error=0.05), 0.05),
}


@pytest.fixture(scope="module")
def found():
    """Each case, read once."""
    return {
        name: read_chains(hamiltonian, method, beta=1.0, chains=8, reads=24, seed=3)
        for name, (hamiltonian, method, _) in CASES.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_a_chain_keeps_the_thermal_law_and_its_readings_agree_with_it(found, name):
    hamiltonian, _, error = CASES[name]
    read = found[name]
    levels = np.linalg.eigvalsh(hamiltonian.matrix) if hamiltonian is RING else -np.array(SCORES)
    assert np.allclose(read.target, boltzmann(levels, 1.0)) and read.error < error
    assert np.abs(read.law @ read.transition - read.law).max() < 1e-12
    assert read.fit.standing == "agrees" and read.fit.exact
    assert read.readings.shape == (8, 24) and read.fit.shots == 192
    assert 0 < read.gates_per_effective_shot == read.gates / read.fit.effective_shots


@pytest.mark.parametrize("name", CASES)
def test_readings_of_another_temperature_are_caught(found, name):
    hamiltonian, method, _ = CASES[name]
    hot = read_chains(hamiltonian, method, beta=0.1, chains=8, reads=24, seed=4)
    right = found[name]
    assert hot.fit.standing == "agrees", "it is right for its own law"
    assert fit_chains(hot.readings, right.law, transition=right.transition).refuted


def test_the_transition_matrix_is_that_of_the_jumps(found):
    """Independent of the circuit: the chain that DetailedBalance itself multiplies."""
    _, chain = DetailedBalance()._on_keys(ROW, 1.0, DetailedBalance()._labels(ROW))
    assert np.abs(found["keys of DetailedBalance"].transition - chain.T).max() < 1e-12


def test_reading_keys_where_h_is_not_diagonal_would_disturb_its_state():
    """What a sweep between two readings of the computational basis keeps is not thermal."""
    run = _Circuit(DetailedBalance(), RING, 1.0)
    run.sweep = DetailedBalance().sweep(RING, 1.0)
    disturbed = np.array([run._row(state, 2) for state in range(4)])
    law = _kept(disturbed, np.zeros(4))
    assert np.abs(law - populations(RING, 1.0)).sum() / 2 > 1e-3


def test_counts_of_a_chain_are_refused_where_shots_must_be_independent(found):
    read = found["keys of DetailedBalance"]
    assert read.counts.shots == 192 and not read.counts.independent
    with pytest.raises(ValueError, match="fit_chains"):
        fit(read.counts, read.law)


def test_masked_keys_are_never_read_and_the_seed_decides():
    row = Binary()([0.3, -np.inf, 1.1])
    one, two = (
        read_chains(row, QuantumMCMC(), beta=1.0, chains=3, reads=3, seed=6, backend=Aer())
        for _ in range(2)
    )
    assert np.array_equal(one.readings, two.readings)
    assert set(one.readings.ravel()) <= {0, 2}
    assert np.abs(one.law[:3] - softmax([0.3, -np.inf, 1.1])).max() < 1e-9


@pytest.mark.parametrize(
    ("hamiltonian", "method", "said"),
    [
        (ROW, Heralded(), "`method`"),
        (RING, QuantumMCMC(), "not diagonal"),
        (Rotated([[0.4, 1.1]])(SCORES), DetailedBalance(), "rotated basis"),
        (Binary()([0.1, 0.2, 0.3]), SystemBath(), "padding"),
        (ROW, SystemBath(cycles=1, strength=1e-3), "do not forget"),
    ],
)
def test_what_cannot_be_read_is_refused(hamiltonian, method, said):
    with pytest.raises(DoesNotFit, match=said):
        read_chains(hamiltonian, method, beta=1.0)
