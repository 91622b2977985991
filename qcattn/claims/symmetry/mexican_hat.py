"""B1: softmax as a Mexican hat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import ive, ndtri

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.frame.checks import algebra
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._field import energy_of_pair, points
from qcattn.claims.symmetry._minima import MEAN_FIELD, binder, largest_spread, minima
from qcattn.datasets import load_head, load_scores
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["MexicanHat"]

#: beta k^2, and inverse temperatures of the field, which stand for its size.
_BETAS = (0.9, 0.95, 1.0, 1.05, 1.1)
_SMALL, _LARGE = 100.0, 800.0
#: beta lambda_max of real keys, below and beyond the onset at 1.
_SPREADS = (0.25, 0.5, 0.95)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Hat(Measured):
    """The field at several temperatures, real keys, and real rows.

    Attributes:
        circuits: Fields and rows.
        counts: Counts of each circuit.
        binders: Binder's cumulant at every beta, by the size.
        crossing: The inverse temperature at which the curves of both sizes cross.
        landau: Deviation from mu and lambda of the expansion.
        minima: The number of minima of real keys, by beta lambda_max.
        attention: beta lambda_max at the temperature of attention, and the number of minima there.
        keys: The number of real keys.
        rows: Energy of softmax above uniform attention, mean over rows.
        highest: The energy of the highest of all rows of SmolLM2, dense.
    """

    circuits: list[Prepared]
    counts: list[Counts]
    binders: dict[float, list[Estimate]]
    crossing: Estimate
    landau: float
    minima: dict[float, int]
    attention: tuple[float, int]
    keys: int
    rows: Estimate
    highest: float


@dataclass(frozen=True, kw_only=True)
class MexicanHat(Claim[_Hat]):
    r"""B1: does softmax make a potential :math:`-\mu \phi^2 + \lambda \phi^4`?

    Attention's log-partition function with a spring, :math:`E(x) = |x|^2/2 - \ln \mathrm{mean}_j
    e^{\beta k_j \cdot x}/\beta`, is the energy of a modern Hopfield network [1]; attention itself
    has no spring. For keys :math:`\pm k` the expansion has :math:`\mu = (\beta k^2 - 1)/2` and
    :math:`\lambda = \beta^3 k^4 / 12`, for a circle of keys :math:`(\beta k^2/2 - 1)/2` and
    :math:`\beta^3 k^4/64`.

    One coordinate has no transition of its own: an inverse temperature of the field stands for
    its size. Its thermal states are drawn at two sizes, and Binder's cumulants must cross at the
    onset, :math:`\beta k^2 = 1`, near the mean-field value 0.27052. Minima of 388 real keys of
    SmolLM2 are counted, and the energy of its rows is held against uniform attention.

    Attributes:
        spring: Factor of :math:`|x|^2/2`; 0 is attention as it is.
        keys: Real keys whose minima are counted, at most 388.
        qubits: The number of qubits of the field.
        rows: Real rows whose energy is measured.
        tolerance: The tolerance of the cumulant at the onset.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each field.

    Example:
        >>> quick = {"keys": 32, "qubits": 6, "shots": 40_000, "epsilon": 0.1}
        >>> MexicanHat(**quick)(seed=1).standing
        'conditional'
        >>> MexicanHat(**quick, spring=0.0)(seed=1).standing
        'refuted'

    References:
        [1] H. Ramsauer et al., ICLR (2021), arXiv:2008.02217.
        [2] K. Binder, Z. Phys. B 43, 119 (1981); E. Brezin and J. Zinn-Justin, Nucl. Phys. B 257,
            867 (1985), for the mean-field value.
    """

    name: ClassVar[str] = "B1"
    title: ClassVar[str] = "Softmax as a Mexican hat"
    statement: ClassVar[str] = (
        "The softmax nonlinearity induces a potential landscape where High attention scores → "
        "Symmetry-broken ground states, Uniform attention → Symmetric high-energy state. This "
        "mirrors the φ^4 potential in SSB: V(φ) = −μφ² + λφ⁴"
    )
    section: ClassVar[str] = "1.1 Softmax as Mexican Hat Potential"

    spring: float = 1.0
    keys: int = 388
    qubits: int = 7
    rows: int = 24
    tolerance: float = 0.05
    epsilon: float = 0.06
    shots: int = 200_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Hat:
        """Draw fields of two sizes at five temperatures, and real rows; count minima."""
        chosen, drawn = root.spawn(2)
        x = points(self.qubits, 1.8)
        sizes = (_SMALL, _LARGE)
        scores = [-size * self._energy(x, beta) for size in sizes for beta in _BETAS]
        fields = [Purification()(Binary()(one - one.max()), beta=1.0) for one in scores]
        real = load_scores().scores[:, :, -1].reshape(-1, 11).astype(float)
        picked = np.random.default_rng(chosen).permutation(real)[: self.rows]
        rows = Purification()(Binary()(picked), beta=1.0)
        progress(0.0, 1.0, "fields of two sizes")
        counts = draw([*fields, rows], self.shots, self.sampler(), drawn)
        *of_fields, of_rows = counts
        quantile = float(-ndtri(self.share / (4 * len(fields))))
        found = iter([binder(x, one.keys, quantile) for one in of_fields])
        binders = {
            size: [Estimate(u, u - m, u + m) for u, m in (next(found) for _ in _BETAS)]
            for size in sizes
        }
        progress(0.6, 1.0, "minima of real keys")
        keys = load_head().keys[: self.keys]
        keys = keys - keys.mean(axis=0)
        spread = largest_spread(keys)
        own = 1 / np.sqrt(keys.shape[1])
        energies = -(picked - picked.mean(axis=1, keepdims=True))
        gained = mean(
            [(one / self.rows, seen) for one, seen in zip(energies, of_rows.keys, strict=True)],
            self.share,
        )
        critical = fields[len(_BETAS) + _BETAS.index(1.0)].distribution
        return _Hat(
            shots=int(sum(one.shots.sum() for one in counts)),
            numbers=(
                Number("beta k^2 where Binder's cumulants cross", _crossing(binders), 1.0),
                Number(
                    "Binder's cumulant at the onset",
                    binders[_LARGE][_BETAS.index(1.0)],
                    binder(x, critical, 0.0)[0],
                ),
                Number(
                    "energy of softmax above uniform attention, rows of SmolLM2",
                    gained,
                    float((rows.distribution * energies).sum(axis=1).mean()),
                ),
            ),
            circuits=[*fields, rows],
            counts=counts,
            binders=binders,
            crossing=_crossing(binders),
            landau=_landau(),
            minima={one: minima(keys, one / spread) for one in _SPREADS},
            attention=(own * spread, minima(keys, own)),
            keys=len(keys),
            rows=gained,
            highest=_highest(real),
        )

    def check(self, measured: _Hat) -> Iterable[Check]:
        """Look for the onset, at the cumulants, at real keys and at real rows."""
        small, large = (measured.binders[size] for size in (_SMALL, _LARGE))
        *_, cold_small = small
        *_, cold_large = large
        falls = _apart(large[0], small[0])
        grows = _apart(cold_small, cold_large)
        yield Check(
            "onset",
            "Keys +k and -k make one minimum below beta k^2 = 1 and two beyond",
            False if False in (falls, grows) else True if falls and grows else None,
            f"from size {_SMALL:g} to {_LARGE:g} the cumulant goes from {small[0].best:.3f} to "
            f"{large[0].best:.3f} at {_BETAS[0]:g}, from {cold_small.best:.3f} to "
            f"{cold_large.best:.3f} at {_BETAS[-1]:g}",
            alpha=self.share / 2,
        )
        at = large[_BETAS.index(1.0)]
        off = max(at.high - MEAN_FIELD, MEAN_FIELD - at.low)
        least = max(at.low - MEAN_FIELD, MEAN_FIELD - at.high)
        yield Check(
            "mean field",
            "At the onset Binder's cumulant is that of a fourth power",
            True if off <= self.tolerance else False if least > self.tolerance else None,
            f"{at.best:.4f} in [{at.low:.4f}, {at.high:.4f}], {MEAN_FIELD:.5f} being that of an "
            f"infinite size, within {self.tolerance:g}",
            alpha=self.share / 2,
        )
        yield algebra(
            "landau",
            "Near zero the energy is -mu x^2 + lambda x^4, of two keys and of a circle of them",
            measured.landau,
            tolerance=0.01,
        )
        yield Check(
            "uniform",
            "Uniform attention has more energy than softmax",
            (True if measured.rows.high < 0 else None) if measured.highest <= 1e-6 else False,
            f"rows of SmolLM2 lie {-measured.rows.best:.3f} in [{-measured.rows.high:.3f}, "
            f"{-measured.rows.low:.3f}] below it; of all rows the highest lies "
            f"{-measured.highest:.2g} below",
            alpha=self.share,
        )
        yield Check(
            "no spring",
            "Attention as it is, without |x|^2/2, has a potential with a minimum",
            bool(energy_of_pair(np.array(50.0), 1.5) - 50.0**2 / 2 > 0),
            "ln cosh grows without bound, and its negative has no minimum",
            "beyond",
        )
        below = measured.minima[_SPREADS[-1]]
        yield Check(
            "real keys",
            "Real keys, too, have one minimum below beta lambda_max = 1",
            below == 1,
            f"{measured.keys} keys of SmolLM2 have {below} minima at {_SPREADS[-1]:g}, and "
            f"{measured.attention[1]} at attention's own temperature, {measured.attention[0]:.2f}",
            "beyond",
        )
        yield sampled(measured.circuits, measured.counts, epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Hat, checks: Mapping[str, Check]) -> Description:
        """Say where the potential has the shape of a hat."""
        if checks["onset"].holds is False:
            return Description(
                "Attention as it is has no Mexican hat: without a spring |x|^2/2 its energy falls "
                "without end on either side, above and below beta k^2 = 1 alike. With a spring "
                "it would be the energy of a modern Hopfield network, which has an onset."
            )
        if not all(checks[name].holds for name in ("onset", "landau", "uniform")):
            return Description("The shots do not decide whether softmax makes a hat.")
        cross = measured.crossing
        real = (
            f"{measured.keys} real keys are no such pair: below that onset "
            f"{measured.minima[_SPREADS[-1]]} minima are there already"
            if checks["real keys"].holds is False
            else "real keys have the same onset"
        )
        return Description(
            "Softmax alone is no Mexican hat, for its energy has no minimum: it needs a spring "
            "|x|^2/2, which attention lacks. With it two keys have the printed potential, with "
            f"its onset at beta k^2 = 1 (measured between {cross.low:g} and {cross.high:g}), but "
            f"{real}; that uniform attention is the state of highest energy is true of every row.",
            "a spring is added, and the keys are few and opposite",
        )

    def picture(self, measured: _Hat) -> Sequence[Panel]:
        """Plot the cumulants over beta, and minima of real keys."""
        curves = []
        x, fine = points(self.qubits, 1.8), np.linspace(_BETAS[0], _BETAS[-1], 41)
        for size, found in measured.binders.items():
            laws = [np.exp(-size * (e - e.min())) for e in (self._energy(x, b) for b in fine)]
            exact = np.array([binder(x, law, 0.0)[0] for law in laws])
            best, low, high = np.array([(one.best, one.low, one.high) for one in found]).T
            curves.append(Curve(f"size {size:g}, exact", fine, exact, style="line"))
            curves.append(Curve(f"size {size:g}", np.array(_BETAS), best, low, high))
        at = {**measured.minima, measured.attention[0]: measured.attention[1]}
        spread = np.array(sorted(at))
        return [
            Panel("Binder's cumulants cross at the onset", "beta k^2", "cumulant", tuple(curves)),
            Panel(
                "Real keys have minima below the onset, at 1",
                "beta times the largest spread of keys",
                f"minima of {measured.keys} keys of SmolLM2",
                (Curve("minima", spread, np.array([float(at[one]) for one in spread])),),
            ),
        ]

    def _energy(self, x: np.ndarray, beta: float) -> np.ndarray:
        return energy_of_pair(x, beta) - (1 - self.spring) * x**2 / 2


def _apart(less: Estimate, more: Estimate) -> bool | None:
    """Whether one number is less than another, by more than a hundredth if it is said not to be."""
    return True if less.high < more.low else False if less.low > more.high - 0.01 else None


def _crossing(binders: Mapping[float, Sequence[Estimate]]) -> Estimate:
    """The crossing, between the last beta with a cumulant that falls with size, and the next."""
    pairs = list(zip(_BETAS, binders[_SMALL], binders[_LARGE], strict=True))
    falls = [beta for beta, small, large in pairs if _apart(large, small)]
    grows = [beta for beta, small, large in pairs if _apart(small, large)]
    slope, start = np.polyfit(_BETAS, [large.best - small.best for _, small, large in pairs], 1)
    return Estimate(float(-start / slope), max(falls, default=-np.inf), min(grows, default=np.inf))


def _landau() -> float:
    """Largest deviation of the energy from its expansion, in units of x^4 at a small x."""
    worst, x = 0.0, 1e-2
    for beta in (0.8, 1.5, 3.0):
        pair = energy_of_pair(np.array(x), beta)
        printed = -(beta - 1) / 2 * x**2 + beta**3 / 12 * x**4
        circle = x**2 / 2 - (np.log(ive(0, beta * x)) + beta * x) / beta
        ring = -(beta / 2 - 1) / 2 * x**2 + beta**3 / 64 * x**4
        worst = max(worst, abs(pair - printed) / x**4, abs(circle - ring) / x**4)
    return float(worst)


def _highest(rows: np.ndarray) -> float:
    """Energy of softmax above uniform attention, of the row where it is highest."""
    weights = np.exp(rows - rows.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return float((-(weights - 1 / rows.shape[1]) * rows).sum(axis=1).max())
