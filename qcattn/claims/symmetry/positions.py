"""B2: positions as a magnetic field that breaks the symmetry of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.frame.checks import algebra, differs, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._positions import Tokens, attended, magnet_levels, rotary
from qcattn.datasets import load_head
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared, every_reading

__all__ = ["PositionField"]

#: Amplitudes of the positions; the magnet's fields are a fifth of them, below its saturation.
_SIZES = (0.25, 0.5)
_FIFTH = 0.2
#: Contents whose attention is permuted, in units of those whose response is measured: these must
#: be small, or the response has further terms.
_LARGE = 4.0
_SPINS = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class _Placed(Measured):
    """Rows of attention with and without positions, and a magnet.

    Attributes:
        circuits: ``bare``, ``placed``, ``masked``: rows of permuted tokens; ``none``, ``small`` and
            ``large``: the response; ``magnet small``, ``magnet large``.
        counts: Counts of each row.
        expected: Laws of the same rows if a permutation only permutes them, by name.
        order: Response at each amplitude, of attention and of the magnet.
        exponents: The exponent by which each grows with the amplitude.
        exact: The exponents from the laws.
        rotated: Defect of attention when tokens are rotated into each other, dense.
        swapped: The defect of attention when tokens are permuted, dense.
        shifted: Change of real scores when all rotary positions are shifted, relative.
    """

    circuits: dict[str, Prepared]
    counts: dict[str, Counts]
    expected: dict[str, np.ndarray]
    order: dict[str, tuple[Estimate, Estimate]]
    exponents: dict[str, Estimate]
    exact: dict[str, float]
    rotated: float
    swapped: float
    shifted: float


@dataclass(frozen=True, kw_only=True)
class PositionField(Claim[_Placed]):
    r"""B2: are positions to attention what a field is to a magnet?

    Rows of attention on random tokens are drawn after a permutation of the tokens: without
    positions they are permuted and no more, with the printed sinusoids they are others, and under
    a causal mask they are others without any positions [1].

    The decisive figure is the exponent of the response. With contents of either sign the terms
    content times position cancel, and what is left is position times position: it grows with the
    square of the amplitude. A magnet's magnetisation grows with the field itself.

    Attributes:
        amplitude: The amplitude of the positions, where they are to break the symmetry.
        normalised: Whether attention has a softmax, where tokens are rotated into each other.
        tokens: The number of tokens, a power of two.
        width: The width of contents and positions.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each row.

    Example:
        >>> PositionField(shots=60_000, epsilon=0.1)(seed=1).standing
        'analogy'
        >>> PositionField(shots=60_000, epsilon=0.1, amplitude=0.0)(seed=1).standing
        'refuted'

    References:
        [1] C. Zuo and M. Guerzhoy, arXiv:2402.05969 (2024).
    """

    name: ClassVar[str] = "B2"
    title: ClassVar[str] = "Positions as an external field"
    statement: ClassVar[str] = (
        "Positional encodings act like external magnetic fields in Ising models. Rotational "
        "symmetry of token permutations is explicitly broken through PE(pos, 2i) and "
        "PE(pos, 2i+1)"
    )
    section: ClassVar[str] = "1.2 Positional Encoding as Explicit Symmetry Breaking"

    amplitude: float = 1.0
    normalised: bool = True
    tokens: int = 8
    width: int = 16
    epsilon: float = 0.04
    shots: int = 200_000

    @property
    def share(self) -> float:
        """Error rate of each of five measurements."""
        return self.alpha / 5

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Placed:
        """Draw permuted rows, the response at two amplitudes, and a magnet at two fields."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        weak = Tokens.drawn(self.tokens, self.width, rng)
        tokens = replace(weak, contents=_LARGE * weak.contents)
        order = np.roll(np.arange(self.tokens), 1)
        moved = replace(tokens, contents=tokens.contents[order])
        past = np.tril(np.ones((self.tokens, self.tokens), dtype=bool))
        rows = {
            "bare": moved.scores(0.0),
            "placed": moved.scores(self.amplitude),
            "masked": np.where(past, moved.scores(0.0), -np.inf),
            "none": weak.response(0.0),
            "small": weak.response(_SIZES[0]),
            "large": weak.response(_SIZES[1]),
            "magnet small": -magnet_levels(_SPINS, _FIFTH * _SIZES[0]),
            "magnet large": -magnet_levels(_SPINS, _FIFTH * _SIZES[1]),
        }
        circuits = {name: Purification()(Binary()(one), beta=1.0) for name, one in rows.items()}
        progress(0.1, 1.0, "rows of permuted tokens, and a magnet")
        counts = dict(
            zip(
                rows,
                draw(list(circuits.values()), self.shots, self.sampler(), drawn),
                strict=True,
            )
        )
        permuted = np.ix_(order, order)
        expected = {
            "bare": softmax(tokens.scores(0.0))[permuted],
            "placed": softmax(tokens.scores(self.amplitude))[permuted],
            "masked": softmax(np.where(past, tokens.scores(0.0), -np.inf))[permuted],
        }
        responses = self._order(weak.reading(), {n: one.keys for n, one in counts.items()})
        laws = {name: one.distribution * 1e12 for name, one in circuits.items()}
        exact = self._order(weak.reading(), laws)
        exponents = {name: _exponent(*pair) for name, pair in responses.items()}
        return _Placed(
            shots=int(sum(one.shots.sum() for one in counts.values())),
            numbers=tuple(
                Number(f"exponent of the response of {name}", one, _exponent(*exact[name]).best)
                for name, one in exponents.items()
            ),
            circuits=circuits,
            counts=counts,
            expected=expected,
            order=responses,
            exponents=exponents,
            exact={name: _exponent(*pair).best for name, pair in exact.items()},
            **self._dense(tokens, order),
        )

    def check(self, measured: _Placed) -> Iterable[Check]:
        """Say which symmetry there is, what breaks it, and whether it does so as a field would."""
        yield follows(
            "equivariant",
            "Without positions a permutation of the tokens only permutes attention",
            measured.counts["bare"].keys,
            measured.expected["bare"],
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield differs(
            "broken",
            "With the printed positions it does more than that",
            measured.counts["placed"].keys,
            measured.expected["placed"],
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield Check(
            "rotation",
            "The symmetry of the tokens is a rotation",
            measured.rotated <= 1e-10,
            f"dense: swapping two tokens leaves a defect of {measured.swapped:.0e}, turning them "
            f"half way into each other one of {measured.rotated:.1e}",
            "mechanism",
        )
        attention, magnet = measured.exponents["attention"], measured.exponents["a magnet"]
        apart = attention.low > magnet.high or magnet.low > attention.high
        near = max(attention.high, magnet.high) - min(attention.low, magnet.low) < 0.5
        yield Check(
            "field",
            "Attention answers to the positions as a magnet to its field",
            False if apart else True if near else None,
            f"exponent {attention.best:.2f} in [{attention.low:.2f}, {attention.high:.2f}] against "
            f"{magnet.best:.2f} in [{magnet.low:.2f}, {magnet.high:.2f}]",
            "mechanism",
            self.share,
        )
        yield follows(
            "mask",
            "Under a causal mask, without positions, it only permutes attention",
            measured.counts["masked"].keys,
            measured.expected["masked"],
            role="beyond",
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield algebra(
            "rotary",
            "Rotary positions of SmolLM2 leave the shift of all tokens a symmetry",
            measured.shifted,
            tolerance=1e-9,
            role="beyond",
        )
        yield sampled(
            list(measured.circuits.values()),
            list(measured.counts.values()),
            epsilon=self.epsilon,
            alpha=self.share,
        )

    def describe(self, measured: _Placed, checks: Mapping[str, Check]) -> Description:
        """Say what positions break, and how attention answers to them."""
        if not checks["equivariant"].holds:
            return Description("The shots do not decide whether tokens can be permuted.")
        if checks["broken"].holds is not True:
            return Description(
                f"Positions of amplitude {self.amplitude:g} break no symmetry: permuted tokens "
                "have permuted attention. Without them permutations are exact symmetries."
            )
        attention, magnet = measured.exponents["attention"], measured.exponents["a magnet"]
        kind = (
            "but that symmetry is no rotation, for tokens that are turned half way into each other "
            "change it"
            if checks["rotation"].holds is False
            else "and without softmax that symmetry is even a rotation"
        )
        answer = (
            f"Nor do they act as a field does: attention's answer grows with their amplitude to "
            f"the power {attention.best:.2f}, and a magnet's with its field to the power "
            f"{magnet.best:.2f}"
            if checks["field"].holds is False
            else "Attention's answer grows with their amplitude to the power "
            f"{attention.best:.2f}, and a magnet's with its field to the power {magnet.best:.2f}"
        )
        mask = (
            "; a causal mask breaks the permutations without any positions"
            if checks["mask"].holds is False
            else ""
        )
        return Description(
            "The printed positions do break the symmetry under permutations of tokens, which is "
            f"exact without them, {kind}. {answer}{mask}."
        )

    def picture(self, measured: _Placed) -> Sequence[Panel]:
        """Plot both responses over the amplitude."""
        fine = np.geomspace(_SIZES[0] / 1.5, _SIZES[1] * 1.5, 40)
        curves = []
        for name, (small, large) in measured.order.items():
            at = np.array(_SIZES)
            best, low, high = np.array([(e.best, e.low, e.high) for e in (small, large)]).T
            scale = abs(best[0]) if best[0] else 1.0
            shown = np.abs(np.array([best, low, high])) / scale
            curves.append(Curve(name, at, shown[0], shown[1], shown[2]))
            power = measured.exact[name]
            curves.append(
                Curve(f"{name}, power {power:.2f}", fine, (fine / _SIZES[0]) ** power, style="line")
            )
        return [
            Panel(
                "Attention answers to positions otherwise than a magnet to a field",
                "amplitude of the positions, or field",
                "response, in units of the first",
                tuple(curves),
                x_scale="log",
                y_scale="log",
            )
        ]

    def _order(
        self, reading: np.ndarray, keys: Mapping[str, np.ndarray]
    ) -> dict[str, tuple[Estimate, Estimate]]:
        """Responses of attention and of the magnet at both amplitudes, from counts."""
        part = self.share / 4

        def attention(name: str) -> Estimate:
            rows = zip(np.tile(reading, (2, 1)), keys[name].reshape(-1, self.tokens), strict=True)
            without = keys["none"].reshape(-1, self.tokens)
            size = len(without)
            groups = [(values / size, one) for values, one in rows]
            groups += [
                (-values / size, one)
                for values, one in zip(np.tile(reading, (2, 1)), without, strict=True)
            ]
            return mean(groups, part)

        def magnet(name: str) -> Estimate:
            up = 1.0 - 2.0 * every_reading(_SPINS).mean(axis=1)
            return mean([(up, keys[name])], part)

        return {
            "attention": (attention("small"), attention("large")),
            "a magnet": (magnet("magnet small"), magnet("magnet large")),
        }

    def _dense(self, tokens: Tokens, order: np.ndarray) -> dict[str, float]:
        """Defects of symmetries in linear algebra."""
        eye = np.eye(self.tokens)
        half = eye.copy()
        half[:2, :2] = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
        found = {}
        for name, matrix in (("rotated", half), ("swapped", eye[order])):
            before = attended(tokens.contents, tokens.weights, normalised=self.normalised)
            after = attended(matrix @ tokens.contents, tokens.weights, normalised=self.normalised)
            found[name] = float(np.abs(after - matrix @ before).max())
        head = load_head()
        places = np.arange(len(head.tokens), dtype=float)
        scores = [
            rotary(head.queries, places + shift, 1e5) @ rotary(head.keys, places + shift, 1e5).T
            for shift in (0.0, 100.0)
        ]
        change = np.abs(scores[1] - scores[0]).max() / np.abs(scores[0]).max()
        return {**found, "shifted": float(change)}


def _exponent(small: Estimate, large: Estimate) -> Estimate:
    """The power of the amplitude with which a response grows, from two of them."""
    step = np.log(_SIZES[1] / _SIZES[0])
    best = np.log(abs(large.best) / abs(small.best)) / step if small.best and large.best else np.nan
    if small.low <= 0 or large.low <= 0:
        return Estimate(float(best), -np.inf, np.inf)
    low, high = np.log(large.low / small.high) / step, np.log(large.high / small.low) / step
    return Estimate(float(best), float(low), float(high))
