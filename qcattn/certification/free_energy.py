r"""Free energy of the state from shots, and with it a bound on the distance to the Gibbs state.

:math:`F(\rho) = E - S/\beta` exceeds the exact :math:`F_\beta` by :math:`D(\rho \| \rho_\beta) /
\beta` [1], and :math:`T \le \min(\sqrt{D/2}, \sqrt{1 - e^{-D}})` [2, 3]. The exact :math:`F_\beta`
is computed, the state's own energy and entropy are measured:

- **E** from the Pauli terms of H, by Bernstein's inequality (`qcattn.certification.intervals`).
- **S** from the purity :math:`P` (swap test): among spectra of purity P the least entropy is that
  of k equal values and a smaller one, :math:`k = \lfloor 1/P \rfloor` [4] (:math:`-\ln P` or more),
  and the largest that of one large value and all others equal. S is also at most the entropy of the
  populations, at most the entropy of the most even distribution in their confidence box.
- Where **H is diagonal**, :math:`D = D(p \| q) + D(\rho \| \Delta\rho)`, populations p, Boltzmann
  weights q, and :math:`\Delta\rho` without its off-diagonal elements. The first is
  :math:`\sum_i p_i \ln(p_i/q_i) - p_i + q_i`, each term convex, so largest at an end of p_i's
  interval. The second is at most :math:`\ln \mathrm{Tr}\, \rho^2 (\Delta\rho)^{-1} =
  \ln(1 + \sum_{i<j} |\rho_{ij}|^2 (1/p_i + 1/p_j))`, where
  :math:`2 \sum_{i<j} |\rho_{ij}|^2 = P - \sum_i p_i^2` and :math:`|\rho_{ij}|^2 \le p_i p_j`: a
  fractional knapsack, filled from the steepest pair on.

Each of E, purity and populations (jointly) has its interval at 1 - alpha / 3, and what follows
holds whenever all three do. The entropy of a mixed state is between bounds that do not close with
more shots unless H is diagonal: then D is bounded to about :math:`(P - \sum p^2)_{high} / p_{min}`.
For the distance itself `certify_distance` is the sharper tool where it can be paid for.

References:
    [1] M. J. Donald, J. Stat. Phys. 49, 81 (1987). [2] M. S. Pinsker (1964); F. Hiai, M. Ohya and
        M. Tsukada, Pac. J. Math. 96, 99 (1981). [3] J. Bretagnolle and C. Huber, Sem. Probab. 12,
        342 (1978).
    [4] P. Harremoes and F. Topsoe, IEEE Trans. Inf. Theory 47, 2944 (2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from qcattn import thermal
from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_of_gibbs
from qcattn.certification.intervals import mean, proportion
from qcattn.certification.paulis import measure_strings, operator_groups, pauli_terms
from qcattn.certification.purity import purity_interval, swap_test
from qcattn.evidence import Estimate
from qcattn.records import Hamiltonian, Prepared
from qcattn.seeds import entropy

__all__ = ["FreeEnergy", "certify_free_energy"]


@dataclass(frozen=True)
class FreeEnergy:
    """Energy, entropy and free energy of the system, each between bounds that hold together.

    Attributes:
        energy: The measured energy, units of k_B T at beta = 1.
        purity: The measured purity.
        entropy_low: Least von Neumann entropy, nats.
        entropy_high: Largest von Neumann entropy, nats.
        free_energy_low: Least free energy (never below the exact one), units of k_B T at beta = 1.
        free_energy_high: Largest free energy, units of k_B T at beta = 1.
        exact: The free energy of the Gibbs state, units of k_B T at beta = 1.
        divergence_low: Least relative entropy to the Gibbs state, nats.
        divergence_high: Largest relative entropy to the Gibbs state, nats.
        trace_distance: Upper bound on the trace distance from the Gibbs state.
        allowed: Relative entropy that a state within the claimed trace distance can have.
        shots: Shots drawn in all bases and of two copies.
        alpha: Probability that any of the bounds fails, at most.
    """

    energy: Estimate
    purity: Estimate
    entropy_low: float
    entropy_high: float
    free_energy_low: float
    free_energy_high: float
    exact: float
    divergence_low: float
    divergence_high: float
    trace_distance: float
    allowed: float
    shots: int
    alpha: float

    @property
    def refuted(self) -> bool:
        """Whether the state is farther from the Gibbs state than claimed, at error rate alpha."""
        return self.divergence_low > self.allowed + 1e-9


def certify_free_energy(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
    error: float | None = None,
) -> FreeEnergy:
    """Bound free energy, relative entropy and trace distance to the Gibbs state from shots.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape (), an energy for every basis state.
        beta: Inverse temperature, positive.
        shots: Shots of each basis and of the swap test.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.
        error: Trace distance from the Gibbs state that is allowed; None for the one claimed (1
            where the preparation aims at a qsample, which claims nothing of the Gibbs state).

    Raises:
        ValueError: If shapes differ, a number is out of range, or some basis state has no energy.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> hamiltonian = Binary()([0.0, 0.5])
        >>> found = certify_free_energy(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
        >>> round(found.exact, 4), found.divergence_low, found.trace_distance < 0.25
        (-0.9741, 0.0, True)
    """
    allowed = check_of_gibbs(prepared, hamiltonian, beta, alpha, error)
    n = hamiltonian.num_qubits
    matrix = hamiltonian.matrix
    levels = np.linalg.eigvalsh(matrix)
    exact = float(thermal.free_energy(levels, beta, diagonal=True))

    offset, strings, weights = pauli_terms(hamiltonian.operator)
    strings, weights = [*strings, "Z" * n], np.append(weights, 0.0)
    of_bases, of_copies = np.random.SeedSequence(entropy(seed)).spawn(2)
    groups = measure_strings(prepared, strings, shots, backend, of_bases)
    even, kept = swap_test(prepared, shots, backend, of_copies)
    counts = next(group.counts for group in groups if group.letters == "Z" * n)

    energy = mean(operator_groups(groups, strings, weights), alpha / 3, offset=offset)
    purity = purity_interval(even, kept, n, alpha / 3)
    low, high = proportion(counts, counts.sum(), alpha / 3 / len(counts))
    least, most = entropy_range(purity.low, purity.high, 2**n)
    most = min(most, largest_entropy(low, high))
    divergence = beta * (energy.high - exact) - least
    if hamiltonian.is_diagonal:
        weight = thermal.boltzmann(hamiltonian.diagonal(), beta)
        spread = np.maximum(special.kl_div(low, weight), special.kl_div(high, weight)).sum()
        divergence = min(divergence, float(spread) + coherence(low, high, purity.high))
    divergence = max(0.0, divergence)
    divergence_low = min(divergence, max(0.0, beta * (energy.low - exact) - most))
    return FreeEnergy(
        energy=energy,
        purity=purity,
        entropy_low=least,
        entropy_high=most,
        free_energy_low=exact + divergence_low / beta,
        free_energy_high=exact + divergence / beta,
        exact=exact,
        divergence_low=divergence_low,
        divergence_high=divergence,
        trace_distance=min(float(np.sqrt(divergence / 2)), float(np.sqrt(-np.expm1(-divergence)))),
        allowed=_allowed(allowed, beta * float(np.ptp(levels)), 2**n),
        shots=shots * (len(groups) + 1),
        alpha=alpha,
    )


def entropy_range(purity_low: float, purity_high: float, size: int) -> tuple[float, float]:
    """Bounds on the entropy, nats, of a spectrum of ``size`` values, from bounds on its purity.

    Example:
        >>> [round(bound, 6) for bound in entropy_range(0.5, 0.5, 4)]
        [0.693147, 0.972824]
    """
    p = min(max(purity_high, 1 / size), 1.0)
    k = int(np.floor(1 / p + 1e-12))
    each = (1 + np.sqrt(max(0.0, 1 - (1 + 1 / k) * (1 - p)))) / (k + 1)
    rest = max(0.0, 1 - k * each)
    least = k * special.entr(each) + special.entr(rest)
    p = min(max(purity_low, 1 / size), 1.0)
    large = (1 + np.sqrt((size - 1) * max(0.0, size * p - 1))) / size
    others = max(0.0, 1 - large) / (size - 1)
    return max(0.0, float(least)), float(special.entr(large) + (size - 1) * special.entr(others))


def largest_entropy(low: np.ndarray, high: np.ndarray) -> float:
    """Entropy, nats, of the most even distribution whose probabilities lie between their bounds."""
    floor, ceiling = 0.0, 1.0
    for _ in range(100):
        level = (floor + ceiling) / 2
        if np.clip(level, low, high).sum() < 1:
            floor = level
        else:
            ceiling = level
    return float(special.entr(np.clip(ceiling, low, high)).sum())


def coherence(low: np.ndarray, high: np.ndarray, purity: float) -> float:
    """Largest relative entropy, nats, of a state to its diagonal, given bounds on the diagonal."""
    first, second = np.triu_indices(len(low), 1)
    budget = max(0.0, purity - float(low @ low)) / 2
    with np.errstate(divide="ignore"):
        slope = 1 / low[first] + 1 / low[second]
    gain = high[first] + high[second]
    order = np.argsort(-slope, kind="stable")
    slope, gain = slope[order], gain[order]
    cost = gain / slope
    left = np.clip(budget - (np.cumsum(cost) - cost), 0.0, None)
    # An infinite slope costs nothing and is taken whole.
    filled = np.divide(left, cost, out=np.ones_like(cost), where=cost > 0)
    return float(np.log1p((np.minimum(filled, 1.0) * gain).sum()))


def _allowed(error: float, span: float, size: int) -> float:
    """Relative entropy at most of a state within a trace distance of the Gibbs state.

    It follows from Audenaert's continuity of the entropy, J. Phys. A 40, 8127 (2007), and the range
    of the energy.
    """
    distance = min(max(error, 0.0), 1.0)
    if distance >= 1 - 1 / size:
        return distance * span + float(np.log(size))
    mixing = special.entr(distance) + special.entr(1 - distance)
    return float(distance * (span + np.log(size - 1)) + mixing)
