"""A15: attention as quantum measurement, with and without coherence between the keys."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit
from scipy import optimize, stats

from qcattn.certification import Estimate
from qcattn.certification.drawing import Backend, draw
from qcattn.certification.intervals import proportion
from qcattn.claims.checks import follows
from qcattn.claims.circuits import as_prepared, opened, read_after
from qcattn.claims.concluding import Progress, conclude
from qcattn.comparisons import certify, fit, plan
from qcattn.datasets import load
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.experiment import Preparation
from qcattn.findings import Check, Curve, Finding, Number, Panel, Role
from qcattn.preparations import QSVT
from qcattn.preparations.reference import gibbs
from qcattn.records import Counts, Hamiltonian, Prepared
from qcattn.seeds import entropy

__all__ = ["QuantumMeasurement"]

#: Fields that are run, in units of the one that is predicted.
FACTORS = (0.7, 1.0, 1.3)


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
        scores = load(self.model).scores[self.row]
        scores = scores[np.isfinite(scores)].astype(float)
        models = {
            "diagonal": Binary()(scores),
            "rotated": Rotated()(scores),
            "transverse": Transverse(field=self.transverse)(scores),
        }
        tell(0.0, "readings before and after dephasing")
        states = {name: self.preparation(one, beta=1.0) for name, one in models.items()}
        readings = {
            (name, angle, dephased): self._reading(states[name], hamiltonian, angle, dephased)
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

        tell(0.3, "the smallest field that shows")
        sought = self._smallest(scores, seeds[1], tell, level)
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

    def _reading(
        self, prepared: Prepared, hamiltonian: Hamiltonian, angle: float, dephased: bool
    ) -> Prepared:
        """All qubits turned and read."""
        n = hamiltonian.num_qubits
        circuit = QuantumCircuit(2 * n if dephased else n)
        for q in range(n):
            if dephased:
                circuit.cx(q, n + q)
            circuit.ry(-angle, q)
        return read_after(prepared, circuit, _law(hamiltonian, angle, dephased))

    def _smallest(self, scores: np.ndarray, seed: Any, tell: Progress, level: float) -> _Sought:
        """Predict the smallest field whose dephasing one turned qubit shows, and look for it."""
        significance, power = 0.01, 0.9

        def laws(strength: float) -> tuple[np.ndarray, np.ndarray]:
            """Of the first qubit, with its coherence and without."""
            hamiltonian = Transverse(field=strength)(scores)
            whole = (_law(hamiltonian, self.angle, dephased) for dephased in (False, True))
            first, second = (p.reshape(-1, 2).sum(axis=0) for p in whole)
            return first, second

        def excess(log_field: float) -> float:
            seen, dephased = laws(float(np.exp(log_field)))
            apart = float(np.abs(seen - dephased).sum() / 2)
            shots = plan(dephased, apart, significance, power).detect if apart > 1e-12 else np.inf
            return float(np.log(np.minimum(shots, 1e12) / self.kept))

        most = np.log(3.0)
        if excess(most) > 0:  # no field shows, for instance where the keys themselves are read
            return _Sought.nothing(self.kept)
        smallest = float(np.exp(optimize.brentq(excess, np.log(1e-4), most, xtol=1e-6)))
        fields = [factor * smallest for factor in FACTORS]
        tests = []
        for strength in fields:
            hamiltonian = Transverse(field=strength)(scores)
            prepared = self.preparation(hamiltonian, beta=1.0)
            whole = self._reading(prepared, hamiltonian, self.angle, False)
            tests.append((_one_qubit(whole), laws(strength)[1]))
        hits: list[int] = []
        drawn = 0
        for (test, dephased), part in zip(tests, seed.spawn(len(tests)), strict=True):
            tell(0.4 + 0.2 * len(hits), f"{self.runs} runs at field {fields[len(hits)]:.3f}")
            shots = int(np.ceil(self.kept / float(test.success)))
            rows = _repeated(test, self.runs)
            (counts,) = draw([rows], shots, self.backend, part)
            hits.append(int((fit(counts.keys, dephased).p_values <= significance).sum()))
            drawn += shots * self.runs
        low, high = proportion(hits, self.runs, level / len(hits))
        rates = [
            Estimate(hit / self.runs, float(a), float(b))
            for hit, a, b in zip(hits, low, high, strict=True)
        ]
        return _sought(fields, rates, laws, self.kept, drawn, power, significance)


@dataclass(frozen=True)
class _Sought:
    """The search for the smallest field."""

    field: float
    check: Check
    numbers: list[Number]
    panel: Panel
    shots: int

    @classmethod
    def nothing(cls, kept: int) -> _Sought:
        return cls(
            float("inf"),
            Check(
                f"{kept:,} kept shots show the dephasing of some transverse field",
                False,
                "no field up to 3 changes the reading by enough",
            ),
            [],
            Panel("Share of runs that see the dephasing", "transverse field", "share", ()),
            0,
        )


def _sought(
    fields: list[float],
    rates: list[Estimate],
    laws: Any,
    kept: int,
    drawn: int,
    power: float,
    significance: float,
) -> _Sought:
    below, at, above = rates
    missed = at.high < power or below.low >= power or above.high < power
    found = below.high < power and at.low > power - 0.15 and above.low > power - 0.05
    by = ", ".join(
        f"{one.best:.0%} of the runs at {strength:.4f}"
        for strength, one in zip(fields, rates, strict=True)
    )
    check = Check(
        f"`plan` foresees the smallest field that {kept:,} kept shots show with {power:.0%} "
        f"power, {fields[1]:.4f}, within 30%",
        False if missed else (True if found else None),
        by,
    )
    grid = np.linspace(0.05, 1.6, 32) * fields[1]
    exact = []
    for strength in grid:
        seen, dephased = laws(float(strength))
        exact.append(_power(seen, dephased, kept, significance))
    x = np.array(fields)
    panel = Panel(
        "Share of runs that see the dephasing",
        "transverse field Γ (k_B T at β = 1)",
        "share of runs",
        (
            Curve("exact", grid, np.array(exact), style="line"),
            Curve(
                "90% power, predicted", np.full(2, fields[1]), np.array([0.0, 1.0]), style="line"
            ),
            Curve(
                "Aer",
                x,
                np.array([one.best for one in rates]),
                np.array([one.low for one in rates]),
                np.array([one.high for one in rates]),
            ),
        ),
    )
    smallest = Number(
        f"smallest field seen with {power:.0%} power",
        _crossing(fields, rates, power),
        float(np.interp(power, exact, grid)),
    )
    shares = [
        Number(
            f"share of runs that see a field of {strength:.4f}",
            one,
            float(np.interp(strength, grid, exact)),
        )
        for strength, one in zip(fields, rates, strict=True)
    ]
    return _Sought(fields[1], check, [smallest, *shares], panel, drawn)


def _crossing(fields: list[float], rates: list[Estimate], power: float) -> Estimate:
    """Where the share of runs, which grows with the field, reaches the power.

    Between a field whose share is surely below it and one whose share is surely above.
    """
    least = [x for x, one in zip(fields, rates, strict=True) if one.high < power]
    most = [x for x, one in zip(fields, rates, strict=True) if one.low > power]
    # On a normal scale the shares lie near a line.
    scale = stats.norm.ppf(np.clip([one.best for one in rates], 1e-3, 1 - 1e-3))
    best = float(np.interp(stats.norm.ppf(power), np.maximum.accumulate(scale), fields))
    return Estimate(best, max(least, default=0.0), min(most, default=np.inf))


def _power(seen: np.ndarray, dephased: np.ndarray, shots: int, significance: float) -> float:
    """Probability that `fit` tells a law of two outcomes from another."""
    k = np.arange(shots + 1)
    z = np.abs(k - shots * dephased[0]) / np.sqrt(shots * dephased[0] * dephased[1])
    refuted = z > 3.3
    near = (z > 1.5) & ~refuted
    tested = fit(np.column_stack([k, shots - k])[near], dephased)
    refuted[near] = tested.p_values <= significance
    return float(stats.binom.pmf(k, shots, seen[0]) @ refuted)


def _law(hamiltonian: Hamiltonian, angle: float, dephased: bool) -> np.ndarray:
    """What the turned reading gives, by dense linear algebra, shape (2**n,)."""
    rho = gibbs(hamiltonian, 1.0).real
    if dephased:
        rho = np.diag(np.diag(rho))
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    one = np.array([[cosine, sine], [-sine, cosine]])
    turn = np.eye(1)
    for _ in range(hamiltonian.num_qubits):
        turn = np.kron(turn, one)
    law = np.clip(np.einsum("ij,jk,ik->i", turn, rho, turn), 0.0, None)
    return np.round(law / law.sum(), 14)  # equal probabilities are equal


def _one_qubit(reading: Prepared) -> Prepared:
    """Of a reading the bit of qubit 0 alone."""
    source, last, first = opened(reading)
    source = source.assign_parameters(reading.values)
    heralds = [bits for bits in source.cregs if bits.name == reading.herald_register]
    out = QuantumCircuit(*source.qregs, ClassicalRegister(1, "key"), *heralds)
    for item in source.data:
        out.append(item)
    out.measure(first[0].qubits[0], 0)
    for item in last:
        out.append(item)
    law = reading.distribution.reshape(-1, 2).sum(axis=0)
    return as_prepared(out, law, herald=reading.herald_register, success=reading.success)


def _repeated(test: Prepared, runs: int) -> Prepared:
    """The same circuit as rows, each of which is drawn by itself."""
    law = np.broadcast_to(test.distribution, (runs, test.distribution.shape[-1]))
    return as_prepared(
        test.circuit, law, herald=test.herald_register, success=np.full(runs, float(test.success))
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


def _words(checks: list[Check], sought: _Sought, kept: int) -> str:
    words = []
    if checks[5].holds is False:
        words.append(
            "Attention's H is diagonal in its keys, and full dephasing changes nothing that can be "
            f"read from it ({checks[5].by}): its measurement is drawing from a classical "
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
            f"`plan` foresees {sought.field:.3f}."
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
