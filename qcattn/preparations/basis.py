"""The basis change of a rotated Hamiltonian, as gates."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.records import Hamiltonian

__all__ = ["append_basis", "with_basis"]


def append_basis(
    circuit: QuantumCircuit, hamiltonian: Hamiltonian, system: QuantumRegister
) -> None:
    """Append U of `Hamiltonian.basis` with parameters ``u``, or nothing where U = 1.

    In each layer ry on every qubit, then cx from each qubit to the next.
    """
    if hamiltonian.basis is None:
        return
    layers, n = hamiltonian.basis.shape[-2:]
    angles = ParameterVector("u", layers * n)
    for layer in range(layers):
        for q in range(n):
            circuit.ry(angles[layer * n + q], system[q])
        for q in range(n - 1):
            circuit.cx(system[q], system[q + 1])


def with_basis(values: np.ndarray, hamiltonian: Hamiltonian) -> np.ndarray:
    """Join the values (..., m) of parameters ``a`` and those of ``u``."""
    if hamiltonian.basis is None:
        return values
    turns = hamiltonian.basis.reshape(*hamiltonian.shape, -1)
    return np.concatenate([values, turns], axis=-1)
