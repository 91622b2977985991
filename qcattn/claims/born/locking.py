"""A12: locked heads, and whether locking is coherence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtri

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.born._heads import (
    attending_register,
    coherence,
    head_register,
    head_state,
    l1_coherence,
)
from qcattn.claims.frame.checks import equals, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.datasets import load_scores
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.models.kuramoto import (
    integrate,
    lorentzian,
    order_parameter,
    scatter_of_threshold,
)
from qcattn.records import Counts, Prepared
from qcattn.seeds import entropy

__all__ = ["KuramotoLocking"]


@dataclass(frozen=True)
class KuramotoLocking:
    r"""A12: phases of heads lock above a critical coupling; is that quantum coherence?

    Lorentzian oscillators of width 1 are integrated for independent draws of their frequencies: the
    smallest and largest threshold found enclose its median. Then eight heads take phases from
    Kuramoto's equation into a register, and are read in the uniform state: with locked phases, at
    the moment when drifting ones have the smallest r, and with a copy of the head kept elsewhere.
    Their coherence is bounded from counts.

    Attributes:
        oscillators: Of each draw.
        couplings: At which the threshold is fitted, above it.
        below: A coupling below it.
        threshold: The critical coupling that is tested, in widths; 2 is Kuramoto's.
        locked_is_dephased: Whether the register put forward at r = 1 has a copy of its head kept.
        drifting_is_dephased: The same for the register near r = 0.
        epsilon: Total variation, or deviation of a probability, that counts as agreement.
        shots: Of each circuit.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> small = KuramotoLocking(oscillators=128, shots=20_000)
        >>> small(seed=1).standing
        'refuted'

    References:
        Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), section 5.4.
    """

    claim: ClassVar[str] = "A12"
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
        level = self.alpha / 10
        chosen, drawn, *parts = np.random.SeedSequence(entropy(seed)).spawn(4)
        rng = np.random.default_rng(chosen)
        backend = Aer() if self.backend is None else self.backend
        if progress is not None:
            progress(0.05, f"{self.oscillators} oscillators")
        r = self._drawn_orders(rng, level)
        found = np.mean(np.array(self.couplings) * (1 - r[:, 1:] ** 2), axis=1)
        threshold = Estimate(float(np.median(found)), float(found.min()), float(found.max()))
        scatter = scatter_of_threshold(self.oscillators, self.couplings, 1.0)
        band = -float(ndtri(level / (2 * len(found)))) * scatter
        ceiling = np.sqrt(
            np.log(len(found) / level) / (self.oscillators * (1 - self.below / self.threshold))
        )
        if progress is not None:
            progress(0.5, "registers of heads")
        locked, drifting = _locked(rng), _drifting(rng)
        tests = [
            head_register(locked, dephased=False),
            head_register(drifting, dephased=False),
            head_register(locked, dephased=True),
            attending_register(locked, softmax(load_scores().scores[5, :8, 7, :8].astype(float))),
        ]
        counts = draw(tests, self.shots, backend, drawn)
        uniform = [_share(one, level) for one in counts]
        same = np.zeros(8)
        cases = ((same, self.locked_is_dephased), (drifting, self.drifting_is_dephased))
        coherences = [
            coherence(
                phases,
                dephased=dephased,
                shots=self.shots,
                backend=backend,
                seed=entropy(part),
                alpha=level,
            )
            for (phases, dephased), part in zip(cases, parts, strict=True)
        ]
        exact = [l1_coherence(head_state(phases, dephased=dephased)) for phases, dephased in cases]
        r_locked, r_drifting = (float(order_parameter(one)) for one in (locked, drifting))
        half = 7 / 2
        checks = [
            equals(
                f"Heads lock above a coupling of {self.threshold:g} widths",
                threshold,
                self.threshold,
                tolerance=band,
            ),
            Check(
                f"At coupling {self.below:g} they do not lock: r is of order N^-1/2",
                bool(r[:, 0].max() < ceiling),
                f"largest r of {len(r)} draws {r[:, 0].max():.3f}, band {ceiling:.3f}",
            ),
            follows(
                "Pure registers of locked and of drifting heads follow their phases, "
                "P(uniform) = r^2",
                np.array([one.keys for one in counts[:2]]),
                np.array([one.distribution for one in tests[:2]]),
                epsilon=self.epsilon,
                alpha=level,
            ),
            equals(
                "Where heads attend differently, P(uniform) is r^2 less what they do not share",
                uniform[3],
                float(tests[3].distribution[0]),
                tolerance=self.epsilon,
            ),
            equals(
                "P(uniform) is r^2 also for heads of which a copy is kept",
                uniform[2],
                r_locked**2,
                tolerance=self.epsilon,
                role="beyond",
            ),
            _compared(
                "A register whose phases are all equal, r = 1, is coherent", coherences[0], half, 1
            ),
            _compared(
                f"A register whose phases drift, r = {r_drifting:.3f}, is not coherent",
                coherences[1],
                half,
                -1,
            ),
        ]
        return conclude(
            self,
            checks=checks,
            numbers=[
                Number(
                    f"critical coupling, in widths (band {band:.2f} of {self.oscillators})",
                    threshold,
                    2.0,
                ),
                Number("l1 coherence at r = 1, of 7", coherences[0], exact[0]),
                Number(f"l1 coherence at r = {r_drifting:.3f}, of 7", coherences[1], exact[1]),
                Number("P(uniform), locked heads", uniform[0], r_locked**2),
                Number("P(uniform), drifting heads", uniform[1], r_drifting**2),
                Number("P(uniform), locked heads with a copy kept", uniform[2], 1 / 8),
                Number(
                    "P(uniform), locked heads of a real row", uniform[3], tests[3].distribution[0]
                ),
            ],
            condition=(
                "r is the visibility of a head register that is pure and whose heads agree"
                if checks[2].holds and checks[4].holds is False
                else ""
            ),
            words=_words(checks, coherences, r_drifting, uniform),
            panels=[
                self._order_panel(r),
                _visibility_panel(tests, uniform, (r_locked, r_drifting)),
            ],
            shots=sum(int(one.shots) for one in counts) + 4 * self.shots,
            seed=seed,
            started=started,
        )

    def _drawn_orders(self, rng: np.random.Generator, alpha: float) -> np.ndarray:
        """The r of each draw at ``below`` and at each of ``couplings``, (draws, 1 + couplings).

        As many draws as make their smallest and largest value an interval of the median at 1 -
        alpha: all lie on one side with probability 2^(1 - draws).
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


def _share(counts: Counts, alpha: float) -> Estimate:
    """Probability of the uniform state, from counts."""
    hits, kept = int(counts.keys[0]), int(counts.kept)
    low, high = proportion(hits, kept, alpha)
    return Estimate(hits / max(kept, 1), float(low), float(high))


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


def _compared(statement: str, coherence: Estimate, bound: float, sign: int) -> Check:
    """Whether a coherence lies above (sign 1) or below (sign -1) a bound."""
    above, below = coherence.low > bound, coherence.high < bound
    holds = None if not (above or below) else above == (sign > 0)
    by = f"l1 coherence in [{coherence.low:.3f}, {coherence.high:.3f}] of 7, from counts"
    return Check(statement, holds, by)


def _words(
    checks: list[Check], coherences: list[Estimate], r_drifting: float, uniform: list[Estimate]
) -> str:
    words = {
        True: "The threshold is where Kuramoto puts it",
        False: "The threshold is not where Kuramoto puts it",
        None: "Where the threshold lies these draws do not decide",
    }[checks[0].holds]
    if checks[2].holds:
        words += ", and r^2 is what a pure head register shows in its uniform state"
    words += ". "
    at_lock, adrift = coherences
    if checks[5].holds is False and checks[6].holds is False:
        return words + (
            f"Locking is not coherence: equal phases, r = 1, in a register of which a copy is kept "
            f"leave an l1 coherence of at most {at_lock.high:.2f} of 7 (such a register of locked "
            f"heads shows {uniform[2].best:.3f}, one part in 8), while drifting phases, "
            f"r = {r_drifting:.3f}, in a pure register have at least {adrift.low:.2f}."
        )
    if checks[5].holds and checks[6].holds:
        return (
            words + "The registers compared are coherent where their phases lock, and only there."
        )
    return words + (
        f"Of the registers compared the one with r = 1 has a coherence between {at_lock.low:.2f} "
        f"and {at_lock.high:.2f} of 7, the one with r = {r_drifting:.3f} between {adrift.low:.2f} "
        f"and {adrift.high:.2f}: r alone does not say which."
    )


def _visibility_panel(
    tests: list[Prepared], uniform: list[Estimate], orders: tuple[float, float]
) -> Panel:
    names = ("locked", "drifting", "locked, copy kept", "locked, real row")
    x = np.arange(4, dtype=float)
    squares = np.array([orders[0], orders[1], orders[0], orders[0]]) ** 2
    best, low, high = np.array([(e.best, e.low, e.high) for e in uniform]).T
    return Panel(
        "Probability of the uniform head state",
        "register of eight heads",
        "probability",
        (
            Curve("r^2", x, squares, style="bars"),
            Curve("exact", x, np.array([one.distribution[0] for one in tests]), style="bars"),
            Curve("share of shots", x, best, low, high),
        ),
        ticks=names,
    )
