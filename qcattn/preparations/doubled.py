r"""Two copies of a register under layers of exponentials: the dense state, its gradient, its gates.

The state :math:`\sum_{ab} M_{ab} |a\rangle|b\rangle` of system and partner is a matrix M. An
operator K on the system and its transpose on the partner take it to :math:`K M K`; Bell pairs are
:math:`2^{-n/2}` times the identity. A generator is a sum of Pauli strings that share one local
basis V; its exponential :math:`e^{-i t \sum_j P_j}` multiplies :math:`V M V^\dagger` by phases.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import PauliList, SparsePauliOp

__all__ = ["Generator", "append_evolution", "coupling", "evolved", "gradient", "on_both"]

_HADAMARD = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
#: V with V P V^+ = Z, by letter.
_TO_Z = {"I": np.eye(2), "Z": np.eye(2), "X": _HADAMARD, "Y": _HADAMARD @ np.diag([1.0, -1.0j])}


class Generator(NamedTuple):
    """A sum of commuting Pauli strings on both copies.

    Attributes:
        operator: The sum on 2 n qubits; the partner is the higher half.
        basis: V, shape (2**n, 2**n), or None for the identity.
        phases: Eigenvalues, shape (2**n, 2**n): row for the system, column for the partner.
    """

    operator: SparsePauliOp
    basis: np.ndarray | None
    phases: np.ndarray


def on_both(group: SparsePauliOp) -> Generator:
    r""":math:`(G \otimes 1 + 1 \otimes G^T) / \max |c|` of a sum G of strings in one local basis.

    Args:
        group: Strings that commute on every qubit by themselves, none of them the identity.
    """
    n = group.num_qubits
    unit = SparsePauliOp(group.paulis, group.coeffs.real / np.abs(group.coeffs).max())
    x, z = group.paulis.x.any(axis=0), group.paulis.z.any(axis=0)
    letters = ["IZXY"[2 * int(a) + int(b)] for a, b in zip(x, z, strict=True)]
    masks = group.paulis.x | group.paulis.z
    flat = SparsePauliOp(PauliList.from_symplectic(masks, np.zeros_like(masks)), unit.coeffs)
    levels = flat.to_matrix(sparse=True).diagonal().real
    idle = SparsePauliOp("I" * n)
    both = idle.tensor(unit) + unit.transpose().tensor(idle)
    return Generator(
        both.simplify(atol=0, rtol=0), _basis(letters), levels[:, None] + levels[None, :]
    )


def coupling(letter: str, num_qubits: int) -> Generator:
    r""":math:`\sum_i P_i \otimes P_i` between the copies, P the letter X or Z."""
    n = num_qubits
    terms = [(2 * letter, [i, n + i], 1.0) for i in range(n)]
    states = np.arange(2**n)
    differ = np.array([int(word).bit_count() for word in states])[states[:, None] ^ states]
    operator = SparsePauliOp.from_sparse_list(terms, num_qubits=2 * n)
    return Generator(operator, _basis([letter] * n), (n - 2.0 * differ))


def evolved(generators: Sequence[Generator], angles: np.ndarray) -> np.ndarray:
    """Bell pairs after all generators in turn, as a matrix (2**n, 2**n) of norm one."""
    size = len(generators[0].phases)
    state = np.eye(size, dtype=complex) / np.sqrt(size)
    for generator, angle in zip(generators, angles, strict=True):
        state = _out(generator, np.exp(-1j * angle * generator.phases) * _in(generator, state))
    return state


def gradient(
    generators: Sequence[Generator], angles: np.ndarray, state: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    r"""Derivatives by the angles of a cost C with :math:`dC = 2\,\mathrm{Re}\langle G, dM\rangle`.

    Args:
        generators: The generators, as given to `evolved`.
        angles: Angles, one a generator, radians.
        state: What `evolved` gave.
        slope: G, shape of ``state``.
    """
    out = np.zeros(len(generators))
    for k in range(len(generators) - 1, -1, -1):
        generator = generators[k]
        inner, inner_slope = _in(generator, state), _in(generator, slope)
        out[k] = 2 * np.vdot(inner_slope, -1j * generator.phases * inner).real
        back = np.exp(1j * angles[k] * generator.phases)
        state, slope = _out(generator, back * inner), _out(generator, back * inner_slope)
    return out


def append_evolution(
    circuit: QuantumCircuit,
    generator: Generator,
    angle: float,
    system: QuantumRegister,
    partner: QuantumRegister,
) -> None:
    """Append the exponential of a generator: exact, since its strings commute."""
    circuit.append(PauliEvolutionGate(generator.operator, angle), [*system, *partner])


def _basis(letters: list[str]) -> np.ndarray | None:
    if set(letters) <= {"I", "Z"}:
        return None
    out = np.eye(1)
    for letter in letters:
        out = np.kron(_TO_Z[letter], out)
    return out


def _in(generator: Generator, state: np.ndarray) -> np.ndarray:
    return state if generator.basis is None else generator.basis @ state @ generator.basis.conj().T


def _out(generator: Generator, state: np.ndarray) -> np.ndarray:
    return state if generator.basis is None else generator.basis.conj().T @ state @ generator.basis
