"""One qubit for each key, one excitation in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from qcattn.attention import check_scores
from qcattn.records import Hamiltonian

__all__ = ["OneHot"]


@dataclass(frozen=True)
class OneHot:
    r"""Key k is the state in which qubit k alone is excited.

    :math:`H = -\sum_k s_k (1 - Z_k)/2` on num_keys qubits, restricted to one excitation. It is
    linear in the number of keys (one Z term each, no products), where the binary encoding needs
    up to num_keys products of Z; it pays with more qubits.

    Example:
        >>> h = OneHot()([0.5, 2.0])
        >>> h.bitstrings, h.operator.simplify().to_list()
        (('01', '10'), [('II', (-1.25+0j)), ('IZ', (0.25+0j)), ('ZI', (1+0j))])
    """

    diagonal: ClassVar[bool] = True
    binary: ClassVar[bool] = False
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
        return Hamiltonian(-scores, np.eye(scores.shape[-1], dtype=bool), "OneHot")
