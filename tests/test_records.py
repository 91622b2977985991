"""Records: bit order, indexing, adding, the Walsh-Hadamard transform at size."""

import time

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude
from qcattn.records import Counts, Hamiltonian, walsh_hadamard

RNG = np.random.default_rng(5)


def test_walsh_hadamard_is_the_matrix_product():
    for n in range(6):
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        matrix = (-1.0) ** (bits @ bits.T)
        values = RNG.normal(size=(3, 2**n))
        assert np.abs(walsh_hadamard(values) - values @ matrix).max() < 1e-13


def test_qubit_zero_is_the_rightmost_character():
    hamiltonian = Binary()([0.0, 1.0, 2.0, 3.0, 4.0])
    assert hamiltonian.bitstrings == ("000", "001", "010", "011", "100")
    state = Statevector.from_label(hamiltonian.bitstrings[1])
    assert state.probabilities([0])[1] == 1.0, "key 1 excites qubit 0 in Qiskit's own reading"
    assert OneHot()([0.0, 1.0, 2.0]).bitstrings == ("001", "010", "100")


def test_the_operator_of_4096_energies_takes_under_a_second_and_is_right():
    """The bound is the issue's; medians here are about 10 ms, so it holds on a busy machine."""
    energies = RNG.normal(size=2**12)
    hamiltonian = Binary()(-energies)
    start = time.perf_counter()
    operator = hamiltonian.operator
    assert time.perf_counter() - start < 1.0
    z = operator.paulis.z
    for state in RNG.integers(2**12, size=20):
        bits = (state >> np.arange(12)) & 1
        value = ((-1.0) ** (z @ bits) * operator.coeffs).sum()
        assert abs(value - energies[state]) < 1e-10


def test_the_operator_is_of_one_hamiltonian():
    with pytest.raises(ValueError, match=r"hamiltonian\[0\]"):
        _ = Binary()(np.zeros((2, 3))).operator


def test_indexing_takes_rows_and_leaves_keys_alone():
    scores = RNG.normal(size=(2, 3, 5))
    hamiltonian = Binary()(scores)
    assert np.array_equal(hamiltonian[1].energies, -scores[1])
    assert np.array_equal(hamiltonian[:, 2].energies, -scores[:, 2])
    prepared = Amplitude()(hamiltonian, beta=1.0)
    assert prepared[1, 2].values.shape == (prepared.circuit.num_parameters,)
    assert np.array_equal(prepared[1:].distribution, prepared.distribution[1:])
    assert prepared[0].success.shape == (3,)


def test_counts_add_and_index():
    counts = Counts(RNG.integers(9, size=(2, 3, 4)), np.ones((2, 3), int), np.full((2, 3), 2))
    double = counts + counts
    assert np.array_equal(double.keys, 2 * counts.keys)
    assert np.array_equal(double.shots, 2 * (counts.keys.sum(-1) + 3))
    assert np.array_equal(double.kept, 2 * (counts.keys.sum(-1) + 1))
    assert np.array_equal(counts[1, 2].keys, counts.keys[1, 2])
    assert np.array_equal(counts[:, 1].stray, counts.stray[:, 1])


def test_frequencies_of_no_shots_are_nan():
    counts = Counts.zeros((2,), 3)
    assert np.isnan(counts.frequencies).all()


def test_diagonal_places_energies_at_their_states():
    diagonal = Hamiltonian(
        np.array([5.0, np.inf, 7.0]), Binary()([0.0] * 3).codewords, "Binary"
    ).diagonal(fill=-1.0)
    assert diagonal.tolist() == [5.0, -1.0, 7.0, -1.0]
