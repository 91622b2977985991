"""What a thermal circuit should give: computed beside the circuits, never a part of them.

Boltzmann weights and partition functions are taken here and nowhere else in this room; `kind`
is "thermal" only for circuits that stay the same whatever these functions return.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qcattn.records import Hamiltonian
from qcattn.thermal import boltzmann, gibbs_state

__all__ = ["gibbs", "heralding_probability", "populations", "qsample_populations"]


def populations(hamiltonian: Hamiltonian, beta: ArrayLike) -> np.ndarray:
    """The probability of each key in the exact Gibbs state, shape (..., num_keys).

    Args:
        hamiltonian: Shape (...).
        beta: Inverse temperature, positive, scalar or of shape (...).

    Raises:
        ValueError: If beta is not positive and finite, or a dense state would not fit into memory.

    Example:
        >>> from qcattn.models.spins import ising
        >>> populations(ising(2), 1.0).round(4).tolist()
        [0.3792, 0.1208, 0.1208, 0.3792]
    """
    if hamiltonian.is_diagonal:
        return boltzmann(hamiltonian.energies, beta)
    if hamiltonian.off_diagonal is None:
        weights = boltzmann(hamiltonian.energies, beta)
        return np.einsum("...xk,...k->...x", hamiltonian.rotation**2, weights)
    return np.diagonal(gibbs(hamiltonian, beta), axis1=-2, axis2=-1).real.copy()


def qsample_populations(hamiltonian: Hamiltonian, beta: ArrayLike) -> np.ndarray:
    r"""The law of the pure state :math:`U \sum_k \sqrt{p_k} |c_k\rangle`, shape (..., num_keys).

    It is the same as `populations` where U = 1; else the keys interfere.

    Raises:
        ValueError: If `populations` raises it.
    """
    weights = boltzmann(hamiltonian.energies, beta)
    if hamiltonian.basis is None:
        return weights
    return np.einsum("...xk,...k->...x", hamiltonian.rotation, np.sqrt(weights)) ** 2


def gibbs(hamiltonian: Hamiltonian, beta: ArrayLike) -> np.ndarray:
    """The exact Gibbs state on the support, shape (..., 2**num_qubits, 2**num_qubits), complex.

    Raises:
        ValueError: If `populations` raises it.
    """
    if hamiltonian.off_diagonal is not None:
        return gibbs_state(hamiltonian.matrix, beta)
    weights = boltzmann(hamiltonian.energies, beta)
    size = 2**hamiltonian.num_qubits
    out = np.zeros((*hamiltonian.shape, size, size), dtype=complex)
    places = list(hamiltonian.basis_states)
    out[..., places, places] = weights
    if hamiltonian.basis is None:
        return out
    turn = hamiltonian.rotation
    return turn @ out @ np.swapaxes(turn, -1, -2)


def heralding_probability(hamiltonian: Hamiltonian, beta: ArrayLike) -> np.ndarray:
    r"""The success :math:`Z e^{\beta E_0} / D`, the trace of :math:`e^{-\beta(H - E_0)}` / D.

    D is 2**num_qubits, or num_keys for one-hot codewords. It is the probability that
    :math:`e^{-\beta(H-E_0)/2}` succeeds on the maximally mixed state [1].

    Raises:
        ValueError: If `populations` raises it.

    References:
        [1] D. Poulin and P. Wocjan, Phys. Rev. Lett. 103, 220502 (2009).
    """
    states = hamiltonian.num_keys if hamiltonian.one_hot else 2**hamiltonian.num_qubits
    if hamiltonian.off_diagonal is None:
        largest = boltzmann(hamiltonian.energies, beta).max(axis=-1)
    else:
        largest = np.linalg.eigvalsh(gibbs(hamiltonian, beta))[..., -1]
    return 1 / (states * largest)
