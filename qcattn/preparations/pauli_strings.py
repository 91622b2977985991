"""Pauli strings as whole numbers: their products, expectation values and rotations.

A string on q qubits is the number ``x << q | z``: bit j of x says that letter j is X or Y, bit j
of z that it is Z or Y; the identity is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qcattn.errors import DoesNotFit
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, numbers_of, walsh_hadamard

__all__ = [
    "append_rotation",
    "count_y",
    "expectations",
    "labels_of",
    "multiply",
    "numbered",
    "placed",
    "rotated",
]

_POWERS = np.array([1, 1j, -1, -1j])
#: Rows that are transformed at once: they stay in the cache.
_ROWS = 32


def numbered(operator: SparsePauliOp) -> tuple[np.ndarray, np.ndarray]:
    """The strings and weights of a Hermitian operator, without the identity.

    Example:
        >>> strings, weights = numbered(SparsePauliOp(["II", "XI", "YZ"], [3.0, 1.0, -2.0]))
        >>> strings.tolist(), weights.tolist()
        ([8, 11], [1.0, -2.0])
    """
    q = operator.num_qubits
    strings = numbers_of(operator.paulis.x) << q | numbers_of(operator.paulis.z)
    return strings[strings != 0], operator.coeffs.real[strings != 0]


def labels_of(
    hamiltonian: Hamiltonian, given: Sequence[str], letters: str, option: str
) -> tuple[str, ...]:
    """The labels of the strings that jump or couple, qubit 0 rightmost: those given, or defaults.

    Args:
        hamiltonian: The Hamiltonian of the sites on which they act.
        given: Labels, none of them for the usual ones: where H is diagonal, all 2**n - 1 strings
            of X, which join each pair of keys; else each of the letters at each site.
        letters: The letters for a Hamiltonian that is not diagonal, such as ``"XYZ"``.
        option: The name of the option that gave the labels.

    Raises:
        DoesNotFit: If a label is none of n letters I, X, Y, Z.

    Example:
        >>> from qcattn.models.spins import ising
        >>> labels_of(ising(2), (), "Y", "couplings"), labels_of(ising(2, field=0), (), "Y", "")
        (('IY', 'YI'), ('IX', 'XI', 'XX'))
    """
    n = hamiltonian.num_qubits
    for label in given:
        if len(label) != n or not set(label) <= set("IXYZ"):
            raise DoesNotFit(
                f"`{option}` must name Pauli strings of {plural(n, 'letter')} I, X, Y, Z for this "
                f"Hamiltonian, such as {'I' * (n - 1) + 'X'!r}, but has {label!r}"
            )
    if given:
        return tuple(given)
    if hamiltonian.off_diagonal is None:
        return tuple(f"{s:0{n}b}".replace("0", "I").replace("1", "X") for s in range(1, 2**n))
    return tuple("I" * (n - 1 - q) + letter + "I" * q for q in range(n) for letter in letters)


def count_y(strings: np.ndarray, q: int) -> np.ndarray:
    """Count the letters Y of each string, same shape as ``strings``, in bytes."""
    return np.bitwise_count((strings >> q) & strings & (2**q - 1))


def multiply(strings: np.ndarray, other: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Products of each of ``strings``, on the left, with ``other``.

    Returns:
        Powers of i that are their phases, 0 to 3, and the strings.

    Example:
        >>> powers, products = multiply(np.array([0b10]), 0b11, 1)  # X Y = i Z
        >>> powers.tolist(), products.tolist()
        ([1], [1])
    """
    products = strings ^ other
    passed = np.bitwise_count(strings & (other >> q) & (2**q - 1))
    own = count_y(np.array([other]), q)
    # Bytes wrap around at 256, which is a multiple of 4.
    return (count_y(strings, q) + own - count_y(products, q) + 2 * passed) & 3, products


def expectations(state: np.ndarray, qubits: Sequence[int]) -> np.ndarray:
    """Expectation value of every string on some of the qubits of a pure state.

    Args:
        state: Shape (2**n,), of norm one.
        qubits: q of the n qubits; qubits[j] bears letter j.

    Returns:
        Shape (4**q,): the value of string number s at index s, 1 for the identity.
    """
    n, q = len(state).bit_length() - 1, len(qubits)
    ours = [n - 1 - qubit for qubit in reversed(qubits)]
    others = [axis for axis in range(n) if axis not in ours]
    tensor = np.transpose(state.reshape((2,) * n), ours + others).reshape(2**q, -1)
    rho = tensor @ tensor.conj().T
    basis = np.arange(2**q)
    out = np.empty((2**q, 2**q))
    for flips in np.array_split(basis, max(1, 2**q // _ROWS)):
        along = rho[basis, basis ^ flips[:, None]]
        real, imag = walsh_hadamard(along.real), walsh_hadamard(along.imag)
        powers = np.bitwise_count(flips[:, None] & basis) & 3
        out[flips] = np.choose(powers, [real, -imag, -real, imag])
    return out.reshape(-1)


def placed(string: int, qubits: Sequence[int], n: int) -> int:
    """Place a string on ``qubits`` (letter j on qubits[j]) among all n qubits."""
    q = len(qubits)
    x = sum(1 << qubit for j, qubit in enumerate(qubits) if string >> (q + j) & 1)
    z = sum(1 << qubit for j, qubit in enumerate(qubits) if string >> j & 1)
    return x << n | z


def rotated(state: np.ndarray, string: int, angle: float) -> np.ndarray:
    r""":math:`e^{-i\,\mathrm{angle}\,P}` applied to a vector, shape (2**n,)."""
    n = len(state).bit_length() - 1
    x, z = string >> n, string & (2**n - 1)
    basis = np.arange(2**n)
    signs = 1.0 - 2.0 * (np.bitwise_count(basis & z) % 2)
    turned = (_POWERS[(x & z).bit_count() % 4] * signs * state)[basis ^ x]
    return np.cos(angle) * state - 1j * np.sin(angle) * turned


def append_rotation(circuit: QuantumCircuit, string: int, angle: float) -> None:
    r"""Append :math:`e^{-i\,\mathrm{angle}\,P}` of a string on all qubits of the circuit.

    Each letter is turned to Z, the parity is gathered by cx on the last qubit, one rz turns it,
    and all is undone: 2 (w - 1) cx for w letters.
    """
    n = circuit.num_qubits
    letters = [(j, string >> (n + j) & 1, string >> j & 1) for j in range(n)]
    letters = [letter for letter in letters if letter[1] or letter[2]]
    for qubit, x, z in letters:
        if x and z:
            circuit.rz(-np.pi / 2, qubit)
        if x:
            circuit.h(qubit)
    chain = [qubit for qubit, _, _ in letters]
    for low, high in pairwise(chain):
        circuit.cx(low, high)
    circuit.rz(2 * angle, chain[-1])
    for high, low in pairwise(reversed(chain)):
        circuit.cx(low, high)
    for qubit, x, z in letters:
        if x:
            circuit.h(qubit)
        if x and z:
            circuit.rz(np.pi / 2, qubit)
