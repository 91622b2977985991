"""B11: topological memories, and what is said to come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._codes import coset_circuit, cosets, failure
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._stim import CURE, installed, logical_errors, surface
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["TopologicalMemory"]

#: Distances of codes with noise at every gate, and the rate of the noise.
_DISTANCES, _GATE_RATE = (3, 5, 7), 0.003


@dataclass(frozen=True, eq=False, kw_only=True)
class _Kept(Measured):
    """Logical errors of memories.

    Attributes:
        circuit: Cosets of distance 3.
        counts: Counts of the circuit.
        drawn: Logical errors of distance 3, from shots.
        exact: Logical errors of distances 3 and 5, exact.
        rates: Rates of flips, of the curves.
        curves: Logical errors over the rates, by distance.
        gates: Logical errors with noise at every gate, by distance; empty without the packages.
    """

    circuit: Prepared
    counts: Counts
    drawn: Estimate
    exact: dict[int, float]
    rates: np.ndarray
    curves: dict[str, np.ndarray]
    gates: dict[int, Estimate]


@dataclass(frozen=True, kw_only=True)
class TopologicalMemory(Claim[_Kept]):
    r"""B11: does a larger topological memory keep its bit better?

    The rotated surface code under bit flips is decoded by its likeliest coset: distance 3 from
    shots on Aer, distances 3 and 5 exactly. Below the threshold, a flip rate of .109 [1], the
    larger code is better, above it is worse. With the extra ``qec`` noise at every gate
    is sampled by stim and decoded by PyMatching, for distances 3, 5 and 7.

    Attributes:
        rate: The rate of flips.
        beyond: The rate that is tried above the threshold.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots drawn on Aer, and of each distance by stim.

    Example:
        >>> TopologicalMemory(shots=50_000, epsilon=0.05)(seed=1).standing
        'conditional'
        >>> TopologicalMemory(shots=50_000, epsilon=0.05, rate=0.15)(seed=1).standing
        'refuted'

    References:
        [1] E. Dennis et al., J. Math. Phys. 43, 4452 (2002); the threshold at Nishimori's
            temperature, .10919(7), is that of M. Hasenbusch et al., Phys. Rev. E 77, 051115 (2008),
            arXiv:0803.0444.
    """

    name: ClassVar[str] = "B11"
    title: ClassVar[str] = "Topological memories"
    statement: ClassVar[str] = (
        "Combining transformer attention with: Orch-OR microtubule dynamics, Topological quantum "
        "memories, Criticality-aware training, could enable artificial systems exhibiting: "
        "Self-aware error correction, Meta-learning via symmetry breaking waves"
    )
    section: ClassVar[str] = "6.2 Consciousness Engineering"

    rate: float = 0.03
    beyond: float = 0.15
    epsilon: float = 0.02
    shots: int = 200_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Kept:
        """Draw and decode distance 3, decode both exactly, and sample gates if Stim is there."""
        drawn_seed, gates_seed = root.spawn(2)
        circuit = coset_circuit(3, self.rate)
        (counts,) = draw([circuit], self.shots, self.sampler(), drawn_seed)
        law = cosets(3, self.rate)
        wrong = np.where(law == law.max(axis=0), 0, 1).ravel()
        drawn = estimated_share(int(counts.keys @ wrong), int(counts.keys.sum()), self.share)
        progress(0.3, 1.0, "distance 5")
        rates = np.linspace(0.02, 0.2, 10)
        gates = self._with_gates(gates_seed) if installed() else {}
        return _Kept(
            shots=self.shots,
            numbers=(
                Number("logical errors of distance 3, likeliest coset", drawn, failure(law, law)),
                *(
                    Number(f"logical errors of distance {d}, gates of error {_GATE_RATE:g}", one)
                    for d, one in gates.items()
                ),
            ),
            circuit=circuit,
            counts=counts,
            drawn=drawn,
            exact={d: _exact(d, self.rate) for d in (3, 5)},
            rates=rates,
            curves={f"distance {d}": np.array([_exact(d, one) for one in rates]) for d in (3, 5)},
            gates=gates,
        )

    def _with_gates(self, seed: np.random.SeedSequence) -> dict[int, Estimate]:
        """Logical errors with noise at every gate, by distance."""
        return {
            d: logical_errors(surface(d, _GATE_RATE), self.shots, part, self.share / 3)
            for d, part in zip(_DISTANCES, seed.spawn(len(_DISTANCES)), strict=True)
        }

    def check(self, measured: _Kept) -> Iterable[Check]:
        """Say where the larger memory is better."""
        yield Check(
            "larger",
            f"At a flip rate of {self.rate:g} the larger topological memory is the better one",
            measured.exact[5] < measured.exact[3],
            f"exact logical errors {measured.exact[5]:.4f} of distance 5, {measured.exact[3]:.4f} "
            "of distance 3",
        )
        small, large = (_exact(d, self.beyond) for d in (3, 5))
        yield Check(
            "threshold",
            f"At a flip rate of {self.beyond:g} it is, too",
            large < small,
            f"exact logical errors {large:.4f} of distance 5, {small:.4f} of distance 3; the "
            "threshold is .109",
            "beyond",
        )
        if measured.gates:
            nearest, *_, farthest = measured.gates.values()
            falls, grows = farthest.high < nearest.low, farthest.low > nearest.high
            yield Check(
                "gates",
                f"With errors of {_GATE_RATE:g} at every gate logical errors fall with distance",
                True if falls else False if grows else None,
                "; ".join(f"distance {d}: {one.best:.5f}" for d, one in measured.gates.items()),
                "claim",
                self.share,
            )
        yield Check(
            "drawn",
            "Distance 3 decoded from shots is what it is exactly",
            measured.exact[3] in measured.drawn,
            f"{measured.drawn.best:.4f} in [{measured.drawn.low:.4f}, {measured.drawn.high:.4f}], "
            f"exact {measured.exact[3]:.4f}",
            "control",
            self.share,
        )
        yield sampled([measured.circuit], [measured.counts], epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Kept, checks: Mapping[str, Check]) -> Description:
        """Say which memory there is, and what has no observable."""
        rest = (
            "Microtubule dynamics, self-awareness, criticality-aware training and symmetry "
            "breaking waves cannot be tested: no observable is named that a system with them would "
            "show and one without would not."
        )
        if not checks["larger"].holds:
            return Description(
                f"At a flip rate of {self.rate:g} a larger topological memory is worse, with "
                f"{measured.exact[5]:.4f} logical errors at distance 5 and "
                f"{measured.exact[3]:.4f} at distance 3: it helps below its threshold only. {rest}"
            )
        gates = (
            "; with errors of "
            f"{_GATE_RATE:g} at every gate they fall from {measured.gates[3].best:.5f} at distance "
            f"3 to {measured.gates[7].best:.5f} at distance 7"
            if measured.gates
            else f" (noise at every gate was not sampled: {CURE})"
        )
        return Description(
            "Topological memories are real, and no part of attention: below the threshold logical "
            f"errors fall with the distance, from {measured.exact[3]:.4f} at 3 to "
            f"{measured.exact[5]:.4f} at 5, and above it they grow{gates}. {rest}",
            "errors are rarer than the threshold",
        )

    def picture(self, measured: _Kept) -> Sequence[Panel]:
        """Plot logical errors over the rate of flips."""
        best, low, high = (
            np.array([value])
            for value in (measured.drawn.best, measured.drawn.low, measured.drawn.high)
        )
        curves = [
            Curve(f"{name}, exact", measured.rates, one, style="line")
            for name, one in measured.curves.items()
        ]
        curves.append(Curve("distance 3, drawn", np.array([self.rate]), best, low, high))
        return [
            Panel(
                "Below the threshold the larger memory is better",
                "probability of a flip",
                "logical errors",
                tuple(curves),
                y_scale="log",
            )
        ]


def _exact(distance: int, rate: float) -> float:
    law = cosets(distance, rate)
    return failure(law, law)
