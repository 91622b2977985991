"""Keys counted in binary: n keys on ceil(log2 n) qubits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from qcattn.attention import check_scores
from qcattn.records import Hamiltonian, readings_of

__all__ = ["Binary"]


@dataclass(frozen=True)
class Binary:
    r"""Key k is the basis state \|k>; energies are minus the scores.

    :math:`H = -\sum_k s_k |k\rangle\langle k|` on ceil(log2 num_keys) qubits (one qubit for a
    single key). Basis states beyond the last key (padding) and masked keys (score ``-inf``) lie
    outside the support: they are given no amplitude, not a large energy.

    Example:
        >>> h = Binary()([0.5, 2.0, float("-inf")])
        >>> h.num_qubits, h.bitstrings, h.energies.tolist()
        (2, ('00', '01', '10'), [-0.5, -2.0, inf])
    """

    diagonal: ClassVar[bool] = True
    binary: ClassVar[bool] = True
    subsets: ClassVar[bool] = False

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode scores.

        Args:
            scores: Shape (..., num_keys), dimensionless (divided by sqrt(d)); ``-inf`` masks.

        Returns:
            Hamiltonian of shape ``scores.shape[:-1]``.

        Raises:
            ValueError: If a score is NaN or +inf, a row is empty or all its keys are masked.
        """
        scores = check_scores(scores)
        num_keys = scores.shape[-1]
        num_qubits = max(1, (num_keys - 1).bit_length())
        codewords = readings_of(np.arange(num_keys), num_qubits)
        return Hamiltonian(-scores, codewords, "Binary")
