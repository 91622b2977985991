"""The smallest transverse field whose dephasing shots show: foreseen, and looked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize
from scipy.special import ndtri

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.born._turned import turned_law, turned_thermal
from qcattn.comparisons import fit, plan
from qcattn.encodings import Transverse
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.progress import Progress
from qcattn.readings.turned import first_bit, repeated

__all__ = ["SmallestField", "Sought", "power_of_fit"]

#: Fields that are run, in units of the one that is foreseen.
FACTORS = {"less": 0.7, "as much": 1.0, "more": 1.3}
#: Level of the test in each run, and the power that is asked of it.
SIGNIFICANCE, POWER = 0.01, 0.9
#: No larger field is tried, in units of k_B T at beta = 1.
MOST = 3.0


@dataclass(frozen=True, eq=False)
class Sought:
    """Runs at fields near the smallest one that `qcattn.plan` foresees.

    Attributes:
        kept: Kept shots of a run.
        alpha: Error rate of the shares of all fields together.
        foreseen: The smallest field by `qcattn.plan`; infinite if none shows: then none was run.
        fields: The fields at which it was run, by their names in `FACTORS`, in units of k_B T at
            beta = 1.
        rates: Share of runs that see the dephasing, by the same names.
        grid: Fields at which the power is computed, shape (points,).
        power: Exact probability that a run sees it, shape (points,).
        shots: The number of shots drawn.
    """

    kept: int
    alpha: float
    foreseen: float
    fields: dict[str, float] = field(default_factory=dict)
    rates: dict[str, Estimate] = field(default_factory=dict)
    grid: np.ndarray = field(default_factory=lambda: np.zeros(0))
    power: np.ndarray = field(default_factory=lambda: np.zeros(0))
    shots: int = 0

    @property
    def smallest(self) -> Estimate:
        """The field at which the share of runs that see it reaches the power.

        It lies between a field whose share is surely below it and one whose share is surely above.
        """
        least = [x for name, x in self.fields.items() if self.rates[name].high < POWER]
        most = [x for name, x in self.fields.items() if self.rates[name].low > POWER]
        # On a normal scale the shares lie near a line.
        scale = ndtri(np.clip([one.best for one in self.rates.values()], 1e-3, 1 - 1e-3))
        fields = list(self.fields.values())
        best = float(np.interp(ndtri(POWER), np.maximum.accumulate(scale), fields))
        return Estimate(best, max(least, default=0.0), min(most, default=np.inf))

    def check(self) -> Check:
        """Check ``"forecast"`` within 30%, or ``"some field"`` if none is foreseen."""
        if np.isinf(self.foreseen):
            return Check(
                "some field",
                f"{self.kept:,} kept shots show the dephasing of some transverse field",
                False,
                f"no field up to {MOST:g} changes the reading by enough",
                "control",
            )
        below, at, above = (self.rates[name] for name in ("less", "as much", "more"))
        missed = at.high < POWER or below.low >= POWER or above.high < POWER
        found = below.high < POWER and at.low > POWER - 0.15 and above.low > POWER - 0.05
        return Check(
            "forecast",
            f"`plan` foresees the smallest field that {self.kept:,} kept shots show with "
            f"{POWER:.0%} power, {self.foreseen:.4f}, within 30%",
            False if missed else (True if found else None),
            ", ".join(
                f"{self.rates[name].best:.0%} of the runs at {strength:.4f}"
                for name, strength in self.fields.items()
            ),
            "control",
            self.alpha,
        )

    def numbers(self) -> tuple[Number, ...]:
        """The smallest field measured, then the share of runs at each field; none without runs."""
        if not self.rates:
            return ()
        return (
            Number(
                f"smallest field seen with {POWER:.0%} power",
                self.smallest,
                float(np.interp(POWER, self.power, self.grid)),
            ),
            *(
                Number(
                    f"share of runs that see a field of {strength:.4f}",
                    self.rates[name],
                    float(np.interp(strength, self.grid, self.power)),
                )
                for name, strength in self.fields.items()
            ),
        )

    def panel(self) -> Panel:
        """Plot the share of runs against the field."""
        title = "Share of runs that see the dephasing"
        if not self.rates:
            return Panel(title, "transverse field", "share", ())
        found = [(one.best, one.low, one.high) for one in self.rates.values()]
        best, low, high = np.array(found).T
        return Panel(
            title,
            "transverse field Γ (k_B T at β = 1)",
            "share of runs",
            (
                Curve("exact", self.grid, self.power, style="line"),
                Curve(
                    f"{POWER:.0%} power, foreseen",
                    np.full(2, self.foreseen),
                    np.array([0.0, 1.0]),
                    style="line",
                ),
                Curve("Aer", np.array(list(self.fields.values())), best, low, high),
            ),
        )


@dataclass(frozen=True, eq=False)
class SmallestField:
    """One turned key qubit in a field, tested against what it gives after dephasing.

    With two outcomes there is one way to be a total variation off, so what `qcattn.plan` says of
    the worst law is nearly true of this one.

    Attributes:
        scores: Scores of the keys, a power of two of them, dimensionless.
        angle: The angle by which the qubit is turned, radians.
        preparation: (hamiltonian, beta) -> Prepared.
        kept: Kept shots of a run.
        runs: The number of runs at each field.
        backend: (prepared, shots, seed) -> Counts.
    """

    scores: np.ndarray
    angle: float
    preparation: Preparation
    kept: int
    runs: int
    backend: Backend

    def search(self, *, seed: np.random.SeedSequence, alpha: float, progress: Progress) -> Sought:
        """Forecast the smallest field, and run at smaller, equal and larger ones.

        Args:
            seed: The seed of everything that is drawn.
            alpha: Error rate of all shares of runs together.
            progress: A function that is called with the share done, from 0.3 on, and what is done.
        """
        foreseen = self._foreseen()
        if np.isinf(foreseen):
            return Sought(self.kept, alpha, foreseen)
        fields = {name: factor * foreseen for name, factor in FACTORS.items()}
        hits: list[int] = []
        drawn = 0
        for strength, part in zip(fields.values(), seed.spawn(len(fields)), strict=True):
            progress(0.3 + 0.2 * len(hits), 1.0, f"{self.runs} runs at field {strength:.3f}")
            hamiltonian = Transverse(field=strength)(self.scores)
            prepared = self.preparation(hamiltonian, beta=1.0)
            test = first_bit(turned_thermal(prepared, hamiltonian, self.angle, False))
            shots = int(np.ceil(self.kept / float(test.success)))
            (counts,) = draw([repeated(test, self.runs)], shots, self.backend, part)
            _, dephased = self._laws(strength)
            p_values = fit(counts.keys, dephased).p_values
            hits.append(int((p_values <= SIGNIFICANCE).sum()))
            drawn += shots * self.runs
        low, high = proportion(hits, self.runs, alpha / len(hits))
        rates = [
            Estimate(hit / self.runs, float(a), float(b))
            for hit, a, b in zip(hits, low, high, strict=True)
        ]
        grid = np.linspace(0.05, 1.6, 32) * foreseen
        return Sought(
            self.kept,
            alpha,
            foreseen,
            fields,
            dict(zip(fields, rates, strict=True)),
            grid,
            np.array([power_of_fit(*self._laws(float(x)), self.kept) for x in grid]),
            drawn,
        )

    def _laws(self, strength: float) -> tuple[np.ndarray, np.ndarray]:
        """The laws of the first qubit, with its coherence and without."""
        hamiltonian = Transverse(field=strength)(self.scores)
        whole = (turned_law(hamiltonian, self.angle, dephased) for dephased in (False, True))
        seen, dephased = (p.reshape(-1, 2).sum(axis=0) for p in whole)
        return seen, dephased

    def _foreseen(self) -> float:
        """The field at which `plan` asks for as many shots as there are."""

        def excess(log_field: float) -> float:
            seen, dephased = self._laws(float(np.exp(log_field)))
            apart = float(np.abs(seen - dephased).sum() / 2)
            shots = plan(dephased, apart, SIGNIFICANCE, POWER).detect if apart > 1e-12 else np.inf
            return float(np.log(np.minimum(shots, 1e12) / self.kept))

        if excess(np.log(MOST)) > 0:  # no field shows, for instance where the keys are read
            return np.inf
        return float(np.exp(optimize.brentq(excess, np.log(1e-4), np.log(MOST), xtol=1e-6)))


def power_of_fit(seen: np.ndarray, dephased: np.ndarray, shots: int) -> float:
    """Probability that `fit` tells a law of two outcomes from another."""
    from scipy.stats import binom

    k = np.arange(shots + 1)
    z = np.abs(k - shots * dephased[0]) / np.sqrt(shots * dephased[0] * dephased[1])
    refuted = z > 3.3
    near = (z > 1.5) & ~refuted
    tested = fit(np.column_stack([k, shots - k])[near], dephased)
    refuted[near] = tested.p_values <= SIGNIFICANCE
    return float(binom.pmf(k, shots, seen[0]) @ refuted)
