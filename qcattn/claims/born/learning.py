"""A14: training learns the measurement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from qcattn.backends import Aer
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
from qcattn.claims.born._ablation import BAYES, CLASSICAL, Ablation, Trainings, ablate
from qcattn.claims.born._retrieval import Retrieval, another_head, noisy_words
from qcattn.claims.born._training import (
    angles_of,
    exact_joint,
    qubits_of,
    read_shots,
    shifted,
    slopes,
    start,
)
from qcattn.claims.frame.checks import equals
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.evidence import Check, Curve, Estimate, Number, Panel, Role
from qcattn.progress import Progress

__all__ = ["LearnedMeasurement"]

Task = Literal["noisy words", "another head"]

_ALONE = {"beta": "beta", "basis": "the basis", "phase": "the phase"}
#: The tolerance of what is measured against dense algebra: derivatives, and shares of shots.
_TOLERANCE = 0.05


@dataclass(frozen=True, eq=False, kw_only=True)
class _Learned(Measured):
    """What training gained.

    Attributes:
        ablations: The ablation of each task.
        derivatives: Derivatives of a measured probability, by parameter, and exactly.
    """

    ablations: tuple[Ablation, ...]
    derivatives: tuple[tuple[Estimate, float], ...]


@dataclass(frozen=True, kw_only=True)
class LearnedMeasurement(Claim[_Learned]):
    r"""A14: beta, the basis and the phase are trained on circuits, alone and together.

    Two heads are a qubit in superposition; its relative phase, the basis in which the key register
    is measured, and beta are trained by parameter-shift gradients of counts, with SciPy's L-BFGS-B
    (`qcattn.claims.born._training` says how). Training begins at classical attention: a mean of two
    softmaxes. The basis is a turn of the bits of a key's number; "which keys to attend to" is a
    choice among keys, which no turn of bits is. Two tasks: a noisy word is to be found among all
    words, where Bayes' rule is the optimum; and the key that a third head of SmolLM2 attends to
    most, from the scores of two others, which is the formula of neither model. What is compared are
    Brier scores, 0 to 2, on queries that were not trained on; intervals hold for other queries and
    other trainings (`qcattn.claims.born._ablation.two_way`).

    Attributes:
        tasks: The tasks to be trained.
        words: Keys of the noisy words.
        noise: The noise of each head's view, in each of 8 dimensions, in which a word has length
            sqrt(8).
        partner: The word to be found differs from the one shown in the bits of this number.
        window: Keys of the rows of another head.
        trainings: The number of draws of training queries and of shots.
        queries: The number of queries that are trained on in each training, of noisy words.
        texts: The number of queries that are trained on, of another head: with a quarter of them
            some trainings do much harm, and so rarely that intervals over six of them are too
            narrow.
        held_out: Queries that are never trained on; of another head the texts that are left.
        evaluations: The number of evaluations of loss and gradient in one training, at most.
        shots: The number of shots of each circuit while training.
        held_out_shots: The number of shots of each held-out query.
        worth: The smallest gain that counts.
        backend: The backend; ``Aer(draws="born")`` if None, which is quick on many small circuits.

    Example:
        >>> small = LearnedMeasurement(
        ...     tasks=("noisy words",), words=4, trainings=1, queries=8, held_out=40, evaluations=3
        ... )
        >>> finding = small(seed=1)
        >>> [curve.name for curve in finding.panels[0].curves]
        ['beta', 'basis', 'phase', 'beta and phase', 'all']
    """

    name: ClassVar[str] = "A14"
    title: ClassVar[str] = "Training learns the measurement"
    statement: ClassVar[str] = "Training = learning to measure optimally!!"
    section: ClassVar[str] = "Even with perfect coherence, training improved because"

    tasks: tuple[Task, ...] = ("noisy words", "another head")
    words: int = 29
    noise: float = 1.0
    partner: int = 0
    window: int = 8
    trainings: int = 6
    queries: int = 32
    texts: int = 128
    held_out: int = 1000
    evaluations: int = 6
    shots: int = 2_000
    held_out_shots: int = 2_000
    worth: float = 0.005

    @property
    def share(self) -> float:
        """Error rate of each interval."""
        return self.alpha / (11 * len(self.tasks) + 1)

    def sampler(self) -> Backend:
        """The backend that was given, or exact draws."""
        return Aer(draws="born") if self.backend is None else self.backend

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Learned:
        """Train every run of every task, and measure it on the held-out queries."""
        *roots, probe = root.spawn(len(self.tasks) + 1)
        found: list[Ablation] = []
        derivatives: list[tuple[Estimate, float]] = []
        shots = 0
        for i, (name, own) in enumerate(zip(self.tasks, roots, strict=True)):
            drawn, trained = own.spawn(2)
            each = self.texts if name == "another head" else self.queries
            task = self._task(name, self.trainings * each, np.random.default_rng(drawn))
            trainings = Trainings(
                self.trainings,
                each,
                self.held_out,
                self.evaluations,
                self.shots,
                self.held_out_shots,
                self.sampler(),
            )
            if not i:
                derivatives, shots = self._derivatives(task[:1], probe)

            def tell(done: float, total: float, what: str, i: int = i) -> None:
                progress(i + done / total, len(self.tasks), what)

            found.append(ablate(name, task, trainings, seed=trained, progress=tell))
        return _Learned(
            shots=shots + sum(one.shots for one in found),
            numbers=tuple(number for one in found for number in _numbers(one, self.share)),
            ablations=tuple(found),
            derivatives=tuple(derivatives),
        )

    def check(self, measured: _Learned) -> Iterable[Check]:
        """Hold derivatives and readings against dense algebra, and every gain against its worth."""
        yield self._are_derivatives(measured.derivatives)
        for one in measured.ablations:
            yield equals(
                f"{one.name}: read",
                f"{one.name}: the key is read as often as the exact states say",
                one.found(self.share),
                one.expected / max(one.kept, 1),
                tolerance=_TOLERANCE,
                alpha=self.share,
                role="control",
            )
            for run, subject in _ALONE.items():
                statement = f"training {subject} alone lowers the loss"
                yield self._gains(one, run, "start", statement)
            if BAYES in one.losses:
                yield self._optimal(one)
            for better, worse, subject in (
                ("beta and phase", "beta", "the phase lowers the loss once beta is trained"),
                (
                    "all",
                    "beta and phase",
                    "the basis lowers the loss once beta and phase are trained",
                ),
            ):
                yield self._gains(one, better, worse, subject, "beyond")
            for rival, biases in CLASSICAL.items():
                which = "as many parameters" if biases else "one temperature a head"
                statement = f"the trained circuit beats classical attention with {which}"
                yield self._gains(one, "all", rival, statement, "mechanism")

    def describe(self, measured: _Learned, checks: Mapping[str, Check]) -> Description:
        """Say whether that is the optimum, and which part of it gains most."""
        first, *others = sorted(measured.ablations, key=lambda one: BAYES not in one.losses)
        optimal = checks.get(f"{first.name}: optimal")
        opening = {
            True: "Training comes to the optimum here: for ",
            False: "Training lowers the loss and does not reach the optimum: for ",
            None: "For ",
        }[None if optimal is None else optimal.holds]
        many, two = (first.losses[rival].mean() for rival in CLASSICAL)
        elsewhere = "".join(
            f"; for {one.name} the {_loss(one)}, and {self._helped(one, checks)}" for one in others
        )
        return Description(
            f"{opening}{first.name} the {_loss(first)} and classical attention {two:.3f} with one "
            f"temperature a head ({many:.3f} with as many parameters). {self._most(first)}"
            f"{elsewhere}; the basis is a turn of the bits of a key, while which keys to attend to "
            "is set by the scores and is no basis."
        )

    def picture(self, measured: _Learned) -> Sequence[Panel]:
        """Plot training, and the loss of every run on held-out queries."""
        found = measured.ablations
        return [*map(_training_curves, found), _held_out(found, self.share)]

    def _task(self, name: Task, trained: int, rng: np.random.Generator) -> Retrieval:
        number = trained + self.held_out
        if name == "another head":
            return another_head(number, rng, window=self.window)
        return noisy_words(number, rng, words=self.words, noise=self.noise, partner=self.partner)

    def _derivatives(
        self, one: Retrieval, seed: np.random.SeedSequence
    ) -> tuple[list[tuple[Estimate, float]], int]:
        """Derivatives of the probability to read one query's key, shifted, beside dense ones."""
        n, shots = qubits_of(one), 20_000
        point = start(n)
        chain = slopes(one.scores, point, range(n + 2))[0]
        which = np.flatnonzero(np.abs(chain).max(axis=-1) > 1e-9)
        values = shifted(angles_of(one.scores, point), which)[0]
        counts = read_shots(values, n, shots, self.sampler(), int(seed.generate_state(1)[0]))
        hits = counts.keys[1:, one.targets[0]].reshape(2, -1)
        found = []
        for index in range(n + 2):
            weights = chain[which, index] / 2
            groups = [
                (sign * weight * np.array([1.0, 0.0]), np.array([hit, shots - hit]))
                for sign, row in zip((1, -1), hits, strict=True)
                for weight, hit in zip(weights, row, strict=True)
                if weight
            ]
            step = 1e-5 * np.eye(n + 2)[index]
            ahead, behind = (
                exact_joint(one.scores, point + sign * step)[0, one.targets[0]] for sign in (1, -1)
            )
            found.append((mean(groups, self.share / (n + 2)), (ahead - behind) / 2e-5))
        return found, int(counts.shots.sum())

    def _are_derivatives(self, derivatives: Sequence[tuple[Estimate, float]]) -> Check:
        single = [
            equals(str(i), "", estimate, exact, tolerance=_TOLERANCE, alpha=0.0)
            for i, (estimate, exact) in enumerate(derivatives)
        ]
        worst = min(single, key=lambda one: {False: 0, None: 1, True: 2}[one.holds])
        return Check(
            "derivatives",
            "Shifted circuits give the derivatives of a measured probability",
            worst.holds,
            f"{len(single)} parameters, for instance number {worst.name}: {worst.by}",
            "control",
            self.share,
        )

    def _gains(
        self, one: Ablation, better: str, worse: str, statement: str, role: Role = "claim"
    ) -> Check:
        """Whether one run gains more than `worth` over another."""
        gain = one.gain(better, worse, self.share)
        holds = True if gain.low > self.worth else False if gain.high < self.worth else None
        each = " ".join(f"{part:+.3f}" for part in one.gains(better, worse))
        by = (
            f"gain {gain.best:.4f} in [{gain.low:.4f}, {gain.high:.4f}], "
            f"worth it from {self.worth:g}, error rate {self.share:.0e}; by training {each}"
        )
        name = _over(one, better, worse)
        return Check(name, f"{one.name}: {statement}", holds, by, role, self.share)

    def _optimal(self, one: Ablation) -> Check:
        """Whether all that was trained comes to within `worth` of Bayes' rule."""
        gain = one.gain("all", BAYES, self.share)
        holds = True if gain.low > -self.worth else False if gain.high < -self.worth else None
        by = (
            f"gain {gain.best:.4f} in [{gain.low:.4f}, {gain.high:.4f}] over the posterior, "
            f"wanted above -{self.worth:g}"
        )
        statement = "the trained circuit is as good as Bayes' rule, the optimum"
        name = f"{one.name}: optimal"
        return Check(name, f"{one.name}: {statement}", holds, by, "claim", self.share)

    def _most(self, one: Ablation) -> str:
        """Which part gains most if it is trained alone, if the intervals tell."""
        gains = {run: one.gain(run, "start", self.share) for run in _ALONE}
        best = max(gains, key=lambda run: gains[run].best)
        alone = {run: f"{subject} {gains[run].best:+.3f}" for run, subject in _ALONE.items()}
        told = all(gains[best].low > gain.high for run, gain in gains.items() if run != best)
        others = " and ".join(said for run, said in alone.items() if run != best)
        if told:
            return f"Trained alone, {alone[best]} gains most ({others})"
        return f"Which part gains most is not told ({alone[best]}, {others})"

    def _helped(self, one: Ablation, checks: Mapping[str, Check]) -> str:
        """Which parts are shown to help if they are trained alone."""
        helped = [
            subject
            for run, subject in _ALONE.items()
            if checks[_over(one, run, "start")].holds is True
        ]
        return f"{' and '.join(helped) or 'no part'} is shown to help"


def _loss(one: Ablation) -> str:
    loss = {run: float(rows.mean()) for run, rows in one.losses.items()}
    bound = f", where Bayes' rule reaches {loss[BAYES]:.3f}" if BAYES in loss else ""
    return f"held-out loss goes from {loss['start']:.3f} to {loss['all']:.3f}{bound}"


def _over(one: Ablation, better: str, worse: str) -> str:
    """The name of the check whether one run gains over another."""
    return f"{one.name}: {better} over {worse}"


def _numbers(one: Ablation, alpha: float) -> list[Number]:
    exact = {run: float(rows.mean()) for run, rows in one.exact.items()}
    gains = [
        Number(
            f"{one.name}: gain of {run} over the start",
            one.gain(run, "start", alpha),
            exact["start"] - exact[run],
        )
        for run in ("all", "beta", "basis", "phase")
    ]
    rivals = [
        Number(f"{one.name}: gain of all over {rival}", one.gain("all", rival, alpha))
        for rival in CLASSICAL
    ]
    return gains + rivals


def _training_curves(one: Ablation) -> Panel:
    curves = [(run, one.curve(run)) for run in one.curves]
    return Panel(
        f"Training, {one.name}",
        "evaluations of loss and gradient",
        "Brier score of the training queries",
        tuple(
            Curve(run, np.arange(1.0, len(curve) + 1), curve, style="line") for run, curve in curves
        ),
    )


def _held_out(found: Sequence[Ablation], alpha: float) -> Panel:
    runs = tuple(dict.fromkeys(run for one in found for run in one.losses))
    curves = []
    for one in found:
        places = [i for i, run in enumerate(runs) if run in one.losses]
        estimates = [one.loss(runs[i], alpha) for i in places]
        best, low, high = np.array([(e.best, e.low, e.high) for e in estimates]).T
        curves.append(Curve(one.name, np.array(places, dtype=float), best, low, high, "bars"))
    return Panel(
        "Queries that were not trained on", "trained", "Brier score", tuple(curves), ticks=runs
    )
