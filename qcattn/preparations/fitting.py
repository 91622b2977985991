"""Which Hamiltonians a method takes, checked before anything is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qcattn.records import Hamiltonian

__all__ = ["check_beta", "need_diagonal", "need_every_state", "need_one"]

_GENERAL = "QSVT, ImaginaryTime, QITE, ThermofieldQAOA, Variational, SystemBath, DetailedBalance"


def need_diagonal(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse a Hamiltonian with terms that do not commute with its keys.

    Raises:
        ValueError: Naming the methods that take it.
    """
    if hamiltonian.off_diagonal is not None:
        raise ValueError(
            f"`hamiltonian` ({hamiltonian.encoding}) is not diagonal in a known basis, which "
            f"{method} needs; the methods that fit are {_GENERAL}"
        )


def need_one(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse more than one Hamiltonian: the circuit itself depends on the energies.

    Raises:
        ValueError: Naming the cure.
    """
    if hamiltonian.shape:
        raise ValueError(
            f"`hamiltonian` must be one Hamiltonian, because the circuit of {method} depends on "
            f"it, but there are {hamiltonian.shape}; index one, for example `hamiltonian[0]`"
        )


def need_every_state(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse masked keys and padding, for methods that move between all basis states.

    Raises:
        ValueError: Naming the cure and the methods that take it as it is.
    """
    if hamiltonian.num_keys < 2**hamiltonian.num_qubits or np.isinf(hamiltonian.energies).any():
        raise ValueError(
            f"`hamiltonian` ({hamiltonian.encoding}) has masked keys or padding, and {method} "
            "moves between all basis states; give them an energy (`hamiltonian.filled(gap=10)`), "
            "or use Amplitude, Purification, Heralded, Amplified, QSVT or ImaginaryTime"
        )


def check_beta(beta: ArrayLike) -> float:
    """One inverse temperature.

    Raises:
        ValueError: If it is not one positive, finite number.
    """
    try:
        value = float(np.asarray(beta, dtype=float))
    except (TypeError, ValueError):
        value = np.nan
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"`beta` must be one positive, finite number, but is {beta!r}")
    return value
