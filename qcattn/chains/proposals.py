r"""Moves that a Markov chain on basis states may propose, as dense matrices.

A proposal is a matrix Q of shape (2**n, 2**n): from basis state x the chain proposes y with
probability ``Q[x, y]``. All of these are symmetric, so that Metropolis' rule needs energies alone.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcattn.arguments import check_finite, real_array, whole_number
from qcattn.records import check_bytes, every_reading

__all__ = [
    "LONGEST_STEP",
    "local_proposal",
    "mixer",
    "problem_scale",
    "quantum_proposal",
    "trotter_steps",
    "uniform_proposal",
]

#: Longest Trotter step, in units of 1/energy of the generator, as in the experiment of Layden et
#: al., arXiv:2203.12497.
LONGEST_STEP = 0.8


def uniform_proposal(num_qubits: int) -> NDArray[np.float64]:
    """Propose every basis state with equal probability, the present one too.

    Args:
        num_qubits: The number of qubits n.

    Returns:
        Shape (2**n, 2**n).

    Raises:
        ValueError: If n is not a whole number, 1 or more.
        TooLarge: If the matrix does not fit into memory.

    Example:
        >>> uniform_proposal(1).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    size = _size(num_qubits)
    return np.full((size, size), 1 / size)


def local_proposal(num_qubits: int) -> NDArray[np.float64]:
    """Propose to flip one qubit, each with equal probability.

    Args:
        num_qubits: The number of qubits n.

    Returns:
        Shape (2**n, 2**n).

    Raises:
        ValueError: If n is not a whole number, 1 or more.
        TooLarge: If the matrix does not fit into memory.

    Example:
        >>> local_proposal(2)[0].tolist()
        [0.0, 0.5, 0.5, 0.0]
    """
    size = _size(num_qubits)
    states = np.arange(size)
    out = np.zeros((size, size))
    for q in range(num_qubits):
        out[states, states ^ (1 << q)] = 1 / num_qubits
    return out


def quantum_proposal(
    energies: ArrayLike, gamma: float, time: float, *, steps: int | None = None
) -> NDArray[np.float64]:
    r"""Propose what is read after a quantum evolution: :math:`Q_{xy} = |\langle y|U|x\rangle|^2`.

    :math:`U = e^{-i t G}` with :math:`G = (1 - \gamma) \alpha H + \gamma \sum_q X_q`, where alpha
    scales the energies to the size of the mixer [1]. G is a real symmetric matrix, so U equals its
    own transpose and Q is symmetric. So is Q of the second-order Trotter product

    .. math:: U_r = (e^{-i s (1 - \gamma) \alpha H / 2} e^{-i s \gamma \sum X}
        e^{-i s (1 - \gamma) \alpha H / 2})^r, \quad s = t / r,

    for any r: each factor equals its transpose, and their product reads the same backwards. The
    error of Trotter's formula changes what is proposed, but never what the chain converges to. A
    product that does not read the same backwards, such as one whose gamma rises on the way, has
    no symmetric Q.

    Args:
        energies: Shape (2**n,), finite, in units of k_B T at beta = 1.
        gamma: Share of the mixer, between 0 and 1.
        time: t, in units of 1/energy of G, 0 or more.
        steps: r; None for the evolution without Trotter's error, by diagonalising G.

    Returns:
        Shape (2**n, 2**n), symmetric, each row summing to one.

    Raises:
        ValueError: If the energies are not 2**n finite numbers, gamma or the time is out of range,
            or steps is not a whole number, 1 or more.
        TooLarge: If dense matrices of that size do not fit into memory.

    Example:
        >>> quantum_proposal([0.0, 1.0], gamma=0.5, time=2.0, steps=3).round(3).tolist()
        [[0.487, 0.513], [0.513, 0.487]]

    References:
        [1] D. Layden et al., Nature 619, 282 (2023), arXiv:2203.12497.
    """
    levels = _levels(energies)
    if not 0 <= gamma <= 1:
        raise ValueError(f"`gamma` must be between 0 and 1, but is {gamma!r}")
    if not (np.isfinite(time) and time >= 0):
        raise ValueError(f"`time` must be finite, and 0 or more, but is {time!r}")
    size = len(levels)
    n = size.bit_length() - 1
    check_bytes(5 * 16 * size**2, f"dense matrices of {n} qubits")
    problem = (1 - gamma) * problem_scale(levels) * (levels - levels.mean())
    if steps is None:
        generator = np.diag(problem) + gamma * n * local_proposal(n)
        values, vectors = np.linalg.eigh(generator)
        whole = (vectors * np.exp(-1j * time * values)) @ vectors.T
    else:
        step = time / whole_number(steps, "steps")
        half = np.exp(-0.5j * step * problem)
        once = half[:, None] * mixer(n, gamma * step) * half
        whole = np.linalg.matrix_power(once, steps)
    moves = np.abs(whole) ** 2
    return np.asarray((moves + moves.T) / 2)  # rounding is no asymmetry


def problem_scale(energies: ArrayLike) -> float:
    r"""The factor alpha that gives centred energies the Frobenius norm of the mixer [1].

    :math:`\alpha = \|\sum_q X_q\|_F / \|H - \mathrm{tr} H / 2^n\|_F`; 0 where all energies are
    equal, since only differences of energies move anything.

    Args:
        energies: Shape (2**n,), finite.

    Example:
        >>> problem_scale([0.0, 1.0])
        2.0

    References:
        [1] D. Layden et al., Nature 619, 282 (2023), arXiv:2203.12497.
    """
    levels = _levels(energies)
    spread = float(levels.std())
    if spread <= 1e-12 * float(np.abs(levels).max()):
        return 0.0
    return sqrt(len(levels).bit_length() - 1) / spread


def trotter_steps(time: float) -> int:
    """The number of Trotter steps, at least 1, none of them longer than `LONGEST_STEP`.

    Example:
        >>> trotter_steps(2.0), trotter_steps(20.0)
        (3, 25)
    """
    return max(1, ceil(time / LONGEST_STEP - 1e-9))


def mixer(num_qubits: int, angle: float) -> NDArray[np.complex128]:
    r""":math:`e^{-i a \sum_q X_q}` as a matrix of shape (2**n, 2**n).

    Args:
        num_qubits: The number of qubits n.
        angle: The angle a, radians.

    Example:
        >>> (mixer(2, 0.3).imag[0, 1] / mixer(2, 0.3).real[0, 0]).round(6)
        np.float64(-0.309336)
    """
    states = np.arange(_size(num_qubits))
    weights = every_reading(num_qubits).sum(axis=1)
    amplitudes = np.cos(angle) ** (num_qubits - weights) * (-1j * np.sin(angle)) ** weights
    return np.asarray(amplitudes[states[:, None] ^ states])


def _size(num_qubits: int) -> int:
    n = whole_number(
        num_qubits, "num_qubits", most=1000, cure="a dense proposal on n qubits has 4**n numbers"
    )
    check_bytes(2 * 8 * 4**n, f"a dense proposal on {n} qubits")
    return 1 << n


def _levels(energies: ArrayLike) -> NDArray[np.float64]:
    levels = real_array(energies, "energies")
    size = levels.size
    if levels.ndim != 1 or size < 2 or size & (size - 1):
        raise ValueError(
            "`energies` must be of shape (2**n,) with n at least 1, but is of shape "
            f"{levels.shape}; give one for each basis state, as `hamiltonian.diagonal()` does"
        )
    any_energy = "a state that never occurs evolves with any energy, for example that of "
    check_finite(levels, "energies", f"{any_energy}`hamiltonian.diagonal(fill=0.0)`")
    return levels
