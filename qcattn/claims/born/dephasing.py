"""A15: attention as quantum measurement, with and without coherence between the keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.claims.born._smallest_field import SmallestField, Sought
from qcattn.claims.born._turned import turned_thermal
from qcattn.claims.frame.checks import differs, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.evidence import Check, Curve, Panel, Role
from qcattn.experiment import Preparation
from qcattn.preparations import QSVT
from qcattn.progress import Progress
from qcattn.records import Counts

__all__ = ["QuantumMeasurement"]


#: A Hamiltonian, the angle by which the qubits are turned, and whether the keys are dephased.
_Reading = tuple[str, float, bool]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Readings(Measured):
    """What the readings gave, before and after dephasing.

    Attributes:
        counts: Of each reading.
        laws: What dense linear algebra says of each, shape (keys,).
        sought: The smallest field whose dephasing shows.
    """

    counts: dict[_Reading, Counts]
    laws: dict[_Reading, np.ndarray]
    sought: Sought


@dataclass(frozen=True, kw_only=True)
class QuantumMeasurement(Claim[_Readings]):
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

    Example:
        >>> in_the_keys = QuantumMeasurement(angle=0.0, shots=40_000, epsilon=0.05)(seed=1)
        >>> in_the_keys.standing  # no reading of the keys shows what dephasing changes
        'refuted'
    """

    name: ClassVar[str] = "A15"
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

    @property
    def share(self) -> float:
        """Error rate of each reading, and of the runs that look for a small field."""
        return self.alpha / 8

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Readings:
        """Draw every reading before and after dephasing, and runs at small fields."""
        readings_seed, search_seed = root.spawn(2)
        scores = load_scores(self.model).scores[self.row]
        scores = scores[np.isfinite(scores)].astype(float)
        models = {
            "diagonal": Binary()(scores),
            "rotated": Rotated()(scores),
            "transverse": Transverse(field=self.transverse)(scores),
        }
        progress(0.0, 1.0, "readings before and after dephasing")
        states = {name: self.preparation(one, beta=1.0) for name, one in models.items()}
        readings = {
            (name, angle, dephased): turned_thermal(states[name], hamiltonian, angle, dephased)
            for name, hamiltonian in models.items()
            for angle in (0.0, self.angle)
            for dephased in (False, True)
        }
        drawn = draw(list(readings.values()), self.shots, self.sampler(), readings_seed)
        fields = SmallestField(
            scores, self.angle, self.preparation, self.kept, self.runs, self.sampler()
        )
        sought = fields.search(seed=search_seed, alpha=self.share, progress=progress)
        return _Readings(
            shots=self.shots * len(readings) + sought.shots,
            numbers=sought.numbers(),
            counts=dict(zip(readings, drawn, strict=True)),
            laws={name: one.distribution for name, one in readings.items()},
            sought=sought,
        )

    def check(self, measured: _Readings) -> Iterable[Check]:
        """Hold the readings against dense linear algebra, dephased ones against coherent ones."""
        keys = [("diagonal", 0.0, dephased) for dephased in (False, True)]
        yield self._all_follow(
            "keys", "The keys of a diagonal H come with softmax, dephased or not", measured, keys
        )
        yield self._all_follow(
            "dense",
            "Every reading is that of dense linear algebra",
            measured,
            list(measured.counts),
        )
        yield self._changes(
            "rotated",
            "Dephasing changes the turned reading of a rotated H",
            measured,
            ("rotated", self.angle),
        )
        yield self._changes(
            "transverse",
            f"Dephasing changes the turned reading in a transverse field {self.transverse:g}",
            measured,
            ("transverse", self.angle),
        )
        yield measured.sought.check()
        yield self._changes(
            "diagonal",
            "Dephasing changes the turned reading of a diagonal H",
            measured,
            ("diagonal", self.angle),
            "beyond",
        )
        yield self._changes(
            "transverse keys",
            "Dephasing changes the keys read in a transverse field",
            measured,
            ("transverse", 0.0),
            "beyond",
        )

    def describe(self, measured: _Readings, checks: Mapping[str, Check]) -> Description:
        """Say where dephasing shows, and from which field on."""
        diagonal, keys = checks["diagonal"], checks["transverse keys"]
        nowhere_else = diagonal.holds is False and keys.holds is False
        return Description(
            _words(checks, measured.sought, self.kept),
            "H does not commute with the keys, and they are not what is read"
            if nowhere_else
            else "",
        )

    def picture(self, measured: _Readings) -> Sequence[Panel]:
        """Plot the turned readings, and the share of runs that see a field."""
        return [_bars(measured.counts, measured.laws, self.angle), measured.sought.panel()]

    def _all_follow(
        self, name: str, statement: str, measured: _Readings, readings: Sequence[_Reading]
    ) -> Check:
        return follows(
            name,
            statement,
            np.array([measured.counts[one].keys for one in readings]),
            np.array([measured.laws[one] for one in readings]),
            epsilon=self.epsilon,
            alpha=self.share,
        )

    def _changes(
        self,
        name: str,
        statement: str,
        measured: _Readings,
        reading: tuple[str, float],
        role: Role = "claim",
    ) -> Check:
        """Whether dephased counts differ from the coherent law, or are certified not to."""
        counts, law = measured.counts[(*reading, True)], measured.laws[(*reading, False)]
        found = differs(
            name, statement, counts, law, epsilon=self.epsilon, alpha=self.share, role=role
        )
        if not found.holds:
            return found
        upper = float(certify(counts, law, self.epsilon, self.share).upper)
        return replace(found, by=f"{found.by}; total variation at most {upper:.3f}")


def _words(checks: Mapping[str, Check], sought: Sought, kept: int) -> str:
    words = []
    if checks["keys"].holds and checks["diagonal"].holds is False:
        words.append(
            "Attention's H is diagonal in its keys, and full dephasing changes neither these nor "
            f"the turned reading ({checks['diagonal'].by}): its measurement is drawing from a "
            "classical distribution."
        )
    if checks["rotated"].holds and checks["transverse"].holds:
        words.append(
            "Coherence takes part only where H does not commute with the keys and the reading is "
            "turned out of them."
        )
    if checks["transverse keys"].holds is False:
        words.append("The keys themselves never show it, not in a transverse field either.")
    forecast = checks.get("forecast")
    if forecast is not None and forecast.holds:
        words.append(
            f"{kept:,} shots show a field of {sought.smallest.best:.3f} or more; "
            f"`plan` foresees {sought.foreseen:.3f}."
        )
    return " ".join(words) or "The shots do not decide what dephasing changes."


def _bars(counts: dict[_Reading, Counts], laws: dict[_Reading, np.ndarray], angle: float) -> Panel:
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
