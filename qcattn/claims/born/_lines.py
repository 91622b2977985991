"""Random Hamiltonians, and straight lines of states through their Gibbs states."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh

__all__ = ["Line", "gibbs_line", "random_hamiltonian"]

#: A function from a step between -1 and 1 to a density matrix.
Line = Callable[[float], np.ndarray]


def random_hamiltonian(size: int, rng: np.random.Generator) -> np.ndarray:
    """A matrix of the Gaussian unitary ensemble, its levels spread over about four units.

    Args:
        size: The dimension of the space.
        rng: The generator that draws the matrix.
    """
    one = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    matrix: np.ndarray = (one + one.conj().T) / (2 * np.sqrt(size / 2))
    return matrix


def gibbs_line(
    hamiltonian: np.ndarray, gibbs: np.ndarray, rng: np.random.Generator, *, fixed_energy: bool
) -> Line:
    """A straight line of states through a Gibbs state (0), from edge (-1) to edge (1).

    Args:
        hamiltonian: Shape (N, N).
        gibbs: The Gibbs state of the Hamiltonian, shape (N, N), of full rank.
        rng: The generator that draws the direction.
        fixed_energy: Whether all states of the line have the energy of the Gibbs state. If not,
            the line leads towards the state of largest entropy, and ``rng`` is not used.

    Returns:
        The state at a step.

    Example:
        >>> h, gibbs = np.diag([0.0, 1.0]), np.diag([0.75, 0.25])
        >>> line = gibbs_line(h, gibbs, np.random.default_rng(1), fixed_energy=False)
        >>> line(1.0).real.round(9).tolist(), line(-1.0).real.round(9).tolist()
        ([[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]])
    """
    size = len(hamiltonian)
    one = random_hamiltonian(size, rng) if fixed_energy else np.eye(size) / size - gibbs
    fixed = [np.eye(size), hamiltonian] if fixed_energy else [np.eye(size)]
    base, _ = np.linalg.qr(np.array([matrix.ravel() for matrix in fixed]).T)
    direction = (one.ravel() - base @ (base.conj().T @ one.ravel())).reshape(size, size)
    # gibbs + t direction is singular where -1/t is an eigenvalue of this pair.
    slopes = eigh(direction, gibbs, eigvals_only=True)
    back, forth = 1 / float(slopes[-1]), -1 / float(slopes[0])
    return lambda step: gibbs + step * (forth if step > 0 else back) * direction
