"""A19: the dictionary of attention and measurement: which readings of it agree with each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share, proportion
from qcattn.claims.born._posterior import posterior, updated
from qcattn.claims.born._rows import real_rows
from qcattn.claims.frame.checks import equals, every, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress

__all__ = ["AttentionDictionary"]

#: Keys of a row that are taken: its highest ones.
_KEYS = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class _Readings(Measured):
    """What the apparatus of a query did with keys that were sent to it.

    Attributes:
        softmax: Softmax of the row, shape (keys,).
        clicked: Clicks by the key that was sent, shape (keys,).
        clicked_other: Clicks by the key that was sent, when some keys are sent more often, shape
            (keys,).
        clicks: Share of each key's own shots on which the apparatus clicks.
        likelihood: What they should be, e^(score - highest score).
        total: Sum of these shares over the keys.
    """

    softmax: np.ndarray
    clicked: np.ndarray
    clicked_other: np.ndarray
    clicks: list[Estimate]
    likelihood: np.ndarray
    total: Estimate


@dataclass(frozen=True, kw_only=True)
class AttentionDictionary(Claim[_Readings]):
    r"""A19: query = apparatus, keys = states, softmax = a posterior: do the readings agree?

    The eight highest scores of a row of MiniLM are taken. Keys are quantum states that somebody
    sends, each as often as the others; the query is an apparatus that clicks on key k with
    probability :math:`e^{s_k - \max s}`, a heralded ancilla. *Retrodiction*, which key was sent
    when it clicked, is Bayes' posterior. *Prediction*, what the apparatus says of a given key, is
    Born's rule: a click or none. Outcomes of one measurement add up to one; the clicks of different
    keys need not. Keys are drawn in turn to ask both.

    Attributes:
        uneven: How far the shares of the keys sent are from alike, between 0 and 1, where softmax
            is claimed.
        beyond: How far the shares of the keys sent are from alike where another prior is tried.
        epsilon: Total variation, or deviation of a share, that counts as agreement.
        shots: The number of shots of all keys together, and of each key by itself.

    Example:
        >>> AttentionDictionary(shots=100_000, epsilon=0.05)(seed=1).standing
        'conditional'
        >>> AttentionDictionary(shots=100_000, epsilon=0.05, uneven=0.8)(seed=1).standing
        'refuted'

    References:
        S. M. Barnett, D. T. Pegg and J. Jeffers, J. Mod. Opt. 47, 1779 (2000), for retrodiction.
    """

    name: ClassVar[str] = "A19"
    title: ClassVar[str] = "The dictionary of measurement"
    statement: ClassVar[str] = (
        "Query = measurement apparatus … Keys = quantum states … Attention weights = measurement "
        "probabilities … Softmax: posterior over keys given query … Born: posterior over states "
        "given measurement"
    )
    section: ClassVar[str] = "Attention mechanisms are quantum measurement processes!!"

    uneven: float = 0.0
    beyond: float = 0.8
    epsilon: float = 0.02
    shots: int = 400_000

    @property
    def share(self) -> float:
        """Error rate of each of five measurements."""
        return self.alpha / 5

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Readings:
        """Send keys to the apparatus of a query, together and one by one."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        (row,) = real_rows("minilm", 1, rng)
        scores = np.sort(row)[::-1][:_KEYS]
        skew = rng.dirichlet(np.ones(_KEYS))
        sent, other = ((1 - part) / _KEYS + part * skew for part in (self.uneven, self.beyond))
        flat = np.full(_KEYS, 1 / _KEYS)
        law, _ = posterior(flat, [scores])
        progress(0.1, 1.0, "keys sent to the query's apparatus")
        alone = [updated(one, [scores]) for one in np.eye(_KEYS)]
        together = [updated(one, [scores]) for one in (sent, other)]
        first, second, *single = draw([*together, *alone], self.shots, self.sampler(), drawn)
        clicks = [estimated_share(one.kept, self.shots, self.share / _KEYS) for one in single]
        hits = np.array([int(one.kept) for one in single])
        low, high = proportion(hits, self.shots, self.share / _KEYS)
        total = Estimate(float(hits.sum() / self.shots), float(low.sum()), float(high.sum()))
        likelihood = np.exp(scores - scores.max())
        return _Readings(
            shots=self.shots * (len(alone) + len(together)),
            numbers=(
                Number("clicks of all keys, added up", total, float(likelihood.sum())),
                *(
                    Number(f"clicks on key {i}", one, float(chance))
                    for i, (one, chance) in enumerate(zip(clicks, likelihood, strict=True), 1)
                ),
            ),
            softmax=law,
            clicked=first.keys,
            clicked_other=second.keys,
            clicks=clicks,
            likelihood=likelihood,
            total=total,
        )

    def check(self, measured: _Readings) -> Iterable[Check]:
        """Hold retrodiction against softmax, prediction against Born, and both against one."""
        yield every(
            "clicks",
            "The apparatus clicks on a key as often as e^(score - highest score) says",
            [
                equals(
                    f"key {i}",
                    f"key {i}",
                    one,
                    float(chance),
                    tolerance=self.epsilon,
                    alpha=self.share / _KEYS,
                )
                for i, (one, chance) in enumerate(
                    zip(measured.clicks, measured.likelihood, strict=True), 1
                )
            ],
            role="control",
        )
        yield follows(
            "retrodiction",
            "Which key was sent, when the query's apparatus clicked, follows softmax",
            measured.clicked,
            measured.softmax,
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield follows(
            "another prior",
            "It follows softmax also where some keys are sent more often than others",
            measured.clicked_other,
            measured.softmax,
            epsilon=self.epsilon,
            alpha=self.share,
            role="beyond",
        )
        yield equals(
            "prediction",
            "The clicks on the keys add up to one, as the outcomes of one measurement do",
            measured.total,
            1.0,
            tolerance=_KEYS * self.epsilon,
            alpha=self.share,
            role="beyond",
        )

    def describe(self, measured: _Readings, checks: Mapping[str, Check]) -> Description:
        """Say which reading of the dictionary is consistent."""
        if not checks["retrodiction"].holds:
            return Description(
                "Which key was sent does not follow softmax when the query's apparatus clicks "
                f"({checks['retrodiction'].by})."
            )
        words = (
            "If keys are states and the query is an apparatus, softmax is the chance that a key "
            "was sent given that the apparatus clicked, so it answers a question about the past "
            "and not what Born's rule predicts."
        )
        if checks["another prior"].holds is not False:
            return Description(words)
        return Description(
            f"{words} It is not the outcome law of one measurement, for it depends on how often "
            f"each key is sent, and the clicks on the keys add up to {measured.total.best:.3f}; as "
            "an outcome law softmax needs the other reading, in which keys are outcomes and the "
            "query is the Hamiltonian of a thermal state.",
            "keys are sent equally often, and the query asks which one it was",
        )

    def picture(self, measured: _Readings) -> Sequence[Panel]:
        """Plot what the apparatus predicts and what it retrodicts."""
        x = np.arange(_KEYS, dtype=float)
        kept = measured.clicked.sum()
        low, high = proportion(measured.clicked, kept, 0.01 / _KEYS)
        best, least, most = np.array([(e.best, e.low, e.high) for e in measured.clicks]).T
        return [
            Panel(
                "What a query's apparatus says of the keys",
                "key, from the highest score",
                "probability",
                (
                    Curve("softmax", x, measured.softmax, style="bars"),
                    Curve("sent, given a click", x, measured.clicked / kept, low, high),
                    Curve("a click, given that it was sent", x, best, least, most),
                ),
            )
        ]
