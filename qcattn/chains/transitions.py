"""What a chain does with what is proposed: acceptance, transition matrices, how fast they mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcattn.arguments import check_beta, real_array

__all__ = ["acceptances", "metropolis", "spectral_gap", "worst_distance"]

#: The largest difference of two entries of a proposal that may be rounding.
_ASYMMETRY = 1e-9


def acceptances(energies: ArrayLike, beta: float) -> NDArray[np.float64]:
    r"""Accept moves from x to y with probability min(1, exp(-beta (E_y - E_x))) [1].

    Only differences of energies enter: no weight and no Z.

    Args:
        energies: Shape (states,), in units of k_B T at beta = 1; ``+inf`` where a state must not
            occur: no move goes there, and every move out of it is accepted.
        beta: Inverse temperature, positive.

    Returns:
        Shape (states, states), 1 on the diagonal.

    Raises:
        ValueError: If an energy is NaN or -inf, none is finite, or beta is not positive and finite.

    Example:
        >>> acceptances([0.0, np.log(2.0), np.inf], 1.0).round(3).tolist()
        [[1.0, 0.5, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]

    References:
        [1] N. Metropolis et al., J. Chem. Phys. 21, 1087 (1953).
    """
    levels = _levels(energies)
    with np.errstate(invalid="ignore"):
        gained = levels[None, :] - levels[:, None]
    gained[np.isnan(gained)] = 0.0  # between two states that never occur
    return np.exp(-check_beta(beta) * np.maximum(gained, 0.0))


def metropolis(proposal: ArrayLike, energies: ArrayLike, beta: float) -> NDArray[np.float64]:
    """The transition matrix of a chain that accepts proposals by Metropolis' rule.

    Args:
        proposal: Probabilities of the proposals, symmetric, shape (states, states), each row
            summing to one.
        energies: Energies, as for `acceptances`.
        beta: Inverse temperature, positive.

    Returns:
        Shape (states, states): from x the chain goes to y with probability ``[x, y]``. It keeps
        the law exp(-beta E) / Z in detailed balance.

    Raises:
        ValueError: If the proposal is not symmetric, or `acceptances` raises it.

    Example:
        >>> metropolis(np.full((2, 2), 0.5), [0.0, np.log(2.0)], 1.0).round(3).tolist()
        [[0.75, 0.25], [0.5, 0.5]]
    """
    moves = _checked(proposal, len(_levels(energies))) * acceptances(energies, beta)
    np.fill_diagonal(moves, 0.0)
    np.fill_diagonal(moves, 1.0 - moves.sum(axis=1))
    return moves


def spectral_gap(proposal: ArrayLike, energies: ArrayLike, beta: float) -> float:
    r"""One minus the second largest absolute eigenvalue of the transition matrix of `metropolis`.

    1/gap bounds the number of steps that mix [1, theorems 12.4 and 12.5]. The matrix is made
    symmetric first, which takes energies alone: its entries off the diagonal become
    :math:`Q_{xy} e^{-\beta |E_y - E_x| / 2}`.

    Args:
        proposal: Probabilities of the proposals, as for `metropolis`.
        energies: Energies, as for `acceptances`; states that must not occur are left out.
        beta: Inverse temperature, positive.

    Returns:
        The gap, between 0 and 1; 1 where there is one state only.

    Raises:
        ValueError: If `metropolis` raises it.

    Example:
        >>> round(spectral_gap(np.full((2, 2), 0.5), [0.0, np.log(2.0)], 1.0), 6)
        0.75

    References:
        [1] D. Levin and Y. Peres, Markov Chains and Mixing Times, 2nd ed. (2017).
    """
    levels = _levels(energies)
    transition = metropolis(proposal, levels, beta)
    allowed = np.isfinite(levels)
    moves, finite = np.array(proposal, dtype=float)[np.ix_(allowed, allowed)], levels[allowed]
    if len(finite) == 1:
        return 1.0
    balanced = moves * np.exp(-check_beta(beta) * np.abs(finite[:, None] - finite) / 2)
    np.fill_diagonal(balanced, np.diag(transition)[allowed])
    values = np.linalg.eigvalsh(balanced)
    return float(np.clip(1.0 - max(values[-2], -values[0]), 0.0, 1.0))


def worst_distance(transition: ArrayLike, allowed: ArrayLike | None = None) -> float:
    """Largest total variation between the laws that two starts lead to.

    It bounds how far the law from any start is from what the chain converges to, and nobody has to
    know that law for it (Dobrushin's coefficient).

    Args:
        transition: The transition matrix of all steps together, shape (states, states).
        allowed: Shape (states,), bool: where the chain can be; everywhere if None.

    Example:
        >>> worst_distance([[0.75, 0.25], [0.5, 0.5]])
        0.25
    """
    rows = real_array(transition, "transition")
    if allowed is not None:
        rows = rows[np.asarray(allowed, dtype=bool)]
    return max(float(np.abs(rows - row).sum(axis=1).max()) / 2 for row in rows)


def _levels(energies: ArrayLike) -> NDArray[np.float64]:
    levels = real_array(energies, "energies")
    if levels.ndim != 1 or not np.isfinite(levels).any():
        raise ValueError(
            "`energies` must be of shape (states,) with a finite one among them, but is "
            f"{'of shape ' + str(levels.shape) if levels.ndim != 1 else levels.tolist()}; give one "
            "for each basis state"
        )
    if np.isnan(levels).any() or np.isneginf(levels).any():
        raise ValueError(
            "`energies` must be finite, or +inf where a state must not occur, but NaN or -inf is "
            "among them; leave such states out"
        )
    return levels


def _checked(proposal: ArrayLike, states: int) -> NDArray[np.float64]:
    moves = real_array(proposal, "proposal")
    if moves.shape != (states, states):
        raise ValueError(
            f"`proposal` must be of shape ({states}, {states}), one row for each energy, but is of "
            f"shape {moves.shape}"
        )
    skew = float(np.abs(moves - moves.T).max())
    if not skew <= _ASYMMETRY:
        raise ValueError(
            "`proposal` must be symmetric, since Metropolis' rule looks at energies alone, but "
            f"differs from its transpose by {skew:.3g}; take a circuit that reads the same "
            "backwards"
        )
    return moves.copy()
