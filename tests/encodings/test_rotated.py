"""The turned basis: gates against the dense matrix, and refusals."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.quantum_info import Operator

from qcattn.encodings import Rotated
from qcattn.preparations.basis import append_basis, with_basis


@pytest.mark.parametrize(("keys", "layers"), [(2, 1), (4, 2), (7, 3)])
def test_the_matrix_is_what_the_gates_do(keys, layers):
    rng = np.random.default_rng(keys)
    n = (keys - 1).bit_length()
    angles = rng.normal(size=(3, layers, n))
    hamiltonian = Rotated(angles=angles)(rng.normal(size=(2, 3, keys)))
    system = QuantumRegister(n, "system")
    template = QuantumCircuit(system)
    append_basis(template, hamiltonian, system)
    values = with_basis(np.zeros((2, 3, 0)), hamiltonian)
    for index in np.ndindex(2, 3):
        gates = Operator(template.assign_parameters(values[index])).data
        assert np.abs(gates - hamiltonian.rotation[index]).max() < 1e-12
        assert np.abs(gates - hamiltonian[index].rotation).max() < 1e-12


def test_the_levels_are_the_scores_and_the_operator_is_the_matrix():
    hamiltonian = Rotated(angles=[[0.3, -1.0], [0.2, 2.0]])([0.5, 1.0, -2.0, 0.1])
    assert np.allclose(np.linalg.eigvalsh(hamiltonian.matrix), [-1.0, -0.5, -0.1, 2.0])
    assert np.abs(hamiltonian.operator.to_matrix() - hamiltonian.matrix).max() < 1e-12
    assert np.abs(np.triu(hamiltonian.matrix, 1)).max() > 0.1, "not diagonal"


def test_no_angle_is_no_rotation():
    plain = Rotated(angles=np.zeros((1, 1)))([0.0, 1.0])
    assert np.allclose(plain.matrix, np.diag([0.0, -1.0]))


@pytest.mark.parametrize(
    "angles", [[0.1, 0.2], [[0.1]], [[0.1, np.nan]], np.zeros((5, 1, 2)), [[[0.1, 0.2]] * 2] * 3]
)
def test_angles_that_do_not_fit_are_refused(angles):
    with pytest.raises(ValueError, match="angles"):
        Rotated(angles=angles)(np.zeros((2, 4)))
