"""A8: relative entropy, of attention rows and of displaced thermal states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.stats import ortho_group

from qcattn.arguments import check_positive
from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.born._curves import points
from qcattn.claims.born._divergence import divergence, largest_divergence
from qcattn.claims.frame.checks import algebra, equals, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.models.oscillator import displaced_thermal, displacement
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.readings.circuits import read_after
from qcattn.thermal import kl_divergence, relative_entropy

__all__ = ["RelativeEntropy"]


@dataclass(frozen=True, eq=False)
class _Displaced:
    """A displaced thermal state against the thermal one, in nats.

    Attributes:
        displacement: The displacement, real.
        exact: Relative entropy by dense logarithms.
        by_energy: Relative entropy as beta times the energy gained.
        counted_exact: Divergence of the number distributions.
        counted: Divergence of the number distributions, from counts.
        lost: Relative entropy less that divergence, from the same shots.
    """

    displacement: float
    exact: float
    by_energy: Estimate
    counted_exact: float
    counted: Estimate
    lost: Estimate


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entropies(Measured):
    """Relative entropies of attention rows and of displaced states.

    Attributes:
        rows: Two rows of attention, shape (2, keys).
        umegaki: Their relative entropy as states that are turned alike.
        of_rows: The divergence of the counted keys.
        still: Counts of the thermal state.
        before: The law of the thermal state.
        displaced: What came of each displacement.
    """

    rows: np.ndarray
    umegaki: float
    of_rows: Estimate
    still: np.ndarray
    before: np.ndarray
    displaced: tuple[_Displaced, ...]

    @property
    def farthest(self) -> _Displaced:
        """The state that is displaced most."""
        return max(self.displaced, key=lambda one: abs(one.displacement))


@dataclass(frozen=True, kw_only=True)
class RelativeEntropy(Claim[_Entropies]):
    r"""A8: Umegaki's relative entropy, by energies and by counts.

    For attention rows, states diagonal in the keys, it is the Kullback-Leibler divergence of the
    rows: two real rows are drawn. For a displaced thermal state it is
    :math:`D(W\rho W^\dagger\|\rho) = \beta\,(\mathrm{Tr} H W\rho W^\dagger - \mathrm{Tr} H\rho)`,
    since W keeps the entropy: an oscillator's mean numbers are measured before and after, and held
    against the dense logarithms of both states. The divergence of the counted numbers is measured
    too: it cannot be larger, and is smaller where the states do not commute.

    Attributes:
        displacements: Displacements of the oscillator, real.
        mean_number: The mean number of its thermal state, positive; beta is ln(1 + 1/m).
        levels: The number of levels of the oscillator, a power of two.
        model: The model whose attention rows are taken.
        head: The numbers of the layer and of the head.
        queries: The numbers of two queries of sentence 0, whose rows are compared.
        tolerance: Deviation that counts as agreement, nats.
        preparation: (hamiltonian, beta) -> Prepared.
        shots: The number of shots of each state.

    Example:
        >>> claim = RelativeEntropy(levels=16, shots=50_000, tolerance=0.2, mean_number=0.3)
        >>> claim(seed=1).standing
        'conditional'

    References:
        H. Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962); G. Lindblad, Commun. Math. Phys. 40, 147
        (1975) for its monotony.
    """

    name: ClassVar[str] = "A8"
    title: ClassVar[str] = "Relative entropy"
    statement: ClassVar[str] = (
        "S(ω||ω') = Tr(ρ log ρ - ρ log ρ') This is the quantum relative entropy (Umegaki "
        "entropy). In attention, we compute: KL(α||α') = Σ α_i log(α_i/α'_i) "
        "Same structure, different space!!"
    )
    section: ClassVar[str] = "Softmax ≡ Born Rule: A Party Trick Derivation"

    displacements: tuple[float, ...] = (0.3, 0.6, 0.9, 1.2, 1.5)
    mean_number: float = 1.0
    levels: int = 32
    model: str = "minilm"
    head: tuple[int, int] = (3, 5)
    queries: tuple[int, int] = (3, 7)
    tolerance: float = 0.05
    preparation: Preparation = field(default_factory=Purification)
    shots: int = 300_000

    @property
    def share(self) -> float:
        """Error rate of each measurement, all displacements together."""
        return self.alpha / 4

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Entropies:
        """Draw two attention rows, and an oscillator before and after it is displaced.

        Raises:
            ValueError: If the mean number is not positive.
        """
        check_positive(self.mean_number, "mean_number")
        turn, of_rows, of_states = root.spawn(3)
        scores = load_scores(self.model).scores[self.head][list(self.queries)]
        first, second = rows = softmax(scores)
        progress(0.0, 1.0, "two attention rows")
        keys = self.preparation(Binary()(next(iter(scores))), beta=1.0)
        (row,) = draw([keys], self.shots, self.sampler(), of_rows)
        umegaki = _turned(rows, turn)
        divergence_of_rows = divergence(row.keys, first, second, self.share)
        progress(0.2, 1.0, f"{len(self.displacements)} displaced states")
        still, before, displaced = self._displaced(of_states)
        most = max(displaced, key=lambda one: abs(one.displacement))
        return _Entropies(
            shots=self.shots * (2 + len(displaced)),
            numbers=(
                Number(
                    f"relative entropy at displacement {most.displacement:g} (nats)",
                    most.by_energy,
                    most.exact,
                ),
                Number("divergence of two attention rows (nats)", divergence_of_rows, umegaki),
                *(
                    Number(
                        f"divergence counted at displacement {one.displacement:g} (nats)",
                        one.counted,
                        one.counted_exact,
                    )
                    for one in displaced
                ),
            ),
            rows=rows,
            umegaki=umegaki,
            of_rows=divergence_of_rows,
            still=still,
            before=before,
            displaced=tuple(displaced),
        )

    def check(self, measured: _Entropies) -> Iterable[Check]:
        """Hold divergences and energies against linear algebra."""
        yield algebra(
            "turned alike",
            "Umegaki's relative entropy of two attention states, turned alike, is the "
            "divergence of the rows",
            abs(measured.umegaki - float(kl_divergence(*measured.rows))),
            tolerance=1e-9,
        )
        yield equals(
            "rows",
            "The divergence of the counted keys is Umegaki's",
            measured.of_rows,
            measured.umegaki,
            tolerance=self.tolerance,
            alpha=self.share,
        )
        yield follows(
            "thermal",
            "The state that is not displaced is thermal: its counts follow softmax",
            measured.still,
            measured.before,
            epsilon=self.tolerance,
            alpha=self.share,
            role="control",
        )
        for one in measured.displaced:
            yield equals(
                _energy_name(one.displacement),
                "beta times the energy gained is the relative entropy, displacement "
                f"{one.displacement:g}",
                one.by_energy,
                one.exact,
                tolerance=self.tolerance,
                alpha=self.share / len(self.displacements),
            )
        yield self._never_more(measured.displaced)
        most = measured.farthest
        kept = True if most.lost.high < self.tolerance else None
        yield Check(
            "counting keeps",
            "The divergence of the counts is all of it also where the states do not commute, "
            f"displacement {most.displacement:g}",
            False if most.lost.low > 0 else kept,
            f"counting loses between {most.lost.low:.3f} and {most.lost.high:.3f} of "
            f"{most.exact:.3f} nats",
            "beyond",
        )

    def describe(self, measured: _Entropies, checks: Mapping[str, Check]) -> Description:
        """Say whether all relative entropies are right, and what counting misses."""
        energies = [_energy_name(one.displacement) for one in measured.displaced]
        right = all(checks[name].holds for name in ("rows", "thermal", *energies))
        words = (
            "For two states that are diagonal in the keys Umegaki's relative entropy is the "
            f"divergence of their attention rows, {measured.of_rows.best:.3f} nats counted and "
            f"{measured.umegaki:.3f} exactly."
            if right
            else "Not all measured relative entropies are those of linear algebra."
        )
        if checks["counting keeps"].holds is not False:
            return Description(words)
        most = measured.farthest
        return Description(
            f"{words} The structure is not the same where states do not commute: of "
            f"{most.by_energy.best:.2f} nats between a displaced state and the thermal one the "
            f"counts keep {most.counted.best:.2f} and lose the rest.",
            "both states are diagonal in what is read",
        )

    def picture(self, measured: _Entropies) -> Sequence[Panel]:
        """Plot both relative entropies over the displacement."""
        a = np.array(self.displacements)
        curves = []
        for name, line, estimates in (
            (
                "Umegaki",
                [one.exact for one in measured.displaced],
                [one.by_energy for one in measured.displaced],
            ),
            (
                "counted numbers",
                [one.counted_exact for one in measured.displaced],
                [one.counted for one in measured.displaced],
            ),
        ):
            curves.append(Curve(f"{name}, exact", a, np.array(line), style="line"))
            curves.append(points(f"{name}, measured", a, estimates))
        return [
            Panel(
                "A displaced thermal state against the thermal one",
                "displacement",
                "relative entropy (nats)",
                tuple(curves),
            )
        ]

    def _displaced(
        self, seed: np.random.SeedSequence
    ) -> tuple[np.ndarray, np.ndarray, list[_Displaced]]:
        """Counts and law of the thermal state, and what every displaced one showed."""
        beta, numbers = float(np.log1p(1 / self.mean_number)), np.arange(self.levels)
        part = self.share / len(self.displacements)
        thermal = self.preparation(Binary()(-numbers), beta=beta)
        states = [displaced_thermal(self.levels, self.mean_number, a) for a in self.displacements]
        laws = [np.maximum(np.diag(state), 1e-30) for state in states]
        circuits = [
            read_after(thermal, displacement(self.levels, a), law)
            for a, law in zip(self.displacements, laws, strict=True)
        ]
        still, *moved = (
            one.keys for one in draw([thermal, *circuits], self.shots, self.sampler(), seed)
        )
        rho = displaced_thermal(self.levels, self.mean_number, 0.0)
        before = np.diag(rho)
        found = [
            _Displaced(
                displacement=a,
                exact=float(relative_entropy(state, rho)),
                by_energy=mean([(beta * numbers, counts), (-beta * numbers, still)], part),
                counted_exact=float(kl_divergence(law / law.sum(), before)),
                counted=divergence(counts, law, before, part / 2),
                lost=_lost(counts, still, law, before, beta, part / 2),
            )
            for a, state, law, counts in zip(self.displacements, states, laws, moved, strict=True)
        ]
        return still, before, found

    def _never_more(self, displaced: Sequence[_Displaced]) -> Check:
        """Whether the counts' divergence is nowhere above the relative entropy."""
        lost = [one.lost for one in displaced]
        least = min(lost, key=lambda one: one.low)
        above = any(one.high < 0 for one in lost)
        return Check(
            "never more",
            "The counted numbers never differ by more than the states do",
            False if above else (True if least.low >= -self.tolerance else None),
            f"what is lost: {', '.join(f'{one.low:.3f} to {one.high:.3f}' for one in lost)} nats",
            alpha=self.share / 2,
        )


def _energy_name(displacement: float) -> str:
    return f"energy, displacement {displacement:g}"


def _turned(rows: np.ndarray, seed: np.random.SeedSequence) -> float:
    """Umegaki's relative entropy of two diagonal states in a random basis, by eigenvalues."""
    turn = ortho_group(rows.shape[1], seed=np.random.default_rng(seed)).rvs()
    first, second = ((turn * row) @ turn.T for row in rows)
    return float(relative_entropy(first, second))


def _lost(
    moved: np.ndarray,
    still: np.ndarray,
    law: np.ndarray,
    before: np.ndarray,
    beta: float,
    alpha: float,
) -> Estimate:
    r"""Relative entropy less the divergence of the counts, from the same shots.

    :math:`\beta(\langle n\rangle_p - \langle n\rangle_q) - E_p[\ln(r/q)] - D(p\|r)` with the
    reference r of `qcattn.claims.born._divergence`.
    """
    numbers = np.arange(len(law))
    values = beta * numbers - np.log(law / before)
    part = mean([(values, moved), (-beta * numbers, still)], alpha / 2)
    return Estimate(part.best, part.low - largest_divergence(moved, law, alpha / 2), part.high)
