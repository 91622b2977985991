"""What every encoding must do, tested from the moment its file exists."""

import numpy as np
import pytest

from qcattn.walking import classes

ENCODINGS = list(classes("encodings").values())
DIAGONAL = [cls for cls in ENCODINGS if cls.diagonal and not cls.subsets]


@pytest.mark.parametrize("num_keys", [2, 4, 8])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_does_what_it_declares(encoding, num_keys):
    hamiltonian = encoding()(np.linspace(-1.0, 2.0, num_keys))
    matrix = hamiltonian.operator.to_matrix()
    assert encoding.diagonal == np.array_equal(matrix, np.diag(np.diag(matrix)))
    assert encoding.binary == (hamiltonian.num_qubits == (num_keys - 1).bit_length())
    assert encoding.subsets == hamiltonian.subsets
    assert encoding.subsets == (hamiltonian.num_keys == 2**num_keys)
    assert encoding.binary or encoding.subsets or hamiltonian.one_hot


def test_the_declarations_tell_encodings_apart():
    for declared in ("diagonal", "binary", "subsets"):
        assert {getattr(cls, declared) for cls in ENCODINGS} == {True, False}


@pytest.mark.parametrize("num_keys", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("encoding", DIAGONAL)
def test_an_encoding_gives_each_key_its_own_state_and_energy(encoding, num_keys, scores_of):
    scores = scores_of(num_keys)
    hamiltonian = encoding()(scores)
    assert hamiltonian.shape == (2, 3)
    assert len(set(hamiltonian.basis_states)) == num_keys
    for index in np.ndindex(2, 3):
        one = hamiltonian[index]
        matrix = one.operator.to_matrix()
        diagonal = np.diag(matrix).real
        assert np.array_equal(matrix, np.diag(diagonal)), "real, and nothing off the diagonal"
        finite = np.isfinite(scores[index])
        scale = np.abs(scores[index][finite]).max() + 1
        got = diagonal[list(one.basis_states)]
        assert np.allclose(got[finite], -scores[index][finite], rtol=0, atol=1e-12 * scale)
        assert np.abs(got[~finite]).max(initial=0.0) < 1e-12 * scale


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "scores", [[], [[0.0, np.nan]], [0.0, np.inf], [[0.0, 1.0], [-np.inf, -np.inf]], 3.0, ["a"]]
)
def test_scores_that_are_no_scores_are_refused(encoding, scores):
    with pytest.raises(ValueError, match="scores"):
        encoding()(scores)
