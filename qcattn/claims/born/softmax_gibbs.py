"""A3: softmax is the Gibbs distribution."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import expm

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.protocol import Backend
from qcattn.certification.temperature import likely_betas
from qcattn.claims.born._rows import HEAD_SIZES, real_rows
from qcattn.claims.frame.checks import algebra, differs, follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.comparisons import certify
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.preparations import Heralded
from qcattn.records import Counts
from qcattn.seeds import entropy

__all__ = ["SoftmaxGibbs"]

#: Energy of padding and masked keys above the highest key, where the reference needs one.
_GAP = 60.0


@dataclass(frozen=True)
class SoftmaxGibbs:
    r"""A3: softmax at temperature tau is the Gibbs distribution at :math:`\beta = 1/\tau`.

    Random rows of SmolLM2 and MiniLM are prepared by `Heralded`, which knows energies and beta and
    is told no Boltzmann weight, and counted against softmax of the scores. The temperature stands
    in the energies, :math:`E = -q \cdot k/\sqrt d` and :math:`\beta = 1/\tau`, or all of it in
    beta, :math:`E = -q \cdot k` and :math:`\beta = 1/(\tau \sqrt d)`. The dense reference sums the
    Pauli strings of H and exponentiates the matrix.

    Attributes:
        rows: Of each model.
        taus: Temperatures.
        shots: Of each row at each temperature, in each of the two ways.
        epsilon: Total variation that counts as agreement.
        detuning: Factor on the beta of the circuits; 1 is what is claimed.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> SoftmaxGibbs(rows=1, taus=(1.0,), epsilon=0.05)(seed=1).standing
        'exact'
        >>> SoftmaxGibbs(rows=1, taus=(1.0,), detuning=1.1)(seed=1).standing
        'refuted'

    References:
        J. W. Gibbs, Elementary Principles in Statistical Mechanics (1902); A. Vaswani et al.,
        arXiv:1706.03762 (2017), equation 1.
    """

    claim: ClassVar[str] = "A3"
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
        chosen, drawn = np.random.SeedSequence(entropy(seed)).spawn(2)
        rng = np.random.default_rng(chosen)
        report = progress or (lambda share, what: None)
        checks: list[Check] = []
        points: list[tuple[np.ndarray, np.ndarray]] = []
        betas: dict[str, list[tuple[float, Estimate]]] = {"in the energies": [], "in beta": []}
        worst, plug_in, shots, twice = 0.0, 0.0, 0, []
        part = self.alpha / (6 * len(HEAD_SIZES))
        tau = np.array(self.taus)[:, None]
        for i, (model, d) in enumerate(HEAD_SIZES.items()):
            scores = real_rows(model, self.rows, rng)
            everywhere = np.broadcast_to(scores, (tau.size, *scores.shape))
            law = softmax(everywhere / tau[..., None])
            scaled = np.broadcast_to(1 / tau, law.shape[:-1])
            ways = {"in the energies": (1.0, scaled), "in beta": (np.sqrt(d), scaled / np.sqrt(d))}
            dense, angles = 0.0, []
            for j, (way, (factor, beta)) in enumerate(ways.items()):
                report((2 * i + j) / 4, f"{self.rows} rows of {model}, temperature {way}")
                hamiltonian = Binary()(factor * everywhere)
                prepared = Heralded()(hamiltonian, beta=self.detuning * beta)
                (part_of_seed,) = drawn.spawn(1)
                counts = self._run(prepared, part_of_seed)
                shots += int(counts.shots.sum())
                statement = f"Counts of {model} follow softmax, temperature {way}"
                checks.append(follows(statement, counts, law, epsilon=self.epsilon, alpha=part))
                bound = certify(counts, law, self.epsilon, part / (2 * law[..., 0].size))
                worst = max(worst, float(bound.upper.max()))
                off = np.abs(counts.frequencies - law).sum(axis=-1) / 2
                plug_in = max(plug_in, float(np.nanmax(off)))
                points.append((law.ravel(), counts.frequencies.ravel()))
                angles.append(prepared.values)
                for index in np.ndindex(law.shape[:-1]):
                    energies = hamiltonian.energies[index]
                    dense = max(dense, _distance(energies, float(beta[index]), law[index]))
                    real = np.isfinite(energies)
                    found = likely_betas(
                        counts.keys[index][real], energies[real], part / law[..., 0].size
                    )
                    betas[way].append((float(beta[index]), found))
            checks.append(
                algebra(
                    f"{model}: <i|exp(-beta H)|i>/Z from the Pauli strings of H is softmax",
                    dense,
                    tolerance=1e-9,
                )
            )
            moved = float(np.abs(angles[0] - angles[1]).max())
            checks.append(algebra(f"{model}: both ways give the circuit the same angles", moved))
            (part_of_seed,) = drawn.spawn(1)
            prepared = Heralded()(Binary()(scores), beta=1 / np.sqrt(d))
            counts = self._run(prepared, part_of_seed)
            shots += int(counts.shots.sum())
            apart = np.abs(counts.frequencies - softmax(scores)).sum(axis=-1) / 2
            twice.append(float(apart.max()))
            checks.append(
                differs(
                    f"{model}: counted twice, in the energies and in beta, it is not softmax",
                    counts,
                    softmax(scores),
                    epsilon=self.epsilon,
                    alpha=part,
                )
            )
        agree = sum(beta in found for pairs in betas.values() for beta, found in pairs)
        total = sum(map(len, betas.values()))
        words = (
            f"{total} times a row of real attention was prepared from its energies and its "
            "temperature alone. "
            + (
                f"The counts lie within total variation {worst:.4f} of softmax, and "
                if all(check.holds for check in checks)
                else "It was not shown that they all follow softmax, and "
            )
            + f"the temperature fitted to them is the one asked for in {agree} of {total}. The "
            "document calls both √d and β the temperature, but it counts once. Counted in both "
            f"places, the counts lie up to {max(twice):.2f} from softmax."
        )
        return conclude(
            self,
            checks=checks,
            numbers=[Number("total variation, the worst row", Estimate(plug_in, 0, worst), 0.0)],
            words=words,
            panels=[_shares(points), _temperatures(betas)],
            shots=shots,
            seed=seed,
            started=started,
        )

    def _run(self, prepared: Any, seed: Any) -> Counts:
        backend = Aer() if self.backend is None else self.backend
        return backend(prepared, self.shots, seed)


def _distance(energies: np.ndarray, beta: float, law: np.ndarray) -> float:
    """Largest deviation of a law from the diagonal of exp(-beta H)/Z, H a sum of Pauli strings."""
    matrix = Binary()(-energies).filled(_GAP / beta).operator.to_matrix()
    lowest = np.nanmin(energies)
    weights = np.diag(expm(-beta * (matrix - lowest * np.eye(len(matrix))))).real
    return float(np.abs(weights / weights.sum() - np.pad(law, (0, len(weights) - len(law)))).max())


def _shares(points: list[tuple[np.ndarray, np.ndarray]]) -> Panel:
    law, share = (np.concatenate(parts) for parts in zip(*points, strict=True))
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


def _temperatures(betas: dict[str, list[tuple[float, Estimate]]]) -> Panel:
    curves = []
    for way, pairs in betas.items():
        pairs = [(beta, e) for beta, e in pairs if np.isfinite([e.low, e.high]).all() and e.low > 0]
        x = np.array([beta for beta, _ in pairs])
        best, low, high = np.array([(e.best, e.low, e.high) for _, e in pairs]).reshape(-1, 3).T
        curves.append(Curve(f"temperature {way}", x, best, low, high))
    ends = np.array([0.05, 3.0])
    return Panel(
        "Inverse temperature asked for, and fitted to the counts",
        "beta of the circuit",
        "beta of the counts",
        (Curve("equal", ends, ends, style="line"), *curves),
        x_scale="log",
        y_scale="log",
    )
