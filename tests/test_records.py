"""Records: bit order, indexing, adding, the Walsh-Hadamard transform at size."""

import numpy as np
import pytest
import scipy.sparse
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, SparseObservable, SparsePauliOp, Statevector

from qcattn import run
from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded
from qcattn.records import Counts, Hamiltonian, Resources, walsh_hadamard

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


def test_the_operator_of_4096_energies_is_right():
    energies = RNG.normal(size=2**12)
    hamiltonian = Binary()(-energies)
    operator = hamiltonian.operator
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


INDICES = {
    "everything": ...,
    "a number": 1,
    "a negative number": -1,
    "a slice": slice(None, None, 2),
    "a slice from behind": slice(None, None, -1),
    "an empty slice": slice(0, 0),
    "no index": (),
    "all numbers": (1, 2, 0),
    "the last axis": (..., 1),
    "the ends": (0, ..., 1),
    "numbers and slices": (slice(1), 2, slice(None)),
    "integers": np.array([1, 0, 1]),
    "a list": [0, 1],
    "a table of integers": np.array([[1, 0], [0, 0]]),
    "integers on each axis": (np.array([0, 1]), np.array([2, 0]), np.array([1, 1])),
    "integers behind": (..., np.array([1, 0, 0])),
    "a mask": np.array([True, False]),
    "a mask of all axes": np.arange(12).reshape(2, 3, 2) % 5 == 0,
    "a mask of two axes": np.arange(6).reshape(2, 3) % 2 == 1,
    "a mask of nothing": np.zeros((2, 3, 2), bool),
    "a new axis": (None, 1),
}
ROWS = (2, 3, 2)


def by_rows(array, index, trailing):
    """Reference: index an array of row numbers, and fetch the rows one after the other."""
    numbers = np.arange(np.prod(ROWS)).reshape(ROWS)[index]
    flat = array.reshape(-1, *array.shape[len(ROWS) :])
    rows = [flat[number] for number in np.ravel(numbers)]
    return np.array(rows, array.dtype).reshape((*np.shape(numbers), *trailing))


@pytest.mark.parametrize("name", INDICES)
def test_indexing_is_indexing_by_rows(name):
    index = INDICES[name]
    scores = RNG.normal(size=(*ROWS, 5))
    hamiltonian = Binary()(scores)
    prepared = Heralded()(hamiltonian, beta=1.0)
    counts = Counts(
        RNG.integers(9, size=(*ROWS, 5)), RNG.integers(9, size=ROWS), RNG.integers(9, size=ROWS)
    )
    assert np.array_equal(hamiltonian[index].energies, by_rows(-scores, index, (5,)))
    assert hamiltonian[index].codewords is hamiltonian.codewords
    for record, names in (
        (prepared, ("values", "distribution", "success", "error")),
        (counts, ("keys", "stray", "discarded")),
    ):
        part = record[index]
        for field in names:
            array = getattr(record, field)
            expected = by_rows(array, index, array.shape[len(ROWS) :])
            assert np.array_equal(getattr(part, field), expected), field
    assert prepared[index].circuit is prepared.circuit
    assert prepared[index].shape == np.shape(counts[index].stray)


@pytest.mark.parametrize("index", [2, (0, 0, 0, 0), (0, 3), np.array([5])])
def test_an_index_beyond_the_rows_is_an_error_and_never_reaches_the_keys(index):
    hamiltonian = Binary()(RNG.normal(size=(*ROWS, 5)))
    counts = Counts.zeros(ROWS, 5)
    for record in (hamiltonian, Amplitude()(hamiltonian, beta=1.0), counts):
        with pytest.raises(IndexError):
            record[index]


def test_resources_count_qubits_that_something_happens_to():
    circuit = QuantumCircuit(6, 2)
    circuit.ry(0.3, 1)
    circuit.cx(1, 3)
    circuit.barrier(1, 3)
    circuit.x(3)
    circuit.measure([1, 3], [0, 1])
    assert Resources.of(circuit) == Resources(qubits=2, depth=4, two_qubit_gates=1, rotations=1)
    assert Resources.of(QuantumCircuit(4)) == Resources(0, 0, 0, 0)


def test_a_codebook_pairs_tokens_with_bitstrings():
    scores = Scores(np.zeros((2, 3)), tokens=("the", " cat", " sat"))
    backend = Aer(device="CPU", draws="born")
    named = run(scores, shots=10, seed=1, backend=backend)
    assert named.codebook == (("the", "00"), (" cat", "01"), (" sat", "10"))
    numbered = run(np.zeros((2, 3)), shots=10, seed=1, backend=backend, encoding=OneHot())
    assert numbered.codebook == (("0", "001"), ("1", "010"), ("2", "100"))


def test_frequencies_of_no_shots_are_nan():
    counts = Counts.zeros((2,), 3)
    assert np.isnan(counts.frequencies).all()


def test_diagonal_places_energies_at_their_states():
    diagonal = Hamiltonian(
        np.array([5.0, np.inf, 7.0]), Binary()([0.0] * 3).codewords, "Binary"
    ).diagonal(fill=-1.0)
    assert diagonal.tolist() == [5.0, -1.0, 7.0, -1.0]


# Hamiltonians that are not diagonal.


def random_hermitian(n, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(2**n, 2**n)) + 1j * rng.normal(size=(2**n, 2**n))
    return (matrix + matrix.conj().T) / 2


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_any_hermitian_matrix_comes_back_as_it_was(n):
    matrix = random_hermitian(n, n)
    hamiltonian = Hamiltonian.of(matrix)
    assert not hamiltonian.is_diagonal
    assert np.abs(hamiltonian.matrix - matrix).max() < 1e-12
    assert np.abs(hamiltonian.operator.to_matrix() - matrix).max() < 1e-12
    again = Hamiltonian.of(hamiltonian.operator)
    assert np.abs(again.matrix - matrix).max() < 1e-12


def test_a_diagonal_operator_stays_diagonal():
    hamiltonian = Hamiltonian.of(SparsePauliOp(["ZI", "IZ", "ZZ"], [1.0, 0.5, -2.0]))
    assert hamiltonian.is_diagonal
    assert hamiltonian.energies.tolist() == [-0.5, 2.5, 1.5, -3.5]


def test_a_masked_or_padded_hamiltonian_can_be_filled():
    words = np.array([[0, 0], [1, 0], [0, 1]], dtype=bool)
    padded = Hamiltonian(np.array([[1.0, np.inf, 3.0]]), words)
    with pytest.raises(ValueError, match="filled"):
        _ = padded.matrix
    assert padded.filled(2.0).energies.tolist() == [[1.0, 5.0, 3.0, 5.0]]
    assert padded.filled(2.0).matrix.shape == (1, 4, 4)
    for gap in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="gap"):
            padded.filled(gap)


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (np.array([[0.0, 1.0], [0.0, 0.0]]), "Hermitian"),
        (np.zeros((3, 3)), "2\\*\\*n"),
        (np.zeros((2, 4)), "2\\*\\*n"),
        (np.zeros((1, 1)), "2\\*\\*n"),
        (np.array([[np.nan, 0.0], [0.0, 0.0]]), r"operator\[0, 0\] is nan"),
        (SparsePauliOp(["X"], [1j]), "Hermitian"),
        (SparsePauliOp(["X", "Z"], [1, np.nan]), "that of Z is .nan"),
        (SparsePauliOp(["X" * 60]), "bytes"),
    ],
)
def test_operators_that_are_none_are_refused(operator, message):
    with pytest.raises(ValueError, match=message):
        Hamiltonian.of(operator)


def test_what_moves_between_states_needs_them_all():
    words = np.array([[0], [1]], dtype=bool)
    flip = SparsePauliOp(["X"])
    with pytest.raises(ValueError, match="masked"):
        Hamiltonian(np.array([0.0, np.inf]), words, off_diagonal=flip)
    with pytest.raises(ValueError, match="all basis states"):
        Hamiltonian(np.array([0.0]), words[:1], off_diagonal=flip)
    with pytest.raises(ValueError, match="basis"):
        Hamiltonian(np.array([0.0, 1.0]), words, basis=np.zeros((1, 2)))


def test_too_many_qubits_are_refused_with_their_bytes():
    hamiltonian = Hamiltonian.of(SparsePauliOp(["X" * 18]))
    with pytest.raises(ValueError, match=r"1,099,511,627,776 bytes"):
        _ = hamiltonian.matrix


SUM = SparsePauliOp(["ZZ", "XI"], [1.0, 0.5])


class Qobj:
    """As QuTiP's object: no array itself, but a method `full`."""

    def __init__(self, operator):
        self.operator = operator

    def full(self):
        return self.operator.to_matrix()


@pytest.mark.parametrize(
    "operator",
    [
        SparseObservable.from_list([("ZZ", 1.0), ("XI", 0.5)]),
        SUM.to_matrix(sparse=True),
        scipy.sparse.coo_array(SUM.to_matrix()),
        Qobj(SUM),
        SparsePauliOp(SUM.paulis, np.array([1.0, 0.5], dtype=object)),
        Operator(SUM),
        np.asfortranarray(SUM.to_matrix()),
        SUM.to_matrix().astype(">c8"),
        SUM.to_matrix().real.astype("f2"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_operators_of_other_libraries_are_taken(operator):
    assert np.array_equal(Hamiltonian.of(operator).matrix, SUM.to_matrix())


def test_a_sparse_diagonal_of_many_qubits_needs_no_dense_matrix():
    levels = np.random.default_rng(1).normal(size=2**17)
    found = Hamiltonian.of(scipy.sparse.diags_array(levels))
    assert found.is_diagonal and np.array_equal(found.energies, levels)


@pytest.mark.parametrize("dtype", ["f4", ">f4", "c8", "f8", "c16"])
def test_rounding_of_a_product_is_no_lack_of_hermiticity(dtype):
    """V^T E V in the precision it was computed in; an error ten times larger than rounding is."""
    rng = np.random.default_rng(4)
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0].astype(dtype)
    matrix = turn.T @ (rng.normal(size=16).astype(dtype)[:, None] * turn)
    assert np.abs(matrix - matrix.conj().T).max() > 0
    found = Hamiltonian.of(matrix).matrix
    assert np.abs(found - matrix).max() < 1e-5 and np.array_equal(found, found.conj().T)
    single = np.finfo(matrix.dtype).eps > 1e-10
    matrix[0, 1] += np.abs(matrix).max() * (1e-4 if single else 1e-8)
    with pytest.raises(ValueError, match="must be Hermitian"):
        Hamiltonian.of(matrix)


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (SparsePauliOp(["Z", "X"], [Parameter("a"), 1.0]), "parameters without values, a; give"),
        ([("ZZ", 1.0), ("XI", 0.5)], r"SparsePauliOp.from_list"),
        ({"ZZ": 1.0}, "but is dict"),
        (scipy.sparse.csr_array(np.ones((3, 3))), r"its shape is \\(3, 3\\)"),
        (scipy.sparse.csr_array([[0, 1j], [1j, 0]]), "must be Hermitian"),
        (np.zeros((2, 2), dtype="V2"), "bfloat16"),
        (np.array([[1, 0], [0, 1]], dtype=object), "numpy.array"),
        (SparsePauliOp(["ZI", "IZ"], [1.7e308, 1.7e308]), "energies beyond float64"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_operator_is_refused_with_the_cure(operator, message):
    with pytest.raises(ValueError, match=message.replace("\\\\", "\\")):
        Hamiltonian.of(operator)
