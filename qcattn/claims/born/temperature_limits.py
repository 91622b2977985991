"""A9: temperature makes attention sharp or diffuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from scipy import optimize, special

from qcattn.certification.intervals import estimated_share, proportion
from qcattn.claims.born._curves import points
from qcattn.claims.born._rows import real_rows
from qcattn.claims.born._shannon import shannon
from qcattn.claims.frame.checks import algebra, every
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel, Role
from qcattn.preparations import Heralded
from qcattn.progress import Progress
from qcattn.thermal import boltzmann

__all__ = ["TemperatureLimits"]

#: Temperatures between the limits: these shares of the way from the least to the largest entropy.
_SHARES = (0.2, 0.4, 0.6, 0.8, 0.95)
_COLD, _HOT = 1 / 8, 20.0


@dataclass(frozen=True, eq=False)
class _Row:
    """One row of scores at every temperature, from cold to hot.

    Attributes:
        name: The name of the row.
        scores: Shape (keys,).
        taus: Temperatures, shape (temperatures,).
        laws: Softmax, shape (temperatures, keys).
        counts: Shots, shape (temperatures, keys).
        entropies: The entropies of the counts, one a temperature.
        sharp: Share of the best key at the lowest temperature.
        upper: Total variation from uniform at the highest one, at most.
    """

    name: str
    scores: np.ndarray
    taus: np.ndarray
    laws: np.ndarray
    counts: np.ndarray
    entropies: list[Estimate]
    sharp: Estimate
    upper: float

    @property
    def hot(self) -> np.ndarray:
        """The shots at the highest temperature, shape (keys,)."""
        *_, hottest = self.counts
        return np.asarray(hottest)

    @property
    def sharp_exact(self) -> float:
        """Probability of the best key at the lowest temperature."""
        coldest, *_ = self.laws
        return float(coldest.max())


@dataclass(frozen=True, eq=False, kw_only=True)
class _Temperatures(Measured):
    """Rows of attention, and one of them with a tie.

    Attributes:
        rows: The rows as they are.
        tied: The first row, its second score raised to the first.
        falls: Most that the entropy of softmax falls with tau, of 1,000 random rows, nats.
    """

    rows: tuple[_Row, ...]
    tied: _Row
    falls: float


@dataclass(frozen=True, kw_only=True)
class TemperatureLimits(Claim[_Temperatures]):
    r"""A9: low tau picks the best key, high tau all keys alike, and entropy grows in between.

    Random rows of MiniLM are prepared by `Heralded` at seven temperatures, from an eighth of the
    gap between the two highest scores to twenty times the spread of all. The same row with its
    second score raised to the first shows what low temperature does to a tie.

    Attributes:
        rows: The number of rows.
        shots: The number of shots of each row at each temperature.
        epsilon: What is left to the other keys when cold, and total variation from uniform when
            hot, that counts as the limit.
        tie: Whether the rows themselves have two equal highest scores.

    Example:
        >>> TemperatureLimits(rows=1, shots=50_000, epsilon=0.05)(seed=1).standing
        'conditional'
        >>> TemperatureLimits(rows=1, shots=50_000, epsilon=0.05, tie=True)(seed=1).standing
        'refuted'

    References:
        L. D. Landau and E. M. Lifshitz, Statistical Physics (1980), sections 23 and 28; the slope
        of the entropy is dS/dtau = Var(E)/tau^3.
    """

    name: ClassVar[str] = "A9"
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

    @property
    def share(self) -> float:
        """Error rate of each of four measurements of one row."""
        return self.alpha / (4 * (self.rows + 1))

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Temperatures:
        """Draw every row, and one with a tie, at every temperature."""
        chosen, drawn = root.spawn(2)
        rows = real_rows("minilm", self.rows, np.random.default_rng(chosen))
        gaps = [_gap(row) for row in rows]
        (dense,) = chosen.spawn(1)
        # The tied row goes last.
        scores = np.concatenate([_tied(rows) if self.tie else rows, _tied(rows[:1])])
        taus = np.array(
            [_temperatures(*pair) for pair in zip(scores, [*gaps, *gaps[:1]], strict=True)]
        )
        laws = boltzmann(-scores[:, None, :], 1 / taus)
        progress(0.1, 1.0, f"{self.rows} rows at {taus.shape[1]} temperatures")
        everywhere = np.broadcast_to(scores[:, None, :], laws.shape)
        prepared = Heralded()(Binary()(everywhere), beta=1 / taus)
        counts = self.sampler()(prepared, self.shots, drawn)
        names = [*(f"row {i + 1}" for i in range(self.rows)), "row with a tie"]
        *found, tied = [
            self._row(*one) for one in zip(names, scores, taus, laws, counts.keys, strict=True)
        ]
        return _Temperatures(
            shots=int(counts.shots.sum()),
            numbers=_numbers(found, tied),
            rows=tuple(found),
            tied=tied,
            falls=_falls(np.random.default_rng(dense)),
        )

    def check(self, measured: _Temperatures) -> Iterable[Check]:
        """Look at both limits, at every step between them, and at the tie."""
        rows = measured.rows
        yield algebra(
            "dense",
            "The entropy of softmax never falls with tau: 1,000 random rows, dense",
            measured.falls,
        )
        yield every(
            "cold",
            "At the lowest temperature the best key has all but epsilon",
            [self._picks(row.name, row.name, row.sharp) for row in rows],
        )
        yield every(
            "hot",
            "At the highest temperature all keys are alike within epsilon",
            [self._alike(row) for row in rows],
        )
        yield every(
            "grows",
            "The entropy grows from each temperature to the next",
            [step for row in rows for step in self._steps(row)],
        )
        statement = "It does so where two scores are the highest"
        yield self._picks("tie", statement, measured.tied.sharp, "beyond")

    def describe(self, measured: _Temperatures, checks: Mapping[str, Check]) -> Description:
        """Say whether both limits were reached, and what a tie does."""
        tied = measured.tied
        coldest, *_ = tied.entropies
        least = min(row.sharp.best for row in measured.rows)
        upper = max(row.upper for row in measured.rows)
        words = (
            "Below the gap to the second score the best key has at least "
            f"{least:.4f} of the shots, and far above the spread all keys are alike within "
            f"{upper:.3f}, and the entropy grew in every step between that was measured. "
            if all(checks[name].holds for name in ("cold", "hot", "grows"))
            else f"Not every row went from one key to all keys: the best key of the coldest row "
            f"has {least:.3f} of the shots. "
        )
        if checks["tie"].holds is not False:
            return Description(
                f"{words}Of two equal scores the first has {tied.sharp.best:.3f} of the shots."
            )
        return Description(
            f"{words}Low temperature does not choose between equal scores: "
            f"with a tie the first of the two has {tied.sharp.best:.3f} and the entropy stays at "
            f"{coldest.best:.3f} nats, ln 2 being {np.log(2):.3f}.",
            "one score is the highest; cold is below its gap to the second, hot above "
            "the spread of all",
        )

    def picture(self, measured: _Temperatures) -> Sequence[Panel]:
        """Plot the entropy of every row over the temperature."""
        return [_entropies([*measured.rows, measured.tied])]

    def _row(
        self,
        name: str,
        scores: np.ndarray,
        taus: np.ndarray,
        laws: np.ndarray,
        counts: np.ndarray,
    ) -> _Row:
        coldest, *_, hottest = counts
        uniform = np.full(scores.size, 1 / scores.size)
        return _Row(
            name=name,
            scores=scores,
            taus=taus,
            laws=laws,
            counts=counts,
            entropies=[shannon(one, self.share / taus.size) for one in counts],
            sharp=estimated_share(coldest[scores.argmax()], coldest.sum(), self.share),
            upper=float(certify(hottest, uniform, self.epsilon, self.share).upper),
        )

    def _picks(self, name: str, statement: str, share: Estimate, role: Role = "claim") -> Check:
        least = 1 - self.epsilon
        holds = True if share.low >= least else False if share.high < least else None
        by = f"{share.best:.4f} in [{share.low:.4f}, {share.high:.4f}], wanted {least:g}"
        return Check(name, statement, holds, by, role, self.share)

    def _alike(self, row: _Row) -> Check:
        keys, size = row.hot, row.hot.size
        low, high = proportion(keys, keys.sum(), self.share / size)
        away = float(np.maximum(low - 1 / size, 1 / size - high).max())
        holds = True if row.upper <= self.epsilon else False if away > self.epsilon else None
        by = f"total variation from uniform at most {row.upper:.4f}, wanted {self.epsilon:g}"
        # One error rate for the certificate that it holds, one for the intervals that it fails;
        # a row errs in one of the two ways only.
        return Check(row.name, row.name, holds, by, alpha=self.share)

    def _steps(self, row: _Row) -> Iterable[Check]:
        """Whether the entropy grows, step by step; all steps share one error rate."""
        part = self.share / (len(row.entropies) - 1)
        for taus, (one, after) in zip(pairwise(row.taus), pairwise(row.entropies), strict=True):
            below, above = taus
            name = f"{row.name}, tau {below:.3g} to {above:.3g}"
            holds = True if after.low > one.high else False if after.high < one.low else None
            by = f"[{one.low:.4f}, {one.high:.4f}] to [{after.low:.4f}, {after.high:.4f}] nats"
            yield Check(name, name, holds, by, alpha=part)


def _numbers(rows: Sequence[_Row], tied: _Row) -> tuple[Number, ...]:
    """The worst row when cold and when hot, and the tie when cold."""
    cold = min(rows, key=lambda row: row.sharp.best)

    def away(row: _Row) -> float:
        return float(np.abs(row.hot / max(row.hot.sum(), 1) - 1 / row.hot.size).sum() / 2)

    def exactly(row: _Row) -> float:
        *_, hottest = row.laws
        return float(np.abs(hottest - 1 / hottest.size).sum() / 2)

    coldest, *_ = tied.entropies
    distance = Estimate(max(map(away, rows)), 0.0, max(row.upper for row in rows))
    return (
        Number("share of the best key when cold, the worst row", cold.sharp, cold.sharp_exact),
        Number(
            "total variation from uniform when hot, the worst row",
            distance,
            max(map(exactly, rows)),
        ),
        Number("entropy of a tie when cold, nats", coldest, float(np.log(2))),
    )


def _gap(row: np.ndarray) -> float:
    """The gap between the two highest scores."""
    second, first = np.sort(row)[-2:]
    return float(first - second)


def _tied(rows: np.ndarray) -> np.ndarray:
    """The same rows, the second highest score raised to the highest."""
    raised = rows.copy()
    second = rows.argsort(axis=-1)[..., -2:-1]
    np.put_along_axis(raised, second, rows.max(axis=-1, keepdims=True), axis=-1)
    return raised


def _temperatures(row: np.ndarray, gap: float) -> list[float]:
    """Temperatures from cold to hot, the entropy growing by about equal steps in between."""
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


def _entropies(rows: Sequence[_Row]) -> Panel:
    lines, measured = [], []
    for row in rows:
        coldest, *_, hottest = row.taus
        fine = np.geomspace(coldest, hottest, 80)
        exact = np.array([_entropy(row.scores, one) for one in fine])
        lines.append(Curve(f"exact, {row.name}", fine, exact, style="line"))
        measured.append(points(f"measured, {row.name}", row.taus, row.entropies))
    return Panel(
        "Entropy of attention against temperature",
        "tau",
        "entropy, nats",
        (*lines, *measured),
        x_scale="log",
    )
