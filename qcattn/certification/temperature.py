r"""The temperature that counts have, whether they have one, and whether it is the one asked for.

**Diagonal H.** Counts at a temperature are an exponential family whose sufficient statistic is the
mean energy m, so the likeliest beta solves :math:`E(\beta) = m`. With
:math:`g(\beta) = \ln Z(\beta) + \beta m` (minus the log likelihood a shot) the interval is

.. math:: \{\beta : n\,(g(\beta) - \min g) \le \ln(2/\alpha)\} ,

the profile-likelihood interval with :math:`\ln(2/\alpha)` for half a chi-square quantile. By
Chernoff's bound it holds at every n, not only for large ones: a mean energy as far out as m has
probability at most :math:`e^{-n (g(\beta) - \min g)}` on either side. At alpha = 1% it is 1.26
times as wide as the asymptotic one.

**Other H.** The estimate is the beta at which the exact mean energy is the measured one; the
interval of the energy (`qcattn.certification.intervals.mean`) becomes one of beta, since E falls
with beta.

**Is it a temperature?** The hypothesis "some beta" leaves beta open. It is tested over the betas of
an interval at 1 - gamma, gamma = alpha / 10: the largest p-value among them, plus gamma, is a valid
p-value [1] (so it never falls below gamma). Diagonal: `qcattn.comparisons.fit` of the counts.
Other: the exact binomial tests of `qcattn.certification.observables`. The betas are 13 whose mean
energies are evenly spaced over the interval, and twice 13 around the best of them. Depolarising
noise on the circuit is not a temperature (it mixes in the uniform distribution), and with enough
shots it is told from one.

References:
    [1] R. L. Berger and D. D. Boos, J. Am. Stat. Assoc. 89, 1012 (1994).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_prepared
from qcattn.certification.intervals import mean
from qcattn.certification.observables import against, positives
from qcattn.certification.paulis import (
    default_strings,
    level_expectations,
    measure_strings,
    operator_groups,
    pauli_terms,
)
from qcattn.comparisons import fit
from qcattn.evidence import Estimate
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Temperature", "certify_temperature"]

#: Betas that the hypothesis "some beta" is tested at: so many, and then again around the best.
GRID, ROUNDS = 13, 3
#: Levels closer than this share of their range are one.
_SAME = 1e-9


@dataclass(frozen=True)
class Temperature:
    """The inverse temperature of what was measured.

    Attributes:
        beta: The measured inverse temperature, with its interval at 1 - alpha. It may be negative,
            or infinite where only the lowest level was seen; NaN where all energies are equal or no
            shot was kept.
        asked: The inverse temperature that the circuit was prepared for.
        p_value: The p-value of the hypothesis that the counts have any temperature.
        outside: Kept shots on states that no temperature gives: padding, masked keys.
        kept: The number of kept shots.
        shots: Shots drawn, in all bases.
        alpha: Error rate of the interval, and of `thermal`.
    """

    beta: Estimate
    asked: float
    p_value: float
    outside: int
    kept: int
    shots: int
    alpha: float

    @property
    def thermal(self) -> bool:
        """Whether the counts may have a temperature, at error rate alpha."""
        return self.p_value > self.alpha

    @property
    def agrees(self) -> bool:
        """Whether that temperature may be the requested one; never without kept shots."""
        return self.kept > 0 and self.thermal and self.asked in self.beta


def certify_temperature(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
) -> Temperature:
    """Fit an inverse temperature to shots, and test whether there is one.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape (); with an energy for every basis state if
            it is not diagonal.
        beta: Inverse temperature asked for.
        shots: Shots (of each basis, if H is not diagonal).
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.

    Raises:
        ValueError: If shapes differ, a number is out of range, or a dense Hamiltonian would not fit
            into memory.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Heralded
        >>> hamiltonian = Binary()([0.0, 1.0, 2.0, 0.5])
        >>> found = certify_temperature(Heralded()(hamiltonian, beta=1.0), hamiltonian, 1.0)
        >>> round(found.beta.low, 2), round(found.beta.high, 2), found.agrees
        (0.93, 1.15, True)
    """
    check_prepared(prepared, hamiltonian, beta, alpha)
    look = _read_keys if hamiltonian.is_diagonal else _read_strings
    seen = look(prepared, hamiltonian, shots, backend, seed)
    gamma = alpha / 10
    return Temperature(
        beta=seen.betas(alpha),
        asked=float(beta),
        p_value=_any_beta(seen.p_values, seen.betas(gamma), seen.levels, gamma),
        outside=seen.outside,
        kept=seen.kept,
        shots=seen.shots,
        alpha=alpha,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """Shots as a thermometer reads them.

    Attributes:
        levels: Energies that can occur.
        betas: A function from an error rate to the interval of the inverse temperature.
        p_values: A function from betas (any number) to the p-value of each.
        kept: The number of kept shots.
        shots: The number of shots drawn.
        outside: Kept shots on states that no temperature gives.
    """

    levels: np.ndarray
    betas: Callable[[float], Estimate]
    p_values: Callable[[np.ndarray], np.ndarray]
    kept: int
    shots: int
    outside: int = 0


def _read_keys(
    prepared: Prepared, hamiltonian: Hamiltonian, shots: int, backend: Backend | None, seed: Any
) -> _Seen:
    """Counts of the keys, for a diagonal H."""
    (counts,) = draw([prepared], shots, backend, seed)
    real = np.isfinite(hamiltonian.energies)
    energies, keys = hamiltonian.energies[real], counts.keys[real]
    outside = int(counts.kept - keys.sum())

    def p_values(betas: np.ndarray) -> np.ndarray:
        if outside:
            return np.zeros(len(betas))
        return fit(np.tile(keys, (len(betas), 1)), _weights(energies, betas)).p_values

    return _Seen(
        energies,
        lambda alpha: likely_betas(keys, energies, alpha),
        p_values,
        int(counts.kept),
        shots,
        outside,
    )


def _read_strings(
    prepared: Prepared, hamiltonian: Hamiltonian, shots: int, backend: Backend | None, seed: Any
) -> _Seen:
    """Pauli strings in all their bases, for any H."""
    levels, vectors = np.linalg.eigh(hamiltonian.matrix)
    offset, terms, weights = pauli_terms(hamiltonian.operator)
    strings = tuple(dict.fromkeys([*terms, *default_strings(hamiltonian)]))
    weights = np.append(weights, np.zeros(len(strings) - len(terms)))
    groups = measure_strings(prepared, strings, shots, backend, seed)
    parts = operator_groups(groups, strings, weights)
    hits, kept = positives(groups, strings)
    of_levels = level_expectations(vectors, strings)

    def betas(alpha: float) -> Estimate:
        energy = mean(parts, alpha, offset=offset)
        ends = (beta_at(levels, value) for value in (energy.best, energy.high, energy.low))
        return Estimate(*ends) if np.ptp(levels) > 0 else Estimate(np.nan, -np.inf, np.inf)

    def p_values(betas: np.ndarray) -> np.ndarray:
        exact = of_levels @ _weights(levels, betas).T
        worst = against(hits[:, None], kept[:, None], exact, 0.0).min(axis=0)
        return np.minimum(1.0, len(strings) * worst)

    drawn = int(sum(group.counts.sum() for group in groups))
    return _Seen(levels, betas, p_values, drawn, shots * len(groups))


def _any_beta(
    p_values: Callable[[np.ndarray], np.ndarray], betas: Estimate, levels: np.ndarray, gamma: float
) -> float:
    """The largest p-value over an interval of betas, plus what the interval may miss."""
    gaps = np.diff(np.unique(levels))
    gaps = gaps[gaps > _SAME * np.ptp(levels)]
    if not gaps.size or np.isnan(betas.best):
        return float(p_values(np.ones(1))[0])
    # Beyond this all is on the lowest (highest) level, up to e^-40.
    low, high = (
        float(np.clip(end, -40 / gaps[-1], 40 / gaps[0])) for end in (betas.low, betas.high)
    )
    least, most = (_weights(levels, np.array([high, low])) @ levels).tolist()
    energies = np.linspace(least, most, GRID)
    largest = float(p_values(np.clip([betas.best], low, high))[0])
    for _ in range(ROUNDS):
        found = p_values(np.clip([beta_at(levels, energy) for energy in energies], low, high))
        largest, place = max(largest, float(found.max())), int(np.argmax(found))
        ends = energies[max(place - 1, 0)], energies[min(place + 1, GRID - 1)]
        energies = np.linspace(ends[0], ends[1], GRID)
    return min(1.0, largest + gamma)


def likely_betas(counts: np.ndarray, energies: np.ndarray, alpha: float) -> Estimate:
    """The likeliest inverse temperature of counts of energies, and its interval at 1 - alpha.

    Args:
        counts: Shape (num_keys,).
        energies: Shape (num_keys,), finite.
        alpha: Probability that the interval misses, at most.

    Example:
        >>> import numpy as np
        >>> found = likely_betas(np.array([7311, 2689]), np.array([0.0, 1.0]), alpha=0.01)
        >>> round(found.best, 3), round(found.low, 3), round(found.high, 3)
        (1.0, 0.927, 1.074)
    """
    shots = int(counts.sum())
    if shots == 0 or np.ptp(energies) == 0:
        return Estimate(float("nan"), -np.inf, np.inf)
    average = float(counts @ (energies - energies.min())) / shots + float(energies.min())
    best = beta_at(energies, average)
    reach = np.log(2 / alpha) / shots

    def excess(beta: float) -> float:
        return float(special.logsumexp(-beta * (energies - average))) - least - reach

    if np.isinf(best):
        end = np.abs(energies - average) <= 1e-12 * np.ptp(energies)
        least = float(np.log(np.count_nonzero(end)))
    else:
        least = float(special.logsumexp(-best * (energies - average)))
    low = -np.inf if best == -np.inf else _edge(excess, best, energies, -1.0)
    high = np.inf if best == np.inf else _edge(excess, best, energies, 1.0)
    return Estimate(best, low, high)


def _edge(
    excess: Callable[[float], float], best: float, energies: np.ndarray, side: float
) -> float:
    """Where the likelihood has fallen too far, going from the best beta to one side."""
    step = side / float(np.ptp(energies))
    fine = 1e-12 * abs(step)
    start = 0.0 if np.isinf(best) else best
    if excess(start) > 0:  # the best beta is infinite, and the edge lies between it and zero
        step = -step
        while excess(step) > 0:
            step *= 2
        return float(optimize.brentq(excess, 0.0, step, xtol=fine, rtol=1e-12))
    while excess(start + step) <= 0:
        step *= 2
        if abs(step) * float(np.ptp(energies)) > 1e12:
            return side * np.inf
    return float(optimize.brentq(excess, start, start + step, xtol=fine, rtol=1e-12))


def beta_at(levels: np.ndarray, energy: float) -> float:
    """The inverse temperature at which levels have this mean energy; infinite beyond the ends."""
    if np.isnan(energy):
        return float("nan")
    slack = 1e-12 * float(np.ptp(levels))
    if energy <= levels.min() + slack:
        return float("inf")
    if energy >= levels.max() - slack:
        return float("-inf")
    shifted = levels - energy

    def surplus(beta: float) -> float:
        return float(special.softmax(-beta * shifted) @ shifted)

    low, high = -1 / float(np.ptp(levels)), 1 / float(np.ptp(levels))
    while surplus(low) < 0:
        low *= 2
    while surplus(high) > 0:
        high *= 2
    return float(optimize.brentq(surplus, low, high, xtol=1e-13 * high, rtol=1e-13))


def _weights(energies: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Boltzmann weights at any betas, zero and negative ones too, shape (betas, energies)."""
    return special.softmax(-betas[:, None] * (energies - energies.min()), axis=1)
