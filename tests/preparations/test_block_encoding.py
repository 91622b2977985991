"""The block encoding against Kronecker products of Pauli matrices."""

from functools import reduce

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator
from scipy.linalg import expm

from qcattn.encodings import Binary, OneHot, Transverse
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations.block_encoding import (
    append_amplitude_of_labels,
    append_label_phase,
    append_select_phase,
    block_encoding,
)
from qcattn.records import Hamiltonian

RNG = np.random.default_rng(3)
PAULI = {
    (False, False): np.eye(2),
    (True, False): np.array([[0, 1], [1, 0]]),
    (True, True): np.array([[0, -1j], [1j, 0]]),
    (False, True): np.diag([1, -1]),
}


def random_hermitian(n):
    matrix = RNG.normal(size=(2**n, 2**n)) + 1j * RNG.normal(size=(2**n, 2**n))
    return Hamiltonian.of(matrix + matrix.conj().T)


HAMILTONIANS = {
    "one string": Hamiltonian.of([[0.0, 0.7], [0.7, 0.0]]),
    "ising": ising(3, coupling=0.8, field=-0.7),
    "heisenberg": heisenberg(3),
    "fermions": free_fermions(3, periodic=True),
    "dense": random_hermitian(2),
    "keys": Binary()(RNG.normal(size=8)),
    "padded keys": Binary()([0.4, -1.0, 2.0, 0.1, -np.inf]),
    "one-hot keys": OneHot()(RNG.normal(size=4)),
    "keys in a field": Transverse(field=0.6)(RNG.normal(size=8)),
}


def strings(encoding):
    """P_l with their signs: letter q on bit q, the lowest bit last in a Kronecker product."""
    for x, z, weight in zip(encoding.x, encoding.z, encoding.weights, strict=True):
        letters = [PAULI[pair] for pair in zip(x.tolist(), z.tolist(), strict=True)][::-1]
        yield np.sign(weight) * reduce(np.kron, letters)


def select(encoding):
    """S on labels (high bits) and system (low bits); the identity for labels that are no term."""
    n, bits = encoding.x.shape[1], encoding.labels.shape[1]
    out = np.eye(2 ** (n + bits), dtype=complex).reshape(2**bits, 2**n, 2**bits, 2**n)
    places = encoding.labels @ (1 << np.arange(bits))
    assert len(set(places.tolist())) == len(places), "a label for each term"
    for place, string in zip(places, strings(encoding), strict=True):
        out[place, :, place, :] = string
    return out.reshape(2 ** (n + bits), -1), places


def unitary(encoding, append):
    """System on the low bits, then the labels, then the sign."""
    n, bits = encoding.x.shape[1], encoding.labels.shape[1]
    circuit = QuantumCircuit(n + bits + 1)
    append(circuit, list(range(n)), list(range(n, n + bits)), n + bits)
    return Operator(circuit).data


def preparation(encoding):
    return unitary(
        encoding, lambda c, system, labels, sign: append_amplitude_of_labels(c, encoding, labels)
    )


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_a_corner_of_the_unitary_is_the_hamiltonian(name):
    hamiltonian = HAMILTONIANS[name]
    encoding = block_encoding(hamiltonian)
    whole = unitary(
        encoding,
        lambda c, system, labels, sign: append_select_phase(
            c, np.pi / 2, encoding, labels, system, sign
        ),
    )
    taken = preparation(encoding)
    size = 2**hamiltonian.num_qubits
    corner = (taken.conj().T @ whole @ taken)[:size, :size] / 1j
    found = encoding.shift * np.eye(size) + encoding.norm * corner
    assert np.isclose(encoding.norm, np.abs(encoding.weights).sum(), rtol=1e-14)
    if hamiltonian.off_diagonal is None:
        finite = np.isfinite(hamiltonian.energies)
        places = np.array(hamiltonian.basis_states)[finite]
        assert np.abs(found - np.diag(found.diagonal())).max() < 1e-12
        assert np.abs(found.diagonal()[places] - hamiltonian.energies[finite]).max() < 1e-12
    else:
        assert np.abs(found - hamiltonian.matrix).max() < 1e-12


@pytest.mark.parametrize("name", HAMILTONIANS)
@pytest.mark.parametrize("phase", [0.37, -2.9])
def test_the_phase_of_the_selected_strings(name, phase):
    """Labels that are no term never occur, and are left out."""
    encoding = block_encoding(HAMILTONIANS[name])
    found = unitary(
        encoding,
        lambda c, system, labels, sign: append_select_phase(
            c, phase, encoding, labels, system, sign
        ),
    )
    reflection, places = select(encoding)
    wanted = expm(1j * phase * np.kron(np.diag([1, -1]), reflection))
    size, labels = 2 ** encoding.x.shape[1], 2 ** encoding.labels.shape[1]
    used = np.isin(np.arange(2 * labels * size) // size % labels, places)
    assert np.abs((found - wanted)[np.ix_(used, used)]).max() < 1e-12
    assert np.abs(found[np.ix_(~used, used)]).max(initial=0.0) < 1e-12


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_the_amplitudes_of_the_labels_and_back(name):
    encoding = block_encoding(HAMILTONIANS[name])
    size, labels = 2 ** encoding.x.shape[1], 2 ** encoding.labels.shape[1]
    taken = preparation(encoding)
    wanted = np.zeros(labels)
    places = encoding.labels @ (1 << np.arange(encoding.labels.shape[1]))
    wanted[places] = np.sqrt(np.abs(encoding.weights) / encoding.norm)
    assert np.abs(taken[: labels * size : size, 0] - wanted).max() < 1e-14
    back = unitary(
        encoding,
        lambda c, system, labels, sign: append_amplitude_of_labels(
            c, encoding, labels, inverse=True
        ),
    )
    assert np.abs(back - taken.conj().T).max() < 1e-13


@pytest.mark.parametrize("bits", [0, 1, 3])
def test_the_phase_of_the_label_zero(bits):
    circuit = QuantumCircuit(bits + 1)
    append_label_phase(circuit, 0.7, list(range(bits)), bits)
    diagonal = np.full(2**bits, -1.0)
    diagonal[0] = 1.0
    wanted = np.exp(0.7j * np.kron([1, -1], diagonal))
    assert np.abs(Operator(circuit).data - np.diag(wanted)).max() < 1e-14


def test_strings_label_the_diagonal_terms_where_that_is_cheaper():
    keys, field = RNG.normal(size=(2, 16))
    assert block_encoding(Binary()(keys)).diagonal == 15
    mixed = block_encoding(Transverse(field=0.5)(field))
    assert mixed.diagonal == 15 and mixed.labels.shape == (19, 5)
    counted = block_encoding(ising(4))
    assert counted.diagonal == 0 and counted.labels.shape == (8, 3)


def test_equal_energies_leave_a_number():
    encoding = block_encoding(Binary()([0.3, 0.3, 0.3]))
    assert encoding.norm == 0 and encoding.shift == -0.3 and encoding.labels.shape == (0, 0)
