"""Random density matrices, and circuits for any: a purification whose partner nobody reads."""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qcattn.preparations.gates import compiled

__all__ = ["purified", "random_state"]


def random_state(size: int, rng: np.random.Generator) -> np.ndarray:
    """A random density matrix of full rank, shape (size, size), in the Hilbert-Schmidt measure.

    Args:
        size: The dimension of the space.
        rng: The generator that draws the state.

    Example:
        >>> rho = random_state(4, np.random.default_rng(1))
        >>> float(np.trace(rho).real.round(9)), bool((np.linalg.eigvalsh(rho) > 0).all())
        (1.0, True)
    """
    ginibre = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    rho: np.ndarray = ginibre @ ginibre.conj().T
    return rho / np.trace(rho).real


def purified(
    weights: np.ndarray,
    vectors: np.ndarray,
    *,
    basis: np.ndarray | None = None,
    partner: bool = True,
    partner_basis: np.ndarray | None = None,
) -> QuantumCircuit:
    r"""The state :math:`\sum_k w_k |v_k\rangle\langle v_k|` on a register ``system``, measured.

    It prepares :math:`\sum_k \sqrt{w_k} |v_k\rangle |k\rangle` and reads the first register.

    Args:
        weights: Eigenvalues of the state, shape (2**n,).
        vectors: The eigenvectors of the state as columns, shape (2**n, 2**n).
        basis: Orthonormal vectors as columns: outcome b is the projection on column b; None for
            the computational basis.
        partner: Whether there is a second register; without it the state is the superposition
            :math:`\sum_k \sqrt{w_k} |v_k\rangle`.
        partner_basis: Measure the partner too, in this basis. Register ``key`` then has 2 n bits,
            those of the system first (outcome = system + 2**n * partner).

    Returns:
        The circuit, measured into register ``key``.

    Example:
        >>> circuit = purified(np.array([0.75, 0.25]), np.eye(2))
        >>> circuit.num_qubits, circuit.num_clbits
        (2, 1)
    """
    n = len(weights).bit_length() - 1
    system, other = QuantumRegister(n, "system"), QuantumRegister(n if partner else 0, "partner")
    key = ClassicalRegister(n if partner_basis is None else 2 * n, "key")
    circuit = QuantumCircuit(system, other, key, name="purified")
    roots = np.sqrt(weights / weights.sum())
    circuit.compose(_gates(StatePreparation(roots), n), system, inplace=True)
    if partner:
        circuit.cx(system, other)
    circuit.compose(_gates(UnitaryGate(vectors), n), system, inplace=True)
    if basis is not None:
        circuit.compose(_gates(UnitaryGate(basis.conj().T), n), system, inplace=True)
    if partner_basis is not None:
        circuit.compose(_gates(UnitaryGate(partner_basis.conj().T), n), other, inplace=True)
        circuit.measure(other, key[n:])
    circuit.measure(system, key[:n])
    return circuit


def _gates(gate: StatePreparation | UnitaryGate, num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.append(gate, range(num_qubits))
    return compiled(circuit)
