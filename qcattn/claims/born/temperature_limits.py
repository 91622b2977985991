"""A9: temperature makes attention sharp or diffuse."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from scipy import optimize, special

from qcattn.backends import Aer
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.born._rows import real_rows
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, every
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel, Role
from qcattn.preparations import Heralded
from qcattn.seeds import entropy
from qcattn.thermal import boltzmann

__all__ = ["TemperatureLimits"]

#: Temperatures between the limits: these shares of the way from the least to the largest entropy.
_SHARES = (0.2, 0.4, 0.6, 0.8, 0.95)
_COLD, _HOT = 1 / 8, 20.0


@dataclass(frozen=True)
class TemperatureLimits:
    r"""A9: low tau picks the best key, high tau all keys alike, and entropy grows in between.

    Random rows of MiniLM are prepared by `Heralded` at seven temperatures, from an eighth of the
    gap between the two highest scores to twenty times the spread of all. The same row with its
    second score raised to the first shows what low temperature does to a tie.

    Attributes:
        rows: How many rows.
        shots: Of each row at each temperature.
        epsilon: What is left to the other keys when cold, and total variation from uniform when
            hot, that counts as the limit.
        tie: Whether the rows themselves have two equal highest scores.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> TemperatureLimits(rows=1, shots=50_000, epsilon=0.05)(seed=1).standing
        'conditional'
        >>> TemperatureLimits(rows=1, shots=50_000, epsilon=0.05, tie=True)(seed=1).standing
        'refuted'

    References:
        L. D. Landau and E. M. Lifshitz, Statistical Physics (1980), sections 23 and 28; the slope
        of the entropy is dS/dtau = Var(E)/tau^3.
    """

    claim: ClassVar[str] = "A9"
    title: ClassVar[str] = "Temperature sharpens attention"
    statement: ClassVar[str] = (
        "Low τ → sharp attention (peaked distribution)\n"
        "High τ → diffuse attention (uniform distribution)\n"
        "…\n"
        "High β → ground state (peaked at lowest energy)\n"
        "Low β → thermal state (uniform distribution)"
    )
    section: ClassVar[str] = "In attention, we use temperature τ to control “sharpness”"

    rows: int = 3
    shots: int = 100_000
    epsilon: float = 0.03
    tie: bool = False
    alpha: float = 1e-3
    backend: Backend | None = None

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: Called with the share done and what is done.

        Returns:
            The finding.
        """
        started = time.perf_counter()
        chosen, drawn = np.random.SeedSequence(entropy(seed)).spawn(2)
        report = progress or (lambda share, what: None)
        rows = real_rows("minilm", self.rows, np.random.default_rng(chosen))
        gaps = np.array([_gap(row) for row in rows])
        tied = _tied(rows[:1])
        # The tied row goes last.
        scores = np.concatenate([_tied(rows) if self.tie else rows, tied])
        taus = np.array(
            [_temperatures(*pair) for pair in zip(scores, [*gaps, gaps[0]], strict=True)]
        )
        law = boltzmann(-scores[:, None, :], 1 / taus)
        report(0.1, f"{self.rows} rows at {taus.shape[1]} temperatures")
        backend = Aer() if self.backend is None else self.backend
        everywhere = np.broadcast_to(scores[:, None, :], law.shape)
        prepared = Heralded()(Binary()(everywhere), beta=1 / taus)
        counts = backend(prepared, self.shots, drawn)

        keys, size = counts.keys, scores.shape[1]
        part = self.alpha / (4 * len(scores))
        level = part / taus.shape[1]
        entropies = [[shannon(one, level) for one in row] for row in keys]
        best = scores.argmax(axis=1)
        sharp = [_share(row[0], top, part) for row, top in zip(keys, best, strict=True)]
        uniform = np.full(size, 1 / size)
        hot = keys[:-1, -1]
        shares = hot / np.maximum(hot.sum(axis=1, keepdims=True), 1)
        upper = certify(hot, uniform, self.epsilon, part).upper
        checks = [
            algebra(
                "The entropy of softmax never falls with tau: 1,000 random rows, dense",
                _falls(np.random.default_rng(chosen.spawn(1)[0])),
            ),
            every(
                "At the lowest temperature the best key has all but epsilon",
                [self._picks(f"row {i + 1}", one) for i, one in enumerate(sharp[:-1])],
            ),
            every(
                "At the highest temperature all keys are alike within epsilon",
                [
                    self._alike(f"row {i + 1}", one, float(most), part)
                    for i, (one, most) in enumerate(zip(hot, upper, strict=True))
                ],
            ),
            every(
                "The entropy grows from each temperature to the next",
                [
                    _grows(f"row {i + 1}, tau {taus[i, j]:.3g} to {taus[i, j + 1]:.3g}", *pair)
                    for i, row in enumerate(entropies[:-1])
                    for j, pair in enumerate(pairwise(row))
                ],
            ),
            self._picks("It does so where two scores are the highest", sharp[-1], "beyond"),
        ]
        worst = int(np.argmin([one.best for one in sharp[:-1]]))
        least = min(one.best for one in sharp[:-1])
        words = (
            "Below the gap to the second score the best key has at least "
            f"{least:.4f} of the shots, and far above the spread all keys are alike within "
            f"{upper.max():.3f}. Between these the entropy grew in every step that was measured. "
            if all(check.holds for check in checks[1:4])
            else f"Not every row went from one key to all keys: the best key of the coldest row "
            f"has {least:.3f} of the shots. "
        ) + (
            "Low temperature does not choose between equal scores: "
            f"with a tie the first of the two has {sharp[-1].best:.3f} and the entropy stays at "
            f"{entropies[-1][0].best:.3f} nats, ln 2 being {np.log(2):.3f}."
            if checks[4].holds is False
            else f"Of two equal scores the first has {sharp[-1].best:.3f} of the shots."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(
                    "share of the best key when cold, the worst row",
                    sharp[worst],
                    float(law[worst, 0, best[worst]]),
                ),
                Number(
                    "total variation from uniform when hot, the worst row",
                    Estimate(
                        float(np.abs(shares - uniform).sum(axis=1).max() / 2),
                        0.0,
                        float(upper.max()),
                    ),
                    float(np.abs(law[:-1, -1] - uniform).sum(axis=1).max() / 2),
                ),
                Number("entropy of a tie when cold, nats", entropies[-1][0], float(np.log(2))),
            ],
            condition="one score is the highest; cold is below its gap to the second, hot above "
            "the spread of all"
            if checks[4].holds is False
            else "",
            words=words,
            panels=[_entropies(scores, taus, entropies)],
            shots=int(counts.shots.sum()),
            seed=seed,
            started=started,
        )

    def _picks(self, statement: str, share: Estimate, role: Role = "claim") -> Check:
        least = 1 - self.epsilon
        holds = True if share.low >= least else False if share.high < least else None
        by = f"{share.best:.4f} in [{share.low:.4f}, {share.high:.4f}], wanted {least:g}"
        return Check(statement, holds, by, role)

    def _alike(self, statement: str, keys: np.ndarray, upper: float, alpha: float) -> Check:
        low, high = proportion(keys, keys.sum(), alpha / keys.size)
        away = float(np.maximum(low - 1 / keys.size, 1 / keys.size - high).max())
        holds = True if upper <= self.epsilon else False if away > self.epsilon else None
        by = f"total variation from uniform at most {upper:.4f}, wanted {self.epsilon:g}"
        return Check(statement, holds, by)


def _gap(row: np.ndarray) -> float:
    """Between the two highest scores."""
    second, first = np.sort(row)[-2:]
    return float(first - second)


def _tied(rows: np.ndarray) -> np.ndarray:
    """The same rows, the second highest score raised to the highest."""
    raised = rows.copy()
    second = rows.argsort(axis=-1)[..., -2:-1]
    np.put_along_axis(raised, second, rows.max(axis=-1, keepdims=True), axis=-1)
    return raised


def _temperatures(row: np.ndarray, gap: float) -> list[float]:
    """From cold to hot, the entropy growing by about equal steps in between."""
    cold, hot = _COLD * gap, _HOT * float(np.ptp(row))
    least, most = _entropy(row, cold), float(np.log(row.size))
    between = [
        optimize.brentq(
            lambda log, share=share: _entropy(row, np.exp(log)) - least - share * (most - least),
            np.log(cold),
            np.log(1e3 * hot),
        )
        for share in _SHARES
    ]
    return [cold, *map(float, np.exp(between)), hot]


def _entropy(row: np.ndarray, tau: float) -> float:
    return float(special.entr(special.softmax(row / tau)).sum())


def _falls(rng: np.random.Generator) -> float:
    """Most that the entropy falls along a fine grid of temperatures, over 1,000 rows."""
    scores = rng.normal(0, 2, size=(1000, 1, 12))
    taus = np.geomspace(0.05, 50, 100)[:, None]
    entropies = special.entr(special.softmax(scores / taus, axis=-1)).sum(axis=-1)
    return max(0.0, -float(np.diff(entropies, axis=1).min()))


def _grows(statement: str, one: Estimate, following: Estimate) -> Check:
    holds = True if following.low > one.high else False if following.high < one.low else None
    return Check(
        statement,
        holds,
        f"[{one.low:.4f}, {one.high:.4f}] to [{following.low:.4f}, {following.high:.4f}] nats",
    )


def _share(keys: np.ndarray, key: int, alpha: float) -> Estimate:
    low, high = proportion(keys[key], keys.sum(), alpha)
    return Estimate(float(keys[key] / max(keys.sum(), 1)), float(low), float(high))


def _entropies(scores: np.ndarray, taus: np.ndarray, entropies: list[list[Estimate]]) -> Panel:
    lines, points = [], []
    names = [f"row {i + 1}" for i in range(len(scores) - 1)] + ["row with a tie"]
    for name, row, tau, found in zip(names, scores, taus, entropies, strict=True):
        fine = np.geomspace(tau[0], tau[-1], 80)
        exact = np.array([_entropy(row, one) for one in fine])
        lines.append(Curve(f"exact, {name}", fine, exact, style="line"))
        points.append(
            Curve(
                f"measured, {name}",
                tau,
                np.array([one.best for one in found]),
                np.array([one.low for one in found]),
                np.array([one.high for one in found]),
            )
        )
    return Panel(
        "Entropy of attention against temperature",
        "tau",
        "entropy, nats",
        (*lines, *points),
        x_scale="log",
    )
