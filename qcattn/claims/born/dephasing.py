"""A15: attention as quantum measurement, with and without coherence between the keys."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.claims.born._smallest_field import SmallestField, Sought
from qcattn.claims.born._turned import turned_thermal
from qcattn.claims.frame.checks import follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.evidence import Check, Curve, Finding, Panel, Role
from qcattn.experiment import Preparation
from qcattn.preparations import QSVT
from qcattn.records import Counts
from qcattn.seeds import entropy

__all__ = ["QuantumMeasurement"]


@dataclass(frozen=True)
class QuantumMeasurement:
    r"""A15: does a measurement of attention need coherence?

    The thermal state of a real row's keys is read twice: as it is, and after full dephasing, in
    which a fresh qubit has learned each bit of the key. It is read in the keys, and with every
    qubit turned by ry(-angle). Where H is diagonal in the keys nothing can change; where H is
    rotated, or has a transverse field, the turned reading does.

    The smallest field whose dephasing shows is predicted by `qcattn.plan`, from the total
    variation that dense linear algebra gives one turned qubit, and tried at less, at it, at more.

    Attributes:
        model: Whose row.
        row: Layer, head and query, in sentence 0; a power of two of keys.
        transverse: Transverse field, in units of k_B T at beta = 1.
        angle: By which qubits are turned before they are read, radians; 0 reads the keys.
        epsilon: Total variation that counts as agreement.
        preparation: (hamiltonian, beta) -> Prepared.
        shots: Of each reading.
        kept: Kept shots of a run that looks for a small field.
        runs: How many such runs of each field.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> in_the_keys = QuantumMeasurement(angle=0.0, shots=40_000, epsilon=0.05)(seed=1)
        >>> in_the_keys.verdict  # no reading of the keys shows what dephasing changes
        'refuted'
    """

    claim: ClassVar[str] = "A15"
    title: ClassVar[str] = "Attention as quantum measurement"
    statement: ClassVar[str] = "Attention mechanisms are quantum measurement processes!!"
    section: ClassVar[str] = "The Full Circle: Softmax = Born = KMS 🎵"

    model: str = "smollm2"
    row: tuple[int, int, int] = (2, 0, 3)
    transverse: float = 0.5
    angle: float = np.pi / 2
    epsilon: float = 0.02
    preparation: Preparation = field(default_factory=QSVT)
    shots: int = 150_000
    kept: int = 2_000
    runs: int = 150
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
        seeds = np.random.SeedSequence(entropy(seed)).spawn(2)
        level = self.alpha / 8
        scores = load_scores(self.model).scores[self.row]
        scores = scores[np.isfinite(scores)].astype(float)
        models = {
            "diagonal": Binary()(scores),
            "rotated": Rotated()(scores),
            "transverse": Transverse(field=self.transverse)(scores),
        }
        tell(0.0, "readings before and after dephasing")
        states = {name: self.preparation(one, beta=1.0) for name, one in models.items()}
        readings = {
            (name, angle, dephased): turned_thermal(states[name], hamiltonian, angle, dephased)
            for name, hamiltonian in models.items()
            for angle in (0.0, self.angle)
            for dephased in (False, True)
        }
        drawn = draw(list(readings.values()), self.shots, self.backend, seeds[0])
        counts = dict(zip(readings, drawn, strict=True))
        laws = {name: one.distribution for name, one in readings.items()}

        def change(name: str, angle: float, statement: str, role: Role) -> Check:
            return _changes(
                statement,
                counts[name, angle, True],
                laws[name, angle, False],
                self.epsilon,
                level,
                role,
            )

        search = SmallestField(
            scores, self.angle, self.preparation, self.kept, self.runs, self.backend
        )
        sought = search(seed=seeds[1], alpha=level, tell=tell)
        checks = [
            follows(
                "The keys of a diagonal H come with softmax, dephased or not",
                _stacked([counts["diagonal", 0.0, dephased] for dephased in (False, True)]),
                np.array([laws["diagonal", 0.0, dephased] for dephased in (False, True)]),
                epsilon=self.epsilon,
                alpha=level,
            ),
            follows(
                "Every reading is that of dense linear algebra",
                _stacked(list(counts.values())),
                np.array(list(laws.values())),
                epsilon=self.epsilon,
                alpha=level,
            ),
            change(
                "rotated",
                self.angle,
                "Dephasing changes the turned reading of a rotated H",
                "claim",
            ),
            change(
                "transverse",
                self.angle,
                f"Dephasing changes the turned reading in a transverse field {self.transverse:g}",
                "claim",
            ),
            sought.check,
            change(
                "diagonal",
                self.angle,
                "Dephasing changes the turned reading of a diagonal H",
                "beyond",
            ),
            change(
                "transverse", 0.0, "Dephasing changes the keys read in a transverse field", "beyond"
            ),
        ]
        return conclude(
            self,
            checks=checks,
            numbers=sought.numbers,
            condition="H does not commute with the keys, and they are not what is read"
            if checks[5].holds is False and checks[6].holds is False
            else "",
            words=_words(checks, sought, self.kept),
            panels=[_bars(counts, laws, self.angle), sought.panel],
            shots=self.shots * len(readings) + sought.shots,
            seed=seed,
            started=started,
        )


def _stacked(counts: list[Counts]) -> np.ndarray:
    return np.array([one.keys for one in counts])


def _changes(
    statement: str, counts: Counts, law: np.ndarray, epsilon: float, alpha: float, role: Role
) -> Check:
    """Whether counts differ from the law without dephasing, or are certified to follow it."""
    same = follows(statement, counts, law, epsilon=epsilon, alpha=alpha)
    holds = None if same.holds is None else not same.holds
    if same.holds is False:
        upper = float(certify(counts, law, epsilon, alpha).upper)
        return Check(statement, holds, f"{same.by}; total variation at most {upper:.3f}", role)
    return Check(statement, holds, same.by, role)


def _words(checks: list[Check], sought: Sought, kept: int) -> str:
    words = []
    if checks[0].holds and checks[5].holds is False:
        words.append(
            "Attention's H is diagonal in its keys, and full dephasing changes neither these nor "
            f"the turned reading ({checks[5].by}): its measurement is drawing from a classical "
            "distribution."
        )
    if checks[2].holds and checks[3].holds:
        words.append(
            "Coherence takes part only where H does not commute with the keys and the reading is "
            "turned out of them."
        )
    if checks[6].holds is False:
        words.append("The keys themselves never show it, not in a transverse field either.")
    if checks[4].holds:
        words.append(
            f"{kept:,} shots show a field of {sought.numbers[0].estimate.best:.3f} or more; "
            f"`plan` foresees {sought.foreseen:.3f}."
        )
    return " ".join(words) or "The shots do not decide what dephasing changes."


def _bars(
    counts: dict[tuple[str, float, bool], Counts],
    laws: dict[tuple[str, float, bool], np.ndarray],
    angle: float,
) -> Panel:
    names = ("diagonal", "rotated", "transverse")
    size = len(laws["diagonal", angle, False])
    ticks = tuple(f"{name} {k}" for name in names for k in range(size))
    x = np.arange(len(ticks), dtype=float)
    curves = []
    for dephased, name in ((False, "coherent"), (True, "dephased")):
        shares = np.concatenate([counts[one, angle, dephased].frequencies for one in names])
        curves.append(Curve(name, x, shares, style="bars"))
    return Panel(
        "The turned reading, before and after dephasing",
        "Hamiltonian and reading",
        "share of shots",
        tuple(curves),
        ticks=ticks,
    )
