"""Coherent preparation: a pure state whose amplitudes are roots of softmax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

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
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.reference import qsample_populations
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import boltzmann

__all__ = ["Amplitude"]


@dataclass(frozen=True)
class Amplitude:
    r"""The pure state :math:`\sum_k \sqrt{p_k}\,|c_k\rangle`, also called a qsample.

    Told: its angles come from the Boltzmann weights p, computed classically. Measured in the
    computational basis it gives softmax exactly; it is not the Gibbs state, from which it differs
    in bases such as X (it has all the coherence a state with these populations can have).

    It takes 2^n - 1 rotations and 2^n - n - 1 cx for n binary qubits [1].

    Attributes:
        native: Whether to leave each level of the tree as one ``multiplexer``, an instruction that
            Aer's statevector runs as it stands, in place of rotations and cx: up to 2^20 keys. One
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

    takes: ClassVar[Literal["diagonal", "any"]] = "diagonal"
    batched: ClassVar[bool] = True
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "told"
    source: ClassVar[str] = "Möttönen et al., arXiv:quant-ph/0407010"

    native: bool = False

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Diagonal in the computational or in a `Rotated` basis, shape (...).
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            Prepared of shape (...).

        Raises:
            DoesNotFit: If the Hamiltonian has terms that do not commute, or with ``native`` there
                are several or the codewords are one-hot.
            ValueError: If beta is not positive and finite.
        """
        check_fits(self, hamiltonian)
        weights = boltzmann(hamiltonian.energies, beta)
        system = QuantumRegister(hamiltonian.num_qubits, "system")
        key = ClassicalRegister(hamiltonian.num_qubits, "key")
        circuit = QuantumCircuit(system, key, name="amplitude")
        if self.native:
            _check_native(hamiltonian)
            append_multiplexers(circuit, weights, hamiltonian, system)
            values = None
        else:
            angles = ParameterVector("a", num_amplitude_angles(hamiltonian))
            append_amplitudes(circuit, angles, hamiltonian, system)
            values = amplitude_angles(weights, hamiltonian)
        append_basis(circuit, hamiltonian, system)
        circuit.measure(system, key)
        law = qsample_populations(hamiltonian, beta)
        prepared = delivered(
            self, hamiltonian, circuit, values=values, distribution=law, state="qsample"
        )
        if self.native:
            return replace(prepared, method=f"{prepared.method}, native multiplexers")
        return prepared


def _check_native(hamiltonian: Hamiltonian) -> None:
    if hamiltonian.shape:
        raise DoesNotFit(
            f"`hamiltonian` must be one Hamiltonian where the preparation is native, but there are "
            f"{hamiltonian.shape}; choose one, or leave `native` out"
        )
    if hamiltonian.one_hot:
        raise DoesNotFit("`native` needs binary codewords; use Binary, or leave `native` out")
