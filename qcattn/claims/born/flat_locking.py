"""A13: r = 1.000 with 29 words in flat geometry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import DiagonalGate
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share
from qcattn.claims.frame.checks import equals, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.models.kuramoto import integrate, lorentzian, order_parameter
from qcattn.preparations import Amplitude
from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.preparations.gates import compiled
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["FlatLocking"]

#: The dimension of a word's vector.
_WIDTH = 16
#: r that prints as 1.000.
_ONE = 0.9995


@dataclass(frozen=True, eq=False, kw_only=True)
class _Locked(Measured):
    """How the phases ended, and what was counted there. Weights are by their names.

    Attributes:
        times: The times of the curves, shape (times,).
        curves: Order parameter over time, of each kind of weights and of the comparisons, for
            phases that begin within half a circle.
        ends: Order parameters at the end, of each kind of weights, shape (starts,).
        laws: Softmax of the attention rows of each kind of weights, shape (words, words).
        counts: Shots of the attention rows, shape (kinds of weights, words, words).
        register: The head register of the locked phases.
        uniform: Probability of its uniform state.
        hits: Share of shots on the next word.
        ground: Share of shots on the key of lowest energy, random weights.
    """

    times: np.ndarray
    curves: dict[str, np.ndarray]
    ends: dict[str, np.ndarray]
    laws: dict[str, np.ndarray]
    counts: np.ndarray
    register: Prepared
    uniform: Estimate
    hits: dict[str, Estimate]
    ground: Estimate

    @property
    def r(self) -> dict[str, float]:
        """The order parameters at the end."""
        return {name: float(curve[-1]) for name, curve in self.curves.items()}

    @property
    def below(self) -> dict[str, int]:
        """Starts of each kind of weights that end below r = 1.000."""
        return {name: int((ends < _ONE).sum()) for name, ends in self.ends.items()}

    @property
    def lowest(self) -> float:
        """The smallest r among the three kinds of weights."""
        return min(float(ends.min()) for ends in self.ends.values())


@dataclass(frozen=True, kw_only=True)
class FlatLocking(Claim[_Locked]):
    r"""A13: phases of 29 words lock to r = 1.000; does that say what was learned?

    Each word is an oscillator, drawn to the others by its attention row. The rows come from weights
    that are random, trained to attend to the next word, or frozen at zero. Flat geometry is taken
    for equal natural frequencies: the document defines no geometry. Phases begin anywhere on the
    circle, many times; and once within half of it, where positive weights and equal natural
    frequencies always bring them together [1]. The head register of phases that lock and the
    attention rows are measured.

    Attributes:
        words: Keys, each an oscillator.
        many: Words of a large vocabulary, for comparison.
        arc: The arc of the circle on which the phases begin, radians.
        starts: The number of times that they do, for each kind of weights.
        spread: Width of the Lorentzian of natural frequencies; 0 is flat geometry.
        uneven: The width that is tried beyond flat geometry, with coupling 1: above 1/2 it lies
            below the critical coupling.
        duration: The duration of the integration, in units of one over the coupling.
        shots: The number of shots of each attention row, and of the head register.
        epsilon: Total variation, or deviation of a probability, that counts as agreement.

    Example:
        >>> FlatLocking(words=6, many=20, shots=5_000)(seed=1).standing
        'refuted'
        >>> FlatLocking(words=6, many=20, shots=5_000, arc=3.0)(seed=1).standing
        'analogy'

    References:
        [1] L. Moreau, IEEE Trans. Autom. Control 50, 169 (2005), theorem 2.
    """

    name: ClassVar[str] = "A13"
    title: ClassVar[str] = "r = 1.000 with 29 words"
    statement: ClassVar[str] = (
        "Flat holofield geometry (minimal curvature)\n"
        "Small vocabulary (29 words = low-dimensional Hilbert space)\n"
        "Simple queries (ground state measurements)"
    )
    section: ClassVar[str] = "Our Lojban zooper had r = 1.000 throughout training because"

    words: int = 29
    many: int = 512
    arc: float = 2 * np.pi
    starts: int = 128
    spread: float = 0.0
    uneven: float = 1.0
    duration: float = 300.0
    shots: int = 20_000
    epsilon: float = 0.06

    @property
    def share(self) -> float:
        """Error rate of each measurement."""
        return self.alpha / 6

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Locked:
        """Let the phases run, and draw the attention rows and the head register."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        scores = _weights(self.words, rng)
        times = np.linspace(0.0, self.duration, 121)
        curves, phases = self._curves(scores, times, rng, progress)
        progress(0.45, 1.0, f"{self.starts} starts of each kind of weights")
        ends = {name: self._ends(softmax(one, axis=-1), rng) for name, one in scores.items()}
        progress(0.5, 1.0, f"{3 * self.words} attention rows")
        rows = np.stack(list(scores.values()))
        attention = Amplitude()(Binary()(rows), beta=1.0)
        register = key_register(phases["trained"][-1])
        counts, head = draw([attention, register], self.shots, self.sampler(), drawn)
        target = (np.arange(self.words) + 1) % self.words
        hits = {
            name: estimated_share(
                one[np.arange(self.words), target].sum(), one.sum(), self.share / 3
            )
            for name, one in zip(scores, counts.keys, strict=True)
        }
        random = dict(zip(scores, counts.keys, strict=True))["random"]
        best = scores["random"].argmax(axis=-1)[:, None]
        ground = estimated_share(
            np.take_along_axis(random, best, axis=-1).sum(), random.sum(), self.share
        )
        uniform = estimated_share(head.keys[0], head.kept, self.share)
        laws = {name: softmax(one, axis=-1) for name, one in scores.items()}
        nexts = [
            Number(
                f"share of shots on the next word, {name} weights",
                hits[name],
                float(law[np.arange(self.words), target].mean()),
            )
            for name, law in laws.items()
        ]
        return _Locked(
            shots=int(counts.shots.sum() + head.shots),
            numbers=(
                Number(
                    "P(uniform) of the locked register",
                    uniform,
                    float(curves["trained"][-1]) ** 2,
                ),
                *(
                    Number(
                        f"share of starts that end below r = 1.000, {name} weights",
                        estimated_share(int((one < _ONE).sum()), self.starts, self.share / 3),
                    )
                    for name, one in ends.items()
                ),
                *nexts,
                Number(
                    "share of shots on the ground state, random weights",
                    ground,
                    float(laws["random"].max(axis=-1).mean()),
                ),
            ),
            times=times,
            curves=curves,
            ends=ends,
            laws=laws,
            counts=counts.keys,
            register=register,
            uniform=uniform,
            hits=hits,
            ground=ground,
        )

    def check(self, measured: _Locked) -> Iterable[Check]:
        """Say whether r is 1.000, and whether it comes from what the document says."""
        r = measured.r
        below = ", ".join(f"{name} {number}" for name, number in measured.below.items())
        yield Check(
            "locked",
            f"r goes to 1.000 with {self.words} words and natural frequencies of width "
            f"{self.spread:g}, from {self.starts} starts on an arc of {self.arc:.3g} rad",
            measured.lowest >= _ONE,
            f"starts that end below it after {self.duration:g}: {below}; lowest r "
            f"{measured.lowest:.4f}",
        )
        yield equals(
            "head register",
            "The head register of the locked phases shows it, P(uniform) = r^2",
            measured.uniform,
            float(measured.register.distribution[0]),
            tolerance=self.epsilon,
            alpha=self.share,
            role="control",
        )
        yield follows(
            "rows",
            "Counts of all attention rows follow their softmax",
            measured.counts,
            np.stack(list(measured.laws.values())),
            epsilon=self.epsilon,
            alpha=self.share,
            role="control",
        )
        yield self._tells(measured)
        large = r[f"{self.many} words"]
        yield Check(
            "vocabulary",
            "It is the small vocabulary that brings r to 1.000",
            not (r["random"] >= _ONE and large >= _ONE),
            f"r = {large:.4f} with {self.many} words",
            "mechanism",
        )
        yield self._is_ground(measured.ground)
        yield Check(
            "uneven",
            f"r goes to 1.000 also with natural frequencies of width {self.uneven:g}",
            r["unequal frequencies"] >= _ONE,
            f"r = {r['unequal frequencies']:.3f}; the critical coupling is "
            f"{2 * self.uneven:g}, the coupling 1",
            "beyond",
        )

    def describe(self, measured: _Locked, checks: Mapping[str, Check]) -> Description:
        """Say what brings r to 1.000, and what r does not say."""
        r, hits, below = measured.r, measured.hits, measured.below
        untold = (
            f"the next word gets {hits['trained'].best:.3f} of the shots with trained weights and "
            f"{hits['random'].best:.3f} with random ones"
        )
        if checks["tells"].holds:
            return Description(
                "Flat geometry and a small vocabulary do not bring r to 1.000: with equal natural "
                "frequencies, our reading of “flat”, for the document defines no geometry, "
                f"{below['trained']} of {self.starts} starts anywhere on the circle end below it "
                f"with trained weights and {below['random']} with random ones, so that r tells "
                "the two apart. Where phases begin within half a circle r reads 1.000 whatever "
                f"the weights, with {self.many} words as with {self.words}, and says nothing of "
                f"what was learned: {untold}."
            )
        if not checks["locked"].holds:
            return Description(
                f"With natural frequencies of width {self.spread:g} the phases of {self.words} "
                f"words do not come to r = 1.000: the lowest r is {measured.lowest:.3f}."
            )
        words = (
            f"r reads 1.000 with random, trained and frozen weights alike, from every start on an "
            f"arc of {self.arc:.2g} rad, and {r[f'{self.many} words']:.3f} with {self.many} words"
        )
        learned = f"It does not say what was learned, for {untold} at the same r."
        if checks["uneven"].holds is not False:
            return Description(f"{words}. {learned}")
        return Description(
            f"{words}; it is equal natural frequencies that bring it there, with unequal ones r is "
            f"{r['unequal frequencies']:.3f}. {learned}",
            "natural frequencies are equal and phases begin close together, whatever the weights",
        )

    def picture(self, measured: _Locked) -> Sequence[Panel]:
        """Plot r over time, and what was learned at the same r."""
        return [
            _order_panel(measured.curves, measured.times),
            _learned_panel(measured.r, measured.hits),
        ]

    def _curves(
        self,
        scores: dict[str, np.ndarray],
        times: np.ndarray,
        rng: np.random.Generator,
        progress: Progress,
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Order parameters over time, and the phases, of each kind of weights."""
        curves, phases = {}, {}
        for i, (name, rows) in enumerate(scores.items()):
            progress(0.1 * i, 1.0, f"phases, {name} weights")
            phases[name] = self._phases(softmax(rows, axis=-1), self.spread, times, rng)
            curves[name] = order_parameter(phases[name])
        frozen = np.full((self.words, self.words), 1 / self.words)
        unequal = self._phases(frozen, self.uneven, times, rng)
        curves["unequal frequencies"] = order_parameter(unequal)
        large = softmax(_scores(self.many, rng), axis=-1)
        curves[f"{self.many} words"] = order_parameter(self._phases(large, self.spread, times, rng))
        return curves, phases

    def _phases(
        self, weights: np.ndarray, width: float, times: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        size = len(weights)
        frequencies = lorentzian((np.arange(size) + 0.5) / size, width)
        start = rng.uniform(0, 3, size)  # within half a circle
        return integrate(rng.permutation(frequencies), 1.0, start, times, weights=weights)

    def _ends(self, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Order parameters at the end of many starts on the arc, shape (starts,)."""
        size = len(weights)
        frequencies = rng.permutation(lorentzian((np.arange(size) + 0.5) / size, self.spread))
        start = rng.uniform(0, self.arc, (self.starts, size))
        everywhere = np.broadcast_to(frequencies, start.shape)
        last = np.array([self.duration])
        phases = integrate(everywhere, np.ones(self.starts), start, last, weights=weights)
        return order_parameter(phases[-1])

    def _tells(self, measured: _Locked) -> Check:
        below, hits = measured.below, measured.hits
        shares = {
            name: estimated_share(number, self.starts, self.share / 2)
            for name, number in below.items()
        }
        apart = shares["trained"].low > shares["random"].high
        alike = below["trained"] == below["random"] == 0
        learned = hits["trained"].low > hits["random"].high
        return Check(
            "tells",
            "r tells trained weights from random ones",
            True if apart else (False if alike and learned else None),
            f"{below['trained']} and {below['random']} of {self.starts} starts end below 1.000; "
            f"share of shots on the next word {hits['trained'].best:.3f} and "
            f"{hits['random'].best:.3f}",
            "mechanism",
            self.share,
        )

    def _is_ground(self, ground: Estimate) -> Check:
        return Check(
            "ground state",
            "Where r = 1.000 a query measures the ground state",
            True if ground.low > 0.9 else False if ground.high < 0.9 else None,
            f"with random weights the key of lowest energy has {ground.best:.3f} of the shots "
            f"in [{ground.low:.3f}, {ground.high:.3f}]",
            "mechanism",
            self.share,
        )


def key_register(phases: np.ndarray) -> Prepared:
    """Keys with phases, read in a basis of which outcome 0 is the uniform state of all keys."""
    size = len(phases)
    keys = Binary()(np.zeros(size))
    n = keys.num_qubits
    system, key = QuantumRegister(n, "system"), ClassicalRegister(n, "key")
    flat = QuantumCircuit(system, name="uniform")
    angles = amplitude_angles(np.full(size, 1 / size), keys)
    append_amplitudes(flat, list(map(float, angles)), keys, list(system))
    circuit = QuantumCircuit(system, key, name="key_phases")
    circuit.compose(flat, inplace=True)
    turns = np.ones(2**n, dtype=complex)
    turns[:size] = np.exp(1j * phases)
    circuit.append(DiagonalGate(turns), system)
    circuit.barrier()
    circuit.compose(flat.inverse(), inplace=True)
    circuit.measure(system, key)
    law = np.full(2**n, np.nan)  # only outcome 0 is read
    law[0] = order_parameter(phases) ** 2
    return as_prepared(compiled(circuit), law)


def _scores(words: int, rng: np.random.Generator) -> np.ndarray:
    """Scores (words, words) of random words and random weights."""
    vectors = rng.normal(size=(words, _WIDTH))
    weights = rng.normal(size=(_WIDTH, _WIDTH)) / np.sqrt(_WIDTH)
    return vectors @ weights @ vectors.T / np.sqrt(_WIDTH)


def _weights(words: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Scores (words, words) of random, trained and frozen weights."""
    vectors = rng.normal(size=(words, _WIDTH))
    first = rng.normal(size=(_WIDTH, _WIDTH)) / np.sqrt(_WIDTH)

    def scores(weights: np.ndarray) -> np.ndarray:
        return vectors @ weights.reshape(_WIDTH, _WIDTH) @ vectors.T / np.sqrt(_WIDTH)

    following = np.roll(np.eye(words), 1, axis=1)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cross-entropy against the next word, a little regularised, and its gradient."""
        logs = log_softmax(scores(weights), axis=-1)
        slope = vectors.T @ (np.exp(logs) - following) @ vectors / np.sqrt(_WIDTH) / words
        penalty = 1e-3 * weights
        return float(-(following * logs).sum() / words + weights @ penalty / 2), (
            slope.ravel() + penalty
        )

    trained = minimize(loss, first.ravel(), jac=True, method="L-BFGS-B").x
    return {
        "random": scores(first),
        "trained": scores(trained),
        "frozen": np.zeros((words, words)),
    }


def _order_panel(curves: dict[str, np.ndarray], times: np.ndarray) -> Panel:
    return Panel(
        "Order parameter of the keys' phases",
        "time, in units of one over the coupling",
        "r",
        tuple(Curve(name, times, curve, style="line") for name, curve in curves.items()),
    )


def _learned_panel(r: dict[str, float], hits: dict[str, Estimate]) -> Panel:
    x = np.arange(len(hits), dtype=float)
    best, low, high = np.array([(one.best, one.low, one.high) for one in hits.values()]).T
    return Panel(
        "What was learned, at the same r",
        "weights",
        "r, and share of shots",
        (
            Curve("r", x, np.array([r[name] for name in hits]), style="bars"),
            Curve("shots on the next word", x, best, low, high),
        ),
        ticks=tuple(hits),
    )
