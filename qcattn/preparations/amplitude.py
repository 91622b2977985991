"""Coherent preparation: a pure state whose amplitudes are roots of softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.preparations.amplitudes import (
    amplitude_angles,
    append_amplitudes,
    num_amplitude_angles,
)
from qcattn.preparations.basis import append_basis, with_basis
from qcattn.preparations.fitting import need_diagonal
from qcattn.preparations.reference import qsample_populations
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import boltzmann

__all__ = ["Amplitude"]


@dataclass(frozen=True)
class Amplitude:
    r"""The pure state :math:`\sum_k \sqrt{p_k}\,|c_k\rangle`, also called qsample.

    Told: its angles come from the Boltzmann weights p, computed classically. Measured in the
    computational basis it gives softmax exactly; it is not the Gibbs state, from which it differs
    in bases such as X (it has all the coherence a state with these populations can have).

    2^n - 1 rotations and 2^n - n - 1 cx for n binary qubits [1].

    Example:
        >>> from qcattn.encodings import Binary
        >>> prepared = Amplitude()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, prepared.resources.two_qubit_gates
        ('told', 2, 1)
        >>> prepared.distribution.round(3).tolist()
        [0.09, 0.245, 0.665]

    References:
        [1] M. Moettoenen et al., Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010.
    """

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Diagonal in the computational or in a `Rotated` basis, shape (...).
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            Prepared of shape (...).

        Raises:
            ValueError: If beta is not positive and finite, or the Hamiltonian has terms that do
                not commute.
        """
        need_diagonal(hamiltonian, "Amplitude")
        weights = boltzmann(hamiltonian.energies, beta)
        system = QuantumRegister(hamiltonian.num_qubits, "system")
        key = ClassicalRegister(hamiltonian.num_qubits, "key")
        circuit = QuantumCircuit(system, key, name="amplitude")
        angles = ParameterVector("a", num_amplitude_angles(hamiltonian))
        append_amplitudes(circuit, angles, hamiltonian, system)
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        return Prepared(
            method="Amplitude",
            kind="told",
            circuit=circuit,
            values=with_basis(amplitude_angles(weights, hamiltonian), hamiltonian),
            codewords=hamiltonian.codewords,
            key_register="key",
            herald_register=None,
            distribution=qsample_populations(hamiltonian, beta),
            success=np.ones(hamiltonian.shape),
            error=np.zeros(hamiltonian.shape),
            state="qsample",
        )
