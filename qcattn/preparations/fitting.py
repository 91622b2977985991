"""What a method takes, checked before anything is computed: the classes say it, this asks them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from qcattn.errors import DoesNotFit
from qcattn.records import Hamiltonian
from qcattn.walking import classes

__all__ = ["Declared", "check_fits", "fitting_methods"]


class Declared(Protocol):
    """What every class of this folder declares about itself.

    Messages, help texts and tables follow from it, and tests/preparations/test_contracts.py checks
    that each class does what it says.

    Attributes:
        takes: ``"diagonal"`` if H must be diagonal in the computational basis or in the rotated
            one that it brings along, ``"any"`` if it may hold terms that do not commute.
        batched: Whether one template serves Hamiltonians of any shape (...); else there is one
            circuit for each.
        every_state: Whether every basis state needs an energy: no masked keys, no padding.
        kind: ``"told"`` (angles come from Boltzmann weights computed classically) or
            ``"thermal"`` (the circuit knows H and beta only).
        source: The paper, as the README's table gives it.

    A class whose state is not exact also says in ``closer`` what brings it closer.
    """

    takes: ClassVar[Literal["diagonal", "any"]]
    batched: ClassVar[bool]
    every_state: ClassVar[bool]
    kind: ClassVar[Literal["told", "thermal"]]
    source: ClassVar[str]


def check_fits(method: Declared, hamiltonian: Hamiltonian) -> None:
    """Refuse a Hamiltonian that a method does not take.

    Args:
        method: An object of this folder.
        hamiltonian: Shape (...).

    Raises:
        DoesNotFit: Saying why, and naming the methods that take it.

    Example:
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations.heralded import Heralded
        >>> check_fits(Heralded(), ising(2))
        Traceback (most recent call last):
        qcattn.errors.DoesNotFit: `hamiltonian` (Ising ring of 2) is not diagonal in a known basis,
        which Heralded needs; the methods that fit are CKG, QITE, QSVT, DetailedBalance,
        ImaginaryTime, SystemBath, ThermofieldQAOA, Variational
    """
    why = _misfit(type(method), hamiltonian)
    if why:
        fitting = ", ".join(fitting_methods(hamiltonian))
        others = f"the methods that fit are {fitting}" if fitting else "no method takes it as it is"
        raise DoesNotFit(f"{why}; {others}")


def fitting_methods(hamiltonian: Hamiltonian) -> list[str]:
    """The methods that take a Hamiltonian as it is, by the names of their classes.

    Example:
        >>> from qcattn.encodings.binary import Binary
        >>> fitting_methods(Binary()([[0.0, 1.0], [2.0, 3.0]]))
        ['Amplified', 'Amplitude', 'Heralded', 'Purification']
    """
    return [name for name, cls in classes("preparations").items() if not _misfit(cls, hamiltonian)]


def _misfit(cls: Any, hamiltonian: Hamiltonian) -> str:
    """Why a class does not take a Hamiltonian, and what can be done about it; "" if it does."""
    if cls.takes == "diagonal" and hamiltonian.off_diagonal is not None:
        return (
            f"`hamiltonian` ({hamiltonian.encoding}) is not diagonal in a known basis, which "
            f"{cls.__name__} needs"
        )
    if not cls.batched and hamiltonian.shape:
        return (
            f"`hamiltonian` must be one Hamiltonian, because the circuit of {cls.__name__} depends "
            f"on it, but there are {hamiltonian.shape}; take one row, by `qcattn prepare --query "
            "0` or in Python as `hamiltonian[0]`"
        )
    filled = hamiltonian.num_keys == 2**hamiltonian.num_qubits
    if cls.every_state and not (filled and np.isfinite(hamiltonian.energies).all()):
        return (
            f"`hamiltonian` ({hamiltonian.encoding}) has masked keys or padding, and "
            f"{cls.__name__} moves between all basis states; give them an energy, by "
            "`qcattn prepare --gap 10` or in Python by `hamiltonian.filled(gap=10)`"
        )
    return ""
