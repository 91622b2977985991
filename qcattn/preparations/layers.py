"""A Hamiltonian as a sum of layers, each diagonal once its qubits are turned one by one."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister

from qcattn.records import Hamiltonian, check_bytes, every_reading, numbers_of, walsh_hadamard

__all__ = ["Cluster", "Layer", "layers_of", "turn"]

# Columns are the eigenvectors +1 and -1 of the Pauli letters I, X, Z, Y (codes x + 2 z).
_EIGENVECTORS = np.array(
    [
        [[1, 0], [0, 1]],
        [[2**-0.5, 2**-0.5], [2**-0.5, -(2**-0.5)]],
        [[1, 0], [0, 1]],
        [[2**-0.5, 2**-0.5], [2**-0.5 * 1j, -(2**-0.5) * 1j]],
    ]
)


class Cluster(NamedTuple):
    """Terms of a layer that are connected.

    Attributes:
        qubits: The qubits on which they act, lowest first.
        letters: The Pauli letter of each qubit, 1, 2, 3 for X, Z, Y.
        energies: Shape (2**len(qubits),), counted from the lowest; bit j of the index is qubit j's
            in the eigenbasis of its letter.
    """

    qubits: tuple[int, ...]
    letters: tuple[int, ...]
    energies: np.ndarray


class Layer(NamedTuple):
    """Pauli strings that have the same letter, or none, on each qubit, so that all commute.

    Attributes:
        letters: Shape (num_qubits,): 1, 2, 3 for X, Z, Y, and 0 where no string acts.
        clusters: Terms that share no qubit with those of another cluster, so that the lowest
            energy of the layer is the sum of those of its clusters.
    """

    letters: np.ndarray
    clusters: tuple[Cluster, ...]

    @property
    def spread(self) -> float:
        """The difference between the highest and the lowest energy."""
        return float(sum(cluster.energies.max() for cluster in self.clusters))

    @property
    def energies(self) -> np.ndarray:
        """The energies above the lowest in the eigenbasis of the letters, (2**num_qubits,)."""
        readings = every_reading(len(self.letters))
        out = np.zeros(len(readings))
        for cluster in self.clusters:
            out += cluster.energies[numbers_of(readings[:, cluster.qubits])]
        return out

    def conjugated(self, diagonal: np.ndarray) -> np.ndarray:
        """The matrix that is ``diagonal`` in the eigenbasis of the letters."""
        basis = np.ones((1, 1))
        for letter in self.letters:
            basis = np.kron(_EIGENVECTORS[letter], basis)
        return (basis * diagonal) @ basis.conj().T


def layers_of(hamiltonian: Hamiltonian) -> tuple[Layer, ...]:
    """Split one Hamiltonian, without its basis change, into layers; the widest comes first.

    Strings are put into the first layer in which they agree with the others qubit by qubit, those
    of Z first; so the diagonal is one layer. The identity is left out, since energies are counted
    from the lowest one.

    Args:
        hamiltonian: One Hamiltonian with an energy for every basis state.

    Raises:
        TooLarge: If dense matrices would not fit into memory.

    Example:
        >>> from qcattn.models.spins import ising
        >>> [(layer.letters.tolist(), len(layer.clusters)) for layer in layers_of(ising(3))]
        [([1, 1, 1], 3), ([2, 2, 2], 1)]
    """
    n = hamiltonian.num_qubits
    check_bytes(6 * 16 * 4**n, f"dense matrices of {n} qubits")
    operator = replace(hamiltonian, basis=None).operator
    codes = operator.paulis.x + 2 * operator.paulis.z
    weights = operator.coeffs.real
    letters: list[np.ndarray] = []
    members: list[list[int]] = []
    for term in np.argsort(operator.paulis.x.any(axis=1), kind="stable"):
        code = codes[term]
        if not code.any():
            continue
        for number, layer in enumerate(letters):
            if ((layer == 0) | (code == 0) | (layer == code)).all():
                letters[number] = np.maximum(layer, code)
                members[number].append(term)
                break
        else:
            letters.append(code)
            members.append([term])
    layers = [
        Layer(layer, _clusters(layer, codes[terms], weights[terms]))
        for layer, terms in zip(letters, members, strict=True)
    ]
    return tuple(sorted(layers, key=lambda layer: -layer.spread))


def turn(circuit: QuantumCircuit, cluster: Cluster, system: QuantumRegister, *, back: bool) -> None:
    """Append the gates that bring the letters of a cluster to Z, or back."""
    for q, letter in zip(cluster.qubits, cluster.letters, strict=True):
        if letter == 3 and not back:
            circuit.sdg(system[q])
        if letter in (1, 3):
            circuit.h(system[q])
        if letter == 3 and back:
            circuit.s(system[q])


def _clusters(letters: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> tuple[Cluster, ...]:
    blocks: list[set[int]] = []
    for code in codes:
        support = set(np.flatnonzero(code).tolist())
        touched = [block for block in blocks if block & support]
        blocks = [block for block in blocks if not block & support]
        blocks.append(support.union(*touched))
    clusters = []
    for block in sorted(blocks, key=min):
        qubits = sorted(block)
        inside = codes[:, qubits].any(axis=1)
        strings = numbers_of(codes[inside][:, qubits] > 0)
        terms = np.zeros(2 ** len(qubits))
        np.add.at(terms, strings, weights[inside])
        energies = walsh_hadamard(terms)
        own = tuple(int(letter) for letter in letters[qubits])
        clusters.append(Cluster(tuple(qubits), own, energies - energies.min()))
    return tuple(clusters)
