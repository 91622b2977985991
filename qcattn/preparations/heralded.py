"""Imaginary time on Bell pairs, heralded by one ancilla: softmax without a sum over keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector

from qcattn.preparations.amplitudes import (
    amplitude_angles,
    append_amplitudes,
    num_amplitude_angles,
)
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.reference import heralding_probability, populations
from qcattn.preparations.rotations import (
    multiplexed_angles,
    multiplexed_rotation,
    one_hot_angles,
    one_hot_rotation,
)
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Heralded", "append_herald", "append_uniform", "herald_angles", "num_herald_angles"]


@dataclass(frozen=True)
class Heralded:
    r"""Thermal state by imaginary time, heralded on one ancilla.

    Thermal: the circuit knows energies and beta. Half of a set of Bell pairs is maximally mixed;
    a rotation of the ancilla by :math:`2\arccos e^{-\beta(E_b - E_0)/2}`, one basis state b at a
    time, applies :math:`e^{-\beta(H - E_0)/2}` where the ancilla then reads zero [1]. Each angle
    depends on the energy of its own basis state and on the lowest energy E_0; no sum over states
    is taken before the circuit runs. Kept shots are Gibbs-distributed, and the ancilla reads zero
    with probability :math:`Z e^{\beta E_0}/2^n = 1/(2^n \max_k p_k)` (num_keys in place of 2^n
    where the codewords are one-hot).

    It takes 2 n + 1 qubits, 2^n rotations and 2^n - 1 + n cx for n binary qubits.

    Example:
        >>> from qcattn.encodings import Binary
        >>> prepared = Heralded()(Binary()([0.0, 1.0, 2.0, 2.0]), beta=1.0)
        >>> prepared.kind, prepared.herald_register, float(prepared.success.round(4))
        ('thermal', 'herald', 0.6258)

    References:
        [1] D. Poulin and P. Wocjan, Phys. Rev. Lett. 103, 220502 (2009).
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "diagonal"
    batched: ClassVar[bool] = True
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Poulin and Wocjan, PRL 103, 220502"

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Diagonal in the computational or in a `Rotated` basis, shape (...).
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            Prepared of shape (...).

        Raises:
            DoesNotFit: If the Hamiltonian has terms that do not commute.
            ValueError: If beta is not positive and finite.
        """
        check_fits(self, hamiltonian)
        distribution = populations(hamiltonian, beta)
        return delivered(
            self,
            hamiltonian,
            _circuit(hamiltonian),
            values=herald_angles(hamiltonian, beta),
            distribution=distribution,
            success=heralding_probability(hamiltonian, beta),
        )


def append_uniform(
    circuit: QuantumCircuit, hamiltonian: Hamiltonian, system: QuantumRegister
) -> None:
    """Append the equal superposition of all basis states, or of the one-hot codewords."""
    if hamiltonian.one_hot:
        uniform = np.full(hamiltonian.num_keys, 1 / hamiltonian.num_keys)
        equal = amplitude_angles(uniform, hamiltonian)[: num_amplitude_angles(hamiltonian)]
        append_amplitudes(circuit, equal.tolist(), hamiltonian, system)
    else:
        circuit.h(system)


def append_herald(
    circuit: QuantumCircuit,
    angles: Sequence[Parameter | float],
    hamiltonian: Hamiltonian,
    system: QuantumRegister,
    ancilla: int,
) -> None:
    r"""Append the rotation of an ancilla in \|0> that damps the states in which it reads zero.

    Args:
        circuit: The circuit to append to.
        angles: `num_herald_angles` parameters, for the values that `herald_angles` gives.
        hamiltonian: The Hamiltonian, which says which codewords there are.
        system: The qubits of the key.
        ancilla: A qubit in \|0>.
    """
    rotate = one_hot_rotation if hamiltonian.one_hot else multiplexed_rotation
    rotate(circuit, angles, system, ancilla)


def num_herald_angles(hamiltonian: Hamiltonian) -> int:
    """How many rotations `append_herald` takes."""
    return hamiltonian.num_keys if hamiltonian.one_hot else 2**hamiltonian.num_qubits


def herald_angles(
    hamiltonian: Hamiltonian, beta: ArrayLike, *, keep: ArrayLike = 1.0
) -> np.ndarray:
    r"""The values for `append_herald`, so that zero has amplitude :math:`r\,e^{-\beta(E_b-E_0)/2}`.

    Args:
        hamiltonian: Diagonal before its basis change, shape (...).
        beta: Inverse temperature, scalar or of shape (...).
        keep: r, at most 1, the same for all basis states, scalar or of shape (...).

    Returns:
        Shape (..., num_herald_angles), radians.
    """
    energies = hamiltonian.energies
    betas, kept = np.asarray(beta, dtype=float)[..., None], np.asarray(keep, dtype=float)[..., None]
    with np.errstate(over="ignore"):  # a cost beyond all numbers is that of a masked key
        cost = betas * (energies - energies.min(axis=-1, keepdims=True)) - 2 * np.log(kept)
    angles = 2 * np.arctan2(np.sqrt(-np.expm1(-cost)), np.exp(-cost / 2))
    if hamiltonian.one_hot:
        return one_hot_angles(angles)
    turned = np.full((*angles.shape[:-1], 2**hamiltonian.num_qubits), np.pi)
    turned[..., list(hamiltonian.basis_states)] = angles
    return multiplexed_angles(turned)


def _circuit(hamiltonian: Hamiltonian) -> QuantumCircuit:
    system = QuantumRegister(hamiltonian.num_qubits, "system")
    partner = QuantumRegister(hamiltonian.num_qubits, "partner")
    ancilla = QuantumRegister(1, "ancilla")
    key = ClassicalRegister(hamiltonian.num_qubits, "key")
    herald = ClassicalRegister(1, "herald")
    circuit = QuantumCircuit(system, partner, ancilla, key, herald, name="heralded")
    append_uniform(circuit, hamiltonian, system)
    circuit.cx(system, partner)
    angles = ParameterVector("a", num_herald_angles(hamiltonian))
    append_herald(circuit, angles, hamiltonian, system, ancilla[0])
    append_basis(circuit, hamiltonian, system)
    circuit.measure(system, key)
    circuit.measure(ancilla, herald)
    return circuit
