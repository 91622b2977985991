"""Which Hamiltonians a method takes, checked before anything is computed."""

from __future__ import annotations

import numpy as np

from qcattn.errors import DoesNotFit
from qcattn.records import Hamiltonian

__all__ = ["need_diagonal", "need_every_state", "need_one"]

_GENERAL = "QSVT, ImaginaryTime, QITE, ThermofieldQAOA, Variational, SystemBath, DetailedBalance"


def need_diagonal(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse a Hamiltonian with terms that do not commute with its keys.

    Raises:
        DoesNotFit: Naming the methods that take it.
    """
    if hamiltonian.off_diagonal is not None:
        raise DoesNotFit(
            f"`hamiltonian` ({hamiltonian.encoding}) is not diagonal in a known basis, which "
            f"{method} needs; the methods that fit are {_GENERAL}"
        )


def need_one(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse more than one Hamiltonian: the circuit itself depends on the energies.

    Raises:
        DoesNotFit: Naming the cure.
    """
    if hamiltonian.shape:
        raise DoesNotFit(
            f"`hamiltonian` must be one Hamiltonian, because the circuit of {method} depends on "
            f"it, but there are {hamiltonian.shape}; index one, for example `hamiltonian[0]`"
        )


def need_every_state(hamiltonian: Hamiltonian, method: str) -> None:
    """Refuse masked keys and padding, for methods that move between all basis states.

    Raises:
        DoesNotFit: Naming the cure and the methods that take it as it is.
    """
    if hamiltonian.num_keys < 2**hamiltonian.num_qubits or np.isinf(hamiltonian.energies).any():
        raise DoesNotFit(
            f"`hamiltonian` ({hamiltonian.encoding}) has masked keys or padding, and {method} "
            "moves between all basis states; give them an energy (`hamiltonian.filled(gap=10)`), "
            "or use Amplitude, Purification, Heralded, Amplified, QSVT or ImaginaryTime"
        )
