from itertools import product

import numpy as np
import pytest

from qcattn.certification import in_basis
from qcattn.dense_state import outcome_distribution, system_state
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded, Purification

# Eigenvectors of X, Y, Z to +1 and -1, as rows.
ROWS = {
    "X": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
    "Z": np.eye(2),
}


def readings_of(rho, letters):
    """Outcome probabilities along letters, by a Kronecker product of eigenvectors."""
    turn = np.ones((1, 1))
    for letter in letters:
        turn = np.kron(turn, ROWS[letter])
    return np.diag(turn @ rho @ turn.conj().T).real


@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()])
def test_readings_are_those_of_the_turned_state(preparation):
    prepared = preparation(Binary()([0.3, -1.0, 0.8, 0.1]), beta=1.2)
    rho, success = system_state(prepared)
    for letters in map("".join, product("XYZ", repeat=2)):
        got, kept = outcome_distribution(in_basis(prepared, letters))
        assert np.abs(got - readings_of(rho, letters)).max() < 1e-12
        assert abs(kept - success) < 1e-12


def test_mixed_states_resets_and_other_codewords(tools):
    rho = tools.random_state(np.random.default_rng(1), 4)
    assert np.abs(readings_of(rho, "XY") - readings_of(rho, "YX")).max() > 1e-2, "order matters"
    cases = [(tools.given(rho), "XY"), (tools.with_reset(), "Y")]
    cases.append((Amplitude()(OneHot()([0.0, 1.0, 0.4]), beta=1.0), "YZX"))
    for prepared, letters in cases:
        state, _ = system_state(prepared)
        got, _ = outcome_distribution(in_basis(prepared, letters))
        assert np.abs(got - readings_of(state, letters)).max() < 1e-12


def test_rows_stay_rows():
    prepared = Heralded()(Binary()([[0.0, 1.0], [2.0, 0.0]]), beta=1.0)
    turned = in_basis(prepared, "X")
    assert turned.shape == (2,) and turned.distribution.shape == (2, 2)
    for row in range(2):
        alone = in_basis(prepared[row], "X")
        got = outcome_distribution(turned[row])[0]
        assert np.abs(got - outcome_distribution(alone)[0]).max() < 1e-14


def test_only_gates_that_bind_faithfully():
    prepared = Heralded()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
    assert set(in_basis(prepared, "XY").circuit.count_ops()) <= {
        "ry", "rz", "h", "x", "cx", "measure", "reset",
    }  # fmt: skip


@pytest.mark.parametrize("letters", ["X", "XXX", "XA", "xz"])
def test_letters_that_do_not_fit_are_refused(letters):
    with pytest.raises(ValueError, match="letters"):
        in_basis(Amplitude()(Binary()([0.0, 1.0, 2.0]), beta=1.0), letters)
