r"""Watch counts as they come and stop at any time.

Looking at a p-value after every batch and stopping when it is small refutes a perfect sampler
sooner or later. An e-value may be looked at whenever one likes. Here it is the likelihood ratio of
a mixture of Dirichlet-multinomial laws around p against p itself,

.. math:: E_n = \frac1{|C|} \sum_{c \in C} \frac{\Gamma(c)}{\Gamma(c + n)}
          \prod_{i : k_i > 0} \frac{\Gamma(c p_i + k_i)}{\Gamma(c p_i)\, p_i^{k_i}} .

Under p it is a martingale with mean one, so it ever reaches :math:`1/\alpha` with probability at
most :math:`\alpha` (Ville). The concentration c says how far from p the law may be; averaging over
:math:`c = 10^{0, 0.5, \dots, 8}` costs at most a factor 17, that is log(17) / log(1/alpha) more
evidence, where a single wrong c costs many times the shots. A shot on an impossible outcome makes
:math:`E_n` infinite; so does one on an outcome of probability below 1e-300.

Differences of log-gamma functions of :math:`10^{16}` shots keep no digit of their answer. So
the leading terms of Stirling's series are combined by hand. With :math:`a_i = c p_i` and
:math:`N = c + n`, and :math:`\phi(x)` what :math:`\log \Gamma` is beyond those terms,

.. math:: \log E = N \, KL\Big(\frac{a + k}{N} \Big\| p\Big)
          - \frac12 \sum_i \log \frac{a_i + k_i}{a_i} + \frac12 \log \frac Nc
          + \sum_i [\phi(a_i + k_i) - \phi(a_i)] - \phi(N) + \phi(c) ,

in which every term is of the size of the answer, and the divergence is summed from the deviations
:math:`k_i - n p_i`.

References:
    [1] M. Lindon and A. Malek, NeurIPS 35 (2022), arXiv:2011.03567, anytime-valid multinomials.
    [2] J. Ville, Etude critique de la notion de collectif (1939).
    [3] R. Wang and A. Ramdas, J. R. Statist. Soc. B 84, 822 (2022), e-BH.
    [4] I. Waudby-Smith and A. Ramdas, J. R. Statist. Soc. B 86, 1 (2024), betting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from qcattn.arguments import check_alpha
from qcattn.comparisons._rows import (
    Bools,
    Floats,
    Ints,
    check_counts,
    check_probabilities,
    side_by_side,
)
from qcattn.records import Counts

#: Concentrations of the mixture.
CONCENTRATIONS = 10.0 ** np.arange(0, 8.25, 0.5)
#: The probability below which one is taken for zero: no number of shots makes its outcome likely.
NEVER = 1e-300
#: The number from which on Stirling's series is exact to 1e-15.
_SERIES = 64.0
_HALF_LOG_2PI = 0.9189385332046727


@dataclass(frozen=True, eq=False)
class Monitor:
    """Evidence against rows of probabilities, valid at any stopping time.

    `update` returns the new monitor; this one is unchanged, so write
    ``monitor = monitor.update(batch)``. Start with ``Monitor(p, alpha)``.

    To stop at any time has a price: a uniform leak of 2% takes 1.3 (16 keys) to 3.5 times (128
    keys) the shots at which `fit` finds it (``python tests/benchmarks/statistics/prices.py``).

    Attributes:
        p: Probabilities, shape (..., outcomes).
        alpha: Error rate over all time.
        counts: Shots so far, shape (..., outcomes).
        stray: Shots so far on outcomes without a column, shape (...).
        peak: Largest log e-value so far of each row, shape (...).
        peak_together: Largest log of the mean e-value over rows so far.

    Example:
        >>> monitor = Monitor([0.5, 0.3, 0.2], alpha=0.01)
        >>> for batch in ([52, 29, 19], [48, 33, 19], [51, 28, 21]):
        ...     monitor = monitor.update(batch)
        >>> monitor.refuted
        False
        >>> monitor.update([100, 400, 100]).refuted
        True
    """

    p: Any
    alpha: float = 0.01
    counts: Any = None
    stray: Any = None
    peak: Any = None
    peak_together: float = 0.0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if self.counts is None:
            p = check_probabilities(self.p)
            object.__setattr__(self, "p", p)
            object.__setattr__(self, "counts", np.zeros(p.shape, dtype=np.int64))
            object.__setattr__(self, "stray", np.zeros(p.shape[:-1], dtype=np.int64))
            object.__setattr__(self, "peak", np.zeros(p.shape[:-1]))

    def update(self, counts: Any) -> Monitor:
        """Add a batch of shots. Returns the new monitor; this one is unchanged.

        Args:
            counts: Integers of the shape of p, or an object with ``keys`` and ``stray``, or counts
                as Qiskit gives them (see `fit`); new shots only.

        Returns:
            The monitor after the batch, to be assigned: ``monitor = monitor.update(counts)``.

        Raises:
            ValueError: If the counts are malformed, of another shape, or with those before more
                than 2**53 shots a row.
        """
        counts, law, _ = side_by_side(counts, self.p, ("counts", "p"), ("counts", "probabilities"))
        if np.shape(law) != self.p.shape:
            raise ValueError(
                f"`counts` has outcomes beyond the {self.p.shape[-1]} of p; name them in p"
            )
        batch, stray = check_counts(counts)
        if batch.shape != self.p.shape:
            raise ValueError(
                f"`counts` must have the shape of p, {self.p.shape}, but has {batch.shape}"
            )
        added, strays = check_counts(Counts(self.counts + batch, self.stray + stray, stray * 0))
        later = replace(self, counts=added, stray=strays)
        logs = later.log_e_values
        together = max(self.peak_together, later.log_e_value_together)
        return replace(later, peak=np.maximum(self.peak, logs), peak_together=together)

    @property
    def log_e_values(self) -> Floats:
        """The natural logarithm of each row's e-value now, shape (...)."""
        return _log_e_values(self.counts, self.stray, self.p)

    @property
    def e_values(self) -> Floats:
        """Each row's e-value now, shape (...); infinite above 1.8e308."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_e_values)

    @property
    def log_e_value_together(self) -> float:
        """The natural logarithm of the mean of the e-values of all rows now."""
        logs = self.log_e_values
        return float(special.logsumexp(logs) - np.log(logs.size)) if logs.size else 0.0

    @property
    def p_values(self) -> Floats:
        """One over the largest e-value so far: valid at any time for each row, shape (...)."""
        return np.exp(-self.peak)

    @property
    def refuted(self) -> bool:
        """Whether the rows together were ever refuted; false with probability at most alpha."""
        return bool(self.peak_together >= -np.log(self.alpha))

    def rows(self) -> Bools:
        """The rows that differ, at a false discovery rate of at most alpha.

        The rows follow by e-BH [3] from the e-values now: the largest so far are no e-values. A
        single row differs where `refuted` says so, once and for all.
        """
        if self.peak.size == 1:
            return self.peak >= -np.log(self.alpha)
        logs = self.log_e_values.ravel()
        order = np.argsort(-logs, kind="stable")
        needed = np.log(logs.size / self.alpha) - np.log(np.arange(1, logs.size + 1))
        found = np.flatnonzero(logs[order] >= needed)
        refuted = np.zeros(logs.size, dtype=bool)
        refuted[order[: found[-1] + 1 if found.size else 0]] = True
        return refuted.reshape(self.p.shape[:-1])

    def expected_stopping(self, q: Any, *, paths: int = 32, seed: int = 0) -> Floats:
        """The mean number of shots until each row alone is refuted if it is sampled from q.

        It is simulated from a fresh start, looking whenever the shots have grown by 5%.

        Args:
            q: The other law, shape of p.
            paths: Simulated runs a row.
            seed: Seed of the simulation.

        Returns:
            Shots, shape (...); infinite where not all runs had stopped after 1e9 shots.

        Raises:
            ValueError: If q is malformed or of another shape.
        """
        q = check_probabilities(q, "q")
        if q.shape != self.p.shape:
            raise ValueError(f"`q` must have shape {self.p.shape}, but has {q.shape}")
        rng = np.random.default_rng(seed)
        flat_p, flat_q = (x.reshape(-1, x.shape[-1]) for x in (self.p, q))
        stops = np.array(
            [_mean_stop(a, b, self.alpha, paths, rng) for a, b in zip(flat_p, flat_q, strict=True)]
        )
        return stops.reshape(self.p.shape[:-1])


def _log_e_values(counts: Ints, stray: Ints, p: Floats) -> Floats:
    """Log of the mixture likelihood ratio of each row, shape (...)."""
    shape = counts.shape[:-1]
    counts, p = counts.reshape(-1, counts.shape[-1]), p.reshape(-1, p.shape[-1])
    impossible = np.any((counts > 0) & (p < NEVER), axis=-1) | (stray.reshape(-1) > 0)
    seen = (counts > 0) & (p >= NEVER)
    # Only outcomes that were seen enter; gather them so that sparse rows are cheap.
    row, outcome = np.nonzero(seen)
    k, q = counts[row, outcome].astype(np.float64), p[row, outcome]
    shots = counts.sum(axis=-1).astype(np.float64)
    expected = shots[row] * q
    unseen = np.where(seen, 0.0, p).sum(axis=-1)
    logs = np.empty((CONCENTRATIONS.size, len(counts)))
    for j, c in enumerate(CONCENTRATIONS):
        total, prior = c + shots, c * q
        mean = total[row] * q
        # Deviation of each outcome from its mean, relative to it, prior shots counted in.
        off = (k - expected) / mean
        terms = mean * ((1 + off) * np.log1p(off) - off)
        terms -= 0.5 * np.log1p(k / prior) - _beyond_stirling(prior + k) + _beyond_stirling(prior)
        logs[j] = np.bincount(row, terms, minlength=len(counts))
        # An outcome that was not seen is off by -shots / total: (1 + off) log(1 + off) - off.
        logs[j] += unseen * (shots - c * np.log1p(shots / c))
        logs[j] += 0.5 * np.log1p(shots / c) - _beyond_stirling(total) + _beyond_stirling(c)
    result = special.logsumexp(logs, axis=0) - np.log(CONCENTRATIONS.size)
    return np.where(impossible, np.inf, result).reshape(shape)


def _beyond_stirling(x: Floats | float) -> Floats:
    """What log Gamma(x) is more than (x - 1/2) log x - x + log(2 pi) / 2."""
    x = np.atleast_1d(x)
    y = 1 / np.maximum(x, 1.0)
    beyond = y / 12 * (1 - y * y / 30 * (1 - 2 / 7 * y * y))
    few = x < _SERIES
    small = x[few]
    beyond[few] = special.gammaln(small) - (small - 0.5) * np.log(small) + small - _HALF_LOG_2PI
    return beyond


def _mean_stop(p: Floats, q: Floats, alpha: float, paths: int, rng: np.random.Generator) -> float:
    """Mean stopping time of simulated runs of one row."""
    counts = np.zeros((paths, p.size), dtype=np.int64)
    stop = np.full(paths, np.inf)
    shots = 0
    law = np.broadcast_to(p, counts.shape)
    while shots < 1e9 and np.isinf(stop).any():
        step = max(1, shots // 20)
        shots += step
        running = np.isinf(stop)
        counts[running] += rng.multinomial(step, q, size=int(running.sum()))
        logs = _log_e_values(counts[running], np.zeros(running.sum(), dtype=np.int64), law[running])
        stop[np.flatnonzero(running)[logs >= -np.log(alpha)]] = shots
    return float(stop.mean())
