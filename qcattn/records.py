"""The frozen values that travel between stages.

Every array is batched the NumPy way: leading axes ``...`` (layers, heads, queries) are carried
from the scores to the p-values untouched, and are also the shape of the Qiskit PUB (one
parameterised circuit, parameter values of shape ``(..., num_parameters)``).

Bit order lives here and nowhere else: ``codewords[key, q]`` is the bit of qubit ``q``, and
qubit 0 is the rightmost character of a bitstring, as in Qiskit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qcattn.arguments import check_finite, check_positive, no_numbers, rounding
from qcattn.errors import TooLarge
from qcattn.frames import frame, named_columns
from qcattn.machine import memory_bytes
from qcattn.markup import notebook
from qcattn.plurals import p_is, p_text, plural

if TYPE_CHECKING:
    import pandas
    from numpy.typing import ArrayLike
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

__all__ = [
    "Agreement",
    "Counts",
    "Hamiltonian",
    "Prepared",
    "Resources",
    "Result",
    "Verdict",
    "bitstrings",
    "check_bytes",
    "every_reading",
    "joint_standing",
    "numbers_of",
    "pauli_sum",
    "readings_of",
    "walsh_hadamard",
]

Index = Any
#: Share of runs of independent rows, at most, that are said to share their random numbers.
REPEATING = 1e-4
#: Weights below this share of the largest one are rounding.
_ROUNDING = 1e-15
Agreement = Literal["agrees", "differs", "undecided"]


@dataclass(frozen=True, eq=False)
class Hamiltonian:
    r"""The energies of the keys, their basis states, and the terms that do not commute.

    :math:`H = U \big(\sum_k E_k |c_k\rangle\langle c_k| + V\big) U^\dagger`. Most often U = 1 and
    V = 0: then H is diagonal in the computational basis. A key of energy ``+inf`` (a masked one)
    and a basis state that stands for no key (padding) lie outside the support: a thermal state
    gives them no amplitude, at any temperature.

    Attributes:
        energies: Shape (..., num_keys), in units of k_B T at beta = 1; ``+inf`` is masked.
        codewords: Shape (num_keys, num_qubits), bool; ``codewords[k, q]`` is qubit q's bit.
        encoding: Name of the encoding or of the model.
        off_diagonal: V, the terms that are not diagonal, the same for all leading axes; None if
            there are none. It needs an energy for every basis state.
        basis: Angles of U, shape (..., layers, num_qubits), radians: in each layer qubit q is
            turned by ry(angle), then come cx from q to q + 1, q = 0 first; None where U = 1. Then
            there is a key for every basis state.
        subsets: Whether what is called a key here is a set of the keys that were scored, of which
            qubit q tells whether key q is in it.

    Raises:
        ValueError: If V or U is given and some basis state is no key, or if shapes do not fit.

    Example:
        >>> import numpy as np
        >>> h = Hamiltonian(np.array([0.0, -1.0]), np.array([[False], [True]]), "Binary")
        >>> h.num_qubits, h.bitstrings
        (1, ('0', '1'))
        >>> h.operator.to_list()
        [('I', (-0.5+0j)), ('Z', (0.5+0j))]
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> Hamiltonian.of(SparsePauliOp(["Z", "X"], [1.0, 0.5])).matrix.real
        array([[ 1. ,  0.5],
               [ 0.5, -1. ]])
    """

    energies: np.ndarray
    codewords: np.ndarray
    encoding: str = ""
    off_diagonal: SparsePauliOp | None = None
    basis: np.ndarray | None = None
    subsets: bool = False

    def __post_init__(self) -> None:
        """Check that what does not commute has all basis states to act on."""
        if self.is_diagonal:
            return
        if self.num_keys != 2**self.num_qubits:
            raise ValueError(
                f"A Hamiltonian that is not diagonal moves between all basis states, but "
                f"`energies` names {self.num_keys} of {2**self.num_qubits}; fill the others, "
                "for example with `hamiltonian.filled(gap=10)`"
            )
        if self.off_diagonal is not None and not np.isfinite(self.energies).all():
            raise ValueError(
                "`off_diagonal` couples masked keys (energy inf) to the others; give them a "
                "finite energy, for example with `hamiltonian.filled(gap=10)`"
            )
        if self.basis is not None and (
            self.basis.ndim < 2
            or self.basis.shape[-1] != self.num_qubits
            or self.basis.shape[:-2] != self.shape
        ):
            raise ValueError(
                f"`basis` must be of shape (..., layers, qubits) = {self.shape} + (layers, "
                f"{self.num_qubits}), but is {self.basis.shape}"
            )

    @classmethod
    def of(cls, operator: Any, *, name: str = "operator") -> Hamiltonian:
        """Make a Hamiltonian of a sum of Pauli strings or a Hermitian matrix.

        Args:
            operator: `SparsePauliOp` or `SparseObservable` on n qubits, a sparse matrix of SciPy,
                an object with a method ``full`` as QuTiP's, or anything that becomes a (2**n, 2**n)
                array; energies in units of k_B T at beta = 1. Qubit 0 is the rightmost letter of a
                Pauli string and the lowest bit of a matrix index. What differs from its adjoint by
                no more than rounding is averaged with it.
            name: What `encoding` is to say.

        Returns:
            One Hamiltonian, shape (), with a key for every basis state.

        Raises:
            ValueError: If the operator is not Hermitian, not finite, has parameters without
                values, or is no square matrix of size 2**n with n at least 1.
        """
        from qiskit.quantum_info import SparseObservable, SparsePauliOp

        if hasattr(operator, "tocoo"):
            levels = _levels_of_sparse(operator)
            if levels is not None:
                return cls(levels, every_reading(len(levels).bit_length() - 1), name)
        if isinstance(operator, SparseObservable):
            operator = SparsePauliOp.from_sparse_observable(operator)
        if not isinstance(operator, SparsePauliOp):
            operator = pauli_sum(_hermitian(_dense_operator(operator)))
        coefficients = _weights_of(operator)
        slack = rounding(coefficients)
        operator = SparsePauliOp(operator.paulis, coefficients).simplify(atol=0, rtol=0)
        scale = float(np.abs(operator.coeffs).max(initial=0.0))
        _check_hermitian(float(np.abs(operator.coeffs.imag).max(initial=0.0)), scale, slack)
        n = operator.num_qubits
        if n < 1:
            raise ValueError(
                "`operator` must act on at least one qubit, but acts on none; give one that does"
            )
        check_bytes(8 * 2**n * (n + 1), f"the diagonal of a Hamiltonian on {n} qubits")
        paulis, weights = operator.paulis, operator.coeffs.real
        heavy = np.abs(weights) > _ROUNDING * scale
        flips = paulis.x.any(axis=1)
        diagonal = np.zeros(2**n)
        np.add.at(diagonal, numbers_of(paulis.z[heavy & ~flips]), weights[heavy & ~flips])
        rest = heavy & flips
        with np.errstate(over="ignore", invalid="ignore"):
            energies = walsh_hadamard(diagonal)
        if not np.isfinite(energies).all():
            raise ValueError("`operator` has energies beyond float64; take smaller units")
        return cls(
            energies,
            every_reading(n),
            name,
            SparsePauliOp(paulis[rest], weights[rest]) if rest.any() else None,
        )

    @property
    def is_diagonal(self) -> bool:
        """Whether H is diagonal in the computational basis as it is written."""
        return self.off_diagonal is None and self.basis is None

    @property
    def shape(self) -> tuple[int, ...]:
        """The leading axes, with one Hamiltonian for each index."""
        return self.energies.shape[:-1]

    @property
    def num_keys(self) -> int:
        """The number of keys, masked ones included."""
        return self.energies.shape[-1]

    @property
    def num_qubits(self) -> int:
        """The number of qubits of the system register."""
        return self.codewords.shape[1]

    @property
    def one_hot(self) -> bool:
        """Whether key k is the state in which qubit k alone is excited."""
        square = self.num_keys == self.num_qubits
        return square and bool(np.array_equal(self.codewords, np.eye(self.num_keys, dtype=bool)))

    @property
    def basis_states(self) -> tuple[int, ...]:
        """The basis state of each key, as a Python integer (any number of qubits)."""
        if self.num_qubits > 62:  # beyond 64-bit integers
            return tuple(int(bits, 2) for bits in self.bitstrings)
        return tuple(numbers_of(self.codewords).tolist())

    @property
    def bitstrings(self) -> tuple[str, ...]:
        """The basis state of each key as Qiskit prints it: qubit 0 is the rightmost."""
        return bitstrings(self.codewords)

    def __getitem__(self, index: Index) -> Hamiltonian:
        """The Hamiltonians at ``index`` of the leading axes."""
        rows = _rows(self.shape, index)
        basis = self.basis
        if basis is not None:
            basis = basis.reshape(math.prod(self.shape), *basis.shape[-2:])[rows]
        return replace(self, energies=_take(self.energies, rows), basis=basis)

    def masked(self, beta: ArrayLike) -> Hamiltonian:
        """The same Hamiltonian with ``inf`` for energies whose weight is exactly zero.

        Masks come as -1e4, -65504, -1e9 or the lowest number of a type as well as ``-inf``; in
        double precision the thermal state is the same, and no method has to reach such energies.

        Args:
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            This Hamiltonian itself if nothing changes, as where it is not diagonal: there what is
            high up still has a weight, by what couples it to the others.

        Example:
            >>> import numpy as np
            >>> keys = np.array([[False], [True]])
            >>> Hamiltonian(np.array([0.0, 65504.0]), keys).masked(1.0).energies
            array([ 0., inf])
        """
        from qcattn.thermal import boltzmann

        if not self.is_diagonal:
            return self
        gone = np.isfinite(self.energies) & (boltzmann(self.energies, beta) == 0)
        return replace(self, energies=np.where(gone, np.inf, self.energies)) if gone.any() else self

    def filled(self, gap: float) -> Hamiltonian:
        """The same with a key for every basis state; masked keys and padding lie ``gap`` above.

        Methods that move between basis states (baths, variational circuits, transverse fields)
        need an energy everywhere. The weight that the thermal state then puts there is below
        2**n exp(-beta gap) of the rest.

        Args:
            gap: Energy above the highest one of each row, in units of k_B T at beta = 1.

        Raises:
            ValueError: If gap is not positive and finite, or the codewords are one-hot on more
                than 16 qubits.
        """
        check_positive(gap, "gap")
        n = self.num_qubits
        check_bytes(8 * math.prod(self.shape) * 2**n, f"the energies of all states of {n} qubits")
        finite = np.where(np.isfinite(self.energies), self.energies, -np.inf)
        top = finite.max(axis=-1, keepdims=True) + gap
        energies = np.broadcast_to(top, (*self.shape, 2**n)).copy()
        energies[..., list(self.basis_states)] = np.where(
            np.isfinite(self.energies), self.energies, top
        )
        words = every_reading(n)
        return replace(self, energies=energies, codewords=words)

    def diagonal(self, *, fill: float = 0.0) -> np.ndarray:
        """The energies of all basis states, shape (..., 2**num_qubits), before U and without V.

        Args:
            fill: What a basis state outside the support is given.
        """
        out = np.full((*self.shape, 2**self.num_qubits), fill)
        out[..., list(self.basis_states)] = np.where(
            np.isfinite(self.energies), self.energies, fill
        )
        return out

    @cached_property
    def operator(self) -> SparsePauliOp:
        r"""The Hamiltonian on its support as a sum of Pauli strings.

        Coefficients of the diagonal are its Walsh-Hadamard transform,
        :math:`c_z = 2^{-n} \sum_b (-1)^{z \cdot b} E_b` [1]. Outside the support (padding,
        masked keys) the diagonal is zero, so that the thermal state is the one *restricted to
        the support*, not that of this operator on all basis states. A one-hot Hamiltonian is
        given in its linear form :math:`\sum_k E_k (1 - Z_k)/2`, which has the same energies on
        the one-excitation states.

        Raises:
            ValueError: If there is more than one Hamiltonian; index one, ``h[2, 5].operator``.

        References:
            [1] J. Welch et al., New J. Phys. 16, 033040 (2014), section 2.
        """
        from qiskit.quantum_info import PauliList, SparsePauliOp

        if self.shape:
            raise ValueError(
                f"`operator` is of one Hamiltonian, but there are {self.shape}; choose one, "
                "for example `hamiltonian[0].operator`"
            )
        if self.basis is not None:
            return pauli_sum(self.matrix)
        if self.one_hot:
            finite = np.where(np.isfinite(self.energies), self.energies, 0.0)
            z = np.vstack([np.zeros((1, self.num_qubits), bool), self.codewords])
            coefficients = np.concatenate([[finite.sum() / 2], -finite / 2])
        else:
            coefficients = walsh_hadamard(self.diagonal()) / 2**self.num_qubits
            z = every_reading(self.num_qubits)
        scale = np.abs(coefficients).max(initial=0.0)
        keep = np.abs(coefficients) > _ROUNDING * scale if scale else np.arange(len(z)) == 0
        paulis = PauliList.from_symplectic(z[keep], np.zeros_like(z[keep]))
        diagonal = SparsePauliOp(paulis, coefficients[keep], copy=False)
        if self.off_diagonal is None:
            return diagonal
        # Qiskit's own tolerance does not know how large the Hamiltonian is.
        return (diagonal + self.off_diagonal).simplify(atol=0, rtol=0)

    @property
    def matrix(self) -> np.ndarray:
        """H as matrices, shape (..., 2**num_qubits, 2**num_qubits), complex.

        Raises:
            ValueError: If masked keys or padding leave it undefined, or it would not fit into
                memory (the message says how many bytes it takes).
        """
        n, rows = self.num_qubits, math.prod(self.shape)
        check_bytes(16 * rows * 4**n, f"a dense Hamiltonian on {n} qubits")
        if self.num_keys < 2**n or not np.isfinite(self.energies).all():
            raise ValueError(
                "`matrix` needs an energy for every basis state, but some are masked or padding; "
                "give them one, for example with `hamiltonian.filled(gap=10)`"
            )
        out = np.zeros((*self.shape, 2**n, 2**n), dtype=complex)
        out[..., range(2**n), range(2**n)] = self.diagonal()
        if self.off_diagonal is not None:
            out += self.off_diagonal.to_matrix()
        if self.basis is None:
            return out
        turn = self.rotation
        return turn @ out @ np.swapaxes(turn, -1, -2)

    @property
    def rotation(self) -> np.ndarray:
        """U as real orthogonal matrices, shape (..., 2**num_qubits, 2**num_qubits)."""
        n = self.num_qubits
        check_bytes(8 * math.prod(self.shape) * 4**n, f"a dense basis change of {n} qubits")
        out = np.broadcast_to(np.eye(2**n), (*self.shape, 2**n, 2**n)).copy()
        if self.basis is None:
            return out
        states = np.arange(2**n)
        for layer in range(self.basis.shape[-2]):
            for q in range(n):
                half = self.basis[..., layer, q, None, None] / 2
                sign = np.where(states >> q & 1, 1.0, -1.0)[:, None]
                out = np.cos(half) * out + sign * np.sin(half) * out[..., states ^ (1 << q), :]
            for q in range(n - 1):
                out = out[..., states ^ ((states >> q & 1) << (q + 1)), :]
        return out


def _weights_of(operator: SparsePauliOp) -> np.ndarray:
    """The coefficients of a sum of Pauli strings, all of them finite numbers."""
    unbound = ", ".join(str(parameter) for parameter in operator.parameters)
    if unbound:
        raise ValueError(
            f"`operator` has parameters without values, {unbound}; give them values with "
            "operator.assign_parameters"
        )
    weights = np.asarray(operator.coeffs)
    weights = weights.astype(complex) if weights.dtype.kind == "O" else weights
    wrong = ~np.isfinite(weights)
    if wrong.any():
        string = operator.paulis[int(wrong.argmax())]
        raise ValueError(
            f"`operator` must have finite coefficients, but that of {string} is "
            f"{weights[wrong][0]}; give a number"
        )
    return weights


def _levels_of_sparse(operator: Any) -> np.ndarray | None:
    """The diagonal of a sparse matrix that has nothing beside it, else None."""
    entries = operator.tocoo()
    size = operator.shape[0]
    square = operator.shape == (size, size) and size >= 2 and not size & (size - 1)
    if not square or (entries.row != entries.col).any():
        return None
    levels = np.asarray(operator.diagonal())
    if not np.isfinite(levels).all() or np.iscomplex(levels).any():
        return None
    return levels.real.astype(float)


def _dense_operator(operator: Any) -> np.ndarray:
    """A matrix of shape (2**n, 2**n), n at least 1, of the type that it was given in."""
    if isinstance(operator, type):
        raise ValueError(
            f"`operator` must be an object, but is the class {operator.__name__}; make an object "
            f"of it, `{operator.__name__}(...)`"
        )
    if hasattr(operator, "toarray"):
        check_bytes(16 * math.prod(operator.shape), f"a dense matrix of shape {operator.shape}")
        operator = operator.toarray()
    elif callable(getattr(operator, "full", None)):
        operator = operator.full()
    kinds = "a SparsePauliOp, a SparseObservable or a matrix of shape (2**n, 2**n)"
    try:
        matrix = np.asarray(operator)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`operator` must be {kinds}, but becomes no array: {error}") from error
    size = matrix.shape[0] if matrix.ndim == 2 else 0
    if matrix.dtype.kind == "U" or matrix.shape != (size, size) or size < 2 or size & (size - 1):
        found = f"its shape is {matrix.shape}" if matrix.ndim else f"is {type(operator).__name__}"
        raise ValueError(
            f"`operator` must be {kinds}, but {found}; a list of strings and weights becomes one "
            "by SparsePauliOp.from_list, and what has a matrix gives it: operator.to_matrix()"
        )
    if matrix.dtype.kind not in "iufc":
        raise ValueError(f"`operator` must be {kinds}, but {no_numbers(matrix.dtype)}")
    check_finite(matrix, "operator", "give a number")
    return matrix


def _hermitian(matrix: np.ndarray) -> np.ndarray:
    """The matrix without an anti-Hermitian part that is rounding, complex128."""
    whole = matrix.astype(complex)
    defect = float(np.abs(whole - whole.conj().T).max())
    _check_hermitian(defect, float(np.abs(whole).max()), rounding(matrix))
    return (whole + whole.conj().T) / 2


def _check_hermitian(defect: float, scale: float, slack: float) -> None:
    """Refuse an operator whose anti-Hermitian part is more than rounding."""
    if defect > slack * max(scale, 1e-300):
        raise ValueError(
            f"`operator` must be Hermitian, but differs from its adjoint by up to {defect:.3g}; "
            "take (operator + operator.adjoint()) / 2 if that is meant"
        )


def pauli_sum(matrix: np.ndarray) -> SparsePauliOp:
    """Write a matrix as a sum of Pauli strings.

    What is rounding beside the largest entry is left out, and nothing else, however small the
    matrix is; Qiskit's own default leaves out all weights below 1e-5.

    Args:
        matrix: Shape (2**n, 2**n), finite.

    Example:
        >>> import numpy as np
        >>> found = pauli_sum(np.array([[3.0, 0.5], [0.5, -1.0]]) * 2**-40).coeffs.real * 2**40
        >>> sorted(found.tolist())
        [0.5, 1.0, 2.0]
    """
    from qiskit.quantum_info import Operator, SparsePauliOp

    unit = 2.0 ** (np.frexp(np.abs(matrix).max())[1] - 1)  # a power of two: nothing is rounded
    return unit * SparsePauliOp.from_operator(
        Operator(matrix / unit), atol=_ROUNDING, rtol=_ROUNDING
    )


def check_bytes(needed: int, what: str, cure: str = "take fewer qubits") -> None:
    """Refuse work that would not fit into memory.

    Raises:
        TooLarge: If ``needed`` bytes are more than half of the memory there is (`memory_bytes`).
    """
    memory = memory_bytes()
    if needed > memory // 2:
        raise TooLarge(
            f"{what} takes {needed:,} bytes ({needed / 2**30:,.3g} GiB), more than half of the "
            f"{memory / 2**30:,.3g} GiB here; {cure}"
        )


def _rows(shape: tuple[int, ...], index: Index) -> np.ndarray:
    """Numbers of the rows at ``index``, the leading axes made one."""
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _take(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of an array (..., n) by their numbers."""
    return array.reshape(math.prod(array.shape[:-1]), array.shape[-1])[rows]


def bitstrings(codewords: np.ndarray) -> tuple[str, ...]:
    """Write codewords (num_keys, num_qubits) as bitstrings, qubit 0 rightmost."""
    return tuple("".join("1" if bit else "0" for bit in row[::-1]) for row in codewords)


def every_reading(num_bits: int) -> np.ndarray:
    """List all readings of a register as codewords, shape (2**num_bits, num_bits), bool.

    Example:
        >>> every_reading(2).astype(int).tolist()
        [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return readings_of(np.arange(2**num_bits), num_bits)


def readings_of(numbers: np.ndarray, num_bits: int) -> np.ndarray:
    """Write integers as readings of a register, (..., num_bits), bool; bit 0 is the lowest.

    Args:
        numbers: The integers, 0 or more, shape (...).
        num_bits: The number of bits of the register.

    Example:
        >>> readings_of(np.array([2, 1]), 3).astype(int).tolist()
        [[0, 1, 0], [1, 0, 0]]
    """
    return (np.asarray(numbers)[..., None] >> np.arange(num_bits)) & 1 == 1


def numbers_of(readings: np.ndarray) -> np.ndarray:
    """Write readings of a register (..., num_bits) as integers (...), the inverse of `readings_of`.

    Example:
        >>> numbers_of(every_reading(2)).tolist()
        [0, 1, 2, 3]
    """
    return readings @ (1 << np.arange(readings.shape[-1]))


def walsh_hadamard(values: np.ndarray) -> np.ndarray:
    r"""The Walsh-Hadamard transform along the last axis, in natural order, not normalised.

    :math:`W_z = \sum_b (-1)^{z \cdot b} v_b` in n 2^n additions.

    Example:
        >>> import numpy as np
        >>> walsh_hadamard(np.array([1.0, 2.0])).tolist()
        [3.0, -1.0]
    """
    out = np.array(values, dtype=float)
    *batch, size = out.shape
    half = 1
    while half < size:
        pairs = out.reshape(*batch, size // (2 * half), 2, half)
        low = pairs[..., 0, :] + pairs[..., 1, :]
        pairs[..., 1, :] = pairs[..., 0, :] - pairs[..., 1, :]
        pairs[..., 0, :] = low
        half *= 2
    return out


@dataclass(frozen=True, eq=False)
class Prepared:
    """A template circuit, its parameter values, and how to read its outcome.

    Attributes:
        method: Name of the preparation.
        kind: ``"told"`` (angles come from Boltzmann weights computed classically) or
            ``"thermal"`` (the circuit knows energies and beta only).
        circuit: Template ending in measurements; parameters in the order of ``values``.
        values: Shape (..., num_parameters), radians, for ``circuit.parameters``' order.
        codewords: Shape (num_keys, num_key_bits), bool: the reading of ``key_register`` that
            means key k; column q is classical bit q.
        key_register: Name of the classical register that holds the key.
        herald_register: Name of the register whose bits must all read zero, or None.
        distribution: Shape (..., num_keys): the probabilities that the kept shots must have.
        success: Shape (...): predicted probability that the herald reads zero (1 without one).
        error: Shape (...): claimed bound on the trace distance between the state of the quantum
            register ``system`` and the ``state`` aimed at; it bounds the total variation between
            ``distribution`` and the exact populations.
        state: The state aimed at: ``"gibbs"``, or the pure ``"qsample"`` of the same populations.
        spent: Shots that finding the circuit took, all leading axes together.
        subsets: Whether a key is a set of the keys that were scored, as in `Hamiltonian`.
    """

    method: str
    kind: Literal["told", "thermal"]
    circuit: QuantumCircuit
    values: np.ndarray
    codewords: np.ndarray
    key_register: str
    herald_register: str | None
    distribution: np.ndarray
    success: np.ndarray
    error: np.ndarray
    state: Literal["gibbs", "qsample"] = "gibbs"
    spent: int = 0
    subsets: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The leading axes, with one circuit for each index."""
        return self.values.shape[:-1]

    @property
    def flat_values(self) -> np.ndarray:
        """The parameter values with all leading axes flattened, shape (rows, num_parameters)."""
        return self.values.reshape(int(np.prod(self.shape)), self.values.shape[-1])

    @property
    def resources(self) -> Resources:
        """What the template costs."""
        return Resources.of(self.circuit)

    def __getitem__(self, index: Index) -> Prepared:
        """The circuits at ``index`` of the leading axes, on the same template."""
        rows = _rows(self.shape, index)
        return replace(
            self,
            values=_take(self.values, rows),
            distribution=_take(self.distribution, rows),
            success=np.broadcast_to(self.success, self.shape).reshape(-1)[rows],
            error=np.broadcast_to(self.error, self.shape).reshape(-1)[rows],
        )


@dataclass(frozen=True)
class Resources:
    """The cost of one circuit.

    Attributes:
        qubits: Qubits that anything happens to, ancillas included.
        depth: Circuit depth, measurements included.
        two_qubit_gates: Gates on two qubits.
        rotations: One-qubit gates that take an angle.
    """

    qubits: int
    depth: int
    two_qubit_gates: int
    rotations: int

    @classmethod
    def of(cls, circuit: QuantumCircuit) -> Resources:
        """Count a circuit."""
        operations = [item.operation for item in circuit.data]
        return cls(
            qubits=len({qubit for item in circuit.data for qubit in item.qubits}),
            depth=circuit.depth(),
            two_qubit_gates=sum(op.num_qubits == 2 and op.name != "barrier" for op in operations),
            rotations=sum(op.num_qubits == 1 and bool(op.params) for op in operations),
        )


@dataclass(frozen=True, eq=False)
class Counts:
    """Shots, sorted by what they mean. Counts add up.

    Attributes:
        keys: Shape (..., num_keys), int64: kept shots that read key k.
        stray: Shape (...), int64: kept shots that read no key (padding, noise).
        discarded: Shape (...), int64: shots whose herald fired.
        memories: The first shots of the first rows in their order, where the backend knows it: the
            key, or ``num_keys`` for a stray, or one more for a discarded shot. They tell rows that
            share their random numbers; sums, parts and files of counts are without them.
        independent: Whether each shot says nothing of the next. Those of a Markov chain do:
            comparisons that take shots for independent refuse them.

    Example:
        >>> import numpy as np
        >>> one = Counts(np.array([3, 1]), np.array(0), np.array(2))
        >>> (one + one).keys.tolist(), int((one + one).shots)
        ([6, 2], 12)
    """

    keys: np.ndarray
    stray: np.ndarray
    discarded: np.ndarray
    memories: tuple[np.ndarray, ...] = ()
    independent: bool = True

    def __add__(self, other: Counts) -> Counts:
        """Counts of both."""
        return Counts(
            self.keys + other.keys,
            self.stray + other.stray,
            self.discarded + other.discarded,
            independent=self.independent and other.independent,
        )

    def __getitem__(self, index: Index) -> Counts:
        """The counts at ``index`` of the leading axes."""
        keys = _take(self.keys, _rows(self.stray.shape, index))
        stray, discarded = self.stray[index], self.discarded[index]
        return Counts(keys, stray, discarded, independent=self.independent)

    @classmethod
    def zeros(cls, shape: tuple[int, ...], num_keys: int) -> Counts:
        """Counts of no shots."""
        return cls(
            np.zeros((*shape, num_keys), np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
        )

    @property
    def kept(self) -> np.ndarray:
        """The shots that count, strays included, shape (...)."""
        return self.keys.sum(axis=-1) + self.stray

    @property
    def shots(self) -> np.ndarray:
        """All shots drawn, shape (...)."""
        return self.kept + self.discarded

    @property
    def frequencies(self) -> np.ndarray:
        """The share of the kept shots on each key, (..., num_keys); NaN where none was kept."""
        kept = self.kept[..., None].astype(float)
        return np.divide(self.keys, kept, out=np.full(self.keys.shape, np.nan), where=kept > 0)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one comparison says of every row and of all rows together.

    Attributes:
        name: ``"fit"`` (counts against probabilities) or ``"acceptance"`` (heralded shots).
        alpha: Probability of saying "differs" of a perfect sampler, over all rows together.
        statistic: Shape (...): standardised statistic of each row; 0 is what is expected.
        p_values: Shape (...).
        refuted: Shape (...), bool: rows that differ, family-wise at ``alpha``.
        resolution: Shape (...): the total variation a row would have shown with 90% power.
        overall: p-value of all rows together.
        overall_resolution: The same for all rows together: the total variation, the same in every
            row, that would have been shown with 90% power (``"acceptance"``: the smallest of the
            rows).
        undecided: Shape (...), bool: rows without shots; they never agree.
    """

    name: str
    alpha: float
    statistic: np.ndarray
    p_values: np.ndarray
    refuted: np.ndarray
    resolution: np.ndarray
    overall: float
    overall_resolution: float
    undecided: np.ndarray

    @property
    def differs(self) -> bool:
        """Whether all rows together are refuted at ``alpha``."""
        return bool(self.overall <= self.alpha)

    @property
    def blind(self) -> bool:
        """Whether no deviation could have been seen: too few shots, or keys too certain."""
        return not min(self.resolution.min(initial=np.inf), self.overall_resolution) < 1

    @property
    def agrees(self) -> bool:
        """Whether every row was tested, something would have been seen, and nothing was refuted.

        NaN never agrees.
        """
        tested = not bool(self.undecided.any()) and not self.blind
        return bool(self.overall > self.alpha) and tested

    @property
    def standing(self) -> Agreement:
        """The verdict in one word."""
        return "differs" if self.differs else "agrees" if self.agrees else "undecided"


def joint_standing(standings: Iterable[str], *, complete: bool = True) -> Agreement:
    """Several verdicts as one.

    Args:
        standings: The verdicts, one word each; any other word than these three was not decided
            either.
        complete: Whether all that was asked for was drawn.

    Returns:
        The verdict of all together: "differs" if one of them differs; "agrees" if all was drawn,
        there is a verdict, and all agree; else "undecided".

    Example:
        >>> joint_standing(["agrees", "undecided"]), joint_standing(["undecided", "differs"])
        ('undecided', 'differs')
    """
    found = set(standings)
    if "differs" in found:
        return "differs"
    return "agrees" if complete and found == {"agrees"} else "undecided"


@dataclass(frozen=True, eq=False)
class Result:
    """A whole run: what went in, what was counted, what it means, and what it cost.

    Attributes:
        scores: Shape (..., num_keys), ``-inf`` masked, as given; of sets of keys minus their
            energies.
        beta: Shape (...) or (): inverse temperature.
        expected: Shape (..., num_keys): softmax(beta * scores).
        prepared: Template, angles and claims of the preparation.
        counts: What was drawn.
        verdicts: The comparisons; the first one is the ``"fit"`` with softmax.
        resources: Cost of one circuit as it ran, fitted to the gates of the backend.
        shots: Shots asked for, a row.
        seed: Entropy of the SeedSequence from which everything was drawn.
        settings: Encoding, preparation, backend as they print, draws, method, device.
        versions: Package versions that took part.
        tokens: The token of each key that was scored and query, or () if the scores have none.
        axes: Names of the leading axes, such as layer, head, query; or ().
        row_names: One label for each entry of the last leading axis, or ().
        source: Where the scores come from (model, sentence, licence, sha256...).
        complete: False if the run was interrupted; rows without shots are undecided.
        same_numbers: p-value of the hypothesis that rows are drawn with random numbers of their
            own (`qcattn.comparisons.same_numbers`).
        seconds: Wall time of each stage, seconds.
    """

    scores: np.ndarray
    beta: np.ndarray
    expected: np.ndarray
    prepared: Prepared
    counts: Counts
    verdicts: tuple[Verdict, ...]
    resources: Resources
    shots: int
    seed: int
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    tokens: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    row_names: tuple[str, ...] = ()
    source: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    same_numbers: float = 1.0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """The leading axes of the scores."""
        return self.expected.shape[:-1]

    @property
    def codebook(self) -> tuple[tuple[str, str], ...]:
        """The pairs of token (or key number) and bitstring, qubit 0 rightmost."""
        return tuple(zip(self.labels, bitstrings(self.prepared.codewords), strict=True))

    @property
    def outcome(self) -> str:
        """The word for one outcome: a key, or a subset of the keys."""
        return "subset" if self.prepared.subsets else "key"

    @property
    def labels(self) -> tuple[str, ...]:
        """The token (or number) of each key, or all those of each set: ``{the, cat}``."""
        if not self.prepared.subsets:
            return self.tokens or tuple(str(key) for key in range(self.expected.shape[-1]))
        return tuple(map(self.label_of_set, self.prepared.codewords))

    def label_of_set(self, codeword: np.ndarray) -> str:
        """The tokens (or numbers) of the keys in one set, such as ``{the, cat}``.

        Args:
            codeword: Shape (num_qubits,), bool: whether each key is in it.
        """
        names = self.tokens or tuple(map(str, range(len(codeword))))
        members = ", ".join(names[key] for key in np.flatnonzero(codeword))
        return f"{{{members}}}"

    def __str__(self) -> str:
        """A few lines: what was prepared, what was drawn, what the comparisons say."""
        lines = [
            f"{verdict.name:<12} {p_is(verdict.overall)} at alpha = {verdict.alpha:g}, "
            f"{plural(int(verdict.refuted.sum()), 'row')} refuted"
            for verdict in self.verdicts
        ]
        if self.rows_repeat:
            lines.append(
                "this sampler gives every row the same random numbers, so that the rows have one "
                "luck;\ndraw them with a sampler that has no fixed seed, or by `Aer`"
            )
        return "\n".join([f"{self.standing}: {self._drawn()}", *lines])

    def to_pandas(self) -> pandas.DataFrame:
        """The counts as a data frame: one line for each key of each row.

        Its columns are the leading axes, the name of the row where rows have names, the key, its
        token where there are tokens, its bitstring, its counts, the probability expected, and the
        p-value of the row. An axis that is named as one of these has "of scores" behind it. Shots
        that read no key are in no line.

        Raises:
            ImportError: If pandas is not installed: `pip install 'qcattn[pandas]'`.
        """
        keys = self.expected.shape[-1]
        places = np.indices(self.expected.shape).reshape(len(self.shape) + 1, -1)
        own = {"row_name", "key", "token", "bitstring", "count", "expected", "p_value"}
        axes = self.axes or tuple(f"axis {i}" for i in range(len(self.shape)))
        names = named_columns(axes, own, "of scores").values()
        rows = self.expected.size // keys
        columns: dict[str, Any] = dict(zip(names, places[:-1], strict=True))
        if self.row_names:
            columns["row_name"] = [self.row_names[i] for i in places[-2]]
        columns["key"] = places[-1]
        if self.tokens:
            columns["token"] = list(self.labels) * rows
        columns["bitstring"] = list(bitstrings(self.prepared.codewords)) * rows
        columns["count"] = self.counts.keys.ravel()
        columns["expected"] = self.expected.ravel()
        columns["p_value"] = np.repeat(np.ravel(self.fit.p_values), keys)
        return frame(columns)

    def single_shots(self, index: int | tuple[int, ...] = (), seed: Any = 0) -> list[str]:
        """The kept shots of one row, one bitstring each, qubit 0 rightmost.

        Counts know no order. This one is drawn from ``seed``: every order of independent shots is
        as likely as any other. A test of whether shots are independent needs their true order,
        which `qcattn.independent` is given.

        Args:
            index: The index of the row, () if there is one only.
            seed: Anything `numpy.random.default_rng` takes.

        Returns:
            A list of as many bitstrings as shots were kept. What a stray shot read is not kept: its
            bitstring is one of ``?``.

        Raises:
            ValueError: If the index is not that of a row.

        Example:
            >>> from qcattn.experiment import run
            >>> sorted(set(run([0.0, 9.0], shots=100, seed=1).single_shots()))
            ['1']
        """
        row = tuple(index) if isinstance(index, tuple) else (int(index),)
        if len(row) != len(self.shape):
            raise ValueError(
                f"`index` must have {plural(len(self.shape), 'number')}, one for each of the "
                f"leading axes {self.shape}, but is {row}; name one row"
            )
        words = bitstrings(self.prepared.codewords)
        counts = self.counts[row]
        drawn = np.repeat(np.arange(len(words) + 1), np.append(counts.keys, counts.stray))
        names = [*words, "?" * len(words[0])]
        return [names[key] for key in np.random.default_rng(seed).permutation(drawn)]

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, what was drawn, and a line a comparison."""
        lines = [
            (
                verdict.name,
                p_text(verdict.overall),
                f"{verdict.alpha:g}",
                f"{int(verdict.refuted.sum()):,} of {verdict.refuted.size:,}",
            )
            for verdict in self.verdicts
        ]
        headings = ("comparison", "p-value", "error rate", "rows refuted")
        return notebook(self.standing, self._drawn(), headings, lines)

    def _drawn(self) -> str:
        """What was drawn, and with which circuit, in two lines."""
        rows = int(np.prod(self.shape))
        return (
            f"{plural(rows, 'row')} of {plural(self.expected.shape[-1], self.outcome)}, "
            f"{plural(self.shots, 'shot')} a row"
            + ("" if self.complete else ", interrupted")
            + f"\n{self.prepared.method} ({self.prepared.kind}), "
            f"{plural(self.resources.qubits, 'qubit')}, "
            f"{plural(self.resources.two_qubit_gates, 'two-qubit gate')}, depth "
            f"{self.resources.depth}"
        )

    @property
    def fit(self) -> Verdict:
        """The comparison of the counts with softmax, or with the law that the result names."""
        return self.verdicts[0]

    @property
    def standing(self) -> Agreement:
        """The verdict of all comparisons in one word, each at its own share of alpha.

        Rows that share their random numbers never agree: a row that is refuted by itself still
        differs, and all else is undecided, for the rows do not speak together.
        """
        if self.rows_repeat:
            alone = any(verdict.refuted.any() for verdict in self.verdicts)
            return "differs" if alone else "undecided"
        return joint_standing(
            (verdict.standing for verdict in self.verdicts), complete=self.complete
        )

    @property
    def rows_repeat(self) -> bool:
        """Whether rows share random numbers; wrong if independent at the rate `REPEATING`."""
        return self.same_numbers <= REPEATING

    @property
    def alpha(self) -> float:
        """The largest probability that any comparison says that a perfect sampler differs."""
        return sum(verdict.alpha for verdict in self.verdicts)

    @property
    def differs(self) -> bool:
        """Whether any of the comparisons refutes."""
        return self.standing == "differs"

    @property
    def agrees(self) -> bool:
        """Whether all comparisons agree on a complete run."""
        return self.standing == "agrees"
