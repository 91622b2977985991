"""Coherent preparation: a pure state whose amplitudes are roots of softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.errors import DoesNotFit
from qcattn.preparations.amplitudes import (
    amplitude_angles,
    append_amplitudes,
    append_multiplexers,
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

    Attributes:
        native: Leave each level of the tree as one ``multiplexer``, an instruction that Aer's
            statevector runs as it stands, in place of rotations and cx: up to 2^20 keys. One
            Hamiltonian at a time, binary codewords. The method of the result says so.

    Example:
        >>> from qcattn.encodings import Binary
        >>> prepared = Amplitude()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, prepared.resources.two_qubit_gates
        ('told', 2, 1)
        >>> prepared.distribution.round(3).tolist()
        [0.09, 0.245, 0.665]
        >>> Amplitude(native=True)(Binary()([0.0, 1.0, 2.0]), beta=1.0).method
        'Amplitude, native multiplexers'

    References:
        [1] M. Moettoenen et al., Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010.
    """

    native: bool = False

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Diagonal in the computational or in a `Rotated` basis, shape (...).
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            Prepared of shape (...).

        Raises:
            ValueError: If beta is not positive and finite, the Hamiltonian has terms that do
                not commute, or with ``native`` there are several or its codewords are one-hot.
        """
        need_diagonal(hamiltonian, "Amplitude")
        weights = boltzmann(hamiltonian.energies, beta)
        system = QuantumRegister(hamiltonian.num_qubits, "system")
        key = ClassicalRegister(hamiltonian.num_qubits, "key")
        circuit = QuantumCircuit(system, key, name="amplitude")
        if self.native:
            _check_native(hamiltonian)
            append_multiplexers(circuit, weights, hamiltonian, system)
            values = np.zeros(0)
        else:
            angles = ParameterVector("a", num_amplitude_angles(hamiltonian))
            append_amplitudes(circuit, angles, hamiltonian, system)
            values = amplitude_angles(weights, hamiltonian)
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        return Prepared(
            method="Amplitude, native multiplexers" if self.native else "Amplitude",
            kind="told",
            circuit=circuit,
            values=with_basis(values, hamiltonian),
            codewords=hamiltonian.codewords,
            key_register="key",
            herald_register=None,
            distribution=qsample_populations(hamiltonian, beta),
            success=np.ones(hamiltonian.shape),
            error=np.zeros(hamiltonian.shape),
            state="qsample",
        )


def _check_native(hamiltonian: Hamiltonian) -> None:
    if hamiltonian.shape:
        raise DoesNotFit(
            f"`hamiltonian` must be one Hamiltonian where the preparation is native, but there are "
            f"{hamiltonian.shape}; choose one, or leave `native` out"
        )
    if hamiltonian.one_hot:
        raise DoesNotFit("`native` needs binary codewords; use Binary, or leave `native` out")
