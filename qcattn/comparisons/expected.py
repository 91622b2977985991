r"""The outcomes to expect through a readout that makes mistakes, itself measured with error.

If outcome i is read as j with probability :math:`A_{ji}`, a law p is read as :math:`r = A p`. A
confusion matrix is measured too, from a number m of calibration shots for each prepared state (for
each state of each qubit, if qubits err independently), so r carries errors of covariance

.. math:: C = \sum_i \frac{p_i^2}{m_i} (\mathrm{diag}(A_i) - A_i A_i^T)
          \quad\text{or}\quad
          C = \sum_{q, b} \frac{a_{qb} (1 - a_{qb})}{m} g_{qb} g_{qb}^T, \quad
          g_{qb} = \frac{\partial r}{\partial a_{qb}},

with :math:`A_i` the columns of A and :math:`a_{qb}` the probability to misread qubit q prepared in
b. In C they stand with one more calibration shot, spread evenly over what it could have been read
as, so that what was never seen has a variance too. Counts of n shots then have covariance
:math:`n (\mathrm{diag}(r) - r r^T) + n^2 C`. Leaving C out refutes a perfect device as soon as
there are more shots than calibration shots.

Shots kept by a herald are compared given that they were kept; the rate at which they are kept has
its own test, `qcattn.comparisons.acceptance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.arguments import real_array, rounding
from qcattn.comparisons._rows import Floats, check_probabilities
from qcattn.plurals import plural


@dataclass(frozen=True, eq=False)
class Expected:
    r"""A law of outcomes and its uncertainty. `fit` and `certify` take it in place of p.

    Attributes:
        p: Probabilities of what is read, shape (..., outcomes).
        covariance: Covariance of their errors, shape (..., outcomes, outcomes); None if the
            readout is exact.
        coarse: The most probability that one calibration shot stands for, shape (...): the largest
            :math:`p_i / m_i`, or if qubits err independently the largest
            :math:`\frac12 \sum |g_{qb}| / m`; 0 if the readout is exact. What calibration never
            read has a probability of about that size, and is not impossible.
        ideal: The exact probabilities before the readout, shape (..., outcomes).
    """

    p: Floats
    covariance: Floats | None
    coarse: Floats
    ideal: Floats


def expected(p: Any, *, readout: Any, calibration_shots: Any = None) -> Expected:
    """Send probabilities through a readout confusion matrix.

    Args:
        p: Probabilities of shape (..., outcomes).
        readout: Shape (outcomes, outcomes), ``readout[j, i]`` the probability to read j when i was
            prepared, columns summing to one. Or a sequence of such 2 x 2 matrices, one a qubit,
            qubit 0 first; qubit 0 is the lowest bit of the outcome, as in Qiskit.
        calibration_shots: Shots from which the readout was estimated, for each prepared state (one
            number, or one for each outcome if the readout is whole). None: it is exact.

    Returns:
        The law of what is read with its covariance.

    Raises:
        ValueError: If p or a column does not sum to one, shapes do not match, or a number of
            calibration shots is not positive.

    Example:
        >>> import numpy as np
        >>> qubit = np.array([[0.98, 0.03], [0.02, 0.97]])
        >>> law = expected([0.5, 0.5, 0, 0], readout=[qubit] * 2, calibration_shots=10_000)
        >>> law.p.round(4)
        array([0.4949, 0.4851, 0.0101, 0.0099])
        >>> np.sqrt(np.diag(law.covariance)).round(4)
        array([0.0013, 0.0013, 0.0007, 0.0007])
    """
    law = check_probabilities(p)
    if isinstance(readout, np.ndarray) and readout.ndim == 2:
        matrix = _stochastic(readout, "readout")
        if matrix.shape[0] != law.shape[-1]:
            raise ValueError(
                f"`readout` must be of shape ({law.shape[-1]}, {law.shape[-1]}) for this "
                f"p, but is of shape {matrix.shape}"
            )
        shots = _shots(calibration_shots, law.shape[-1])
        return _whole(law, matrix, shots)
    qubits = [_stochastic(m, f"readout[{i}]") for i, m in enumerate(readout)]
    if any(m.shape != (2, 2) for m in qubits) or 2 ** len(qubits) != law.shape[-1]:
        raise ValueError(
            f"`readout` must be one matrix, or one 2 x 2 matrix a qubit for "
            f"{plural(law.shape[-1], 'outcome')}, but holds {len(qubits)} of shapes "
            f"{[m.shape for m in qubits]}"
        )
    return _tensored(law, qubits, _shots(calibration_shots, 1)[0])


def _stochastic(matrix: Any, name: str) -> Floats:
    """Check that columns are probabilities, and divide them by their sums."""
    given = real_array(matrix, name)
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise ValueError(f"`{name}` must be a square matrix, but is of shape {given.shape}")
    slack = rounding(matrix)
    bad = ~(np.abs(given.sum(axis=0) - 1) <= slack) | ~np.all(given >= 0, axis=0)
    if np.any(bad):
        column = int(np.argmax(bad))
        turned = bool((np.abs(given.sum(axis=1) - 1) <= slack).all() and (given >= 0).all())
        cure = "transpose it" if turned else f"normalise them: {name} / {name}.sum(axis=0)"
        raise ValueError(
            f"`{name}` must have columns of probabilities, but column {column} is "
            f"{given[:, column]}, which sums to {given[:, column].sum():.9g}; columns are prepared "
            f"states, rows what was read; {cure}"
        )
    return given / given.sum(axis=0)


def _shots(calibration_shots: Any, size: int) -> Floats:
    """Calibration shots of each prepared state, infinite if the readout is exact."""
    shots = np.asarray(np.inf if calibration_shots is None else calibration_shots, dtype=np.float64)
    if not np.all(shots > 0) or shots.shape not in ((), (size,)):
        raise ValueError(
            f"`calibration_shots` must be positive, one number or {size}, "
            f"but is {calibration_shots}"
        )
    return np.broadcast_to(shots, (size,))


def _whole(p: Floats, matrix: Floats, shots: Floats) -> Expected:
    """One confusion matrix of all outcomes."""
    if np.isinf(shots).all():
        return Expected(p @ matrix.T, None, np.zeros(p.shape[:-1]), p)
    spread = p**2 / shots
    smooth = (matrix + 1 / (len(matrix) * shots)) / (1 + 1 / shots)
    covariance = -np.einsum("ji,...i,ki->...jk", smooth, spread, smooth)
    index = np.arange(p.shape[-1])
    covariance[..., index, index] += spread @ smooth.T
    return Expected(p @ matrix.T, covariance, (p / shots).max(axis=-1), p)


def _tensored(p: Floats, qubits: Sequence[Floats], shots: float) -> Expected:
    """One confusion matrix a qubit."""
    number = len(qubits)

    def through(matrices: Sequence[Floats]) -> Floats:
        cube = p.reshape(*p.shape[:-1], *(2,) * number)
        for qubit, matrix in enumerate(matrices):
            axis = cube.ndim - 1 - qubit
            cube = np.moveaxis(np.tensordot(cube, matrix, axes=(axis, 1)), -1, axis)
        return cube.reshape(p.shape)

    if np.isinf(shots):
        return Expected(through(qubits), None, np.zeros(p.shape[:-1]), p)
    covariance = np.zeros((*p.shape, p.shape[-1]))
    moved = np.zeros(p.shape[:-1])
    for qubit, matrix in enumerate(qubits):
        for state in (0, 1):
            misread = (matrix[1 - state, state] + 0.5 / shots) / (1 + 1 / shots)
            slope = np.zeros((2, 2))
            slope[state, state], slope[1 - state, state] = -1.0, 1.0
            gradient = through([*qubits[:qubit], slope, *qubits[qubit + 1 :]])
            scale = misread * (1 - misread) / shots
            covariance += scale * gradient[..., :, None] * gradient[..., None, :]
            moved = np.maximum(moved, np.abs(gradient).sum(axis=-1) / 2)
    return Expected(through(qubits), covariance, moved / shots, p)
