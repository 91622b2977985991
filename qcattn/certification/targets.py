"""The exact states that a circuit is held against."""

from __future__ import annotations

from typing import Literal

import numpy as np

from qcattn.preparations.reference import gibbs, populations
from qcattn.records import Hamiltonian, check_bytes

__all__ = ["State", "exact_state"]

State = Literal["gibbs", "qsample"]


def exact_state(hamiltonian: Hamiltonian, beta: float, state: State) -> np.ndarray:
    r"""The Gibbs state, or the pure state with the same populations and full coherence.

    The qsample is :math:`U \sum_k \sqrt{p_k} |c_k\rangle` where H is diagonal in the basis U,
    and :math:`\sum_b \sqrt{\langle b|\rho_\beta|b\rangle}\, |b\rangle` where it has off-diagonal
    terms.

    Args:
        hamiltonian: One Hamiltonian, shape ().
        beta: Inverse temperature, positive.
        state: The state, ``"gibbs"`` or ``"qsample"``.

    Returns:
        Shape (2**n, 2**n), complex.

    Raises:
        ValueError: If the state is unknown, beta not positive, or memory too small (the message
            says how many bytes it takes).

    Example:
        >>> from qcattn.models.spins import ising
        >>> exact_state(ising(1, field=0.5), 1.0, "gibbs").real.round(3).tolist()
        [[0.5, 0.231], [0.231, 0.5]]
    """
    n = hamiltonian.num_qubits
    check_bytes(4 * 16 * 4**n, f"certifying the dense state of {n} qubits")
    if state == "gibbs":
        return gibbs(hamiltonian, beta)
    if state != "qsample":
        raise ValueError(f"`state` must be 'gibbs' or 'qsample', but is {state!r}")
    if hamiltonian.off_diagonal is not None:
        vector = np.sqrt(populations(hamiltonian, beta))
    else:
        flat = Hamiltonian(hamiltonian.energies, hamiltonian.codewords)
        vector = np.zeros(2**n)
        vector[list(hamiltonian.basis_states)] = np.sqrt(populations(flat, beta))
        if hamiltonian.basis is not None:
            vector = hamiltonian.rotation @ vector
    return np.outer(vector, vector).astype(complex)
