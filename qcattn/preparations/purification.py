"""Thermofield double: two copies, each of them truly thermal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.preparations.amplitudes import (
    amplitude_angles,
    append_amplitudes,
    num_amplitude_angles,
)
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.reference import populations
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import boltzmann

__all__ = ["Purification"]


@dataclass(frozen=True)
class Purification:
    r"""The thermofield double :math:`\sum_k \sqrt{p_k}\,|c_k\rangle|c_k\rangle`.

    Told: its angles come from the Boltzmann weights p, computed classically. The system register
    alone is in the Gibbs state :math:`\sum_k p_k |c_k\rangle\langle c_k|`, a mixed state: the
    partner, which nobody looks at, has taken its coherence. It has twice the qubits of `Amplitude`,
    the same counts in the computational basis, and fair coins along X or Y.

    It takes 2^n - 1 rotations and 2^n - 1 cx for n binary qubits: the tree of `Amplitude` and one
    cx from each qubit to its partner [1].

    Example:
        >>> from qcattn.encodings import Binary
        >>> prepared = Purification()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, prepared.resources.two_qubit_gates
        ('told', 4, 3)

    References:
        [1] Y. Takahashi and H. Umezawa, Collect. Phenom. 2, 55 (1975); J. Wu and T. H. Hsieh,
            Phys. Rev. Lett. 123, 220502 (2019).
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "diagonal"
    batched: ClassVar[bool] = True
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "told"
    source: ClassVar[str] = "Takahashi and Umezawa 1975; Wu and Hsieh, PRL 123, 220502"

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
        weights = boltzmann(hamiltonian.energies, beta)
        system = QuantumRegister(hamiltonian.num_qubits, "system")
        partner = QuantumRegister(hamiltonian.num_qubits, "partner")
        key = ClassicalRegister(hamiltonian.num_qubits, "key")
        circuit = QuantumCircuit(system, partner, key, name="purification")
        angles = ParameterVector("a", num_amplitude_angles(hamiltonian))
        append_amplitudes(circuit, angles, hamiltonian, system)
        circuit.cx(system, partner)
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        return delivered(
            self,
            hamiltonian,
            circuit,
            values=amplitude_angles(weights, hamiltonian),
            distribution=populations(hamiltonian, beta),
        )
