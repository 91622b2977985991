"""Scores that are measured in a learned basis: U diag(E) U+."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from qcattn.encodings.binary import Binary
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, every_reading

__all__ = ["Rotated"]


@dataclass(frozen=True)
class Rotated:
    r"""Binary keys in a basis turned by layers of rotations.

    :math:`H = U \operatorname{diag}(E)\, U^\dagger`. In each layer qubit q is turned by
    ry(angle), then come cx from q to q + 1. The Gibbs state is :math:`U p\, U^\dagger` with p the
    softmax of the scores, and what is measured is :math:`\sum_k p_k |\langle x|U|k\rangle|^2`.
    Padding and masked keys have probability zero before U, but U may bring their basis states out.

    Attributes:
        angles: Shape (..., layers, qubits), radians, broadcast over the leading axes of the
            scores; by default one layer of pi / 4, which mixes neighbours.

    Example:
        >>> h = Rotated(angles=[[0.3]])([0.0, 1.0])
        >>> [(name, round(weight.real, 4)) for name, weight in h.operator.sort().to_list()]
        [('I', -0.5), ('X', 0.1478), ('Z', 0.4777)]

    References:
        [1] A. Kandala et al., Nature 549, 242 (2017): layers of rotations and entanglers.
    """

    diagonal: ClassVar[bool] = False
    binary: ClassVar[bool] = True
    subsets: ClassVar[bool] = False

    angles: ArrayLike | None = None

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode scores.

        Args:
            scores: Shape (..., num_keys), dimensionless (divided by sqrt(d)); ``-inf`` masks.

        Returns:
            Hamiltonian of shape ``scores.shape[:-1]`` with a key for every basis state.

        Raises:
            ValueError: If the angles do not fit the number of qubits or are not finite, or for
                scores that `Binary` refuses.
        """
        plain = Binary()(scores)
        n = plain.num_qubits
        energies = plain.diagonal(fill=np.inf)
        energies[..., : plain.num_keys] = plain.energies
        angles = np.full((1, n), np.pi / 4) if self.angles is None else np.asarray(self.angles)
        if angles.ndim < 2 or angles.shape[-1] != n or not np.isfinite(angles).all():
            raise ValueError(
                f"`angles` must be finite and of shape (..., layers, {n}) for "
                f"{plural(plain.num_keys, 'key')} on {plural(n, 'qubit')}, but its shape is "
                f"{angles.shape}"
            )
        try:
            basis = np.broadcast_to(angles.astype(float), (*plain.shape, *angles.shape[-2:]))
        except ValueError as error:
            raise ValueError(
                f"`angles` must broadcast over scores of leading shape {plain.shape}, but are of "
                f"shape {angles.shape}"
            ) from error
        return replace(
            plain, energies=energies, codewords=every_reading(n), encoding="Rotated", basis=basis
        )
