"""A8: relative entropy, of attention rows and of displaced thermal states."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
from qcattn.claims.born._divergence import divergence, largest_divergence
from qcattn.claims.frame.checks import algebra, equals, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.experiment import Preparation
from qcattn.models.oscillator import displaced_thermal, displacement
from qcattn.preparations import Purification
from qcattn.readings.circuits import read_after
from qcattn.seeds import entropy
from qcattn.thermal import kl_divergence, relative_entropy

__all__ = ["RelativeEntropy"]


@dataclass(frozen=True)
class RelativeEntropy:
    r"""A8: Umegaki's relative entropy, by energies and by counts.

    For attention rows, states diagonal in the keys, it is the Kullback-Leibler divergence of the
    rows: two real rows are drawn. For a displaced thermal state it is
    :math:`D(W\rho W^\dagger\|\rho) = \beta\,(\mathrm{Tr} H W\rho W^\dagger - \mathrm{Tr} H\rho)`,
    since W keeps the entropy: an oscillator's mean numbers are measured before and after, and held
    against the dense logarithms of both states. The divergence of the counted numbers is measured
    too: it cannot be larger, and is smaller where the states do not commute.

    Attributes:
        displacements: Real displacements of the oscillator.
        mean_number: Of its thermal state, positive; beta is ln(1 + 1/m).
        levels: Of the oscillator, a power of two.
        model: Whose attention rows are taken.
        head: Layer and head.
        queries: Two of sentence 0, whose rows are compared.
        tolerance: Deviation that counts as agreement, nats.
        preparation: (hamiltonian, beta) -> Prepared.
        shots: Of each state.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> claim = RelativeEntropy(levels=16, shots=50_000, tolerance=0.2, mean_number=0.3)
        >>> claim(seed=1).standing
        'exact'

    References:
        H. Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962); G. Lindblad, Commun. Math. Phys. 40, 147
        (1975) for its monotony.
    """

    claim: ClassVar[str] = "A8"
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
    alpha: float = 1e-3
    backend: Backend | None = None

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: Called with the share done and what is done.

        Returns:
            The finding.

        Raises:
            ValueError: If the mean number is not positive.
        """
        if not self.mean_number > 0:
            raise ValueError(f"`mean_number` must be positive, but is {self.mean_number!r}")
        started = time.perf_counter()
        tell = progress or (lambda share, what: None)
        seeds = np.random.SeedSequence(entropy(seed)).spawn(3)
        level = self.alpha / 4
        part = level / len(self.displacements)

        scores = load_scores(self.model).scores[self.head][list(self.queries)]
        rows = softmax(scores)
        umegaki = _turned(rows, seeds[0])
        tell(0.0, "two attention rows")
        keys = self.preparation(Binary()(scores[0]), beta=1.0)
        (row,) = draw([keys], self.shots, self.backend, seeds[1])
        of_rows = divergence(row.keys, rows[0], rows[1], level)

        beta = float(np.log1p(1 / self.mean_number))
        numbers = np.arange(self.levels)
        thermal = self.preparation(Binary()(-numbers), beta=beta)
        states = [displaced_thermal(self.levels, self.mean_number, a) for a in self.displacements]
        laws = [np.maximum(np.diag(state), 1e-30) for state in states]
        circuits = [
            read_after(thermal, displacement(self.levels, a), law)
            for a, law in zip(self.displacements, laws, strict=True)
        ]
        tell(0.2, f"{len(circuits)} displaced states")
        still, *moved = draw([thermal, *circuits], self.shots, self.backend, seeds[2])
        rho = displaced_thermal(self.levels, self.mean_number, 0.0)
        before = np.diag(rho)
        exact = np.array([float(relative_entropy(state, rho)) for state in states])
        by_energy = [
            mean([(beta * numbers, one.keys), (-beta * numbers, still.keys)], part) for one in moved
        ]
        by_counts = [
            divergence(one.keys, law, before, part / 2)
            for one, law in zip(moved, laws, strict=True)
        ]
        lost = [
            _lost(one.keys, still.keys, law, before, beta, part / 2)
            for one, law in zip(moved, laws, strict=True)
        ]
        counted = np.array([float(kl_divergence(law / law.sum(), before)) for law in laws])
        most = int(np.argmax(np.abs(self.displacements)))

        checks = [
            algebra(
                "Umegaki's relative entropy of two attention states, turned alike, is the "
                "divergence of the rows",
                abs(umegaki - float(kl_divergence(rows[0], rows[1]))),
                tolerance=1e-9,
            ),
            equals(
                "The divergence of the counted keys is Umegaki's",
                of_rows,
                umegaki,
                tolerance=self.tolerance,
            ),
            follows(
                "The state that is not displaced is thermal: its counts follow softmax",
                still.keys,
                before,
                epsilon=self.tolerance,
                alpha=level,
            ),
            *(
                equals(
                    f"beta times the energy gained is the relative entropy, displacement {a:g}",
                    one,
                    value,
                    tolerance=self.tolerance,
                )
                for a, one, value in zip(self.displacements, by_energy, exact, strict=True)
            ),
            _never_more(lost, self.tolerance),
            Check(
                f"Counting loses some of it at displacement {self.displacements[most]:g}, where "
                "the states do not commute",
                True if lost[most].low > 0 else (False if lost[most].high < 1e-3 else None),
                f"between {lost[most].low:.3f} and {lost[most].high:.3f} of {exact[most]:.3f} nats",
            ),
        ]
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(
                    f"relative entropy at displacement {self.displacements[most]:g} (nats)",
                    by_energy[most],
                    float(exact[most]),
                ),
                Number("divergence of two attention rows (nats)", of_rows, umegaki),
                *(
                    Number(f"divergence counted at displacement {a:g} (nats)", one, float(value))
                    for a, one, value in zip(self.displacements, by_counts, counted, strict=True)
                ),
            ],
            words=self._words(checks, lost[most], by_energy[most]),
            panels=[self._panel(by_energy, by_counts, exact, counted)],
            shots=self.shots * (2 + len(circuits)),
            seed=seed,
            started=started,
        )

    def _words(self, checks: list[Check], lost: Estimate, whole: Estimate) -> str:
        right = all(check.holds for check in checks[1 : 3 + len(self.displacements)])
        words = (
            "Counted and measured, the relative entropies are those of linear algebra. "
            if right
            else "Not all measured relative entropies are those of linear algebra. "
        )
        if checks[-1].holds:
            words += (
                "Same structure is the same number only for states that are diagonal in what is "
                f"read: of {whole.best:.2f} nats between the displaced state and the thermal one "
                f"the counts miss {lost.best:.2f}."
            )
        return words.strip()

    def _panel(
        self,
        by_energy: list[Estimate],
        by_counts: list[Estimate],
        exact: np.ndarray,
        counted: np.ndarray,
    ) -> Panel:
        a = np.array(self.displacements)
        curves = []
        for name, line, points in (
            ("Umegaki", exact, by_energy),
            ("counted numbers", counted, by_counts),
        ):
            curves += [
                Curve(f"{name}, exact", a, line, style="line"),
                Curve(
                    f"{name}, measured",
                    a,
                    np.array([one.best for one in points]),
                    np.array([one.low for one in points]),
                    np.array([one.high for one in points]),
                ),
            ]
        return Panel(
            "A displaced thermal state against the thermal one",
            "displacement",
            "relative entropy (nats)",
            tuple(curves),
        )


def _turned(rows: np.ndarray, seed: Any) -> float:
    """Umegaki's relative entropy of two diagonal states in a random basis, by eigenvalues."""
    from scipy.stats import ortho_group

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


def _never_more(lost: list[Estimate], tolerance: float) -> Check:
    """Whether the counts' divergence is nowhere above the relative entropy."""
    least = min(lost, key=lambda one: one.low)
    above = any(one.high < 0 for one in lost)
    return Check(
        "The counted numbers never differ by more than the states do",
        False if above else (True if least.low >= -tolerance else None),
        f"what is lost: {', '.join(f'{one.low:.3f} to {one.high:.3f}' for one in lost)} nats",
    )
