"""A12: locked heads, and whether locking is coherence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import ndtri

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share
from qcattn.claims.born._heads import (
    attending_register,
    coherence,
    head_register,
    head_state,
    l1_coherence,
)
from qcattn.claims.frame.checks import equals, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.datasets import load_scores
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.models.kuramoto import (
    integrate,
    lorentzian,
    order_parameter,
    scatter_of_threshold,
)
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared
from qcattn.seeds import entropy

__all__ = ["KuramotoLocking"]


#: The registers of eight heads, and what they are called in the picture.
_REGISTERS = {
    "locked": "locked",
    "drifting": "drifting",
    "copy kept": "locked, copy kept",
    "real row": "locked, real row",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class _Registers(Measured):
    """Draws of oscillators, and what registers of heads showed. Registers are by their names.

    Attributes:
        orders: Order parameters, shape (draws, 1 + couplings), the first below the threshold.
        threshold: The critical coupling.
        tests: Circuits of the registers.
        counts: Counts of each register.
        uniform: Probability of the uniform state of each.
        r: Order parameter of the locked and of the drifting phases.
        at_lock: l1 coherence of the register put forward at r = 1, of 7.
        adrift: The l1 coherence of the register near r = 0.
    """

    orders: np.ndarray
    threshold: Estimate
    tests: dict[str, Prepared]
    counts: dict[str, Counts]
    uniform: dict[str, Estimate]
    r: dict[str, float]
    at_lock: Estimate
    adrift: Estimate


@dataclass(frozen=True, kw_only=True)
class KuramotoLocking(Claim[_Registers]):
    r"""A12: phases of heads lock above a critical coupling; is that quantum coherence?

    Lorentzian oscillators of width 1 are integrated for independent draws of their frequencies: the
    smallest and largest threshold found enclose its median. Then eight heads take phases from
    Kuramoto's equation into a register, and are read in the uniform state: with locked phases, at
    the moment when drifting ones have the smallest r, and with a copy of the head kept elsewhere.
    Their coherence is bounded from counts.

    Attributes:
        oscillators: The number of oscillators of each draw.
        couplings: The couplings at which the threshold is fitted, above it.
        below: A coupling below it.
        threshold: The critical coupling that is tested, in widths; 2 is Kuramoto's.
        locked_is_dephased: Whether the register put forward at r = 1 has a copy of its head kept.
        drifting_is_dephased: Whether the register near r = 0 has a copy of its head kept.
        epsilon: Total variation, or deviation of a probability, that counts as agreement.
        shots: The number of shots of each circuit.

    Example:
        >>> small = KuramotoLocking(oscillators=128, shots=20_000)
        >>> small(seed=1).standing
        'refuted'

    References:
        Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), section 5.4.
    """

    name: ClassVar[str] = "A12"
    title: ClassVar[str] = "Kuramoto locking as coherence"
    statement: ClassVar[str] = "Kuramoto locking IS quantum coherence!!"
    section: ClassVar[str] = "When attention heads achieve Kuramoto lock (r → 1)"

    oscillators: int = 1024
    couplings: tuple[float, ...] = (3.0, 4.0, 5.0)
    below: float = 1.0
    threshold: float = 2.0
    locked_is_dephased: bool = True
    drifting_is_dephased: bool = False
    epsilon: float = 0.02
    shots: int = 200_000

    @property
    def share(self) -> float:
        """Error rate of each measurement."""
        return self.alpha / 10

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Registers:
        """Draw oscillators, and read registers of heads with their phases."""
        chosen, drawn, lock_seed, drift_seed = root.spawn(4)
        rng = np.random.default_rng(chosen)
        progress(0.05, 1.0, f"{self.oscillators} oscillators")
        orders = self._drawn_orders(rng, self.share)
        found = np.mean(np.array(self.couplings) * (1 - orders[:, 1:] ** 2), axis=1)
        threshold = Estimate(float(np.median(found)), float(found.min()), float(found.max()))
        progress(0.5, 1.0, "registers of heads")
        locked, drifting = _locked(rng), _drifting(rng)
        tests = {
            "locked": head_register(locked, dephased=False),
            "drifting": head_register(drifting, dephased=False),
            "copy kept": head_register(locked, dephased=True),
            "real row": attending_register(
                locked, softmax(load_scores().scores[5, :8, 7, :8].astype(float))
            ),
        }
        counts = draw(list(tests.values()), self.shots, self.sampler(), drawn)
        uniform = {
            name: estimated_share(one.keys[0], one.kept, self.share)
            for name, one in zip(tests, counts, strict=True)
        }
        at_lock, exact_lock = self._coherence(np.zeros(8), self.locked_is_dephased, lock_seed)
        adrift, exact_drift = self._coherence(drifting, self.drifting_is_dephased, drift_seed)
        r = {
            "locked": float(order_parameter(locked)),
            "drifting": float(order_parameter(drifting)),
        }
        return _Registers(
            shots=sum(int(one.shots) for one in counts) + 4 * self.shots,
            numbers=(
                Number(
                    f"critical coupling, in widths (band {self._band(len(found)):.2f} of "
                    f"{self.oscillators})",
                    threshold,
                    2.0,
                ),
                Number("l1 coherence at r = 1, of 7", at_lock, exact_lock),
                Number(f"l1 coherence at r = {r['drifting']:.3f}, of 7", adrift, exact_drift),
                Number("P(uniform), locked heads", uniform["locked"], r["locked"] ** 2),
                Number("P(uniform), drifting heads", uniform["drifting"], r["drifting"] ** 2),
                Number("P(uniform), locked heads with a copy kept", uniform["copy kept"], 1 / 8),
                Number(
                    "P(uniform), locked heads of a real row",
                    uniform["real row"],
                    tests["real row"].distribution[0],
                ),
            ),
            orders=orders,
            threshold=threshold,
            tests=tests,
            counts=dict(zip(tests, counts, strict=True)),
            uniform=uniform,
            r=r,
            at_lock=at_lock,
            adrift=adrift,
        )

    def check(self, measured: _Registers) -> Iterable[Check]:
        """Hold threshold and registers against Kuramoto's law, and coherence against r."""
        yield from self._thresholds(measured)
        pure = ("locked", "drifting")
        yield follows(
            "pure registers",
            "Pure registers of locked and of drifting heads follow their phases, P(uniform) = r^2",
            np.array([measured.counts[name].keys for name in pure]),
            np.array([measured.tests[name].distribution for name in pure]),
            epsilon=self.epsilon,
            alpha=self.share,
            role="control",
        )
        yield equals(
            "real row",
            "Where heads attend differently, P(uniform) is r^2 less what they do not share",
            measured.uniform["real row"],
            float(measured.tests["real row"].distribution[0]),
            tolerance=self.epsilon,
            alpha=self.share,
            role="control",
        )
        yield equals(
            "copy kept",
            "P(uniform) is r^2 also for heads of which a copy is kept",
            measured.uniform["copy kept"],
            measured.r["locked"] ** 2,
            tolerance=self.epsilon,
            alpha=self.share,
            role="beyond",
        )
        yield self._compared(
            "not coherent adrift",
            f"A register whose phases drift, r = {measured.r['drifting']:.3f}, is not coherent",
            measured.adrift,
            above=False,
        )
        yield self._compared(
            "coherent at lock",
            "A register whose phases are all equal, r = 1, is coherent",
            measured.at_lock,
            above=True,
        )

    def describe(self, measured: _Registers, checks: Mapping[str, Check]) -> Description:
        """Say whether locking is coherence."""
        pure = checks["pure registers"].holds and checks["copy kept"].holds is False
        return Description(
            _words(measured, checks),
            "r is the visibility of a head register that is pure and whose heads agree"
            if pure
            else "",
        )

    def picture(self, measured: _Registers) -> Sequence[Panel]:
        """Plot the order parameter over the coupling, and what the registers show."""
        return [self._order_panel(measured.orders), _visibility_panel(measured)]

    def _thresholds(self, measured: _Registers) -> Iterable[Check]:
        draws = len(measured.orders)
        yield equals(
            "threshold",
            f"Heads lock above a coupling of {self.threshold:g} widths",
            measured.threshold,
            self.threshold,
            tolerance=self._band(draws),
            alpha=self.share,
            role="control",
        )
        ceiling = np.sqrt(
            np.log(draws / self.share) / (self.oscillators * (1 - self.below / self.threshold))
        )
        largest = measured.orders[:, 0].max()
        yield Check(
            "below",
            f"At coupling {self.below:g} they do not lock: r is of order N^-1/2",
            bool(largest < ceiling),
            f"largest r of {draws} draws {largest:.3f}, band {ceiling:.3f}",
            "control",
            self.share,
        )

    def _band(self, draws: int) -> float:
        """The band within which the thresholds of all draws lie together."""
        scatter = scatter_of_threshold(self.oscillators, self.couplings, 1.0)
        return -float(ndtri(self.share / (2 * draws))) * scatter

    def _coherence(
        self, phases: np.ndarray, dephased: bool, seed: np.random.SeedSequence
    ) -> tuple[Estimate, float]:
        """The l1 coherence of a register from counts, and exactly."""
        measured = coherence(
            phases,
            dephased=dephased,
            shots=self.shots,
            backend=self.sampler(),
            seed=entropy(seed),
            alpha=self.share,
        )
        return measured, l1_coherence(head_state(phases, dephased=dephased))

    def _compared(self, name: str, statement: str, coherence: Estimate, *, above: bool) -> Check:
        """Whether a coherence lies above, or below, half of what it can be."""
        half = 7 / 2
        higher, lower = coherence.low > half, coherence.high < half
        holds = None if not (higher or lower) else higher == above
        by = f"l1 coherence in [{coherence.low:.3f}, {coherence.high:.3f}] of 7, from counts"
        return Check(name, statement, holds, by, alpha=self.share)

    def _drawn_orders(self, rng: np.random.Generator, alpha: float) -> np.ndarray:
        """The r of each draw at ``below`` and at each of ``couplings``, (draws, 1 + couplings).

        There are as many draws as make their smallest and largest value an interval of the median
        at 1 - alpha: all lie on one side with probability 2^(1 - draws).
        """
        draws = int(np.ceil(1 - np.log2(alpha)))
        couplings = np.array([self.below, *self.couplings])
        shape = (draws, len(couplings), self.oscillators)
        frequencies = lorentzian(rng.random((draws, 1, self.oscillators)), 1.0)
        phases = integrate(
            np.broadcast_to(frequencies, shape),
            np.broadcast_to(couplings, shape[:2]),
            rng.uniform(0, 2 * np.pi, shape),
            np.linspace(10, 20, 21),
        )
        orders = order_parameter(phases)
        # Above the threshold a mean over time; below, where r itself fluctuates, one moment.
        return np.concatenate([orders[-1, :, :1], orders[:, :, 1:].mean(axis=0)], axis=1)

    def _order_panel(self, r: np.ndarray) -> Panel:
        x = np.array([self.below, *self.couplings])
        fine = np.linspace(0.0, max(x) * 1.1, 300)
        law = np.sqrt(np.clip(1 - 2 / np.maximum(fine, 1e-9), 0, None))
        return Panel(
            f"Order parameter, {self.oscillators} oscillators, {len(r)} draws",
            "coupling, in widths of the Lorentzian",
            "r",
            (
                Curve("infinitely many", fine, law, style="line"),
                Curve("median of draws", x, np.median(r, axis=0), r.min(axis=0), r.max(axis=0)),
            ),
        )


def _eight(rng: np.random.Generator, coupling: float, times: np.ndarray) -> np.ndarray:
    frequencies = lorentzian((np.arange(8) + 0.5) / 8, 1.0)
    start = rng.uniform(0, 2 * np.pi, 8)
    return integrate(frequencies, coupling, start, times, tolerance=1e-6)


def _locked(rng: np.random.Generator) -> np.ndarray:
    """Phases of eight heads at ten times the critical coupling."""
    return _eight(rng, 20.0, np.array([20.0]))[0]


def _drifting(rng: np.random.Generator) -> np.ndarray:
    """Phases of eight heads below the critical coupling, when their r is smallest."""
    phases = _eight(rng, 0.5, np.linspace(10, 60, 5001))
    return np.asarray(phases[order_parameter(phases).argmin()])


def _words(measured: _Registers, checks: Mapping[str, Check]) -> str:
    at_lock, adrift, r_drifting = measured.at_lock, measured.adrift, measured.r["drifting"]
    coherent = {checks[name].holds for name in ("coherent at lock", "not coherent adrift")}
    if coherent == {True}:
        return "The registers compared are coherent where their phases lock, and only there."
    first = {
        False: "Locking is not quantum coherence: heads whose phases drift, r = "
        f"{r_drifting:.3f}, have in a pure register an l1 coherence of at least {adrift.low:.2f} "
        "of 7, for coherence asks that phases be definite and not that they be equal.",
        True: f"The register of drifting heads, r = {r_drifting:.3f}, is not coherent.",
        None: "Whether drifting heads are coherent these shots do not decide.",
    }[checks["not coherent adrift"].holds]
    second = {
        False: "Nor does r = 1 mean coherence: a register of equal phases of which we keep a copy, "
        f"prepared by hand, has at most {at_lock.high:.2f} of 7.",
        True: f"With equal phases, r = 1, the register has at least {at_lock.low:.2f} of 7: r "
        "alone does not say which.",
        None: "Whether locked heads are coherent these shots do not decide.",
    }[checks["coherent at lock"].holds]
    return f"{first} {second}"


def _visibility_panel(measured: _Registers) -> Panel:
    x = np.arange(len(_REGISTERS), dtype=float)
    r = measured.r
    squares = [r["drifting" if name == "drifting" else "locked"] ** 2 for name in _REGISTERS]
    exact = [measured.tests[name].distribution[0] for name in _REGISTERS]
    estimates = [measured.uniform[name] for name in _REGISTERS]
    best, low, high = np.array([(e.best, e.low, e.high) for e in estimates]).T
    return Panel(
        "Probability of the uniform head state",
        "register of eight heads",
        "probability",
        (
            Curve("r^2", x, np.array(squares), style="bars"),
            Curve("exact", x, np.array(exact), style="bars"),
            Curve("share of shots", x, best, low, high),
        ),
        ticks=tuple(_REGISTERS.values()),
    )
