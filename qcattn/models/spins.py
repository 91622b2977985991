r"""Hamiltonians of the literature whose terms do not commute, as sums of Pauli strings.

Energies are in units of k_B T at beta = 1. Site i is qubit i. A ring (``periodic``) joins the last
site to the first; on two sites that bond is the one that is there already, and is not doubled.
"""

from __future__ import annotations

from numbers import Real

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qcattn.records import Hamiltonian

__all__ = ["free_fermions", "heisenberg", "ising"]

_MOST_SITES = 1000


def ising(
    num_qubits: int,
    *,
    coupling: float = 1.0,
    field: float = 1.0,
    periodic: bool = True,
    axes: tuple[str, str] = ("Z", "X"),
) -> Hamiltonian:
    r"""Transverse-field Ising chain, :math:`-J \sum_i Z_i Z_{i+1} - g \sum_i X_i`.

    Args:
        num_qubits: Sites, 1 or more.
        coupling: J; positive is ferromagnetic.
        field: g, the transverse field; 0 leaves a diagonal Hamiltonian.
        periodic: Ring, or open chain.
        axes: Pauli letters of the coupling and of the field: ``("X", "Z")`` is the same chain
            turned, as in reference [2].

    Returns:
        One Hamiltonian, shape ().

    Raises:
        ValueError: If there is no site, a weight is not finite, or the axes are not two of X, Y, Z.

    Example:
        >>> ising(3, field=0.5, periodic=False).operator.sort().to_list()
        [('IIX', (-0.5+0j)), ('IXI', (-0.5+0j)), ('IZZ', (-1+0j)), ('XII', (-0.5+0j)),
         ('ZZI', (-1+0j))]

    References:
        [1] P. Pfeuty, Ann. Phys. 57, 79 (1970).
        [2] M. Consiglio et al., Phys. Rev. A 110, 012445 (2024), arXiv:2303.11276.
    """
    n = _sites(num_qubits)
    _check_finite(coupling=coupling, field=field)
    if len(set(axes)) != 2 or not set(axes) <= set("XYZ"):
        raise ValueError(f"`axes` must be two letters of X, Y, Z, but is {axes!r}")
    pair, single = axes
    terms = [(2 * pair, bond, -coupling) for bond in _bonds(n, periodic)]
    terms += [(single, [i], -field) for i in range(n)]
    return _of(terms, n, "Ising " + _form(n, periodic))


def heisenberg(num_qubits: int, *, coupling: float = 1.0, periodic: bool = True) -> Hamiltonian:
    r"""Heisenberg chain, :math:`J \sum_i X_i X_{i+1} + Y_i Y_{i+1} + Z_i Z_{i+1}`.

    Args:
        num_qubits: Sites, 1 or more.
        coupling: J; positive is antiferromagnetic.
        periodic: Ring, or open chain.

    Returns:
        One Hamiltonian, shape ().

    Raises:
        ValueError: If there is no site, or the weight is not finite.

    Example:
        >>> import numpy as np
        >>> np.linalg.eigvalsh(heisenberg(4).matrix).min().round(12)
        np.float64(-8.0)

    References:
        [1] H. Bethe, Z. Phys. 71, 205 (1931).
    """
    n = _sites(num_qubits)
    _check_finite(coupling=coupling)
    terms = [(2 * axis, bond, coupling) for bond in _bonds(n, periodic) for axis in "XYZ"]
    return _of(terms, n, "Heisenberg " + _form(n, periodic))


def free_fermions(num_qubits: int, *, hopping: float = 1.0, periodic: bool = False) -> Hamiltonian:
    r"""Hopping fermions, :math:`-t \sum_i (a_i^\dagger a_{i+1} + h.c.)`, by Jordan-Wigner.

    With :math:`a_i = Z_0 \cdots Z_{i-1} (X_i + i Y_i)/2` [1] a bond of the chain is
    :math:`(X_i X_{i+1} + Y_i Y_{i+1})/2`. The bond that closes a ring carries the parity string
    of the sites between, so that the fermions, not the spins, are on a ring.

    Args:
        num_qubits: Sites, 1 or more; an excited qubit is an occupied site.
        hopping: The hopping amplitude t.
        periodic: Ring, or open chain.

    Returns:
        One Hamiltonian, shape ().

    Raises:
        ValueError: If there is no site, or the weight is not finite.

    Example:
        >>> import numpy as np
        >>> levels = np.linalg.eigvalsh(free_fermions(2).matrix)
        >>> bool(np.allclose(levels, [-1, 0, 0, 1]))
        True

    References:
        [1] P. Jordan and E. Wigner, Z. Phys. 47, 631 (1928).
    """
    n = _sites(num_qubits)
    _check_finite(hopping=hopping)
    terms = []
    for i, j in _bonds(n, periodic):
        low, high = min(i, j), max(i, j)
        between = list(range(low + 1, high))
        terms += [
            (2 * axis + "Z" * len(between), [low, high, *between], -hopping / 2) for axis in "XY"
        ]
    return _of(terms, n, "free fermions " + _form(n, periodic))


def _sites(num_qubits: int) -> int:
    whole = isinstance(num_qubits, int | np.integer) and not isinstance(num_qubits, bool)
    if not (whole and num_qubits > 0):
        raise ValueError(f"`num_qubits` must be a whole number, 1 or more, but is {num_qubits!r}")
    if num_qubits > _MOST_SITES:
        raise ValueError(
            f"`num_qubits` must be at most {_MOST_SITES:,}, but is {num_qubits:,}; a state of n "
            "sites has 2**n numbers"
        )
    return int(num_qubits)


def _check_finite(**weights: float) -> None:
    for name, value in weights.items():
        if not (isinstance(value, Real) and np.isfinite(value)):
            raise ValueError(f"`{name}` must be a finite number, but is {value!r}")


def _bonds(n: int, periodic: bool) -> list[list[int]]:
    bonds = [[i, i + 1] for i in range(n - 1)]
    return [*bonds, [n - 1, 0]] if periodic and n > 2 else bonds


def _form(n: int, periodic: bool) -> str:
    return f"{'ring' if periodic else 'chain'} of {n}"


def _of(terms: list[tuple[str, list[int], float]], n: int, name: str) -> Hamiltonian:
    operator = SparsePauliOp.from_sparse_list([*terms, ("", [], 0.0)], num_qubits=n)
    return Hamiltonian.of(operator, name=name)
