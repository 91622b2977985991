r"""The Kubo-Martin-Schwinger condition: a state is thermal where its correlations say so.

In the Gibbs state :math:`\mathrm{Tr}\,\rho A B(i\beta) = \mathrm{Tr}\,\rho B A` for all A, B, with
:math:`B(i\beta) = e^{-\beta H} B e^{\beta H}` [1]. Those exponentials lose all digits of a cold
state, so B is first filtered: its element between levels :math:`E_i, E_j` is multiplied by
:math:`1/(1 + e^{-\beta(E_i - E_j)})`, which gives :math:`B_+`, and then :math:`B_+(i\beta) = B_-`,
with the factor :math:`1/(1 + e^{\beta(E_i - E_j)})`. All factors are between 0 and 1, and
:math:`B_+ + B_- = B`. The largest
:math:`|\mathrm{Tr}\,\rho A B_- - \mathrm{Tr}\,\rho B_+ A|` over all A of norm 1 is the trace norm

.. math:: \| B_- \rho - \rho B_+ \|_1 ,

and the defect is the largest of these over the single-site Paulis B. It is zero for the Gibbs
state, for no other state of a diagonal H, and at most
:math:`2 T (\|B_+\| + \|B_-\|)` at trace distance T: so it gives a lower bound on T without a Gibbs
state or a partition function being computed.

References:
    [1] R. Haag, N. M. Hugenholtz and M. Winnink, Commun. Math. Phys. 5, 215 (1967).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from qcattn.certification.checking import check_prepared
from qcattn.dense_state import system_state
from qcattn.records import Hamiltonian, Prepared, check_bytes, every_reading

__all__ = ["KMS", "certify_kms", "kms"]


@dataclass(frozen=True)
class KMS:
    """How far a state is from fulfilling the KMS condition.

    Attributes:
        defect: The largest over single-site Paulis, dimensionless; 0 for the Gibbs state.
        worst: The Pauli string that shows it, qubit 0 rightmost.
        trace_distance: Lower bound on that to the Gibbs state.
    """

    defect: float
    worst: str
    trace_distance: float


def certify_kms(prepared: Prepared, hamiltonian: Hamiltonian, beta: float) -> KMS:
    """The KMS defect of the exact state of a circuit (dense, no shots).

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape (), an energy for every basis state.
        beta: Inverse temperature, positive.

    Raises:
        ValueError: If shapes differ, a number is out of range, some basis state has no energy, or
            memory is too small.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude, Purification
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> certify_kms(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0).defect < 1e-12
        True
        >>> certify_kms(Amplitude()(hamiltonian, beta=1.0), hamiltonian, 1.0).worst
        'Y'
    """
    check_prepared(prepared, hamiltonian, beta)
    rho, _ = system_state(prepared)
    return kms(rho, hamiltonian.matrix, beta)


def kms(state: np.ndarray, hamiltonian: np.ndarray, beta: float) -> KMS:
    """The KMS defect of a density matrix.

    Args:
        state: Shape (2**n, 2**n).
        hamiltonian: A Hermitian matrix, shape (2**n, 2**n), in units of k_B T at beta = 1.
        beta: Inverse temperature, positive.

    Example:
        >>> import numpy as np
        >>> mixed, energies = np.eye(2) / 2, np.diag([0.0, 1.0])
        >>> round(kms(mixed, energies, 1.0).defect, 6), float(np.round(np.tanh(0.5), 6))
        (0.462117, 0.462117)
    """
    size = len(state)
    n = size.bit_length() - 1
    check_bytes(6 * 16 * size**2, f"the KMS defect on {n} qubits")
    levels, vectors = np.linalg.eigh(hamiltonian)
    rho = vectors.conj().T @ state @ vectors
    up = special.expit(beta * (levels[:, None] - levels))
    places, readings = np.arange(size), every_reading(n)
    best = KMS(0.0, "", 0.0)
    distance = 0.0
    for q in range(n):
        sign = np.where(readings[:, q], -1.0, 1.0)[:, None]
        flipped = vectors[places ^ (1 << q)]
        for letter, turned in (("X", flipped), ("Y", -1j * sign * flipped), ("Z", sign * vectors)):
            b = vectors.conj().T @ turned
            plus, minus = up * b, up.T * b
            defect = float(np.linalg.svd(minus @ rho - rho @ plus, compute_uv=False).sum())
            norm = float(np.linalg.norm(plus, 2) + np.linalg.norm(minus, 2))
            distance = max(distance, defect / (2 * norm))
            if defect > best.defect or not best.worst:
                best = KMS(defect, "I" * (n - 1 - q) + letter + "I" * q, 0.0)
    return KMS(best.defect, best.worst, distance)
