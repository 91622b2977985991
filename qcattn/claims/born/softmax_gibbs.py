"""A3: softmax is the Gibbs distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import expm

from qcattn.attention import softmax
from qcattn.certification.temperature import likely_betas
from qcattn.claims.born._rows import HEAD_SIZES, real_rows
from qcattn.claims.frame.checks import algebra, differs, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Heralded
from qcattn.progress import Progress
from qcattn.records import Counts, Hamiltonian

__all__ = ["SoftmaxGibbs"]

#: Energy of padding and masked keys above the highest key, where the reference needs one.
_GAP = 60.0
#: Where the temperature may stand.
_WAYS = ("in the energies", "in beta")


@dataclass(frozen=True, eq=False)
class _Way:
    """Rows of a model, their temperature in one of two places.

    Attributes:
        law: Softmax of the scores, shape (taus, rows, keys).
        counts: Counts of the circuits, shape (taus, rows).
        angles: Angles of the circuits, shape (taus, rows, num_parameters).
        fitted: Inverse temperatures, for each of taus and rows: of the circuit, and of its counts.
        distances: Total variation of the shares of shots from softmax, shape (taus, rows).
        upper: The upper confidence bounds on ``distances``, shape (taus, rows).
        defect: Largest deviation of softmax from the dense reference.
    """

    law: np.ndarray
    counts: Counts
    angles: np.ndarray
    fitted: tuple[tuple[float, Estimate], ...]
    distances: np.ndarray
    upper: np.ndarray
    defect: float


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a model, in all ways.

    Attributes:
        ways: What came of each way, by where the temperature stands.
        law: Softmax of the scores, shape (rows, keys).
        twice: Counts with the factor 1/sqrt(d) in the energies and in beta, shape (rows,).
    """

    ways: dict[str, _Way]
    law: np.ndarray
    twice: Counts

    @property
    def apart(self) -> float:
        """Largest total variation from softmax of rows whose temperature is counted twice."""
        return float(_distances(self.twice, self.law).max())

    @property
    def turned(self) -> float:
        """Largest difference of an angle of the circuits between the two ways."""
        one, other = (self.ways[way].angles for way in _WAYS)
        return float(np.abs(one - other).max())


@dataclass(frozen=True, eq=False, kw_only=True)
class _Shown(Measured):
    """Rows of real attention.

    Attributes:
        models: The rows of each model.
        upper: Largest total variation of a row from softmax, with its confidence.
    """

    models: dict[str, _Rows]
    upper: float

    @property
    def ways(self) -> list[_Way]:
        """The ways of all models, both ways of one model after the other."""
        return [way for rows in self.models.values() for way in rows.ways.values()]


@dataclass(frozen=True, kw_only=True)
class SoftmaxGibbs(Claim[_Shown]):
    r"""A3: softmax at temperature tau is the Gibbs distribution at :math:`\beta = 1/\tau`.

    Random rows of SmolLM2 and MiniLM are prepared by `Heralded`, which knows energies and beta and
    is told no Boltzmann weight, and counted against softmax of the scores. The temperature stands
    in the energies, :math:`E = -q \cdot k/\sqrt d` and :math:`\beta = 1/\tau`, or all of it in
    beta, :math:`E = -q \cdot k` and :math:`\beta = 1/(\tau \sqrt d)`. The dense reference sums the
    Pauli strings of H and exponentiates the matrix.

    Attributes:
        rows: The number of rows of each model.
        taus: Temperatures.
        shots: The number of shots of each row at each temperature, in each of the two ways.
        epsilon: Total variation that counts as agreement.
        detuning: Factor on the beta of the circuits; 1 is what is claimed.

    Example:
        >>> SoftmaxGibbs(rows=1, taus=(1.0,), epsilon=0.05)(seed=1).standing
        'exact'
        >>> SoftmaxGibbs(rows=1, taus=(1.0,), detuning=1.1)(seed=1).standing
        'refuted'

    References:
        J. W. Gibbs, Elementary Principles in Statistical Mechanics (1902); A. Vaswani et al.,
        arXiv:1706.03762 (2017), equation 1.
    """

    name: ClassVar[str] = "A3"
    title: ClassVar[str] = "Softmax is the Gibbs distribution"
    statement: ClassVar[str] = (
        "The softmax function with temperature τ is equivalent to Born’s rule for a thermal state "
        "at inverse temperature β = 1/τ."
    )
    section: ClassVar[str] = "The Full Circle: Softmax = Born = KMS 🎵"

    rows: int = 5
    taus: tuple[float, ...] = (0.5, 1.0, 2.0)
    shots: int = 100_000
    epsilon: float = 0.04
    detuning: float = 1.0

    @property
    def share(self) -> float:
        """Error rate of each test of a model's counts.

        There are three tests a model. The others of the twelve shares are behind the fitted
        temperatures and the bounds that the words show, one and a half a model and way.
        """
        return self.alpha / (6 * len(HEAD_SIZES))

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Shown:
        """Count rows of both models at all temperatures, in both ways, and with sqrt(d) twice."""
        chosen, drawn = root.spawn(2)
        rng, models = np.random.default_rng(chosen), dict[str, _Rows]()
        steps = len(HEAD_SIZES) * len(_WAYS)
        for model, d in HEAD_SIZES.items():
            scores, ways = real_rows(model, self.rows, rng), dict[str, _Way]()
            for way in _WAYS:
                done = (len(models) * len(_WAYS) + len(ways)) / steps
                progress(done, 1.0, f"{self.rows} rows of {model}, temperature {way}")
                (seed,) = drawn.spawn(1)
                ways[way] = self._way(way, scores, d, seed)
            (seed,) = drawn.spawn(1)
            prepared = Heralded()(Binary()(scores), beta=1 / np.sqrt(d))
            twice = self.sampler()(prepared, self.shots, seed)
            models[model] = _Rows(ways, softmax(scores), twice)
        every_way = [way for rows in models.values() for way in rows.ways.values()]
        upper = max(float(way.upper.max()) for way in every_way)
        plug_in = max(float(np.nanmax(way.distances)) for way in every_way)
        shots = sum(int(way.counts.shots.sum()) for way in every_way)
        distance = Estimate(plug_in, 0.0, upper)
        return _Shown(
            shots=shots + sum(int(rows.twice.shots.sum()) for rows in models.values()),
            numbers=(Number("total variation, the worst row", distance, 0.0),),
            models=models,
            upper=upper,
        )

    def check(self, measured: _Shown) -> Iterable[Check]:
        """Hold counts and dense algebra against softmax; counts with sqrt(d) twice must differ."""
        for model, rows in measured.models.items():
            for place, way in rows.ways.items():
                statement = f"Counts of {model} follow softmax, temperature {place}"
                yield follows(
                    f"{model} {place}",
                    statement,
                    way.counts,
                    way.law,
                    epsilon=self.epsilon,
                    alpha=self.share,
                )
            yield algebra(
                f"{model} dense",
                f"{model}: <i|exp(-beta H)|i>/Z from the Pauli strings of H is softmax",
                max(way.defect for way in rows.ways.values()),
                tolerance=1e-9,
            )
            yield algebra(
                f"{model} angles",
                f"{model}: both ways give the circuit the same angles",
                rows.turned,
            )
            yield differs(
                f"{model} twice",
                f"{model}: counted twice, in the energies and in beta, it is not softmax",
                rows.twice,
                rows.law,
                epsilon=self.epsilon,
                alpha=self.share,
                role="control",
            )

    def describe(self, measured: _Shown, checks: Mapping[str, Check]) -> Description:
        """Say whether all follow softmax, at which temperature, and what β is."""
        fitted = [pair for way in measured.ways for pair in way.fitted]
        agree = sum(beta in found for beta, found in fitted)
        twice = max(rows.apart for rows in measured.models.values())
        shown = (
            f"The counts lie within total variation {measured.upper:.4f} of softmax"
            if all(check.holds for check in checks.values())
            else "It was not shown that they all follow softmax"
        )
        return Description(
            f"{shown}, for {len(fitted)} rows of real attention that were prepared from their "
            "energies and their temperature alone, and the temperature fitted to them is the one "
            f"asked for in {agree} of {len(fitted)}. The document's slip is a word: the β = 1 that "
            "it calls a temperature is an inverse one, and √d scales the energies or β but not "
            f"both, which would put the counts up to {twice:.2f} from softmax."
        )

    def picture(self, measured: _Shown) -> Sequence[Panel]:
        """Plot shares of shots over softmax, and fitted temperatures over those asked for."""
        return [_shares(measured.ways), _temperatures(list(measured.models.values()))]

    def _way(self, way: str, scores: np.ndarray, d: int, seed: np.random.SeedSequence) -> _Way:
        """Count rows at all temperatures, which stand in the energies or, all of them, in beta."""
        factor = {"in the energies": 1.0, "in beta": np.sqrt(d)}[way]
        tau = np.array(self.taus)[:, None]
        everywhere = np.broadcast_to(scores, (tau.size, *scores.shape))
        law = softmax(everywhere / tau[..., None])
        beta = np.broadcast_to(1 / tau, law.shape[:-1]) / factor
        hamiltonian = Binary()(factor * everywhere)
        prepared = Heralded()(hamiltonian, beta=self.detuning * beta)
        counts = self.sampler()(prepared, self.shots, seed)
        rows = list(np.ndindex(law.shape[:-1]))
        return _Way(
            law=law,
            counts=counts,
            angles=prepared.values,
            fitted=tuple(
                (float(beta[row]), self._fitted(hamiltonian[row], counts[row], len(rows)))
                for row in rows
            ),
            distances=_distances(counts, law),
            upper=certify(counts, law, self.epsilon, self.share / (2 * len(rows))).upper,
            defect=max(
                _distance(hamiltonian.energies[row], float(beta[row]), law[row]) for row in rows
            ),
        )

    def _fitted(self, hamiltonian: Hamiltonian, counts: Counts, rows: int) -> Estimate:
        real = np.isfinite(hamiltonian.energies)
        return likely_betas(counts.keys[real], hamiltonian.energies[real], self.share / rows)


def _distances(counts: Counts, law: np.ndarray) -> np.ndarray:
    """Total variation of shares of shots from a law; NaN where no shot was kept."""
    return np.asarray(np.abs(counts.frequencies - law).sum(axis=-1) / 2)


def _distance(energies: np.ndarray, beta: float, law: np.ndarray) -> float:
    """Largest deviation of a law from the diagonal of exp(-beta H)/Z, H a sum of Pauli strings."""
    matrix = Binary()(-energies).filled(_GAP / beta).operator.to_matrix()
    lowest = np.nanmin(energies)
    weights = np.diag(expm(-beta * (matrix - lowest * np.eye(len(matrix))))).real
    return float(np.abs(weights / weights.sum() - np.pad(law, (0, len(weights) - len(law)))).max())


def _shares(ways: Sequence[_Way]) -> Panel:
    law = np.concatenate([way.law.ravel() for way in ways])
    share = np.concatenate([way.counts.frequencies.ravel() for way in ways])
    seen = (law > 1e-4) & (share > 0)
    ends = np.array([1e-4, 1.0])
    return Panel(
        "Softmax, and share of kept shots, all rows",
        "softmax",
        "share of shots",
        (
            Curve("equal", ends, ends, style="line"),
            Curve("keys", law[seen], share[seen]),
        ),
        x_scale="log",
        y_scale="log",
    )


def _temperatures(models: Sequence[_Rows]) -> Panel:
    ends = np.array([0.05, 3.0])
    curves = [Curve("equal", ends, ends, style="line")]
    for place in _WAYS:
        pairs = [
            (beta, found)
            for rows in models
            for beta, found in rows.ways[place].fitted
            if np.isfinite([found.low, found.high]).all() and found.low > 0
        ]
        x = np.array([beta for beta, _ in pairs])
        best, low, high = np.array([(e.best, e.low, e.high) for _, e in pairs]).reshape(-1, 3).T
        curves.append(Curve(f"temperature {place}", x, best, low, high))
    return Panel(
        "Inverse temperature asked for, and fitted to the counts",
        "beta of the circuit",
        "beta of the counts",
        tuple(curves),
        x_scale="log",
        y_scale="log",
    )
