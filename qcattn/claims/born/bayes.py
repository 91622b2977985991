"""A5: a heralded likelihood updates a prior as Bayes does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share, proportion
from qcattn.claims.born._posterior import updated
from qcattn.claims.frame.checks import algebra, equals, every, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.dense_state import outcome_distribution
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["BayesianUpdate"]

#: What is claimed of each kind of update.
_KINDS = {
    "uniform prior": "From a uniform prior the posterior is softmax of the scores",
    "other prior": "From another prior it is prior times likelihood",
    "two updates": "A second update adds its scores to the first",
    "summed": "One update with the sum gives the same",
}


@dataclass(frozen=True, eq=False)
class _Update:
    """One kind of update, on every row.

    Attributes:
        laws: Posteriors by Bayes' rule, shape (rows, keys).
        counts: Kept shots, shape (rows, keys).
        evidence: Probability that a shot is kept, by Bayes' rule, shape (rows,).
        kept: The probability that a shot is kept, from shots, one a row.
    """

    laws: np.ndarray
    counts: np.ndarray
    evidence: np.ndarray
    kept: tuple[Estimate, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Updates(Measured):
    """Every kind of update.

    Attributes:
        prior: The other prior of each row, shape (rows, keys).
        kinds: The updates by the names of `_KINDS`.
        turned: Two updates in bases that are turned against each other.
        defect: The defect of the dense states of the circuits; None where the bases differ.
        upper: Total variation from Bayes' rule of the worst posterior, at most.
    """

    prior: np.ndarray
    kinds: dict[str, _Update]
    turned: _Update
    defect: float | None
    upper: float


@dataclass(frozen=True, kw_only=True)
class BayesianUpdate(Claim[_Updates]):
    r"""A5: prior times Boltzmann factor, normalised, is the posterior.

    The prior is prepared on the system and copied to a partner, which leaves a mixture. An ancilla
    is turned so that it reads zero with probability :math:`e^{s_k - \max s}` where the system is
    key k: that reading is the datum, and the kept shots are distributed by the posterior. A second
    ancilla with scores of its own is a second update. Beyond what is claimed the basis of the
    second update is turned against that of the first, so that the two do not commute.

    Attributes:
        keys: The number of keys of each row; a power of two.
        rows: The number of random rows.
        spread: Standard deviation of the scores of each update.
        shots: The number of shots of each circuit.
        epsilon: Total variation that counts as agreement.
        angle: The angle between the bases of the two updates, radians: the system is turned about Y
            between them and back. What is claimed is for 0, one basis.
        beyond: The angle where the updates should not commute, radians.

    Example:
        >>> BayesianUpdate(keys=4, rows=1, shots=50_000)(seed=1).standing
        'conditional'
        >>> BayesianUpdate(keys=4, rows=1, shots=50_000, angle=0.5)(seed=1).standing
        'refuted'

    References:
        T. Bayes, Phil. Trans. 53, 370 (1763); C. A. Fuchs, arXiv:quant-ph/0205039 (2002), on the
        collapse of a state as an update.
    """

    name: ClassVar[str] = "A5"
    title: ClassVar[str] = "Bayes' rule"
    statement: ClassVar[str] = (
        "Prior: uniform over states\n"
        "Likelihood: e^(-βE_n) (Boltzmann factor)\n"
        "Posterior: P(n) = e^(-βE_n) / Z"
    )
    section: ClassVar[str] = "Born’s Rule as Bayesian Update"

    keys: int = 8
    rows: int = 4
    spread: float = 0.8
    shots: int = 150_000
    epsilon: float = 0.04
    angle: float = 0.0
    beyond: float = 0.8

    @property
    def share(self) -> float:
        """Error rate of each kind of update, that beyond too; the evidence has half of alpha."""
        return self.alpha / (2 * (len(_KINDS) + 1))

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Updates:
        """Draw every posterior."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        first, second = rng.normal(0, self.spread, size=(2, self.rows, self.keys))
        prior = rng.dirichlet(np.full(self.keys, 2.0), size=self.rows)
        flat = np.full_like(prior, 1 / self.keys)
        given = {
            "uniform prior": (flat, [first], self.angle),
            "other prior": (prior, [first], self.angle),
            "two updates": (prior, [first, second], self.angle),
            "summed": (prior, [first + second], self.angle),
            "turned": (prior, [first, second], self.beyond),
        }
        prepared = {
            (kind, i): updated(start[i], [scores[i] for scores in updates], angle=angle)
            for kind, (start, updates, angle) in given.items()
            for i in range(self.rows)
        }
        progress(0.2, 1.0, f"{len(prepared)} circuits")
        counts = draw(list(prepared.values()), self.shots, self.sampler(), drawn)
        drawn_as = dict(zip(prepared, counts, strict=True))
        kinds = {
            kind: self._update(
                [prepared[kind, i] for i in range(self.rows)],
                [drawn_as[kind, i] for i in range(self.rows)],
            )
            for kind in given
        }
        turned = kinds.pop("turned")
        laws = np.concatenate([one.laws for one in kinds.values()])
        keys = np.concatenate([one.counts for one in kinds.values()])
        level = self.share / len(laws)
        upper = float(certify(keys, laws, self.epsilon, level).upper.max())
        off = np.abs(keys / keys.sum(axis=1, keepdims=True) - laws).sum(axis=1) / 2
        two = kinds["two updates"]
        kept, *_ = two.kept
        return _Updates(
            shots=self.shots * len(prepared),
            numbers=(
                Number("total variation, the worst posterior", Estimate(off.max(), 0, upper), 0.0),
                Number("evidence of two updates", kept, float(two.evidence[0])),
            ),
            prior=prior,
            kinds=kinds,
            turned=turned,
            defect=None
            if self.angle
            else _defect([one for (kind, _), one in prepared.items() if kind in kinds]),
            upper=upper,
        )

    def check(self, measured: _Updates) -> Iterable[Check]:
        """Hold every posterior and its evidence against Bayes' rule."""
        if measured.defect is not None:
            yield algebra(
                "dense",
                "The dense state of each circuit is the posterior",
                measured.defect,
                role="control",
            )
        for kind, statement in _KINDS.items():
            one = measured.kinds[kind]
            yield follows(
                kind, statement, one.counts, one.laws, epsilon=self.epsilon, alpha=self.share
            )
        yield follows(
            "turned",
            f"So it does where the basis of the second update is turned by {self.beyond:g} rad",
            measured.turned.counts,
            measured.turned.laws,
            epsilon=self.epsilon,
            alpha=self.share,
            role="beyond",
        )
        pairs = [
            pair
            for one in measured.kinds.values()
            for pair in zip(one.kept, one.evidence, strict=True)
        ]
        part = self.alpha / 2 / len(pairs)
        yield every(
            "evidence",
            "Shots are kept as often as the evidence says, sum of prior times likelihood",
            [
                equals(
                    f"circuit {i + 1}",
                    f"circuit {i + 1}",
                    share,
                    float(chance),
                    tolerance=0.02,
                    alpha=part,
                )
                for i, (share, chance) in enumerate(pairs)
            ],
        )

    def describe(self, measured: _Updates, checks: Mapping[str, Check]) -> Description:
        """Say whether all follow Bayes' rule, and what the likelihood is."""
        claimed = {name: checks[name] for name in (*_KINDS, "evidence")}
        failed = [check.statement for check in claimed.values() if check.holds is False]
        number = sum(len(one.laws) for one in measured.kinds.values())
        words = (
            f"Counts of {number} posteriors of drawn scores lie within total variation "
            f"{measured.upper:.4f} of Bayes' rule, with e^(score - highest score) as the "
            "likelihood; the document's own factor e^score can exceed one, and is the probability "
            "of no outcome then."
            if all(check.holds for check in claimed.values())
            else f"Not all follow Bayes' rule: {'; '.join(failed) or 'some are undecided'}; the "
            f"bases of the two updates are {self.angle:g} rad apart."
        )
        if checks["turned"].holds is not False:
            return Description(words)
        keys, laws = measured.turned.counts, measured.turned.laws
        off = np.abs(keys / keys.sum(axis=1, keepdims=True) - laws).sum(axis=1).max() / 2
        return Description(
            f"{words} That is a posterior over keys, not over quantum states: Born's rule gives "
            f"the law of the next reading, and with a second update turned by {self.beyond:g} rad "
            f"that law lies {off:.2f} from Bayes' rule.",
            "all updates and the reading are in one basis",
        )

    def picture(self, measured: _Updates) -> Sequence[Panel]:
        """Plot the first row: prior, after one update, after two."""
        x = np.arange(self.keys, dtype=float)
        curves = []
        for name, kind in (("after one update", "other prior"), ("after two", "two updates")):
            one = measured.kinds[kind]
            keys, law = one.counts[0], one.laws[0]
            low, high = proportion(keys, keys.sum(), 0.01 / self.keys)
            curves.append(Curve(f"Bayes, {name}", x, law, style="line"))
            curves.append(Curve(f"counts, {name}", x, keys / keys.sum(), low, high))
        curves.append(Curve("prior", x, measured.prior[0], style="line"))
        title = "A prior and its two updates, 99% intervals"
        return [Panel(title, "key", "probability", tuple(curves))]

    def _update(self, prepared: Sequence[Prepared], counts: Sequence[Counts]) -> _Update:
        level = self.alpha / 2 / (len(_KINDS) * self.rows)  # those beyond are not judged
        return _Update(
            laws=np.array([one.distribution for one in prepared]),
            counts=np.array([one.keys for one in counts]),
            evidence=np.array([float(one.success) for one in prepared]),
            kept=tuple(estimated_share(one.kept, self.shots, level) for one in counts),
        )


def _defect(prepared: Sequence[Prepared]) -> float:
    """Largest deviation of a dense state from what its circuit should give."""
    largest = 0.0
    for one in prepared:
        dense, passed = outcome_distribution(one)
        far = float(np.abs(dense - one.distribution).max())
        largest = max(largest, far, abs(passed - float(one.success)))
    return largest
