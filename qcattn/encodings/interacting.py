"""Keys that interact: a qubit each, a coupling for each pair, any number of them attended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from qcattn.arguments import check_betas, check_finite
from qcattn.attention import check_scores
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, check_bytes, every_reading

__all__ = ["Interacting"]

#: The tolerance to which the mean number of attended keys is met.
_MET = 1e-9


@dataclass(frozen=True)
class Interacting:
    r"""Sets of attended keys, with one qubit for each key: qubit i reads 1 if key i is attended.

    .. math:: E(x) = -\sum_i s_i x_i + \sum_{i<j} J_{ij} x_i x_j - \mu \sum_i x_i,
        \qquad x \in \{0, 1\}^n

    An outcome is a set of keys, and all 2^n of them are listed, the set of number b having key i
    where bit i of b is 1. Its law is that of a Boltzmann machine [1]. Couplings of 0 leave
    independent sigmoids, :math:`P(x_i = 1) = 1/(1 + e^{-\beta(s_i + \mu)})`; positive ones repel
    (attend to one or the other), negative ones attract; `one_hot` gives softmax as a limit. The
    attention weight of a key is the probability that it is attended, the mean of x_i.

    A masked key (score ``-inf``) is in no set: its qubit reads 0 with certainty. Unlike softmax
    the law changes when a constant is added to all scores, as ``mu`` does.

    Attributes:
        couplings: J, in units of k_B T at beta = 1: one number for every pair, or shape (..., n, n)
            symmetric with a diagonal of zeros, broadcast over the leading axes of the scores.
        mu: The chemical potential, scalar or of shape (...): the larger, the more keys are
            attended.
        attended: The mean number of attended keys, scalar or of shape (...); mu is then found for
            each row so that the thermal mean at ``beta`` is this to 1e-9. None leaves ``mu`` as it
            is.
        beta: Inverse temperature at which ``attended`` is meant; `qcattn.run` puts in its own.

    Example:
        >>> h = Interacting(couplings=3.0, mu=0.5)([0.5, 2.0])
        >>> h.bitstrings, h.energies.tolist()
        (('00', '01', '10', '11'), [0.0, -1.0, -2.5, -0.5])
        >>> h.operator.simplify().sort().to_list()
        [('II', (-1+0j)), ('IZ', (-0.25+0j)), ('ZI', (0.5+0j)), ('ZZ', (0.75+0j))]

    References:
        [1] Boltzmann attention, arXiv:2606.12478; one-hot attention on an annealer, M. Ohzeki,
            arXiv:2606.02098.
    """

    diagonal: ClassVar[bool] = True
    binary: ClassVar[bool] = False
    subsets: ClassVar[bool] = True

    couplings: ArrayLike = 1.0
    mu: ArrayLike = 0.0
    attended: ArrayLike | None = None
    beta: ArrayLike = 1.0

    def __str__(self) -> str:
        """The encoding with its options; arrays are written by their shapes."""
        options = {name: getattr(self, name) for name in ("couplings", "mu")}
        if self.attended is not None:
            options = {"couplings": self.couplings, "attended": self.attended}
        return f"Interacting({', '.join(f'{k}={_shown(v)}' for k, v in options.items())})"

    @classmethod
    def one_hot(cls, penalty: float) -> Interacting:
        r"""The penalty p (k - 1)^2 for k attended keys, which has softmax as its limit.

        Given that one key is attended, which one it is follows softmax exactly. With
        :math:`w = \sum_i e^{\beta s_i}` the other sets have at most
        :math:`e^{-\beta p}/w + \sum_{k \ge 2} e^{-\beta p (k-1)^2} w^{k-1}/k!` times the
        probability of the single keys, since the k-th elementary symmetric polynomial is at most
        :math:`w^k/k!`: an error of order :math:`e^{-\beta p}`.

        Args:
            penalty: p, in units of k_B T at beta = 1, 0 or more.

        Raises:
            ValueError: If it is negative or not finite.

        Example:
            >>> Interacting.one_hot(20.0)([0.0, 1.0]).energies.tolist()
            [0.0, -20.0, -21.0, -1.0]
        """
        if not (np.isfinite(penalty) and penalty >= 0):
            raise ValueError(f"`penalty` must be 0 or more and finite, but is {penalty!r}")
        return cls(couplings=2.0 * penalty, mu=float(penalty))

    def at(self, beta: ArrayLike) -> Interacting:
        """The same encoding at another inverse temperature, at which ``attended`` is to be met.

        Args:
            beta: The inverse temperature, positive, scalar or of shape (...).
        """
        return replace(self, beta=beta)

    def fields(self, scores: ArrayLike, readings: ArrayLike) -> np.ndarray:
        r"""The energy that each key gains if it is attended, given the others.

        :math:`h_i = s_i + \mu - \sum_j J_{ij} x_j`, so that given the others key i is attended with
        probability :math:`1/(1 + e^{-\beta h_i})`. No set is listed: any number of keys will do.

        Args:
            scores: One row of scores, shape (n,); ``-inf`` masks.
            readings: Shape (..., n), 0 or 1: which keys are attended.

        Returns:
            Shape (..., n); ``-inf`` for a masked key.

        Raises:
            ValueError: If there is more than one row, or mu is to be found, which takes all sets.

        Example:
            >>> Interacting(couplings=3.0, mu=0.5).fields([0.5, 2.0], [[0, 0], [1, 0]]).tolist()
            [[1.0, 2.5], [1.0, -0.5]]
        """
        scores = check_scores(scores)
        if scores.ndim != 1 or np.ndim(self.couplings) > 2 or np.ndim(self.mu):
            raise ValueError(
                f"`scores` must be one row with couplings and mu of its own, but are of shape "
                f"{scores.shape}; take one row"
            )
        if self.attended is not None:
            raise ValueError(
                "`attended` is not met here, since that takes a sum over all sets of keys; give "
                "`mu` in its place"
            )
        couplings = _couplings(self.couplings, len(scores), ())
        return scores + float(np.asarray(self.mu)) - np.asarray(readings, float) @ couplings

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode scores.

        Args:
            scores: Shape (..., n), dimensionless (divided by sqrt(d)); ``-inf`` masks.

        Returns:
            Hamiltonian of shape ``scores.shape[:-1]`` with 2^n keys, each of them a set of keys.

        Raises:
            TooLarge: If the energies of 2^n sets do not fit into memory;
                `qcattn.certification.certify_conditionals` judges samples of more keys.
            ValueError: If the couplings are no symmetric matrices of n keys, a number is not
                finite, ``attended`` is not between 0 and the number of keys that are not masked,
                or for scores that are none.
        """
        scores = check_scores(scores)
        *rows, n = scores.shape
        size = 8 * int(np.prod(rows, dtype=object)) + 17 * n
        check_bytes(
            size * 2**n,
            f"the list of all sets of {plural(n, 'key')}",
            "take fewer keys; `certify_conditionals` judges samples of more, and lists no set",
        )
        couplings = _couplings(self.couplings, n, tuple(rows))
        mu = _of_rows(self.mu, "mu", tuple(rows))
        masked = np.isneginf(scores)
        words = every_reading(n)
        bits = words.astype(float)
        never, size_of = (masked @ bits.T) > 0, words.sum(axis=-1)
        with np.errstate(over="ignore", invalid="ignore"):  # said in words
            energies = -np.where(masked, 0.0, scores) @ bits.T
            energies = energies + ((bits @ couplings) * bits).sum(axis=-1) / 2
            _check_finite(energies, never)
            energies = np.where(never, np.inf, energies)
            if self.attended is not None:
                mu = self._found(energies, size_of, masked)
            energies = energies - mu[..., None] * size_of + 0.0  # no negative zero
            _check_finite(energies, never)
        return Hamiltonian(energies, words, "Interacting", subsets=True)

    def _found(self, energies: np.ndarray, size_of: np.ndarray, masked: np.ndarray) -> np.ndarray:
        """The mu of each row, shape (...), from the weights of all sets of one size."""
        n, rows = size_of.max(), energies.shape[:-1]
        wanted = _of_rows(self.attended, "attended", rows)
        most = (~masked).sum(axis=-1)
        wrong = (wanted <= 0) | (wanted >= most)
        if wrong.any():
            row = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), rows))
            raise ValueError(
                f"`attended` must be above 0 and below the number of keys that are not masked, but "
                f"is {wanted[row]:g} where {plural(int(most[row]), 'key')} can be attended"
                + (f", in row {', '.join(map(str, row))}" if row else "")
                + "; give less, one number for each row, or `mu`"
            )
        beta = np.broadcast_to(check_betas(self.beta), rows)
        logs = np.stack(
            [
                logsumexp(-beta[..., None] * energies[..., size_of == size], axis=-1)
                for size in range(n + 1)
            ],
            axis=-1,
        )
        found = [
            _solved(one, float(mean))
            for one, mean in zip(logs.reshape(-1, n + 1), wanted.ravel(), strict=True)
        ]
        return np.reshape(found, rows) / beta


def _solved(logs: np.ndarray, wanted: float) -> float:
    """The product of beta and mu that gives the mean size, from the log weights of the sizes."""
    from scipy.optimize import brentq

    sizes = np.arange(len(logs))

    def excess(potential: float) -> float:
        weights = logs + potential * sizes
        return float(np.exp(weights - logsumexp(weights)) @ sizes) - wanted

    reach = 1.0
    while excess(-reach) > 0 or excess(reach) < 0:
        reach *= 2
    root = float(brentq(excess, -reach, reach, xtol=1e-14, rtol=1e-14, maxiter=500))
    if abs(excess(root)) > _MET:
        raise ValueError(
            f"`attended` of {wanted:g} is missed by {abs(excess(root)):.2g} in double precision, "
            "since the energies are so large; scale scores and couplings down, or give `mu`"
        )
    return root


def _check_finite(energies: np.ndarray, never: np.ndarray) -> None:
    """Refuse sets whose energy is beyond the largest number there is."""
    wrong = ~(np.isfinite(energies) | never)
    if wrong.any():
        number = int(np.argwhere(wrong)[0][-1])
        keys = [str(key) for key in range(number.bit_length()) if number >> key & 1]
        raise ValueError(
            f"`couplings`, `mu` and the scores must add up to finite energies, but those of the "
            f"set of keys {', '.join(keys)} do not; give smaller ones: a few hundred k_B T are as "
            "good as infinity"
        )


def _couplings(given: ArrayLike, n: int, rows: tuple[int, ...]) -> np.ndarray:
    """J as matrices that broadcast over the rows, diagonal zero."""
    cure = "give J + J.T of an upper triangle; what lies on the diagonal belongs to the scores"
    try:
        matrix = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`couplings` must be one number or matrices of numbers of shape (..., {n}, {n}): "
            f"{error}"
        ) from error
    check_finite(matrix, "couplings", "give a large number to a pair that must not occur")
    if matrix.ndim == 0:
        return float(matrix) * (1.0 - np.eye(n))
    if matrix.ndim == 1 or matrix.shape[-2:] != (n, n):
        raise ValueError(
            f"`couplings` must be one number or of shape (..., {n}, {n}) for {plural(n, 'key')}, "
            f"but are of shape {matrix.shape}"
        )
    slack = 1e-12 * np.abs(matrix).max(initial=0.0)
    skew = np.abs(matrix - np.swapaxes(matrix, -1, -2)).max(initial=0.0)
    if skew > slack:
        raise ValueError(
            f"`couplings` must be symmetric, but differ from their transpose by {skew:.3g}; {cure}"
        )
    most = np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)).max(initial=0.0)
    if most > 0:
        raise ValueError(
            f"`couplings` must have a diagonal of zeros, but it holds {most:g} in size; {cure}"
        )
    try:
        np.broadcast_to(matrix, (*rows, n, n))
    except ValueError as error:
        raise ValueError(
            f"`couplings` must broadcast over scores of leading shape {rows}, but are of shape "
            f"{matrix.shape}"
        ) from error
    return matrix


def _of_rows(given: ArrayLike | None, name: str, rows: tuple[int, ...]) -> np.ndarray:
    """One finite number of each row."""
    try:
        found = np.broadcast_to(np.asarray(given, dtype=float), rows)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be one number or of the leading shape of the scores, {rows}, but is "
            f"{given!r}"
        ) from error
    if not np.isfinite(found).all():
        raise ValueError(f"`{name}` must be finite, but is {given!r}")
    return found


def _shown(value: ArrayLike) -> str:
    """A number as it is, an array by its shape."""
    array = np.asarray(value)
    return f"{array:g}" if array.ndim == 0 else "array of " + " x ".join(map(str, array.shape))
