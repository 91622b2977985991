"""Steps of two Kraus operators as gates: a system, one ancilla in zero, and a reset after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import UCRYGate, UCRZGate, UnitaryGate
from qiskit.quantum_info import Pauli
from scipy.linalg import schur

from qcattn.dense_state import unitary
from qcattn.preparations.basis import append_basis
from qcattn.preparations.gates import compiled
from qcattn.preparations.rotations import multiplexed_angles, multiplexed_rotation
from qcattn.records import Hamiltonian, check_bytes

__all__ = ["Repeated", "check_gates", "steps_on_keys", "steps_on_states"]

#: Bytes that a gate takes while a circuit is put together, about.
_GATE = 600


@dataclass(frozen=True)
class Repeated:
    """A sweep of steps that can be repeated, and what comes before and after all sweeps.

    Attributes:
        first: Gates before the first sweep.
        sweep: All steps, each with its reset.
        last: Gates after the last sweep.
        once: What the gates found for dense unitaries may add to the trace distance in the first
            and the last part together.
        each: What the gates found for dense unitaries may add to the trace distance in each sweep.
    """

    first: QuantumCircuit
    sweep: QuantumCircuit
    last: QuantumCircuit
    once: float = 0.0
    each: float = 0.0

    def error(self, sweeps: int) -> float:
        """The trace distance that the gates of this many sweeps may add."""
        return self.once + sweeps * self.each

    @property
    def single(self) -> QuantumCircuit:
        """The circuit of a single sweep, with what comes before and after it."""
        return self.first.compose(self.sweep).compose(self.last)

    def circuit(self, sweeps: int, start: int, name: str) -> QuantumCircuit:
        """The circuit from a basis state through this many sweeps to the measured keys.

        Raises:
            TooLarge: If so many gates do not fit into memory.
        """
        n = self.sweep.num_qubits - 1
        check_gates(sweeps * len(self.sweep.data), n)
        circuit = _registers(n)
        circuit.name = name
        for q in range(n):
            if start >> q & 1:
                circuit.x(q)
        for part in [self.first, *[self.sweep] * sweeps, self.last]:
            circuit.compose(part, inplace=True)
        circuit.measure(range(n), range(n))
        return circuit

    @staticmethod
    def read(hamiltonian: Hamiltonian, populations: np.ndarray) -> np.ndarray:
        """The probabilities of the keys, (num_keys,), from populations before `last`, (2**n,)."""
        if hamiltonian.basis is not None:
            populations = hamiltonian.rotation**2 @ populations
        return populations[list(hamiltonian.basis_states)]


def check_gates(gates: int, num_qubits: int) -> None:
    """Refuse a circuit that does not fit into memory.

    Raises:
        TooLarge: If it does not.
    """
    check_bytes(_GATE * gates, f"a circuit of {gates:,} gates on {num_qubits} qubits")


def steps_on_states(pairs: Sequence[tuple[np.ndarray, ...]]) -> Repeated:
    r"""The gates of the channels :math:`\rho \mapsto K_0\rho K_0^\dagger + K_1\rho K_1^\dagger`.

    By the cosine-sine decomposition a step is two dense gates on the system and two multiplexed
    rotations; the last dense gate of a step and the first of the next one are one.

    Args:
        pairs: K_0, where the ancilla stays, and K_1, in the basis states of the system, shape
            (N, N).
    """
    n = len(pairs[0][0]).bit_length() - 1
    steps = [_factors(stays, jumps) for stays, jumps in pairs]
    befores = [step[0] for step in steps]
    sweep, each = _registers(n), 0.0
    for (_, turn, middle, phase, after), following in zip(
        steps, [*befores[1:], befores[0]], strict=True
    ):
        sweep.append(UCRYGate(turn.tolist()), [n, *range(n)])
        each += _append(sweep, middle)
        sweep.append(UCRZGate(phase.tolist()), [n, *range(n)])
        each += _append(sweep, following @ after)
        sweep.reset(n)
    first, last = _registers(n), _registers(n)
    once = _append(first, befores[0]) + _append(last, befores[0].conj().T)
    return Repeated(compiled(first), compiled(sweep), compiled(last), once, each)


def steps_on_keys(
    hamiltonian: Hamiltonian,
    labels: Sequence[str],
    moved: Callable[[np.ndarray], np.ndarray],
) -> tuple[Repeated, np.ndarray]:
    """The gates of the channels where H is diagonal or has a known basis: a Markov chain.

    A step is one multiplexed ry, and cx back onto the system.

    Args:
        hamiltonian: Diagonal in a known basis, shape ().
        labels: Pauli strings; keys move by their X and Y.
        moved: Probabilities to move of all keys, from the energies they gain by it.

    Returns:
        The gates, and the matrix of one sweep, shape (2**n, 2**n), columns from, rows to.

    Raises:
        TooLarge: If they do not fit into memory.
    """
    n, energies = hamiltonian.num_qubits, hamiltonian.diagonal()
    check_gates(len(labels) * 2 ** (n + 1), n)
    check_bytes(4 * 8 * 4**n, f"the Markov chain on the keys of {n} qubits")
    keys = np.arange(2**n)
    sweep, chain = _registers(n), np.eye(2**n)
    for label in labels:
        flips = np.flatnonzero(Pauli(label).x)
        there = keys ^ (1 << flips).sum()
        share = moved(energies[there] - energies)
        turn = multiplexed_angles(2 * np.arcsin(np.sqrt(share)))
        multiplexed_rotation(sweep, turn.tolist(), range(n), n)
        for q in flips:
            sweep.cx(n, int(q))
        sweep.reset(n)
        chain = (1 - share)[:, None] * chain + (share[:, None] * chain)[there]
    last = _registers(n)
    append_basis(last, hamiltonian, last.qregs[0])
    return Repeated(_registers(n), sweep, last), chain


def _registers(num_qubits: int) -> QuantumCircuit:
    return QuantumCircuit(
        QuantumRegister(num_qubits, "system"),
        QuantumRegister(1, "ancilla"),
        ClassicalRegister(num_qubits, "key"),
    )


def _append(circuit: QuantumCircuit, wanted: np.ndarray) -> float:
    """Append a dense gate on the system as cx and turns; how far they are from it, 2-norm."""
    n = circuit.num_qubits - 1
    bare = QuantumCircuit(n)
    bare.append(UnitaryGate(wanted), range(n))
    gates = compiled(bare)
    circuit.compose(gates, range(n), inplace=True)
    return float(np.linalg.norm(unitary(gates) - wanted, 2))


def _factors(stays: np.ndarray, jumps: np.ndarray) -> tuple[np.ndarray, ...]:
    """Cosine-sine decomposition of the isometry (stays, jumps), and of its second half again.

    Returns:
        ``before`` (N, N) on the system; the angles (N,) by which the ancilla is turned to one;
        ``middle``; the angles of its rz; ``after``. All of the system's in its basis states.
    """
    right, sines, before = np.linalg.svd(jumps)
    cosines = np.sqrt(1 - sines**2)
    left = stays @ before.conj().T / cosines
    # Zero keeps `left`, one has `right`: both are after * exp(+-i phase) * middle.
    triangle, after = schur(left @ right.conj().T, output="complex")
    phase = np.angle(np.diag(triangle)) / 2
    middle = np.exp(-1j * phase)[:, None] * (after.conj().T @ left)
    return before, 2 * np.arcsin(sines), middle, -2 * phase, after
