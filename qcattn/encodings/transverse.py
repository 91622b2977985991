"""Scores in a transverse field: the keys do not commute with what moves between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from qcattn.encodings.binary import Binary
from qcattn.records import Hamiltonian

__all__ = ["Transverse", "in_field"]


@dataclass(frozen=True)
class Transverse:
    r"""Binary keys with a transverse field, :math:`H = \operatorname{diag}(E) - \Gamma \sum_q X_q`.

    The quantum Boltzmann machine's Hamiltonian [1]: with Gamma = 0 it is `Binary`, with a large
    one the field wins and every key is equally likely. The field moves between all basis states,
    so masked keys and padding, which `Binary` leaves out, are given an energy ``gap`` above the
    highest of their row.

    Attributes:
        field: Gamma, in units of k_B T at beta = 1; 0 or more.
        gap: Energy of masked keys and padding above the highest key, in the same units.

    Example:
        >>> Transverse(field=0.5)([0.0, 2.0]).operator.sort().to_list()
        [('I', (-1+0j)), ('X', (-0.5+0j)), ('Z', (1+0j))]

    References:
        [1] M. H. Amin et al., Phys. Rev. X 8, 021050 (2018).
    """

    diagonal: ClassVar[bool] = False
    binary: ClassVar[bool] = True
    subsets: ClassVar[bool] = False

    field: float = 1.0
    gap: float = 10.0

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode scores.

        Args:
            scores: Shape (..., num_keys), dimensionless (divided by sqrt(d)); ``-inf`` masks.

        Returns:
            Hamiltonian of shape ``scores.shape[:-1]`` with a key for every basis state.

        Raises:
            ValueError: If the field is negative or not finite, the gap not positive, or for
                scores that `Binary` refuses.
        """
        plain = Binary()(scores)
        return replace(in_field(plain, self.field, gap=self.gap), encoding="Transverse")


def in_field(hamiltonian: Hamiltonian, field: float, *, gap: float = 10.0) -> Hamiltonian:
    r"""A diagonal Hamiltonian and a transverse field, :math:`H - \Gamma \sum_q X_q`.

    Args:
        hamiltonian: Diagonal as it is written, shape (...).
        field: Gamma, in units of k_B T at beta = 1; 0 or more.
        gap: Energy of masked keys and padding above the highest key, in the same units.

    Returns:
        Hamiltonian of shape (...) with a key for every basis state.

    Raises:
        ValueError: If the field is negative or not finite, the gap not positive, or the Hamiltonian
            is not diagonal.

    Example:
        >>> from qcattn.encodings.interacting import Interacting
        >>> in_field(Interacting(couplings=4.0)([0.0, 2.0]), 0.5).operator.sort().to_list()
        [('IX', (-0.5+0j)), ('IZ', (-1+0j)), ('XI', (-0.5+0j)), ('ZZ', (1+0j))]
    """
    from qiskit.quantum_info import SparsePauliOp

    if not (np.isfinite(field) and field >= 0):
        raise ValueError(f"`field` must be 0 or more, but is {field!r}")
    if not hamiltonian.is_diagonal:
        raise ValueError(f"`hamiltonian` ({hamiltonian.encoding}) must be diagonal, but is not")
    filled = hamiltonian.filled(gap)
    n = filled.num_qubits
    terms = [("X", [q], -float(field)) for q in range(n)]
    moves = SparsePauliOp.from_sparse_list(terms, num_qubits=n) if field else None
    return replace(filled, off_diagonal=moves)
