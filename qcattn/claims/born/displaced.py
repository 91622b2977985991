"""A7: displaced thermal states, on an oscillator with its upper levels cut off."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean, proportion
from qcattn.claims.frame.checks import algebra, equals, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.experiment import Preparation
from qcattn.models.oscillator import (
    displaced_thermal,
    displacement,
    ladder,
    number_distribution,
    thermal_scores,
    truncation_bound,
)
from qcattn.preparations import Purification
from qcattn.readings.circuits import read_after
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["DisplacedThermal"]


@dataclass(frozen=True)
class DisplacedThermal:
    r"""A7: displacing a thermal state by a Weyl operator, and what can be counted then.

    Qubits hold the level n of an oscillator. Its thermal state is prepared, displaced by the Weyl
    operator of the cut-off oscillator, and n is read. The counts are held against the closed form
    of all levels, so the cut-off is part of what is tested: its error is at least the closed form's
    weight above the cut-off, and at most `qcattn.models.oscillator.truncation_bound`.

    Attributes:
        mean_numbers: Mean numbers of the thermal states, 0 or more.
        displacements: Real displacements.
        levels: Kept, a power of two.
        few_levels: Kept where the cut-off is meant to show.
        epsilon: Total variation that counts as agreement.
        preparation: (hamiltonian, beta) -> Prepared; what makes the thermal state.
        shots: Of each state.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> small = DisplacedThermal((0.5,), (0.5,), levels=16, few_levels=2, shots=40_000)
        >>> small(seed=1).standing
        'conditional'

    References:
        B. R. Mollow and R. J. Glauber, Phys. Rev. 160, 1076 (1967).
    """

    claim: ClassVar[str] = "A7"
    title: ClassVar[str] = "Displaced thermal states"
    statement: ClassVar[str] = (
        "Coherent state = reference state displaced by Weyl operator: ω_θ = ω_0 ∘ Ad_{W(θ)} "
        "In density matrix language: ρ_θ = W(θ) ρ_0 W(θ)† "
        "Measuring observable A: ⟨A⟩_θ = Tr(ρ_θ A) = Tr(W(θ) ρ_0 W(θ)† A)"
    )
    section: ClassVar[str] = "Softmax ≡ Born Rule: A Party Trick Derivation"

    mean_numbers: tuple[float, ...] = (0.0, 1.0, 2.0)
    displacements: tuple[float, ...] = (0.0, 0.75, 1.5)
    levels: int = 64
    few_levels: int = 8
    epsilon: float = 0.02
    preparation: Preparation = field(default_factory=Purification)
    shots: int = 100_000
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
        tell = progress or (lambda share, what: None)
        seeds = np.random.SeedSequence(entropy(seed)).spawn(3)
        level = self.alpha / 4
        worst = max(self.mean_numbers), max(self.displacements, key=abs)

        grid = [(m, a) for a in self.displacements for m in self.mean_numbers]
        tell(0.0, f"{len(grid)} displaced thermal states on {self.levels} levels")
        states = [self._state(self.levels, self.mean_numbers, a) for a in self.displacements]
        drawn = draw(states, self.shots, self.backend, seeds[0])
        counts = np.concatenate([one.keys.reshape(-1, self.levels) for one in drawn])
        law = np.array([_law(self.levels, m, a) for m, a in grid])

        sizes = sorted({2**k for k in range(2, self.levels.bit_length())} | {self.few_levels})
        tell(0.6, f"the same with {self.few_levels} levels and other cut-offs")
        cut = [self._state(size, worst[:1], worst[1])[0] for size in sizes]
        fewer = draw(cut, self.shots, self.backend, seeds[1])
        errors = [
            _error(one.keys, size, *worst, level / len(sizes))
            for one, size in zip(fewer, sizes, strict=True)
        ]
        exact = np.array([_exact_error(size, *worst) for size in sizes])
        low = np.array([max(0.0, 1 - number_distribution(s, *worst).sum()) for s in sizes])
        high = np.array([truncation_bound(size, *worst) for size in sizes])

        tell(0.9, "position")
        places, positions = _positions(self, worst, seeds[2], level / 2)

        few = sizes.index(self.few_levels)
        bound = max(truncation_bound(self.levels, m, a) for m, a in grid)
        checks = [
            algebra(
                "The closed form is the number distribution of 300 levels",
                max(_exact_error(300, m, a) for m, a in grid),
                tolerance=1e-9,
            ),
            Check(
                f"The error of {self.levels} levels is bounded below {self.epsilon:g}",
                bound <= self.epsilon,
                f"trace distance at most {bound:.1e} by the weight of the top level",
            ),
            follows(
                f"Counts of {len(grid)} displaced thermal states follow the closed form",
                _beyond(counts),
                law,
                epsilon=self.epsilon,
                alpha=level,
            ),
            _as_predicted(sizes, errors, exact, self.epsilon),
            equals(
                "Tr(W rho W+ x) is the displaced mean position, sqrt(2) alpha",
                positions[0],
                np.sqrt(2) * worst[1],
                tolerance=0.1,
            ),
            follows(
                f"So they do with {self.few_levels} levels (mean number {worst[0]:g}, "
                f"displacement {worst[1]:g})",
                _beyond(fewer[few].keys),
                _law(self.few_levels, *worst),
                epsilon=self.epsilon,
                alpha=level,
                role="beyond",
            ),
            _same_position(positions),
        ]
        upper = float(certify(_beyond(counts), law, self.epsilon, level / len(grid)).upper.max())
        plug_in = float(np.abs(_beyond(counts) / self.shots - law).sum(axis=1).max() / 2)
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number("total variation, the worst state", Estimate(plug_in, 0.0, upper), 0.0),
                *(
                    Number(f"total variation with {size} levels", one, float(true))
                    for size, one, true in zip(sizes, errors, exact, strict=True)
                ),
                *(
                    Number(f"mean position, {name}", one, place)
                    for name, one, place in zip(
                        ("W rho W+", "W+ rho W"), positions, places, strict=True
                    )
                ),
            ],
            condition=f"enough levels: {self.few_levels} miss a weight of {low[few]:.2g}"
            if checks[5].holds is False
            else "",
            words=self._words(checks, upper, errors[few], float(exact[few]), positions),
            panels=[
                _distributions(grid, counts, law, self.shots),
                _cut_offs(sizes, errors, exact, low, high),
            ],
            shots=int(counts.sum() + sum(one.keys.sum() for one in fewer)) + 2 * self.shots,
            seed=seed,
            started=started,
        )

    def _state(self, levels: int, numbers: tuple[float, ...], amount: float) -> Prepared:
        """Thermal states displaced by W, shape (numbers,)."""
        scores = np.array([thermal_scores(levels, m) for m in numbers])
        prepared = self.preparation(Binary()(scores), beta=1.0)
        law = [np.diag(displaced_thermal(levels, m, amount)) for m in numbers]
        return read_after(prepared, displacement(levels, amount), law)

    def _words(
        self,
        checks: list[Check],
        upper: float,
        few: Estimate,
        exact: float,
        positions: tuple[Estimate, Estimate],
    ) -> str:
        words = (
            f"With {self.levels} levels all counts lie within total variation {upper:.4f} of the "
            "closed form. "
            if checks[2].holds
            else f"With {self.levels} levels the closed form is not certified ({checks[2].by}). "
        )
        if checks[5].holds is False:
            words += (
                f"With {self.few_levels} levels they are {few.best:.3f} off, as linear algebra "
                f"says ({exact:.3f}): Weyl operators displace only where there are levels enough. "
            )
        if checks[6].holds is False:
            words += (
                "The two formulas of the document agree only if Ad_W(A) means W+ A W: with W A W+ "
                f"the mean position is {positions[1].best:.2f}, and that of W rho W+ is "
                f"{positions[0].best:.2f}."
            )
        return words.strip()


def _law(levels: int, mean_number: float, amount: float) -> np.ndarray:
    """The closed form and, as one more outcome, what lies above; shape (levels + 1,)."""
    p = number_distribution(levels, mean_number, amount)
    whole = np.append(p, max(0.0, 1 - p.sum()))
    return np.asarray(whole / whole.sum())


def _beyond(counts: np.ndarray) -> np.ndarray:
    """No shot is ever read above the cut-off."""
    return np.concatenate([counts, np.zeros((*counts.shape[:-1], 1), counts.dtype)], axis=-1)


def _exact_error(levels: int, mean_number: float, amount: float) -> float:
    """Total variation of the cut-off state from the closed form, by dense linear algebra."""
    cut = np.diag(displaced_thermal(levels, mean_number, amount))
    return float(np.abs(_beyond(cut) - _law(levels, mean_number, amount)).sum() / 2)


def _error(
    counts: np.ndarray, levels: int, mean_number: float, amount: float, alpha: float
) -> Estimate:
    """Measured total variation from the closed form, with an interval at 1 - alpha.

    Above by `certify`. Below by the set of levels that should come too often, fixed beforehand:
    no set's probability differs by more than the total variation.
    """
    law, shots = _law(levels, mean_number, amount), int(counts.sum())
    often = np.diag(displaced_thermal(levels, mean_number, amount)) > law[:-1]
    least, _ = proportion(counts[often].sum(), shots, alpha)
    upper = float(certify(_beyond(counts), law, 0.5, alpha / 2).upper)
    best = float(np.abs(_beyond(counts) / shots - law).sum() / 2)
    lower = max(float(least) - float(law[:-1][often].sum()), float(law[-1]))
    return Estimate(best, min(lower, best), max(upper, best))


def _as_predicted(
    sizes: list[int], errors: list[Estimate], exact: np.ndarray, epsilon: float
) -> Check:
    """Whether the measured errors of all cut-offs are those of linear algebra."""
    inside = all(true in one for one, true in zip(errors, exact, strict=True))
    width = max(one.high - one.low for one in errors)
    return Check(
        f"The errors of cut-offs at {', '.join(map(str, sizes))} levels are the predicted ones",
        inside if not inside or width <= 5 * epsilon else None,
        "total variation "
        + ", ".join(
            f"{one.low:.3f} to {one.high:.3f} ({true:.3f})"
            for one, true in zip(errors, exact, strict=True)
        ),
    )


def _positions(
    claim: DisplacedThermal, worst: tuple[float, float], seed: Any, alpha: float
) -> tuple[tuple[float, float], tuple[Estimate, Estimate]]:
    """Mean position after W and after W+, exact and measured in its own basis."""
    m, amount = worst
    a = ladder(claim.levels)
    values, basis = np.linalg.eigh((a + a.T) / np.sqrt(2))
    prepared = claim.preparation(Binary()(thermal_scores(claim.levels, m)), beta=1.0)
    tests, places = [], []
    for sign in (1, -1):
        w = displacement(claim.levels, sign * amount)
        rho = displaced_thermal(claim.levels, m, sign * amount)
        law = np.clip(np.einsum("ji,jk,ki->i", basis, rho, basis), 0.0, None)
        tests.append(read_after(prepared, basis.T @ w, law))
        places.append(float(values @ law))
    drawn = draw(tests, claim.shots, claim.backend, seed)
    one, other = (mean([(values, counts.keys)], alpha / 2) for counts in drawn)
    return (places[0], places[1]), (one, other)


def _same_position(positions: tuple[Estimate, Estimate]) -> Check:
    """Whether displacing the observable by W A W+ is displacing the state by W rho W+."""
    one, other = positions
    apart = one.high < other.low or other.high < one.low
    return Check(
        "omega_0(W A W+) is Tr(W rho W+ A), for the position",
        False if apart else (True if max(one.high, other.high) < 0.1 else None),
        f"{other.best:.3f} in [{other.low:.3f}, {other.high:.3f}] against {one.best:.3f} in "
        f"[{one.low:.3f}, {one.high:.3f}]",
        "beyond",
    )


def _distributions(
    grid: list[tuple[float, float]], counts: np.ndarray, law: np.ndarray, shots: int
) -> Panel:
    shown = sorted({0, len(grid) // 2, len(grid) - 1})
    most = 16
    n = np.arange(min(most, counts.shape[1]))
    low, high = proportion(counts, shots, 0.01)
    curves = []
    for i in shown:
        name = f"mean number {grid[i][0]:g}, displacement {grid[i][1]:g}"
        curves += [
            Curve(f"{name}, closed form", n, law[i, : len(n)], style="line"),
            Curve(
                name,
                n,
                counts[i, : len(n)] / shots,
                low[i, : len(n)],
                high[i, : len(n)],
            ),
        ]
    return Panel("Number distributions", "level n", "probability", tuple(curves))


def _cut_offs(
    sizes: list[int], errors: list[Estimate], exact: np.ndarray, low: np.ndarray, high: np.ndarray
) -> Panel:
    x, least = np.array(sizes, dtype=float), 1e-10
    return Panel(
        "Error of the cut-off, worst state",
        "levels kept",
        "total variation",
        (
            Curve("bound", x, np.maximum(high, least), style="line"),
            Curve("exact", x, np.maximum(exact, least), style="line"),
            Curve("weight above the cut-off", x, np.maximum(low, least), style="line"),
            Curve(
                "measured",
                x,
                np.array([one.best for one in errors]),
                np.array([max(one.low, least) for one in errors]),
                np.array([one.high for one in errors]),
            ),
        ),
        x_scale="log",
        y_scale="log",
    )
