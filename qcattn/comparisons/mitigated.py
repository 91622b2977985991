r"""Quasi-probabilities against probabilities, with the scatter that mitigation gives them.

Mitigated values x are a linear map of frequencies, :math:`E x = q` and :math:`\mathrm{Cov}\,x =
\Sigma`. They are not counts; for many shots they are near normal, and

.. math:: T = \sum_i w_i (x_i - p_i)^2 - \mathrm{tr}\, W \Sigma

has mean :math:`D = \sum_i w_i (q_i - p_i)^2`, variance :math:`2\,\mathrm{tr}(W\Sigma)^2 +
4\, d^T W \Sigma W d` with d = q - p, and third moment :math:`8\,\mathrm{tr}(W\Sigma)^3` at d = 0.
The p-value is the upper tail of a shifted gamma law with these moments. The bound on the total
variation is :math:`\frac12 \sqrt{\sum_i 1/w_i \cdot \bar D}`, where :math:`\bar D` is the largest D
with :math:`T \ge D - z \sqrt{2\,\mathrm{tr}(W\Sigma)^2 + 4 \lambda D}` and :math:`\lambda` the
largest eigenvalue of :math:`W^{1/2} \Sigma W^{1/2}`.

Outcomes that scatter by more than half of what they are expected to be are far from normal and
count as one; their share of p is added to the bound. Both statements are approximate where those of
`fit` and `certify` are not: they rest on a normal law and on a covariance that is itself estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from qcattn.arguments import check_alpha, check_finite
from qcattn.comparisons._quadratic import gamma_tail
from qcattn.comparisons._rows import Floats, check_probabilities

#: Scatter over expectation from which an outcome is put with the rare ones.
RARE = 0.5


@dataclass(frozen=True, eq=False)
class Mitigated:
    """What mitigated values show. Arrays are of shape (...).

    Attributes:
        p_values: The p-value of each row.
        upper: Upper bound on the total variation, at confidence 1 - alpha for each row.
        alpha: Error rate.
    """

    p_values: Floats
    upper: Floats
    alpha: float

    def overall(self) -> float:
        """The smallest p-value times the number of rows."""
        return float(min(1.0, self.p_values.size * self.p_values.min()))

    @property
    def refuted(self) -> bool:
        """Whether the mitigated law differs from p, at error rate alpha over all rows."""
        return self.overall() <= self.alpha


def mitigated(quasi: Any, p: Any, *, alpha: float = 0.01) -> Mitigated:
    """Compare mitigated values with probabilities.

    Args:
        quasi: An object with ``values`` (..., outcomes) and their ``covariance`` (..., outcomes,
            outcomes), as `qcattn.backends.mitigation` gives.
        p: Probabilities of shape (..., outcomes).
        alpha: Error rate.

    Returns:
        p-values and bounds, shape (...).

    Raises:
        ValueError: If shapes do not fit, a value or covariance is not finite, or p is no
            probability.

    Example:
        >>> import numpy as np
        >>> from types import SimpleNamespace
        >>> p = np.array([0.5, 0.3, 0.2])
        >>> spread = (np.diag(p) - np.outer(p, p)) / 1000
        >>> found = mitigated(SimpleNamespace(values=p + [0.01, -0.01, 0], covariance=spread), p)
        >>> found.refuted, round(float(found.upper), 3)
        (False, 0.071)
    """
    alpha = check_alpha(alpha)
    law, values = check_probabilities(p), np.asarray(quasi.values, dtype=np.float64)
    covariance = np.asarray(quasi.covariance, dtype=np.float64)
    if law.shape != values.shape or covariance.shape != (*law.shape, law.shape[-1]):
        raise ValueError(
            f"`quasi` and `p` must be of shape (..., outcomes), with a covariance of "
            f"shape (..., outcomes, outcomes), but they have {values.shape}, {law.shape} and "
            f"{covariance.shape}"
        )
    size, shape = law.shape[-1], law.shape[:-1]
    for name, array in (("values", values), ("covariance", covariance)):
        check_finite(array, f"quasi.{name}", "leave out rows that could not be mitigated")
    rows = zip(
        values.reshape(-1, size),
        covariance.reshape(-1, size, size),
        law.reshape(-1, size),
        strict=True,
    )
    found = np.array([_row(*row, alpha) for row in rows]).reshape(*shape, 2)
    return Mitigated(found[..., 0], found[..., 1], alpha)


def _row(x: Floats, covariance: Floats, p: Floats, alpha: float) -> tuple[float, float]:
    """p-value and bound of one row."""
    scatter = np.sqrt(np.diag(covariance).clip(0.0))
    rare = scatter >= RARE * p
    together = np.vstack([np.eye(len(p))[~rare], rare[None].astype(float)])
    x, q, spread = together @ x, together @ p, together @ covariance @ together.T
    root = np.maximum(q, np.sqrt(np.diag(spread).clip(1e-30))) ** (-1 / 3)
    whitened = root[:, None] * spread * root
    powers = np.linalg.eigvalsh(whitened).clip(0.0)
    statistic = float((root**2 * (x - q) ** 2).sum() - powers.sum())
    variance = 2 * (powers**2).sum()
    if variance <= 0:
        return float(np.allclose(x, q)), float(np.abs(x - q).sum() / 2)
    skew = 8 * (powers**3).sum() / variance**1.5
    p_value = float(gamma_tail(statistic / np.sqrt(variance), skew))
    z = float(-ndtri(alpha))
    # The largest D with (D - T)^2 <= z^2 (variance + 4 lambda D), above T.
    half = statistic + 2 * z**2 * powers.max()
    furthest = half + np.sqrt(max(half**2 - statistic**2 + z**2 * variance, 0.0))
    bound = np.sqrt((1 / root**2).sum() * max(furthest, 0.0)) / 2 + q[-1]
    return p_value, float(min(1.0, bound))
