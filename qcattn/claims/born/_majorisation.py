r"""Which distributions one state can give in some basis: those that its spectrum majorises.

Schur and Horn [1]: a state of eigenvalues :math:`\lambda` has the diagonal p in some basis if and
only if no k of the :math:`p_i` sum to more than the k largest :math:`\lambda`.

References:
    [1] A. Horn, Am. J. Math. 76, 620 (1954). [2] N. N. Chan and K.-H. Li, J. Math. Anal. Appl. 91,
        562 (1983), for the rotations.
"""

from __future__ import annotations

import numpy as np

__all__ = ["basis_for", "majorises"]


def majorises(spectrum: np.ndarray, p: np.ndarray) -> bool:
    """Whether some basis shows p on a state of this spectrum.

    Args:
        spectrum: Shape (n,), sums to one.
        p: Shape (n,), sums to one.

    Example:
        >>> sharp, flat = np.array([0.9, 0.1]), np.array([0.4, 0.6])
        >>> majorises(sharp, flat), majorises(flat, sharp)
        (True, False)
    """
    sums = [np.cumsum(np.sort(x)[::-1]) for x in (spectrum, p)]
    return bool((sums[0] >= sums[1] - 1e-12).all())


def basis_for(spectrum: np.ndarray, p: np.ndarray) -> np.ndarray:
    r"""A real orthogonal U with :math:`\mathrm{diag}(U\,\mathrm{diag}(\lambda)\,U^T) = p`.

    It is a product of n - 1 plane rotations, each of which brings one diagonal element to its
    place.

    Args:
        spectrum: Shape (n,).
        p: Shape (n,), majorised by the spectrum.

    Raises:
        ValueError: If it is not.

    Example:
        >>> u = basis_for(np.array([0.9, 0.1]), np.array([0.4, 0.6]))
        >>> np.diag(u * [0.9, 0.1] @ u.T).round(6)
        array([0.4, 0.6])
    """
    if not majorises(spectrum, p):
        raise ValueError(
            "`p` must be majorised by `spectrum`, but is not, so no basis shows it on that state; "
            "take a flatter `p`"
        )
    state = np.diag(np.asarray(spectrum, dtype=float))
    turn = np.eye(len(p))
    free = list(range(len(p)))  # places of the state whose diagonal is not settled
    home = np.empty(len(p), dtype=int)
    for target in np.argsort(p)[::-1][:-1]:
        value = p[target]
        above = [i for i in free if state[i, i] >= value]
        below = [i for i in free if state[i, i] < value]
        # The free places are still diagonal among themselves.
        i = min(above, key=lambda j: state[j, j]) if above else max(free, key=lambda j: state[j, j])
        if below and state[i, i] > value:
            j = max(below, key=lambda k: state[k, k])
            cosine = np.sqrt((value - state[j, j]) / (state[i, i] - state[j, j]))
            sine = np.sqrt(max(0.0, 1 - cosine**2))
            plane = np.eye(len(p))
            plane[[i, i, j, j], [i, j, i, j]] = [cosine, sine, -sine, cosine]
            state, turn = plane @ state @ plane.T, plane @ turn
        home[target] = i
        free.remove(i)
    home[np.argsort(p)[0]] = free[0]
    return turn[home]
