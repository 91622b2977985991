"""B4: scaling laws as critical exponents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._powers import learning_curve, slope, widths
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Amplitude
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["ScalingLaws"]

#: nu of the three-dimensional Ising model, and alpha = 2 - 3 nu, an exponent of the distance in
#: temperature; in the number of spins the specific heat grows with the power alpha / 3 nu.
_NU = 0.629971
_IN_SPINS = (2 - 3 * _NU) / (3 * _NU)
#: Decays of spectra in kernel regression.
_DECAYS = (0.5, 1.0, 1.5)
#: Keys over which the error of sampling is followed, and the fewest shots.
_FEWEST = 100
_SIZES = (4, 16, 64, 256)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Powers(Measured):
    """Exponents, each with its interval.

    Attributes:
        circuits: Uniform rows, by the number of keys.
        counts: Counts of the largest number of shots.
        growth: The growth of surfaces, by their class.
        roughness: The exponent of the final width of surfaces over the size, by their class.
        learned: The exponent of kernel regression, by the decay of the spectrum.
        errors: The exponent of the error of sampling, over shots and over keys.
        drawn: Mean total variation over shots, shape (shots,).
        surfaces: Mean squared widths over time, by class.
        times: The times of these widths.
    """

    circuits: list[Prepared]
    counts: list[Counts]
    growth: dict[str, Estimate]
    roughness: dict[str, Estimate]
    learned: dict[float, Estimate]
    errors: dict[str, Estimate]
    drawn: np.ndarray
    surfaces: dict[str, np.ndarray]
    times: np.ndarray


@dataclass(frozen=True, kw_only=True)
class ScalingLaws(Claim[_Powers]):
    r"""B4: are the exponents of scaling laws those of a critical point?

    Published exponents of losses are held against those that the document names, in the same
    variable. That an exponent 1/2 marks the KPZ class is tried on growing surfaces, of
    KPZ's class and of Edwards and Wilkinson's. Whether exponents of learning are universal is tried
    on kernel regression, whose spectrum is varied. And the error of sampling a softmax on Aer, over
    shots and over keys, is a power law without any transition.

    Attributes:
        published: Exponents of the loss over parameters and over data [1].
        size: The number of sites of a surface.
        duration: The number of steps of its growth.
        runs: The number of surfaces, and of sets of samples.
        rows: The number of rows at each number of keys.
        decades: The number of decades of shots over which the error of sampling is followed.
        shots: The number of shots of each row, where the number of keys is varied.
        largest: Samples of kernel regression.
        epsilon: Total variation that counts as agreement.

    Example:
        >>> quick = {"size": 1024, "duration": 120, "rows": 32, "largest": 64, "decades": 2}
        >>> ScalingLaws(**quick, shots=5_000, epsilon=0.25)(seed=1).standing
        'analogy'

    References:
        [1] J. Kaplan et al., arXiv:2001.08361: .076 over parameters, .095 over data, .050 over
            compute (as public programs quote them); J. Hoffmann et al., arXiv:2203.15556, find .34
            and .28 of the loss above its floor, and T. Besiroglu et al., arXiv:2404.10102, fit
            .348 and .366 to the same (these four as in the code of T. Pearce and J. Song,
            arXiv:2406.12907).
        [2] F. Kos et al., J. High Energy Phys. 08, 036 (2016), arXiv:1603.04436: the dimension
            1.412625(10) of the energy, of which nu = 1 / (3 - 1.412625).
    """

    name: ClassVar[str] = "B4"
    title: ClassVar[str] = "Scaling laws as critical exponents"
    statement: ClassVar[str] = (
        "Transformer performance follows power-law scaling: L(N) ∝ N^−α (α ≈ 0.09). This mirrors "
        "critical exponents in: 3D Ising model (α ≈ 0.11), KPZ universality class (α = 1/2). The "
        "sharp improvement at scale suggests a phase transition"
    )
    section: ClassVar[str] = "2.2 Scaling Laws & Quantum Phase Transitions"

    published: tuple[float, float] = (0.076, 0.095)
    size: int = 4096
    duration: int = 400
    runs: int = 64
    rows: int = 48
    decades: int = 3
    shots: int = 20_000
    largest: int = 128
    epsilon: float = 0.1

    @property
    def share(self) -> float:
        """Error rate of each of four kinds of measurements."""
        return self.alpha / 4

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Powers:
        """Grow surfaces, learn from samples, and draw rows."""
        surfaces_seed, learned_seed, drawn_seed = root.spawn(3)
        rng = np.random.default_rng(surfaces_seed)
        times = np.unique(np.geomspace(self.duration / 20, self.duration, 12).astype(int))
        kinds = {"KPZ": (0.5, 0.0), "Edwards-Wilkinson": (0.5, 0.5)}
        growth, roughness, surfaces = {}, {}, {}
        for name, (up, down) in kinds.items():
            progress(0.0, 1.0, f"surfaces of the class {name}")
            seen = widths(self.size, times, self.runs, up, down, rng)
            surfaces[name] = seen.mean(axis=0)
            growth[name] = slope(times, np.sqrt(seen), self.share / 4)
            ends = [
                widths(size, np.array([2 * size**2]), 16 * self.runs, up, down, rng)[:, 0]
                for size in (8, 16)
            ]
            # Slopes that are independent, but for closing the ring, leave (L^2 - 1) / 12 (L - 1).
            final = np.sqrt(_grouped(np.array(ends).T))
            roughness[name] = slope(np.array([9.0, 17.0]), final, self.share / 4)
        progress(0.4, 1.0, "kernel regression")
        rng = np.random.default_rng(learned_seed)
        samples = np.geomspace(self.largest / 8, self.largest, 4).astype(int)
        learned = {
            one: slope(samples, learning_curve(one, samples, 12, rng), self.share / len(_DECAYS))
            for one in _DECAYS
        }
        progress(0.7, 1.0, "uniform rows")
        circuits = [Amplitude()(Binary()(np.zeros((self.rows, n))), beta=1.0) for n in _SIZES]
        over_shots, over_keys = drawn_seed.spawn(2)
        _, sixteen, *_ = circuits
        numbers = [_FEWEST * 10**i for i in range(self.decades + 1)]
        counts = [
            draw([sixteen], shots, self.sampler(), seed)[0]
            for shots, seed in zip(numbers, over_shots.spawn(len(numbers)), strict=True)
        ]
        errors = np.array([_off(one.keys) for one in counts]).T
        sized = draw(circuits, self.shots, self.sampler(), over_keys)
        of_keys = np.array([_off(one.keys) for one in sized]).T
        found = {
            "shots": slope(np.array(numbers, dtype=float), errors, self.share / 2),
            "keys": slope(np.array(_SIZES) - 1.0, of_keys, self.share / 2),
        }
        known = {"KPZ": 1 / 3, "Edwards-Wilkinson": 1 / 4}
        return _Powers(
            shots=int(sum(one.shots.sum() for one in [*counts, *sized])),
            numbers=(
                Number("exponent of the error of sampling over shots", found["shots"], -0.5),
                Number("exponent of the error of sampling over keys less one", found["keys"]),
                *(
                    Number(
                        f"growth of a surface, class {name} (infinite time {known[name]:.3f})", one
                    )
                    for name, one in growth.items()
                ),
                *(
                    Number(f"kernel regression, spectrum {1 + a:g} (infinite size {-a:g})", one)
                    for a, one in learned.items()
                ),
            ),
            circuits=circuits,
            counts=sized,
            growth=growth,
            roughness=roughness,
            learned=learned,
            errors=found,
            drawn=errors.mean(axis=0),
            surfaces=surfaces,
            times=times,
        )

    def check(self, measured: _Powers) -> Iterable[Check]:
        """Say for each exponent which law it belongs to."""
        small, large = min(self.published), max(self.published)
        yield Check(
            "published",
            "Published losses fall with powers of about 0.09",
            abs(small - 0.09) < 0.02 and abs(large - 0.09) < 0.02,
            f"{small:g} and {large:g}",
        )
        yield Check(
            "Ising",
            "That is the exponent of the three-dimensional Ising model, in the number of its parts",
            abs(_IN_SPINS - small) < 0.01 or abs(_IN_SPINS - large) < 0.01,
            f"its 0.11 is one of the distance in temperature; over spins the specific heat grows "
            f"with {_IN_SPINS:.3f}, and does not fall",
            "mechanism",
        )
        growth, rough = measured.growth, measured.roughness
        apart = growth["KPZ"].low > growth["Edwards-Wilkinson"].high
        alike = all(0.5 in one for one in rough.values())
        yield Check(
            "KPZ",
            "An exponent 1/2 is a mark of the KPZ class",
            False if apart and alike else None,
            "roughness "
            + ", ".join(f"{one.best:.2f} ({name})" for name, one in rough.items())
            + "; growth "
            + ", ".join(
                f"{one.best:.3f} in [{one.low:.3f}, {one.high:.3f}] ({name})"
                for name, one in growth.items()
            ),
            "mechanism",
            self.share,
        )
        first, *_, last = measured.learned.values()
        yield Check(
            "universal",
            "Exponents of learning are universal, whatever the data",
            False if first.low > last.high else None,
            ", ".join(
                f"{one.best:.2f} at a spectrum of power {1 + a:g}"
                for a, one in measured.learned.items()
            ),
            "mechanism",
            self.share,
        )
        shots, keys = measured.errors["shots"], measured.errors["keys"]
        near = max(abs(shots.low + 0.5), abs(shots.high + 0.5)) < 0.1
        yield Check(
            "transition",
            "A power law over decades means a phase transition",
            False if near and -0.5 in shots else None,
            f"the error of sampling goes with shots^{shots.best:.3f} and keys^{keys.best:.3f}, and "
            "nothing changes its phase",
            "mechanism",
            self.share,
        )
        before, after = _whole_answer(np.array([1e7, 1e9]))
        yield Check(
            "sharp",
            "A sharp improvement needs more than a smooth power law",
            not (before < 0.2 and after > 0.5),
            f"64 right tokens in a row, each wrong with (N/10^4)^-0.45: {before:.2f} at 10^7, "
            f"{after:.2f} at 10^9",
            "beyond",
        )
        yield sampled(measured.circuits, measured.counts, epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Powers, checks: Mapping[str, Check]) -> Description:
        """Say what the exponents have in common."""
        if not checks["published"].holds:
            return Description(
                "The published exponents are not about 0.09. What they would be like is left open."
            )
        needed = ("Ising", "KPZ", "universal", "transition")
        if any(checks[name].holds is not False for name in needed):
            return Description("The shots and runs do not decide what the exponents are like.")
        learned = list(measured.learned.values())
        growth = measured.growth
        return Description(
            "Published losses do fall as powers, and the likeness to critical exponents ends "
            f"there: Ising's 0.11 is about temperature ({_IN_SPINS:.3f} in the number of spins), "
            "and 1/2 is the roughness of two classes, KPZ and Edwards-Wilkinson (their growth "
            f"tells them apart, {growth['KPZ'].best:.2f} and "
            f"{growth['Edwards-Wilkinson'].best:.2f}). Exponents of learning follow the data, "
            f"{-learned[0].best:.2f} to {-learned[-1].best:.2f} in "
            "kernel regression, so they are not universal; a power law needs no transition, for "
            "the error of sampling falls with shots to the power "
            f"{measured.errors['shots'].best:.2f} and has none."
        )

    def picture(self, measured: _Powers) -> Sequence[Panel]:
        """Plot growing surfaces, and the error of sampling."""
        fine = np.geomspace(measured.times[0], measured.times[-1], 30)
        curves = []
        for (name, seen), power in zip(measured.surfaces.items(), (1 / 3, 1 / 4), strict=True):
            width = np.sqrt(seen)
            curves.append(Curve(name, measured.times.astype(float), width))
            line = width[-1] * (fine / fine[-1]) ** power
            curves.append(Curve(f"t^{power:.2f}", fine, line, style="line"))
        shots = _FEWEST * 10.0 ** np.arange(measured.drawn.size)
        law = measured.drawn[0] * (shots / shots[0]) ** -0.5
        return [
            Panel(
                "Two classes with roughness 1/2 grow at different powers",
                "time",
                "width of the surface",
                tuple(curves),
                x_scale="log",
                y_scale="log",
            ),
            Panel(
                "The error of sampling: a power law without transition",
                "shots",
                "total variation from softmax, 16 keys",
                (
                    Curve("drawn", shots, measured.drawn),
                    Curve("shots^(-1/2)", shots, law, style="line"),
                ),
                x_scale="log",
                y_scale="log",
            ),
        ]


def _grouped(runs: np.ndarray, groups: int = 32) -> np.ndarray:
    """Means over groups of runs, whose logarithms are less skewed; shape (groups, ...)."""
    return np.array([part.mean(axis=0) for part in np.array_split(runs, groups)])


def _off(keys: np.ndarray) -> np.ndarray:
    """Total variation of each row of shots from uniform, shape (rows,)."""
    shares = keys / keys.sum(axis=-1, keepdims=True)
    return np.asarray(np.abs(shares - 1 / keys.shape[-1]).sum(axis=-1) / 2)


def _whole_answer(sizes: np.ndarray) -> np.ndarray:
    """Probability of 64 right tokens in a row, each wrong as a smooth power of the size."""
    return np.asarray((1 - (sizes / 1e4) ** -0.45) ** 64)
