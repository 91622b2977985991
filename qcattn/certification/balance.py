r"""Detailed balance in the counts of a diagonal Hamiltonian: no partition function, exact tests.

Among the shots on key i or on the lowest key 0, the share of i is binomial with probability
:math:`1 / (1 + e^{\beta(E_i - E_0)})`, whatever the other keys do. That is tested for every key
exactly, Bonferroni over the keys. A state within trace distance T of the Gibbs state has its share
between :math:`(p_i - T)/(p_i + p_0)` and :math:`(p_i + T)/(p_i + p_0)` (a move between the two
changes it most): that is the hypothesis where a preparation claims T > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_prepared
from qcattn.certification.intervals import binomial_p_value, proportion
from qcattn.preparations.reference import populations
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Balance", "certify_balance"]


@dataclass(frozen=True, eq=False)
class Balance:
    """Log ratios of populations to that of the lowest key. Arrays are of shape (num_keys,).

    Attributes:
        exact: -beta (E_i - E_0); -inf for a masked key.
        low: Lower ends of the measured log ratios, all together at 1 - alpha.
        high: Upper ends of the intervals.
        p_values: Exact tests, not corrected for their number; 0 for a masked key that was hit. In
            the place of the lowest key stands the test of shots that read no key.
        reference: The lowest key.
        outside: Shots that read no key.
        shots: The number of shots drawn.
        alpha: Error rate.
    """

    exact: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_values: np.ndarray
    reference: int
    outside: int
    shots: int
    alpha: float

    @property
    def p_value(self) -> float:
        """The p-value of the hypothesis that every ratio is as claimed (Bonferroni)."""
        return float(min(1.0, len(self.p_values) * self.p_values.min(initial=1.0)))

    @property
    def refuted(self) -> bool:
        """Whether a ratio differs, at error rate alpha."""
        return self.p_value <= self.alpha


def certify_balance(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
    error: float | None = None,
) -> Balance:
    """Test every log ratio of populations against -beta times the difference of energies.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape (), diagonal as it is written.
        beta: Inverse temperature, positive.
        shots: The number of shots.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.
        error: Trace distance that is allowed; None for the one claimed.

    Raises:
        ValueError: If shapes differ, a number is out of range, or the Hamiltonian is not diagonal.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Heralded
        >>> hamiltonian = Binary()([0.0, 1.0, 2.0])
        >>> prepared = Heralded()(hamiltonian, beta=1.0)
        >>> certify_balance(prepared, hamiltonian, 1.0).refuted
        False
        >>> certify_balance(prepared, hamiltonian, 1.3).refuted
        True
    """
    allowed = check_prepared(prepared, hamiltonian, beta, alpha, error)
    if not hamiltonian.is_diagonal:
        raise ValueError(
            f"`hamiltonian` ({hamiltonian.encoding}) is not diagonal, so its counts are not in "
            "detailed balance; use certify_kms or certify_temperature"
        )
    (counts,) = draw([prepared], shots, backend, seed)
    energies, weights = hamiltonian.energies, populations(hamiltonian, beta)
    lowest = int(np.argmin(energies))
    with np.errstate(over="ignore"):
        exact = -beta * (energies - energies[lowest])
    others = np.arange(len(energies)) != lowest
    hits, both = counts.keys, counts.keys + counts.keys[lowest]
    share = special.expit(exact)
    ends = share, share
    if allowed > 0:
        pair = weights + weights[lowest]
        ends = (weights - allowed) / pair, (weights + allowed) / pair
    low, high = proportion(hits, both, alpha / len(energies))
    with np.errstate(divide="ignore"):
        low, high = special.logit(low), special.logit(high)
    outside = int(counts.stray)
    strays = binomial_p_value(outside, counts.kept, 0.0, allowed)
    p_values = np.where(others, binomial_p_value(hits, both, *ends), strays)
    return Balance(
        exact=exact,
        low=np.where(others, low, 0.0),
        high=np.where(others, high, 0.0),
        p_values=p_values,
        reference=lowest,
        outside=outside,
        shots=shots,
        alpha=alpha,
    )
