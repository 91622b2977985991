"""B6: attention as a decoder of quantum error correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.frame.checks import follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._codes import (
    coset_circuit,
    cosets,
    failure,
    lightest,
    log_score,
    nishimori,
)
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._stim import installed, logical_errors, repetition
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["CosetDecoding"]

#: Temperatures beside Nishimori's, as factors of its inverse.
_BESIDE = (0.9, 1.1)
#: Distances of repetition codes with wrong readings, their rates, and shots of each.
_DISTANCES, _IN_TIME, _TIMED = (3, 7), (0.03, 0.06, 0.15, 0.2), 20_000


@dataclass(frozen=True, eq=False, kw_only=True)
class _Decoded(Measured):
    """Cosets as drawn, and how well they are told and decoded.

    Attributes:
        circuit: Flips of a distance-3 code and their checks.
        counts: Counts of the circuit.
        worse: The nats a shot by which another temperature tells the logical reading worse.
        failures: Probability of a logical error of distance 5, by likelihood and by the path.
        rates: The rates of the curves.
        curves: Probabilities of a logical error over the rates.
        timed: Logical errors of repetition codes with wrong readings, by distance and rate; empty
            without the packages.
    """

    circuit: Prepared
    counts: Counts
    worse: dict[float, Estimate]
    failures: tuple[float, float]
    rates: np.ndarray
    curves: dict[str, np.ndarray]
    timed: dict[tuple[int, float], Estimate]


@dataclass(frozen=True, kw_only=True)
class CosetDecoding(Claim[_Decoded]):
    r"""B6: does a softmax over errors decode a surface code, and which softmax?

    Bit flips of a rotated surface code of distance 3 are drawn as a thermal state, and their
    checks and logical reading are measured. A softmax over the weights of errors, summed over
    each coset, is the probability of that coset at Nishimori's temperature: that is decoding by
    maximum likelihood. The document prints another rule, the likeliest path alone, which is the
    limit of low temperature. Logical errors of both are computed exactly for distance 5. What tells
    temperatures apart is the log score of the coset's probability, which is strictly proper.
    Where readings are wrong as often as bits flip, a path leads through time too: with the extra
    ``qec`` repetition codes are sampled by stim, and PyMatching takes their likeliest path.

    Attributes:
        rate: Probability of a flip.
        factor: Inverse temperature of the claimed softmax, in units of Nishimori's.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots drawn.

    Example:
        >>> CosetDecoding(shots=200_000, epsilon=0.02)(seed=1).standing
        'conditional'
        >>> CosetDecoding(shots=200_000, epsilon=0.02, factor=1.2)(seed=1).standing
        'refuted'

    References:
        [1] E. Dennis et al., J. Math. Phys. 43, 4452 (2002), arXiv:quant-ph/0110143.
        [2] T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359 (2007), on proper scores.
        [3] C. Wang, J. Harrington and J. Preskill, Ann. Phys. 303, 31 (2003),
            arXiv:quant-ph/0207088: the threshold of matching, .1031(1).
    """

    name: ClassVar[str] = "B6"
    title: ClassVar[str] = "Attention as a decoder of errors"
    statement: ClassVar[str] = (
        "Transformer-based decoders for surface codes: the attention mechanism naturally "
        "implements Decode(syndrome) = argmax over paths of ∏_t P(e_t|e_<t)"
    )
    section: ClassVar[str] = "3.2 Quantum Error Correction Decoding"

    rate: float = 0.1
    factor: float = 1.0
    epsilon: float = 0.01
    shots: int = 1_000_000

    @property
    def share(self) -> float:
        """Error rate of each of four measurements."""
        return self.alpha / 4

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Decoded:
        """Draw cosets of distance 3, and decode distance 5 exactly."""
        drawn_seed, timed_seed = root.spawn(2)
        circuit = coset_circuit(3, self.rate)
        progress(0.0, 1.0, "flips of nine qubits and their checks")
        (counts,) = draw([circuit], self.shots, self.sampler(), drawn_seed)
        law = cosets(3, self.rate)
        best = log_score(law, law)
        told = {one: log_score(law, cosets(3, self._rate(one))) - best for one in _BESIDE}
        worse = {
            one: mean([(more.ravel(), counts.keys)], self.share / len(told))
            for one, more in told.items()
        }
        progress(0.5, 1.0, "8,192 cosets of distance 5")
        rates = np.linspace(0.02, 0.2, 10)
        curves = {
            f"distance {d}": np.array([_likeliest(d, rate) for rate in rates]) for d in (3, 5)
        }
        larger = cosets(5, self.rate)
        timed = self._in_time(timed_seed) if installed() else {}
        return _Decoded(
            shots=self.shots,
            numbers=(
                *(
                    Number(
                        f"log score lost at {one:g} of Nishimori's beta, nats",
                        found,
                        float((law * told[one]).sum()),
                    )
                    for one, found in worse.items()
                ),
                *(
                    Number(f"logical errors in time, distance {d}, rate {rate:g}", found)
                    for (d, rate), found in timed.items()
                ),
            ),
            circuit=circuit,
            counts=counts,
            worse=worse,
            failures=(failure(larger, larger), failure(larger, -lightest(5))),
            rates=rates,
            curves=curves,
            timed=timed,
        )

    def check(self, measured: _Decoded) -> Iterable[Check]:
        """Hold the cosets against a softmax, and the printed rule against likelihood."""
        yield follows(
            "cosets",
            "A softmax over weights of errors, summed over cosets, gives their probabilities",
            measured.counts.keys,
            cosets(3, self._rate(self.factor)).ravel(),
            epsilon=self.epsilon,
            alpha=self.share,
        )
        likelihood, path = measured.failures
        yield Check(
            "path",
            "The likeliest path alone, as printed, is the likeliest coset",
            abs(path - likelihood) < 1e-9,
            f"distance 5, rate {self.rate:g}, exact: logical errors {path:.6f} by the path, "
            f"{likelihood:.6f} by the coset",
            "beyond",
        )
        lows = [one.low for one in measured.worse.values()]
        yield Check(
            "temperature",
            "Another temperature tells the logical reading as well",
            False if min(lows) > 0 else None,
            "; ".join(
                f"{one:g} of Nishimori's beta loses {found.best:.5f} nats in [{found.low:.5f}, "
                f"{found.high:.5f}]"
                for one, found in measured.worse.items()
            ),
            "beyond",
            self.share,
        )
        if measured.timed:
            yield self._in_time_too(measured.timed)
        yield sampled([measured.circuit], [measured.counts], epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Decoded, checks: Mapping[str, Check]) -> Description:
        """Say which softmax decodes."""
        if checks["cosets"].holds is False:
            return Description(
                f"A softmax over errors at {self.factor:g} of Nishimori's inverse temperature does "
                "not give the probabilities of the cosets. Only at that temperature are Boltzmann "
                "weights the probabilities of errors."
            )
        likelihood, path = measured.failures
        if checks["cosets"].holds and checks["path"].holds is False:
            lost = min(one.best for one in measured.worse.values())
            return Description(
                "The printed rule, the likeliest path, is not decoding by maximum likelihood: for "
                f"distance 5 and a flip rate of {self.rate:g} it fails in {path:.4%} of cases and "
                f"the likeliest coset in {likelihood:.4%}, and “faster convergence” has no defined "
                "rival, task or clock. A softmax over errors does decode, if it is summed over "
                "cosets and its temperature is Nishimori's, as 32 cosets drawn on Aer show; a "
                f"tenth off, the log score is worse by {lost:.4f} nats.",
                "weights are summed over cosets, at Nishimori's temperature",
            )
        return Description("The shots do not decide whether a softmax gives the cosets.")

    def picture(self, measured: _Decoded) -> Sequence[Panel]:
        """Plot cosets as drawn, and logical errors over the rate of flips."""
        keys, law = measured.counts.keys, measured.circuit.distribution
        order = np.argsort(-law)
        places = np.arange(law.size, dtype=float)
        return [
            Panel(
                "Cosets of a distance-3 surface code",
                "syndrome and logical reading, likeliest first",
                "probability",
                (
                    Curve("softmax, summed", places, law[order], style="line"),
                    Curve("drawn", places, (keys / keys.sum())[order]),
                ),
                y_scale="log",
            ),
            Panel(
                "The code helps below its threshold",
                "probability of a flip",
                "logical errors",
                tuple(
                    Curve(name, measured.rates, one, style="line")
                    for name, one in measured.curves.items()
                ),
                y_scale="log",
            ),
            *([_timed_panel(measured.timed)] if measured.timed else []),
        ]

    def _in_time(self, seed: np.random.SeedSequence) -> dict[tuple[int, float], Estimate]:
        """Logical errors of the likeliest path through space and time, by distance and rate."""
        kinds = [(d, rate) for d in _DISTANCES for rate in _IN_TIME]
        return {
            kind: logical_errors(repetition(*kind), _TIMED, part, self.share / len(kinds))
            for kind, part in zip(kinds, seed.spawn(len(kinds)), strict=True)
        }

    def _in_time_too(self, timed: Mapping[tuple[int, float], Estimate]) -> Check:
        """Whether a longer code is the better one where readings are wrong too, at every rate."""
        small, large = _DISTANCES
        worse = [rate for rate in _IN_TIME if timed[large, rate].low > timed[small, rate].high]
        better = [rate for rate in _IN_TIME if timed[large, rate].high < timed[small, rate].low]
        return Check(
            "in time",
            "Where readings are wrong as often as bits flip, the likeliest path decodes the longer "
            "repetition code better at every rate",
            False if worse else True if better == list(_IN_TIME) else None,
            f"distance {large} is better than {small} at {_listed(better)}, worse at "
            f"{_listed(worse)}; the threshold of matching is about .103",
            "beyond",
            self.share,
        )

    def _rate(self, factor: float) -> float:
        """The rate of flips that are Boltzmann-distributed at a factor of Nishimori's beta."""
        return float(1 / (1 + np.exp(factor * nishimori(self.rate))))


def _timed_panel(timed: Mapping[tuple[int, float], Estimate]) -> Panel:
    curves = []
    for d in _DISTANCES:
        found = [timed[d, rate] for rate in _IN_TIME]
        best, low, high = np.array([(one.best, one.low, one.high) for one in found]).T
        curves.append(Curve(f"distance {d}", np.array(_IN_TIME), best, low, high))
    return Panel(
        "A repetition code with wrong readings, decoded by its likeliest path",
        "probability of a flip, and of a wrong reading",
        "logical errors",
        tuple(curves),
        y_scale="log",
    )


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates) or "none"


def _likeliest(distance: int, rate: float) -> float:
    law = cosets(distance, rate)
    return failure(law, law)
