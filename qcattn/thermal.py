r"""Thermal states and the distances between states: exact, dense, by diagonalisation.

Hamiltonians are Hermitian matrices (..., N, N). A Hamiltonian that is diagonal can be given as its
energies (..., N), to :func:`boltzmann` or with ``diagonal=True``; there ``+inf`` is a state that
never occurs. Energies are in units of k_B T at beta = 1, hbar = 1, and entropies in nats.
Energies enter as differences from the ground state, so nothing overflows: a matrix with
:math:`\beta \|H\| = 10^4` still gives its weights to about 12 digits.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, rel_entr, xlogy

from qcattn.arguments import (
    check_betas,
    check_distributions,
    check_finite,
    entry,
    no_numbers,
    real_array,
    rounding,
)

__all__ = [
    "boltzmann",
    "fidelity",
    "free_energy",
    "gibbs_state",
    "internal_energy",
    "kl_divergence",
    "log_partition_function",
    "relative_entropy",
    "root_fidelity",
    "shannon_entropy",
    "total_variation",
    "trace_distance",
    "von_neumann_entropy",
]

Real = NDArray[np.float64]
Matrix = NDArray[Any]  # float64 or complex128

# Below zero by up to this much is rounding.
_TOLERANCE = 1e-9
_EPSILON = float(np.finfo(np.float64).eps)


def gibbs_state(hamiltonian: ArrayLike, beta: ArrayLike) -> Matrix:
    r"""Thermal state :math:`e^{-\beta H} / \mathrm{Tr}\, e^{-\beta H}`.

    Args:
        hamiltonian: Hermitian matrix (..., N, N), in units of k_B T at beta = 1.
        beta: Inverse temperature, finite and above 0: a number, or an array that broadcasts
            with the leading axes (...,).

    Returns:
        Density matrix (..., N, N), real if the Hamiltonian is.

    Raises:
        ValueError: If the matrix is not square, finite and Hermitian, or beta is unusable.

    Example:
        >>> gibbs_state([[0.0, 1.0], [1.0, 0.0]], 0.5).round(4)  # -tanh(beta)/2 off the diagonal
        array([[ 0.5   , -0.2311],
               [-0.2311,  0.5   ]])
    """
    matrix = _hermitian(hamiltonian, "hamiltonian")
    betas = _betas_of(beta, matrix.shape[:-2])
    energies, vectors = np.linalg.eigh(matrix)
    return (vectors * _weights(energies, betas)[..., None, :]) @ _dagger(vectors)


def boltzmann(energies: ArrayLike, beta: ArrayLike) -> Real:
    r"""The probabilities :math:`e^{-\beta E_i} / Z` of a diagonal Hamiltonian.

    It is equivalent to ``scipy.special.softmax(-beta * energies, axis=-1)``.

    Args:
        energies: Energies (..., N), in units of k_B T at beta = 1; ``+inf`` has probability
            exactly zero.
        beta: Inverse temperature, finite and above 0: a number, or an array that broadcasts
            with the leading axes (...,).

    Returns:
        Probabilities (..., N).

    Raises:
        ValueError: If the energies hold NaN or ``-inf`` or a row has no finite energy, or beta is
            unusable.

    Example:
        >>> boltzmann([0.0, np.log(3.0), np.inf], 1.0)
        array([0.75, 0.25, 0.  ])
    """
    levels = _check_levels(energies, "energies")
    return _weights(levels, _betas_of(beta, levels.shape[:-1]))


def log_partition_function(
    hamiltonian: ArrayLike, beta: ArrayLike, *, diagonal: bool = False
) -> Real:
    r"""Logarithm of the partition function, :math:`\ln Z = \ln \mathrm{Tr}\, e^{-\beta H}`.

    Args:
        hamiltonian: Hermitian matrix (..., N, N), or energies (..., N) if `diagonal`.
        beta: Inverse temperature, as in :func:`gibbs_state`.
        diagonal: Whether the Hamiltonian is given by its energies.

    Returns:
        ln Z, of shape (...,).

    Raises:
        ValueError: If :func:`gibbs_state` raises it, or :func:`boltzmann` where `diagonal` is true.

    Example:
        >>> float(log_partition_function([-3e4, -3e4], 1.0, diagonal=True).round(6))
        30000.693147
    """
    levels, betas = _thermal(hamiltonian, beta, diagonal)
    return _log_sum(levels, betas) - betas * levels.min(axis=-1)


def free_energy(hamiltonian: ArrayLike, beta: ArrayLike, *, diagonal: bool = False) -> Real:
    r"""Helmholtz free energy at equilibrium, :math:`F = -\ln Z / \beta = E - S/\beta`.

    Any other state has a larger one: :math:`\mathrm{Tr}(H\rho) - S(\rho)/\beta = F +
    D(\rho\|\rho_\beta)/\beta`, with the relative entropy D to the Gibbs state.

    Args:
        hamiltonian: Hermitian matrix (..., N, N), or energies (..., N) if `diagonal`.
        beta: Inverse temperature, as in :func:`gibbs_state`.
        diagonal: Whether the Hamiltonian is given by its energies.

    Returns:
        F, of shape (...,).

    Raises:
        ValueError: If :func:`gibbs_state` raises it, or :func:`boltzmann` where `diagonal` is true.

    Example:
        >>> float(free_energy([[0.0, 1.0], [1.0, 0.0]], 2.0).round(6))  # -ln(2 cosh 2) / 2
        -1.009075
    """
    levels, betas = _thermal(hamiltonian, beta, diagonal)
    return levels.min(axis=-1) - _log_sum(levels, betas) / betas


def internal_energy(hamiltonian: ArrayLike, beta: ArrayLike, *, diagonal: bool = False) -> Real:
    r"""Mean energy at equilibrium, :math:`E = \mathrm{Tr}(H \rho_\beta)`.

    Args:
        hamiltonian: Hermitian matrix (..., N, N), or energies (..., N) if `diagonal`.
        beta: Inverse temperature, as in :func:`gibbs_state`.
        diagonal: Whether the Hamiltonian is given by its energies.

    Returns:
        E, of shape (...,).

    Raises:
        ValueError: If :func:`gibbs_state` raises it, or :func:`boltzmann` where `diagonal` is true.

    Example:
        >>> float(internal_energy([[0.0, 1.0], [1.0, 0.0]], 2.0).round(6))  # -tanh 2
        -0.964028
    """
    levels, betas = _thermal(hamiltonian, beta, diagonal)
    ground = levels.min(axis=-1, keepdims=True)
    gaps = np.where(np.isposinf(levels), 0.0, levels - ground)  # a weight of zero, whatever the gap
    return ground[..., 0] + (_weights(levels, betas) * gaps).sum(axis=-1)


def von_neumann_entropy(state: ArrayLike) -> Real:
    r"""Entropy :math:`S = -\mathrm{Tr}(\rho \ln \rho)`, in nats.

    Args:
        state: Density matrix (..., N, N).

    Returns:
        S, of shape (...,), between 0 and ln N.

    Raises:
        ValueError: If the matrix is not square, finite and Hermitian, or no density matrix.

    Example:
        >>> float(von_neumann_entropy(np.eye(4) / 4) / np.log(2))
        2.0
    """
    matrix = _hermitian(state, "state")
    return _entropy(_spectrum(np.linalg.eigvalsh(matrix), matrix, "state"))


def shannon_entropy(probabilities: ArrayLike) -> Real:
    r"""Entropy :math:`-\sum_i p_i \ln p_i`, in nats.

    Args:
        probabilities: Probabilities (..., outcomes), each row summing to 1.

    Returns:
        Entropy, of shape (...,), between 0 and ln(outcomes).

    Raises:
        ValueError: If a probability is negative or not finite, or a row does not sum to 1.

    Example:
        >>> float(shannon_entropy([0.5, 0.5, 0.0]) / np.log(2))
        1.0
    """
    return _entropy(_distribution(probabilities, "probabilities"))


def relative_entropy(rho: ArrayLike, sigma: ArrayLike) -> Real:
    r"""Umegaki's relative entropy [1], :math:`D = \mathrm{Tr}\,\rho(\ln\rho - \ln\sigma)`, in nats.

    It is infinite when rho has weight where sigma has none. A matrix holds an eigenvalue only to
    about 1e-16 of the largest: those of sigma below N * 2.2e-16, and such weights of rho, count as
    zero. A diagonal matrix shows its eigenvalues exactly, and two of them are compared as by
    :func:`kl_divergence`. To a cold Gibbs state, whose small eigenvalues a matrix has lost, use the
    identity under :func:`free_energy`.

    Args:
        rho: Density matrix (..., N, N).
        sigma: Density matrix (..., N, N); the leading axes broadcast.

    Returns:
        D, of shape (...,), 0 or more, possibly ``inf``.

    Raises:
        ValueError: If a matrix is not square, finite and Hermitian, or no density matrix, or the
            shapes do not fit.

    Example:
        >>> relative_entropy(np.diag([1.0, 0.0]), np.eye(2) / 2).round(4)
        np.float64(0.6931)
        >>> relative_entropy(np.eye(2) / 2, np.diag([1.0, 0.0]))
        np.float64(inf)

    References:
        [1] H. Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962).
    """
    first, second = _pair(rho, sigma)
    r, _ = _eigen(first, "rho")
    s, vectors = _eigen(second, "sigma")
    weights = (vectors.conj() * (first @ vectors)).sum(axis=-2).real  # of rho along each vector
    both_diagonal = _is_diagonal(first) & _is_diagonal(second)
    weights = np.where(weights > _noise(weights, both_diagonal), weights, 0.0)
    return np.maximum(-entr(r).sum(axis=-1) - xlogy(weights, s).sum(axis=-1), 0.0)


def kl_divergence(p: ArrayLike, q: ArrayLike) -> Real:
    r"""Kullback-Leibler divergence :math:`\sum_i p_i \ln(p_i/q_i)`, in nats.

    Args:
        p: Probabilities (..., outcomes).
        q: Probabilities (..., outcomes); the leading axes broadcast.

    Returns:
        The divergence, of shape (...,), 0 or more; ``inf`` where q is 0 and p is not.

    Raises:
        ValueError: If a probability is negative or not finite, a row does not sum to 1, or the
            shapes do not fit.

    Example:
        >>> kl_divergence([1.0, 0.0], [0.5, 0.5]).round(4)
        np.float64(0.6931)
    """
    return np.maximum(rel_entr(*_distributions(p, q)).sum(axis=-1), 0.0)


def trace_distance(rho: ArrayLike, sigma: ArrayLike) -> Real:
    r"""Trace distance :math:`\frac12 \|\rho - \sigma\|_1`: half the sum of absolute eigenvalues.

    It is the largest difference in probability that any one measurement can show [1].

    Args:
        rho: Density matrix (..., N, N).
        sigma: Density matrix (..., N, N); the leading axes broadcast.

    Returns:
        The distance, of shape (...,), between 0 and 1.

    Raises:
        ValueError: If a matrix is not square, finite and Hermitian, or no density matrix, or the
            shapes do not fit.

    Example:
        >>> trace_distance(np.diag([1.0, 0.0]), np.full((2, 2), 0.5)).round(4)  # 1/sqrt(2)
        np.float64(0.7071)

    References:
        [1] M. Nielsen and I. Chuang, Quantum Computation and Quantum Information, section 9.2.
    """
    first, second = _pair(rho, sigma)
    _spectrum(np.linalg.eigvalsh(first), first, "rho")
    _spectrum(np.linalg.eigvalsh(second), second, "sigma")
    return np.minimum(np.abs(np.linalg.eigvalsh(first - second)).sum(axis=-1) / 2, 1.0)


def fidelity(rho: ArrayLike, sigma: ArrayLike) -> Real:
    r"""Uhlmann's fidelity, squared: :math:`F = (\mathrm{Tr}\sqrt{\sqrt\rho\sigma\sqrt\rho})^2` [1].

    For pure states it is the overlap :math:`|\langle a|b\rangle|^2`.

    Args:
        rho: Density matrix (..., N, N).
        sigma: Density matrix (..., N, N); the leading axes broadcast.

    Returns:
        F, of shape (...,), between 0 and 1.

    Raises:
        ValueError: If a matrix is not square, finite and Hermitian, or no density matrix, or the
            shapes do not fit.

    Example:
        >>> fidelity(np.diag([1.0, 0.0]), np.full((2, 2), 0.5)).round(4)
        np.float64(0.5)

    References:
        [1] A. Uhlmann, Rep. Math. Phys. 9, 273 (1976); R. Jozsa, J. Mod. Opt. 41, 2315 (1994).
    """
    return root_fidelity(rho, sigma) ** 2


def root_fidelity(rho: ArrayLike, sigma: ArrayLike) -> Real:
    r"""Uhlmann's fidelity, not squared: :math:`\sqrt F = \|\sqrt\rho\sqrt\sigma\|_1`.

    It is the sum of singular values, taken in the two eigenbases. Eigenvalues within rounding of
    zero (see :func:`relative_entropy`) count as zero, since their roots would not be small.

    Args:
        rho: Density matrix (..., N, N).
        sigma: Density matrix (..., N, N); the leading axes broadcast.

    Returns:
        The root of F, of shape (...,), between 0 and 1.

    Raises:
        ValueError: If a matrix is not square, finite and Hermitian, or no density matrix, or the
            shapes do not fit.

    Example:
        >>> root_fidelity(np.diag([1.0, 0.0]), np.full((2, 2), 0.5)).round(4)
        np.float64(0.7071)
    """
    first, second = _pair(rho, sigma)
    r, a = _eigen(first, "rho")
    s, b = _eigen(second, "sigma")
    product = np.sqrt(r)[..., :, None] * (_dagger(a) @ b) * np.sqrt(s)[..., None, :]
    return np.minimum(np.linalg.svd(product, compute_uv=False).sum(axis=-1), 1.0)


def total_variation(p: ArrayLike, q: ArrayLike) -> Real:
    r"""Total variation distance :math:`\frac12 \sum_i |p_i - q_i|`.

    Args:
        p: Probabilities (..., outcomes).
        q: Probabilities (..., outcomes); the leading axes broadcast.

    Returns:
        The distance, of shape (...,), between 0 and 1.

    Raises:
        ValueError: If a probability is negative or not finite, a row does not sum to 1, or the
            shapes do not fit.

    Example:
        >>> total_variation([0.5, 0.5], [0.75, 0.25])
        np.float64(0.25)
    """
    first, second = _distributions(p, q)
    return np.minimum(np.abs(first - second).sum(axis=-1) / 2, 1.0)


# Equilibrium: every quantity from the levels alone -----------------------------------------------


def _thermal(hamiltonian: ArrayLike, beta: ArrayLike, diagonal: bool) -> tuple[Real, Real]:
    """Energy levels (..., N) and inverse temperatures, validated."""
    if diagonal:
        levels = _check_levels(hamiltonian, "hamiltonian")
    else:
        levels = np.linalg.eigvalsh(_hermitian(hamiltonian, "hamiltonian"))
    return levels, _betas_of(beta, levels.shape[:-1])


def _exponents(levels: Real, betas: Real) -> Real:
    with np.errstate(over="ignore"):  # a gap beyond float64 is +inf, as its weight is zero
        return -betas[..., None] * (levels - levels.min(axis=-1, keepdims=True))


def _weights(levels: Real, betas: Real) -> Real:
    weights = np.exp(_exponents(levels, betas))
    return weights / weights.sum(axis=-1, keepdims=True)


def _log_sum(levels: Real, betas: Real) -> Real:
    """Log of Z as counted from the ground state: between 0 and ln N."""
    return np.log(np.exp(_exponents(levels, betas)).sum(axis=-1))


# States: their eigenvalues, and what rounding leaves of zero -------------------------------------


def _eigen(state: Matrix, name: str) -> tuple[Real, Matrix]:
    """Eigenvalues of a density matrix, rounding set to exactly zero, and its eigenvectors."""
    values, vectors = np.linalg.eigh(state)
    return _spectrum(values, state, name), vectors


def _spectrum(values: Real, state: Matrix, name: str) -> Real:
    trace = values.sum(axis=-1)
    slack = rounding(np.einsum("...ii->...i", state).real)
    wrong = ~(np.abs(trace - 1) <= slack)
    if wrong.any():
        place = _first(wrong)
        raise ValueError(
            f"`{name}` must have trace 1, but that of {entry(name, place)} is {trace[place]}; "
            "divide it by its trace"
        )
    negative = values.min(axis=-1) < -slack
    if negative.any():
        place = _first(negative)
        raise ValueError(
            f"`{name}` must have no negative eigenvalue, but {entry(name, place)} has "
            f"{values[place].min():.3g}; a density matrix is positive"
        )
    return np.where(values > _noise(values, _is_diagonal(state)), values, 0.0)


def _noise(values: Real, exact: NDArray[np.bool_]) -> Real:
    """Size, as (..., 1), up to which a value is no more than rounding; 0 where it is exact."""
    noise = values.shape[-1] * _EPSILON * values.max(axis=-1)
    return np.where(exact, 0.0, noise)[..., None]


def _entropy(probabilities: Real) -> Real:
    return np.maximum(entr(probabilities).sum(axis=-1), 0.0)  # a 1 may be rounded up


def _is_diagonal(matrix: Matrix) -> NDArray[np.bool_]:
    off_diagonal = ~np.eye(matrix.shape[-1], dtype=np.bool_)
    return ~np.any((matrix != 0) & off_diagonal, axis=(-2, -1))


def _dagger(matrix: Matrix) -> Matrix:
    return np.swapaxes(matrix, -1, -2).conj()


# Checks ------------------------------------------------------------------------------------------


def _check_levels(value: ArrayLike, name: str) -> Real:
    levels = real_array(value, name)
    if levels.ndim == 0 or levels.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (..., N) with N at least 1, "
            f"but is of shape {levels.shape}; pass one energy for each state along the last axis"
        )
    wrong = np.isnan(levels) | np.isneginf(levels)
    if wrong.any():
        place = _first(wrong)
        raise ValueError(
            f"`{name}` must be finite, or +inf where a state never occurs, "
            f"but {entry(name, place)} is {levels[place]}"
        )
    empty = np.isposinf(levels.min(axis=-1))
    if empty.any():
        raise ValueError(
            f"`{name}` has only +inf at {entry(name, _first(empty))}, so no state is "
            f"left; give at least one finite energy or leave the row out"
        )
    return levels


def _hermitian(value: ArrayLike, name: str) -> Matrix:
    array = _numbers(value, name)
    matrix = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (..., N, N), but is of shape {matrix.shape}; "
            f"diagonal entries alone become a matrix with np.diag"
        )
    check_finite(matrix, name, "states that never occur are left out of a matrix")
    size = np.abs(matrix).max(axis=(-2, -1))
    skew = np.abs(matrix - _dagger(matrix)).max(axis=(-2, -1))
    wrong = skew > rounding(array) * size
    if wrong.any():
        place = _first(wrong)
        raise ValueError(
            f"`{name}` must be Hermitian, but {entry(name, place)} differs from its "
            f"conjugate transpose by {skew[place]:.3g}; its Hermitian part is (H + H^dagger)/2"
        )
    return (matrix + _dagger(matrix)) / 2


def _pair(rho: ArrayLike, sigma: ArrayLike) -> tuple[Matrix, Matrix]:
    first, second = _hermitian(rho, "rho"), _hermitian(sigma, "sigma")
    _check_fit(first.shape, second.shape, 2, "rho", "sigma")
    return first, second


def _distributions(p: ArrayLike, q: ArrayLike) -> tuple[Real, Real]:
    first, second = _distribution(p, "p"), _distribution(q, "q")
    _check_fit(first.shape, second.shape, 1, "p", "q")
    return first, second


def _check_fit(
    first: tuple[int, ...], second: tuple[int, ...], core: int, first_name: str, second_name: str
) -> None:
    """Check that two shapes end in the same core axes and that the leading ones broadcast."""
    try:
        np.broadcast_shapes(first[:-core], second[:-core])
        fits = first[-core:] == second[-core:]
    except ValueError:
        fits = False
    if not fits:
        wanted = ", ".join(str(length) for length in ("...", *first[-core:]))
        raise ValueError(
            f"`{second_name}` must be of shape ({wanted}), to compare with "
            f"`{first_name}` of shape {first}, but is of shape {second}"
        )


def _distribution(value: ArrayLike, name: str) -> Real:
    law = check_distributions(value, name, slack=_TOLERANCE)
    return np.maximum(law, 0.0)


def _numbers(value: ArrayLike, name: str) -> Matrix:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be a rectangular array of numbers, but its rows differ in length; make "
            "them equally long"
        ) from error
    if array.dtype.kind not in "iufc":
        raise ValueError(f"`{name}` must hold numbers, but {no_numbers(array.dtype)}")
    return array


def _betas_of(beta: ArrayLike, leading: tuple[int, ...]) -> Real:
    betas = check_betas(beta)
    try:
        np.broadcast_shapes(betas.shape, leading)
    except ValueError as error:
        raise ValueError(
            f"`beta` must be a number or broadcast with the leading axes {leading}, but is of "
            f"shape {betas.shape}; add axes of length 1 for a grid of both"
        ) from error
    return betas


def _first(wrong: NDArray[np.bool_] | np.bool_) -> tuple[np.intp, ...]:
    return np.unravel_index(int(np.argmax(wrong)), np.shape(wrong))
