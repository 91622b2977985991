"""A15: attention as quantum measurement, with and without coherence between the keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.claims.born._smallest_field import SmallestField, Sought
from qcattn.claims.born._turned import law_of_state, turned_thermal
from qcattn.claims.frame.checks import differs, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.evidence import Check, Curve, Panel, Role
from qcattn.experiment import Preparation
from qcattn.preparations import QSVT, Amplitude
from qcattn.preparations.reference import gibbs
from qcattn.progress import Progress
from qcattn.readings.turned import turned_reading
from qcattn.records import Counts, Hamiltonian, Prepared

__all__ = ["QuantumMeasurement"]


#: A Hamiltonian, the angle by which the qubits are turned, and whether the keys are dephased.
_Reading = tuple[str, float, bool]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Readings(Measured):
    """What the readings gave, before and after dephasing.

    Attributes:
        counts: Counts of each reading.
        laws: What dense linear algebra says of each, shape (keys,).
        sought: The smallest field whose dephasing shows.
    """

    counts: dict[_Reading, Counts]
    laws: dict[_Reading, np.ndarray]
    sought: Sought


@dataclass(frozen=True, kw_only=True)
class QuantumMeasurement(Claim[_Readings]):
    r"""A15: does a measurement of attention need coherence?

    The state of a real row's keys is read twice: as it is, and after full dephasing, in which a
    fresh qubit has learned each bit of the key. It is read in the keys, and with every qubit turned
    by ry(-angle). Attention has an H that is diagonal in its keys, and reads them: its state is put
    to the test. That dephasing would show is a control: with an H that is rotated, or has a
    transverse field, the turned reading changes.

    The smallest field whose dephasing shows is predicted by `qcattn.plan`, from the total
    variation that dense linear algebra gives one turned qubit, and tried at less, at it, at more.

    Attributes:
        model: The model whose row is read.
        row: Layer, head and query, in sentence 0; a power of two of keys.
        transverse: Transverse field, in units of k_B T at beta = 1.
        angle: The angle by which qubits are turned before they are read, radians; 0 reads the keys.
        epsilon: Total variation that counts as agreement.
        preparation: (hamiltonian, beta) -> Prepared.
        shots: The number of shots of each reading.
        kept: Kept shots of a run that looks for a small field.
        runs: The number of such runs at each field.
        pure: Whether attention's state is the superposition of its keys. What softmax gives is the
            thermal state.

    Example:
        >>> blind = QuantumMeasurement(angle=0.0, shots=40_000, epsilon=0.05)(seed=1)
        >>> blind.standing  # no reading of the keys can show what dephasing changes
        'undecided'
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
    pure: bool = False

    @property
    def share(self) -> float:
        """Error rate of each reading, and of the runs that look for a small field."""
        return self.alpha / 6

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
        if self.pure:
            states["diagonal"] = Amplitude()(models["diagonal"], beta=1.0)
        readings = {
            (name, angle, dephased): self._reading(name, states[name], hamiltonian, angle, dephased)
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
            "control",
        )
        yield self._changes(
            "diagonal",
            "Coherence takes part: dephasing changes the turned reading of attention's state",
            measured,
            ("diagonal", self.angle),
            "mechanism",
        )
        yield self._changes(
            "rotated",
            "Dephasing changes the turned reading of a rotated H",
            measured,
            ("rotated", self.angle),
            "control",
        )
        yield self._changes(
            "transverse",
            f"Dephasing changes the turned reading in a transverse field {self.transverse:g}",
            measured,
            ("transverse", self.angle),
            "control",
        )
        yield measured.sought.check()

    def describe(self, measured: _Readings, checks: Mapping[str, Check]) -> Description:
        """Say where dephasing shows, and from which field on."""
        return Description(_words(checks, measured.sought, self.kept))

    def picture(self, measured: _Readings) -> Sequence[Panel]:
        """Plot the turned readings, and the share of runs that see a field."""
        return [_bars(measured.counts, measured.laws, self.angle), measured.sought.panel()]

    def _reading(
        self, name: str, state: Prepared, hamiltonian: Hamiltonian, angle: float, dephased: bool
    ) -> Prepared:
        """A turned reading; attention's state may be pure, all others are thermal."""
        if not (self.pure and name == "diagonal"):
            return turned_thermal(state, hamiltonian, angle, dephased)
        amplitudes = np.sqrt(gibbs(hamiltonian, 1.0).diagonal().real)
        law = law_of_state(np.outer(amplitudes, amplitudes), angle, dephased)
        return turned_reading(state, angle, dephased, law)

    def _all_follow(
        self,
        name: str,
        statement: str,
        measured: _Readings,
        readings: Sequence[_Reading],
        role: Role = "claim",
    ) -> Check:
        return follows(
            name,
            statement,
            np.array([measured.counts[one].keys for one in readings]),
            np.array([measured.laws[one] for one in readings]),
            epsilon=self.epsilon,
            alpha=self.share,
            role=role,
        )

    def _changes(
        self,
        name: str,
        statement: str,
        measured: _Readings,
        reading: tuple[str, float],
        role: Role,
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
    found = {
        False: "Attention's keys come with softmax, but nothing quantum is measured there: its H "
        "is diagonal in the keys, and dephasing all coherence first changes no reading of its "
        f"state ({checks['diagonal'].by}), so it is a draw from a classical distribution.",
        True: "The keys come with softmax, and dephasing changes a turned reading of this state: "
        "it is a superposition of its keys, which attention's thermal state is not.",
        None: "Whether coherence takes part in attention's state these shots do not decide.",
    }[checks["diagonal"].holds]
    if not checks["keys"].holds:
        found = "It was not shown that the keys come with softmax."
    forecast = checks.get("forecast")
    if forecast is None or not forecast.holds:
        return found
    return (
        f"{found} Coherence takes part where H does not commute with the keys and they are not "
        f"what is read, which the document does not mention; {kept:,} shots show it from a "
        f"transverse field of {sought.smallest.best:.3f} on, where theory foresees "
        f"{sought.foreseen:.3f}."
    )


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
