"""A7: displaced thermal states, on an oscillator with its upper levels cut off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean, proportion
from qcattn.claims.born._curves import points
from qcattn.claims.born._cut_off import (
    CutOff,
    cut_off_law,
    exact_error,
    measured_error,
    weight_above,
    with_none_above,
)
from qcattn.claims.frame.checks import algebra, equals, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.models.oscillator import (
    displaced_thermal,
    displacement,
    ladder,
    thermal_scores,
    truncation_bound,
)
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.readings.circuits import read_after
from qcattn.records import Prepared

__all__ = ["DisplacedThermal"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Displaced(Measured):
    """Number distributions and mean positions of displaced thermal states.

    Attributes:
        grid: Mean number and displacement of each state.
        counts: Shape (states, levels).
        law: The closed form and what lies above the cut-off, shape (states, levels + 1).
        upper: Largest total variation of a state from it, with its confidence.
        cut_offs: The worst state at other cut-offs.
        position: Mean position of W rho W+ for the worst state.
        backwards: Mean position of W+ rho W for the worst state.
    """

    grid: list[tuple[float, float]]
    counts: np.ndarray
    law: np.ndarray
    upper: float
    cut_offs: list[CutOff]
    position: Estimate
    backwards: Estimate


@dataclass(frozen=True, kw_only=True)
class DisplacedThermal(Claim[_Displaced]):
    r"""A7: displacing a thermal state by a Weyl operator, and what can be counted then.

    Qubits hold the level n of an oscillator. Its thermal state is prepared, displaced by the Weyl
    operator of the cut-off oscillator, and n is read. The counts are held against the closed form
    of all levels. That enough of them are kept is a control, at other cut-offs too: the error is
    at least the closed form's weight above the cut-off, and at most
    `qcattn.models.oscillator.truncation_bound`. The document writes the state twice, as
    :math:`\omega_0 \circ \mathrm{Ad}_W` and as :math:`W \rho_0 W^\dagger`; both orders of Ad are
    tried, on the mean position.

    Attributes:
        mean_numbers: Mean numbers of the thermal states, 0 or more.
        displacements: Displacements, real.
        levels: The number of levels that are kept, a power of two.
        epsilon: Total variation that counts as agreement.
        preparation: (hamiltonian, beta) -> Prepared; what makes the thermal state.
        shots: The number of shots of each state.

    Example:
        >>> small = {"mean_numbers": (0.5,), "displacements": (0.5,), "levels": 16}
        >>> DisplacedThermal(**small, shots=40_000)(seed=1).standing
        'conditional'

    References:
        B. R. Mollow and R. J. Glauber, Phys. Rev. 160, 1076 (1967).
    """

    name: ClassVar[str] = "A7"
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
    epsilon: float = 0.02
    preparation: Preparation = field(default_factory=Purification)
    shots: int = 100_000

    @property
    def share(self) -> float:
        """Error rate of each of three: the counts, the cut-offs, and both mean positions."""
        return self.alpha / 3

    @property
    def position_share(self) -> float:
        """Error rate of each of the two mean positions."""
        return self.share / 2

    @property
    def worst(self) -> tuple[float, float]:
        """Mean number and displacement of the state that needs the most levels."""
        return max(self.mean_numbers), max(self.displacements, key=abs)

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Displaced:
        """Draw levels of all states, and of the worst one at other cut-offs its position too."""
        seeds = root.spawn(3)
        grid = [(m, a) for a in self.displacements for m in self.mean_numbers]
        progress(0.0, 1.0, f"{len(grid)} displaced thermal states on {self.levels} levels")
        states = [self._state(self.levels, self.mean_numbers, a) for a in self.displacements]
        drawn = draw(states, self.shots, self.sampler(), seeds[0])
        counts = np.concatenate([one.keys.reshape(-1, self.levels) for one in drawn])
        law = np.array([cut_off_law(self.levels, m, a) for m, a in grid])
        progress(0.6, 1.0, "the same at other cut-offs")
        cut_offs = self._cut_offs(seeds[1])
        progress(0.9, 1.0, "position")
        (there, back), (position, backwards) = self._positions(seeds[2])

        read = with_none_above(counts)
        upper = float(certify(read, law, self.epsilon, self.share / len(grid)).upper.max())
        plug_in = float(np.abs(read / self.shots - law).sum(axis=1).max() / 2)
        return _Displaced(
            shots=int(counts.sum() + sum(one.counts.sum() for one in cut_offs)) + 2 * self.shots,
            numbers=(
                Number("total variation, the worst state", Estimate(plug_in, 0.0, upper), 0.0),
                *(
                    Number(f"total variation with {one.levels} levels", one.error, one.exact)
                    for one in cut_offs
                ),
                Number("mean position, W rho W+", position, there),
                Number("mean position, W+ rho W", backwards, back),
            ),
            grid=grid,
            counts=counts,
            law=law,
            upper=upper,
            cut_offs=cut_offs,
            position=position,
            backwards=backwards,
        )

    def check(self, measured: _Displaced) -> Iterable[Check]:
        """Hold the counts against the closed form, and both orders of Ad against each other."""
        _, amount = self.worst
        yield algebra(
            "closed form",
            "The closed form is the number distribution of 300 levels",
            max(exact_error(300, m, a) for m, a in measured.grid),
            tolerance=1e-9,
            role="control",
        )
        bound = max(truncation_bound(self.levels, m, a) for m, a in measured.grid)
        yield Check(
            "enough levels",
            f"The error of {self.levels} levels is bounded below {self.epsilon:g}",
            bound <= self.epsilon,
            f"trace distance at most {bound:.1e} by the weight of the top level",
            "control",
        )
        yield follows(
            "counts",
            f"Counts of {len(measured.grid)} displaced thermal states follow the closed form",
            with_none_above(measured.counts),
            measured.law,
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield self._as_predicted(measured.cut_offs)
        yield equals(
            "position",
            "Tr(W rho W+ x) is the displaced mean position, sqrt(2) alpha",
            measured.position,
            np.sqrt(2) * amount,
            tolerance=0.1,
            alpha=self.position_share,
        )
        yield self._same_position(measured.position, measured.backwards)

    def describe(self, measured: _Displaced, checks: Mapping[str, Check]) -> Description:
        """Say whether the closed form comes out, and which order of Ad is meant."""
        counts, there, back = checks["counts"], measured.position, measured.backwards
        words = (
            f"Displacing a thermal state and counting its levels gives the closed form within "
            f"total variation {measured.upper:.4f}, and this is Born's rule for any state, thermal "
            "or not."
            if counts.holds
            else f"The counts of displaced thermal states do not follow the closed form "
            f"({counts.by})."
        )
        if checks["same position"].holds is not False:
            return Description(words)
        return Description(
            f"{words} The two formulas of the document are not one: ω_0(W A W†) has the mean "
            f"position {back.best:.2f} and Tr(W ρ_0 W† A) has {there.best:.2f}, so Ad_W(A) must "
            "mean W† A W.",
            "Ad_W(A) means W† A W",
        )

    def picture(self, measured: _Displaced) -> Sequence[Panel]:
        """Plot number distributions, and the error of the worst state over the levels kept."""
        return [
            _distributions(measured.grid, measured.counts, measured.law, self.shots),
            _errors(measured.cut_offs, *self.worst),
        ]

    def _state(self, levels: int, numbers: Sequence[float], amount: float) -> Prepared:
        """Thermal states displaced by W, shape (numbers,)."""
        scores = np.array([thermal_scores(levels, m) for m in numbers])
        prepared = self.preparation(Binary()(scores), beta=1.0)
        law = [np.diag(displaced_thermal(levels, m, amount)) for m in numbers]
        return read_after(prepared, displacement(levels, amount), law)

    def _cut_offs(self, seed: np.random.SeedSequence) -> list[CutOff]:
        """The worst state at powers of two, drawn and held against all levels."""
        mean_number, amount = self.worst
        sizes = [2**k for k in range(2, self.levels.bit_length())]
        states = [self._state(size, [mean_number], amount) for size in sizes]
        drawn = draw(states, self.shots, self.sampler(), seed)
        return [
            CutOff(
                size,
                one.keys[0],
                measured_error(one.keys[0], size, mean_number, amount, self.share / len(sizes)),
                exact_error(size, mean_number, amount),
            )
            for size, one in zip(sizes, drawn, strict=True)
        ]

    def _positions(
        self, seed: np.random.SeedSequence
    ) -> tuple[tuple[float, float], tuple[Estimate, Estimate]]:
        """Mean position after W and after W+, exact and measured in its own basis."""
        m, amount = self.worst
        a = ladder(self.levels)
        values, basis = np.linalg.eigh((a + a.T) / np.sqrt(2))
        prepared = self.preparation(Binary()(thermal_scores(self.levels, m)), beta=1.0)
        tests, places = [], []
        for sign in (1, -1):
            w = displacement(self.levels, sign * amount)
            rho = displaced_thermal(self.levels, m, sign * amount)
            law = np.clip(np.einsum("ji,jk,ki->i", basis, rho, basis), 0.0, None)
            tests.append(read_after(prepared, basis.T @ w, law))
            places.append(float(values @ law))
        drawn = draw(tests, self.shots, self.sampler(), seed)
        one, other = (mean([(values, counts.keys)], self.position_share) for counts in drawn)
        return (places[0], places[1]), (one, other)

    def _as_predicted(self, cut_offs: Sequence[CutOff]) -> Check:
        """Whether the measured errors of all cut-offs are those of linear algebra."""
        inside = all(one.exact in one.error for one in cut_offs)
        width = max(one.error.high - one.error.low for one in cut_offs)
        sizes = ", ".join(str(one.levels) for one in cut_offs)
        return Check(
            "cut-offs",
            f"The errors of cut-offs at {sizes} levels are the predicted ones",
            inside if not inside or width <= 5 * self.epsilon else None,
            "total variation "
            + ", ".join(
                f"{one.error.low:.3f} to {one.error.high:.3f} ({one.exact:.3f})" for one in cut_offs
            ),
            role="control",
            alpha=self.share,
        )

    def _same_position(self, one: Estimate, other: Estimate) -> Check:
        """Whether displacing the observable by W A W+ is displacing the state by W rho W+."""
        apart = one.high < other.low or other.high < one.low
        near = max(one.high, other.high) < 0.1
        return Check(
            "same position",
            "omega_0(W A W+) is Tr(W rho W+ A), for the position",
            False if apart else (True if near else None),
            f"{other.best:.3f} in [{other.low:.3f}, {other.high:.3f}] against {one.best:.3f} in "
            f"[{one.low:.3f}, {one.high:.3f}]",
            "beyond",
            alpha=self.position_share,
        )


def _distributions(
    grid: list[tuple[float, float]], counts: np.ndarray, law: np.ndarray, shots: int
) -> Panel:
    n = np.arange(min(16, counts.shape[1]))
    low, high = (ends[:, n] for ends in proportion(counts, shots, 0.01))
    curves = []
    for i in sorted({0, len(grid) // 2, len(grid) - 1}):
        mean_number, amount = grid[i]
        name = f"mean number {mean_number:g}, displacement {amount:g}"
        curves += [
            Curve(f"{name}, closed form", n, law[i, n], style="line"),
            Curve(name, n, counts[i, n] / shots, low[i], high[i]),
        ]
    return Panel("Number distributions", "level n", "probability", tuple(curves))


def _errors(cut_offs: Sequence[CutOff], mean_number: float, amount: float) -> Panel:
    x, least = np.array([one.levels for one in cut_offs], dtype=float), 1e-10
    bound, exact, above = np.maximum(
        [
            [truncation_bound(one.levels, mean_number, amount) for one in cut_offs],
            [one.exact for one in cut_offs],
            [weight_above(one.levels, mean_number, amount) for one in cut_offs],
        ],
        least,
    )
    shown = [
        Estimate(one.error.best, max(one.error.low, least), one.error.high) for one in cut_offs
    ]
    return Panel(
        "Error of the cut-off, worst state",
        "levels kept",
        "total variation",
        (
            Curve("bound", x, bound, style="line"),
            Curve("exact", x, exact, style="line"),
            Curve("weight above the cut-off", x, above, style="line"),
            points("measured", x, shown),
        ),
        x_scale="log",
        y_scale="log",
    )
