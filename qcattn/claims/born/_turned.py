"""States with every qubit turned before they are read, and what must come out."""

from __future__ import annotations

import numpy as np

from qcattn.preparations.reference import gibbs
from qcattn.readings.turned import turned_reading
from qcattn.records import Hamiltonian, Prepared

__all__ = ["law_of_state", "turned_law", "turned_thermal"]


def turned_thermal(
    prepared: Prepared, hamiltonian: Hamiltonian, angle: float, dephased: bool
) -> Prepared:
    """The circuit of that reading, and its exact law; see `turned_law`."""
    law = turned_law(hamiltonian, angle, dephased)
    return turned_reading(prepared, angle, dephased, law)


def turned_law(hamiltonian: Hamiltonian, angle: float, dephased: bool) -> np.ndarray:
    """The law of the turned reading of the thermal state at beta = 1; see `law_of_state`."""
    return law_of_state(gibbs(hamiltonian, 1.0).real, angle, dephased)


def law_of_state(rho: np.ndarray, angle: float, dephased: bool) -> np.ndarray:
    r"""The law of the turned reading, by dense linear algebra, shape (2**n,).

    Args:
        rho: A real state of n qubits, shape (2**n, 2**n).
        angle: The angle by which every qubit is turned, ry(-angle), radians.
        dephased: Whether the off-diagonal elements of the state are dropped first.
    """
    if dephased:
        rho = np.diag(np.diag(rho))
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    one = np.array([[cosine, sine], [-sine, cosine]])
    turn = np.eye(1)
    for _ in range(len(rho).bit_length() - 1):
        turn = np.kron(turn, one)
    law = np.clip(np.einsum("ij,jk,ik->i", turn, rho, turn), 0.0, None)
    return np.round(law / law.sum(), 14)  # equal probabilities are equal
