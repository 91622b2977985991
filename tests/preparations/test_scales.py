"""Every preparation depends on beta H alone: not on the units in which energies are given."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator, SparsePauliOp

from qcattn.certification import certify_dense
from qcattn.encodings import Binary, Rotated
from qcattn.models.spins import heisenberg
from qcattn.preparations import QSVT, ImaginaryTime
from qcattn.records import Hamiltonian, pauli_sum
from qcattn.walking import classes

BETA = 1.7
SCORES = np.array([0.3, 1.1, -0.4, 0.9])
#: By scale.
CASES = {
    "keys": lambda scale: Binary()(scale * SCORES),
    "turned keys": lambda scale: Rotated([[0.4, 1.1], [0.7, -0.2]])(scale * SCORES),
    "weak field": lambda scale: Hamiltonian.of(
        scale * SparsePauliOp(["ZI", "IX", "YY"], [1.0, 0.45, 1e-6])
    ),
    "matrix": lambda scale: Hamiltonian.of(scale * heisenberg(2).matrix),
}
#: Powers of two, with which nothing is rounded: from 9e-13 to 1e6.
EXACT = [2.0**-40, 2.0**-28, 2.0**-12, 2.0**20]
FITTING = [
    (cls, name)
    for cls in classes("preparations").values()
    for name in CASES
    if cls.takes == "any" or CASES[name](1.0).off_diagonal is None
]


def quick(cls):
    """An object of a class, with few cycles or sweeps."""
    return cls(**{"SystemBath": {"cycles": 4}, "CKG": {"error": 0.3}}.get(cls.__name__, {}))


def bound(prepared):
    """The circuit with its angles."""
    return prepared.circuit.assign_parameters(prepared.values)


@pytest.mark.parametrize(("cls", "name"), FITTING)
def test_the_circuit_is_the_same_in_all_units(cls, name):
    """Gate for gate and angle for angle, at scales from 1e-12 to 1e6 and one beta H."""
    one = quick(cls)(CASES[name](1.0), beta=BETA)
    assert certify_dense(one, CASES[name](1.0), BETA).holds
    for scale in EXACT:
        hamiltonian, beta = CASES[name](scale), BETA / scale
        other = quick(cls)(hamiltonian, beta=beta)
        assert bound(other) == bound(one)
        assert np.abs(other.distribution - one.distribution).max() < 1e-12
        assert abs(other.error - one.error) < 1e-12 and abs(other.success - one.success) < 1e-12


@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-3, 1e6])
@pytest.mark.parametrize(("cls", "name"), FITTING)
def test_the_claim_holds_in_all_units(cls, name, scale):
    """The same where units do round."""
    hamiltonian, beta = CASES[name](scale), BETA / scale
    assert certify_dense(quick(cls)(hamiltonian, beta=beta), hamiltonian, beta).holds


@pytest.mark.parametrize("method", [ImaginaryTime(error=1e-3), QSVT()])
@pytest.mark.parametrize(
    ("labels", "weights", "beta"),
    [
        (["ZI", "IX"], [2e-8, 0.9e-8], 1e8),
        (["ZI", "IX"], [1e-9, 0.5e-9], 1e9),
        (["Z", "X"], [1.0, 1e-8], 0.7),
        (["Z", "X"], [1.0, 1e-5], 2.0),
    ],
)
def test_weak_strings_count(method, labels, weights, beta):
    """Strings that a tolerance without units would drop: to rounding where that is claimed."""
    hamiltonian = Hamiltonian.of(SparsePauliOp(labels, weights))
    assert len(hamiltonian.operator) == len(labels)
    prepared = method(hamiltonian, beta=beta)
    true = certify_dense(prepared, hamiltonian, beta).trace_distance
    assert true <= prepared.error <= 1e-3 + 1e-12 and np.isfinite(prepared.success)


def test_a_matrix_is_the_sum_of_all_its_strings():
    """Of any size: weights of 1e-6 beside 1 stay, and so do those of a matrix of 1e-9."""
    strings = SparsePauliOp(["ZI", "XX", "IY", "YZ"], [1.0, 1e-6, -3e-9, 2e-12])
    for scale in (1e-12, 1e-3, 1.0, 1e6):
        found = pauli_sum(scale * strings.to_matrix())
        assert set(found.paulis.to_labels()) == {"ZI", "XX", "IY", "YZ"}
        assert np.abs(Operator(found).data - scale * strings.to_matrix()).max() < 1e-15 * scale
        hamiltonian = Hamiltonian.of(scale * strings.to_matrix())
        assert np.abs(hamiltonian.matrix - scale * strings.to_matrix()).max() < 1e-15 * scale
    assert not len(pauli_sum(np.zeros((4, 4))))
    random = np.random.default_rng(2).normal(size=(32, 32))
    assert len(pauli_sum(np.diag(np.diag(random)))) == 32, "no rounding among the strings"


def test_the_strings_of_a_turned_hamiltonian_are_all_there():
    hamiltonian = Rotated([[3e-6, 0.0]])([1.0, 0.3, 0.2, -0.7])
    assert np.abs(Operator(hamiltonian.operator).data - hamiltonian.matrix).max() < 1e-15


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_a_bound_of_the_ground_energy_is_checked_in_its_own_units(scale):
    hamiltonian = Hamiltonian.of(scale * SparsePauliOp(["Z", "X"], [1.0, 0.5]))
    lowest = np.linalg.eigvalsh(hamiltonian.matrix)[0]
    assert certify_dense(
        QSVT(ground_energy=lowest)(hamiltonian, beta=1 / scale), hamiltonian, 1 / scale
    ).holds
    for above in (1e-3, 0.3):
        with pytest.raises(ValueError, match="lower bound"):
            QSVT(ground_energy=lowest + above * scale)(hamiltonian, beta=1 / scale)
