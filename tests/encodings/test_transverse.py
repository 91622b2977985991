"""Keys in a transverse field against Pauli matrices by hand."""

import numpy as np
import pytest

from qcattn.encodings import Binary, Transverse


def test_the_matrix_is_diagonal_energies_and_flips():
    scores = np.array([0.5, 1.0, -2.0, 0.1])
    x, one = np.array([[0, 1], [1, 0]]), np.eye(2)
    by_hand = np.diag(-scores) - 0.7 * (np.kron(x, one) + np.kron(one, x))
    assert np.abs(Transverse(field=0.7)(scores).matrix - by_hand).max() < 1e-12


def test_masked_keys_and_padding_lie_a_gap_above():
    hamiltonian = Transverse(field=0.2, gap=6.0)([[0.5, -np.inf, 1.0], [0.0, 0.0, 2.0]])
    assert hamiltonian.energies.tolist() == [[-0.5, 5.5, -1.0, 5.5], [0.0, 0.0, -2.0, 6.0]]


def test_no_field_is_a_diagonal_hamiltonian():
    hamiltonian = Transverse(field=0.0)([0.0, 1.0])
    assert hamiltonian.is_diagonal
    assert np.array_equal(hamiltonian.energies, Binary()([0.0, 1.0]).energies)


@pytest.mark.parametrize(
    "options", [{"field": -1.0}, {"field": np.nan}, {"gap": 0.0}, {"gap": np.inf}]
)
def test_a_field_or_gap_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Transverse(**options)([0.0, 1.0, 2.0])
