r"""Jumps in detailed balance with a Gibbs state, their Lindbladian, and one step of finite length.

Everything is written in the eigenbasis of H with the reduced Bohr frequencies
:math:`\nu_{ij} = \beta (E_i - E_j)`: differences of energies enter, no Boltzmann weight does.
States are stacked row by row, so that :math:`\rho \mapsto K \rho K^\dagger` is the matrix
:math:`K \otimes \bar K`.

References:
    [1] Z. Ding, B. Li and L. Lin, Commun. Math. Phys. 406, 67 (2025), arXiv:2404.05998.
    [2] C.-F. Chen, M. Kastoryano and A. Gilyen, arXiv:2311.09207.
    [3] A. Gilyen, C.-F. Chen, J. Doriguello and M. Kastoryano, arXiv:2405.20322.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.special import expit

from qcattn.errors import DoesNotFit

__all__ = ["Filter", "coherent", "frequencies", "gap", "jump", "lindbladian", "staying", "weight"]

Filter = Literal["gaussian", "glauber"]


def frequencies(energies: np.ndarray, beta: float) -> np.ndarray:
    """Reduced Bohr frequencies beta (E_i - E_j), shape (N, N), from energies (N,)."""
    return beta * (energies[:, None] - energies[None, :])


def jump(operator: np.ndarray, nu: np.ndarray, weights: Filter) -> np.ndarray:
    r"""Jump :math:`L = \sum_\nu q(\nu) e^{-\nu/4} A_\nu` of a Hermitian A [1].

    q is even, so that L is in detailed balance: :math:`L_{ij} = e^{-\nu_{ij}/2} \bar L_{ji}`.

    Args:
        operator: A in the eigenbasis of H, shape (N, N).
        nu: Reduced Bohr frequencies, shape (N, N).
        weights: ``"gaussian"``, :math:`q = e^{-\nu^2/8}` [1], or ``"glauber"``,
            :math:`q = 1/\sqrt{\cosh(\nu/2)}`, whose rates :math:`2/(1 + e^\nu)` do not vanish
            where the energy falls far.

    Example:
        >>> nu = frequencies(np.array([0.0, 3.0]), 1.0)
        >>> jump(np.array([[0, 1], [1, 0]]), nu, "glauber").round(4)
        array([[0.    , 1.3803],
               [0.308 , 0.    ]])
    """
    return operator * weight(nu, weights)


def weight(nu: np.ndarray, weights: Filter) -> np.ndarray:
    r""":math:`q(\nu) e^{-\nu/4}` of `jump`, one frequency at a time: 1 at zero."""
    if weights == "gaussian":
        return np.exp(-nu * (nu + 2) / 8)
    return np.sqrt(2 * expit(-nu))


def coherent(jumps: Sequence[np.ndarray], nu: np.ndarray) -> np.ndarray:
    r"""Coherent term of the generator, Hermitian, shape (N, N) [1].

    :math:`G_{ij} = \tfrac i2 \tanh(\nu_{ij}/4) (\sum_a L_a^\dagger L_a)_{ij}`. Without it the
    Gibbs state is no fixed point where the sum is not diagonal.
    """
    return 0.5j * np.tanh(nu / 4) * _squares(jumps)


def lindbladian(jumps: Sequence[np.ndarray], nu: np.ndarray) -> np.ndarray:
    r"""Dense generator, shape (N**2, N**2), whose fixed point is the Gibbs state [1, 2].

    :math:`\rho \mapsto -i[G, \rho] + \sum_a L_a \rho L_a^\dagger
    - \tfrac12 \{L_a^\dagger L_a, \rho\}`.

    Example:
        >>> nu = frequencies(np.array([0.0, 3.0]), 1.0)
        >>> L = jump(np.array([[0, 1], [1, 0]]), nu, "glauber")
        >>> round(gap(lindbladian([L], nu)), 6)
        0.574904
    """
    one = np.eye(len(nu))
    decay = _squares(jumps) / 2 + 1j * coherent(jumps, nu)
    out = -np.kron(decay, one) - np.kron(one, decay.conj())
    for item in jumps:
        out += np.kron(item, item.conj())
    return out


def gap(generator: np.ndarray) -> float:
    """The slowest rate at which a generator (N**2, N**2) relaxes; 0 if it has two fixed points."""
    return float(np.sort(-np.linalg.eigvals(generator).real)[1])


def staying(square: np.ndarray, nu: np.ndarray) -> np.ndarray:
    r"""The operator where no jump happens, in detailed balance however long the step is [3].

    R of the channel :math:`\rho \mapsto R\rho R^\dagger + \delta L \rho L^\dagger`.
    :math:`R = 1 - X` keeps the trace and the balance if
    :math:`X_{ij} = (\delta L^\dagger L + X^\dagger X)_{ij} / (1 + e^{\nu_{ij}/2})`, which is
    solved by iteration. To first order in delta, :math:`R = 1 - \delta (L^\dagger L/2 + i G)`:
    the coherent term is the first of all the corrections that X holds.

    Args:
        square: :math:`\delta L^\dagger L`, shape (N, N), of norm below 1.
        nu: Reduced Bohr frequencies, shape (N, N).

    Returns:
        R, shape (N, N), exact to rounding.

    Raises:
        DoesNotFit: If the iteration does not settle: the step is too long.

    Example:
        >>> nu = frequencies(np.array([0.0, 3.0]), 1.0)
        >>> L = jump(np.array([[0, 1], [1, 0]]), nu, "glauber")
        >>> staying(0.5 * L.T @ L, nu).round(4)
        array([[0.976 , 0.    ],
               [0.    , 0.2178]])
    """
    share = expit(-nu / 2)
    x = square * share
    for _ in range(2000):
        old, x = x, (square + x.conj().T @ x) * share
        if np.abs(x - old).max() < 1e-16:
            return np.eye(len(nu)) - x
    raise DoesNotFit("`step` is too long for this jump; take a shorter one")


def _squares(jumps: Sequence[np.ndarray]) -> np.ndarray:
    return np.sum([item.conj().T @ item for item in jumps], axis=0)
