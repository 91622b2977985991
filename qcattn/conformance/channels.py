r"""Noise as it acts on the entries of a density matrix, from its closed form."""

from __future__ import annotations

from itertools import product

import numpy as np

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.conformance.matrices import pauli_string

__all__ = ["channel_of", "misread"]


def misread(term: NoiseTerm, qubit: int) -> bool:
    """Whether a term is a readout error of this qubit."""
    return term.kind == "readout" and (not term.qubits or qubit in term.qubits)


def channel_of(term: NoiseTerm, k: int) -> np.ndarray:
    """The action of a term on the entries of the k qubits of a gate, shape (4**k, 4**k).

    Bit j of an index is the row bit of qubit j, bit k + j its column bit.
    """
    numbers = {name: np.longdouble(number) for name, number in term.numbers.items()}
    if term.kind == "depolarising":
        share = numbers["p"]
        # Every Pauli string as likely as every other: nothing is left but I / 2^k.
        strings = {"".join(letters): share / 4**k for letters in product("IXYZ", repeat=k)}
        return _paulis(strings, k)
    if term.kind == "pauli":
        return _paulis(numbers, k)
    if term.kind == "thermal relaxation":
        return _on_each(_relaxation(**numbers), k)
    raise ValueError(f"`term` must act on a gate, but its kind is {term.kind!r}")


def _paulis(strings: dict[str, np.longdouble], k: int) -> np.ndarray:
    """Each string with its probability, else nothing."""
    out = np.eye(4**k, dtype=np.clongdouble) * (1 - sum(strings.values()))
    for letters, share in strings.items():
        matrix = pauli_string(letters)
        out += share * np.kron(matrix.conj(), matrix)
    return out


def _relaxation(
    t1: np.longdouble, t2: np.longdouble, time: np.longdouble, excited: np.longdouble
) -> np.ndarray:
    """Shape (4, 4), of one qubit; the index is 2 column + row."""
    stays, coherent = np.exp(-time / t1), np.exp(-time / t2)
    out = np.zeros((4, 4), dtype=np.clongdouble)
    for new, old in product((0, 1), repeat=2):
        share = excited if new else 1 - excited
        out[3 * new, 3 * old] = share * (1 - stays) + (stays if new == old else 0)
    out[1, 1] = out[2, 2] = coherent
    return out


def _on_each(one: np.ndarray, k: int) -> np.ndarray:
    """The channel of one qubit on each of k."""
    if k == 1:
        return one
    shape = (2,) * 2
    tensor = one.reshape(*shape, *shape)  # column, row of the new; column, row of the old
    both = np.einsum("abcd,efgh->aebfcgdh", tensor, tensor)  # later qubits are higher bits
    if k != 2:
        raise ValueError(f"thermal relaxation takes gates on one or two qubits, not on {k}")
    return both.reshape(16, 16)
