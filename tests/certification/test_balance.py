import numpy as np
import pytest

from qcattn.certification import certify_balance
from qcattn.encodings import Binary, OneHot
from qcattn.models.spins import ising
from qcattn.preparations import Heralded, Purification
from qcattn.preparations.reference import gibbs


def test_ratios_hold_together_and_false_alarms_are_few(tools):
    """400 draws at 5%, false-failure rate 1e-6; a masked key and rare keys among them."""
    hamiltonian = Binary()([0.0, 3.0, -np.inf, 1.0, 2.5, -4.0])
    prepared, backend = Heralded()(hamiltonian, beta=1.0), tools.Exact()
    misses = alarms = 0
    for seed in range(400):
        found = certify_balance(
            prepared, hamiltonian, 1.0, shots=600, backend=backend, seed=seed, alpha=0.05
        )
        misses += not np.all((found.low <= found.exact + 1e-9) & (found.exact <= found.high + 1e-9))
        alarms += found.refuted
    limit = tools.most_misses(400, 0.05)
    assert misses <= limit and alarms <= limit
    assert found.reference == 1 and found.exact[2] == -np.inf and found.high[2] > -np.inf
    shifted = sum(
        certify_balance(
            prepared, hamiltonian, 1.3, shots=3000, backend=backend, seed=seed, alpha=0.05
        ).refuted
        for seed in range(100)
    )
    assert shifted > 60, "a wrong beta is no false alarm"


def test_planted_faults_are_caught():
    """On Aer, alpha 1e-6, fixed seeds: beta off by 10%, two energies swapped, a masked key hit."""
    scores = np.array([0.0, 1.0, 3.0, -np.inf])
    hamiltonian = Binary()(scores)
    options = {"shots": 100_000, "alpha": 1e-6, "seed": 3}
    prepared = Purification()(hamiltonian, beta=1.0)
    assert not certify_balance(prepared, hamiltonian, 1.0, **options).refuted
    swapped = Binary()(scores[[1, 0, 2, 3]])
    leaking = Binary()(np.where(np.isinf(scores), -5.0, scores))
    for wrong in (
        Purification()(hamiltonian, beta=1.1),
        Purification()(swapped, beta=1.0),
        Purification()(leaking, beta=1.0),
    ):
        assert certify_balance(wrong, hamiltonian, 1.0, **options).refuted


def test_strays_are_no_keys(tools):
    hamiltonian = OneHot()([0.0, 1.0])
    mixed = tools.given(0.99 * gibbs(hamiltonian, 1.0) + 0.01 * np.eye(4) / 4)
    import dataclasses

    prepared = dataclasses.replace(mixed, codewords=hamiltonian.codewords)
    options = {"backend": tools.Exact(), "alpha": 1e-6}
    found = certify_balance(prepared, hamiltonian, 1.0, **options)
    assert found.outside > 0 and found.p_value == 0.0
    assert not certify_balance(prepared, hamiltonian, 1.0, error=0.01, **options).refuted


def test_the_claimed_error_is_allowed_and_no_more(tools):
    """Weight moved between two keys by .02 (T = .02): 400 draws at 5%, false-failure rate 1e-6."""
    hamiltonian, backend = Binary()([0.0, 1.0, 0.5, 0.2]), tools.Exact()
    p = np.diag(gibbs(hamiltonian, 1.0)).real + np.array([0.02, -0.02, 0, 0])
    prepared = tools.given(np.diag(p), error=0.02)
    alarms = sum(
        certify_balance(
            prepared, hamiltonian, 1.0, shots=2000, backend=backend, seed=seed, alpha=0.05
        ).refuted
        for seed in range(400)
    )
    assert alarms <= tools.most_misses(400, 0.05)
    found = certify_balance(
        prepared, hamiltonian, 1.0, shots=200_000, backend=backend, alpha=1e-6, error=0.01
    )
    assert found.refuted


def test_what_is_not_diagonal_is_refused(tools):
    prepared = tools.given(np.eye(4) / 4)
    with pytest.raises(ValueError, match="certify_temperature"):
        certify_balance(prepared, ising(2), 1.0)
