"""A18: is relative entropy a distance? Asymmetry and triangles of real attention rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar, Literal

import numpy as np

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.claims.born._divergence import divergence
from qcattn.claims.born._rows import real_rows
from qcattn.claims.frame.checks import equals, every
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.thermal import kl_divergence

__all__ = ["EntropyAsDistance"]

#: Pairs of rows for which the inequalities are computed densely.
_DENSE = 1_000

#: What holds of a divergence.
_STATEMENTS = {
    "pinsker": "It is at least what Pinsker's bound makes of the total variation",
    "joint convexity": "It is jointly convex",
    "data processing": "It does not grow when readings are processed",
}

Kind = Literal["relative entropy", "root Jensen-Shannon"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Distances(Measured):
    """Distances of three rows, between each two of them both ways.

    Attributes:
        laws: Softmax of the rows, shape (3, keys).
        found: The distance of each ordered pair of rows, counted.
        exact: The distance of each ordered pair of rows, of the laws.
        total_variation: Total variation of the first and the last law, exact.
        merged: The distance of the first and the last row, every two keys taken as one, counted.
        excess: The most by which each inequality is broken, by its name, dense.
    """

    laws: np.ndarray
    found: dict[tuple[int, int], Estimate]
    exact: dict[tuple[int, int], float]
    total_variation: float
    merged: Estimate
    excess: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class EntropyAsDistance(Claim[_Distances]):
    r"""A18: does relative entropy measure a distance between attention rows?

    Three random rows of MiniLM are taken, those whose :math:`D(p\|r)` exceeds
    :math:`D(p\|q) + D(q\|r)` most. Their states are drawn, and all six divergences counted: a
    distance is the same both ways and obeys the triangle inequality. What does hold is tried too:
    Pinsker's bound :math:`D \ge 2\,TV^2`, joint convexity, and that nothing done to the readings,
    such as taking keys together, makes it larger.

    Attributes:
        rows: The number of rows from which the three are taken.
        kind: What is put to the test as a distance; the root of Jensen and Shannon's divergence
            is one.
        tolerance: Deviation that counts as agreement, nats or their root; a twentieth of a large
            distance is allowed for.
        shots: The number of shots of each row.

    Example:
        >>> EntropyAsDistance(shots=100_000)(seed=1).standing
        'conditional'
        >>> EntropyAsDistance(shots=100_000, kind="root Jensen-Shannon")(seed=1).standing
        'exact'

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory (2006), sections 2.3 to 2.9 and
        11.6; D. M. Endres and J. E. Schindelin, IEEE Trans. Inf. Theory 49, 1858 (2003).
    """

    name: ClassVar[str] = "A18"
    title: ClassVar[str] = "Relative entropy as a distance"
    statement: ClassVar[str] = (
        "Relative entropy measures information distance … KL divergence measures attention distance"
    )
    section: ClassVar[str] = "In the Dorau-Much paper"

    rows: int = 40
    kind: Kind = "relative entropy"
    tolerance: float = 0.1
    shots: int = 400_000

    @property
    def subject(self) -> str:
        """The kind as a sentence begins with it."""
        return self.kind[:1].upper() + self.kind[1:]

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Distances:
        """Take three rows, draw them, and count all distances between two of them."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        scores = real_rows("minilm", self.rows, rng)
        everything = softmax(scores)
        first, middle, last = self._worst(everything)
        taken = scores[[first, middle, last]]
        laws = softmax(taken)
        progress(0.2, 1.0, "three rows of attention")
        states = Purification()(Binary()(taken), beta=1.0)
        (drawn_rows,) = draw([states], self.shots, self.sampler(), drawn)
        counts = drawn_rows.keys
        pairs = list(permutations(range(3), 2))
        level = self.alpha / (len(pairs) + 1)
        found = {(i, j): self._counted(counts[[i, j]], laws[[i, j]], level) for i, j in pairs}
        exact = {(i, j): float(self._distance(laws[i], laws[j])) for i, j in pairs}
        ends = [0, 2]
        merged = self._counted(_merged(counts[ends]), _merged(laws[ends]), level)
        return _Distances(
            shots=int(counts.sum()),
            numbers=(
                *(
                    Number(f"{self.kind} of row {i + 1} from row {j + 1}", found[i, j], exact[i, j])
                    for i, j in pairs
                ),
                Number(
                    f"{self.kind} of row 1 from row 3, keys taken together",
                    merged,
                    float(self._distance(*_merged(laws[ends]))),
                ),
            ),
            laws=laws,
            found=found,
            exact=exact,
            total_variation=float(np.abs(laws[0] - laws[2]).sum() / 2),
            merged=merged,
            excess=self._excess(everything, rng),
        )

    def check(self, measured: _Distances) -> Iterable[Check]:
        """Hold what is counted against the laws, and ask for what a distance has."""
        found, level = measured.found, self.alpha / 7
        yield every(
            "counted",
            "The counts of three rows give the distances of their laws",
            [
                equals(
                    f"row {i + 1} from row {j + 1}",
                    f"row {i + 1} from row {j + 1}",
                    one,
                    measured.exact[i, j],
                    tolerance=max(self.tolerance, measured.exact[i, j] / 20),
                    alpha=level,
                )
                for (i, j), one in found.items()
            ],
            role="control",
        )
        for name, broken in measured.excess.items():
            yield Check(
                name,
                f"{_STATEMENTS[name]}: {_DENSE:,} pairs of real rows, dense",
                broken <= 1e-9,
                f"broken by {max(broken, 0.0):.1e} at most",
            )
        whole = found[0, 2]
        yield Check(
            "keys taken together",
            "Taking keys together does not enlarge what is counted",
            measured.merged.low <= whole.high,
            f"{measured.merged.best:.3f} in [{measured.merged.low:.3f}, "
            f"{measured.merged.high:.3f}] of {whole.best:.3f}",
            alpha=level,
        )
        yield self._symmetric(measured)
        yield self._triangle(measured)

    def describe(self, measured: _Distances, checks: Mapping[str, Check]) -> Description:
        """Say what is broken, and what holds."""
        found = measured.found
        holds = all(checks[name].holds for name in measured.excess)
        bounds = (
            f"{self.subject} bounds the total variation from above (Pinsker), is jointly "
            "convex and never grows when readings are processed"
            if holds
            else f"Not all that should hold of {self.kind} does"
        )
        if checks["symmetric"].holds is not False and checks["triangle"].holds is not False:
            return Description(f"{bounds}, and on these rows it is a distance.")
        one, other = self._most_unlike(measured)
        return Description(
            f"{self.subject} is no distance: between two rows of real attention it is "
            f"{one.best:.2f} nats one way and {other.best:.2f} the other, and straight from a row "
            f"to another it is {found[0, 2].best:.2f} where the way over a third adds up to "
            f"{found[0, 1].best + found[1, 2].best:.2f}. {bounds}, which is what makes it a "
            "measure of how well two rows are told apart.",
            "not more is asked of it than of a divergence: no symmetry, no triangle",
        )

    def picture(self, measured: _Distances) -> Sequence[Panel]:
        """Plot all distances, counted and exact."""
        x = np.arange(len(measured.found), dtype=float)
        best, low, high = np.array(
            [(one.best, one.low, one.high) for one in measured.found.values()]
        ).T
        return [
            Panel(
                f"{self.subject} between three rows of attention",
                "of the first row from the second",
                "nats" if self.kind == "relative entropy" else "root of nats",
                (
                    Curve("exact", x, np.array(list(measured.exact.values())), style="bars"),
                    Curve("counted", x, best, low, high),
                ),
                ticks=tuple(f"{i + 1} | {j + 1}" for i, j in measured.found),
            )
        ]

    def _distance(self, p: np.ndarray, q: np.ndarray) -> np.ndarray:
        """The distance of laws (..., keys), shape (...)."""
        if self.kind == "relative entropy":
            return np.asarray(kl_divergence(p, q))
        middle = (p + q) / 2
        halves = np.asarray(kl_divergence(p, middle)) + np.asarray(kl_divergence(q, middle))
        return np.sqrt(np.clip(halves / 2, 0.0, None))

    def _counted(self, counts: np.ndarray, laws: np.ndarray, alpha: float) -> Estimate:
        """The distance of the law of the first counts from the second, from counts of both.

        For the divergence the second law is told, since its keys are what the first is held
        against; for Jensen and Shannon's the middle of both is.
        """
        (one, other), (p, q) = counts, laws
        if self.kind == "relative entropy":
            return divergence(one, p, q, alpha)
        middle = (p + q) / 2
        halves = [divergence(one, p, middle, alpha / 2), divergence(other, q, middle, alpha / 2)]
        ends = [
            max(0.0, sum(getattr(half, end) for half in halves) / 2) ** 0.5
            for end in ("best", "low", "high")
        ]
        return Estimate(*ends)

    def _worst(self, laws: np.ndarray) -> tuple[int, int, int]:
        """The three rows whose way over the middle one is shorter by most than the straight one."""
        all_pairs = self._distance(laws[:, None], laws[None, :])
        gain = all_pairs[:, None, :] - all_pairs[:, :, None] - all_pairs[None, :, :]
        size = range(len(laws))
        gain[list(size), list(size), :] = gain[:, list(size), list(size)] = -np.inf
        gain[list(size), :, list(size)] = -np.inf
        first, middle, last = np.unravel_index(int(np.argmax(gain)), gain.shape)
        return int(first), int(middle), int(last)

    def _excess(self, laws: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
        """The most by which each inequality is broken, over random pairs of pairs of rows."""
        p, q, other_p, other_q = laws[rng.integers(0, len(laws), (4, _DENSE))]
        t = rng.random(_DENSE)[:, None]
        value = self._distance(p, q)
        variation = np.abs(p - q).sum(axis=-1) / 2
        least = 2 * variation**2 if self.kind == "relative entropy" else variation / np.sqrt(2)
        # The divergence itself is jointly convex, and so is the square of the root.
        power = 1 if self.kind == "relative entropy" else 2
        mixed = self._distance(t * p + (1 - t) * other_p, t * q + (1 - t) * other_q) ** power
        chord = t[:, 0] * value**power + (1 - t[:, 0]) * self._distance(other_p, other_q) ** power
        noise = rng.dirichlet(np.ones(p.shape[1]), p.shape[1])
        return {
            "pinsker": float((least - value).max()),
            "joint convexity": float((mixed - chord).max()),
            "data processing": float((self._distance(p @ noise, q @ noise) - value).max()),
        }

    def _most_unlike(self, measured: _Distances) -> tuple[Estimate, Estimate]:
        """The pair of rows whose distances both ways differ most."""
        pair = max(
            measured.found,
            key=lambda one: measured.exact[one] - measured.exact[one[::-1]],
        )
        return measured.found[pair], measured.found[pair[::-1]]

    def _symmetric(self, measured: _Distances) -> Check:
        one, other = self._most_unlike(measured)
        near = max(one.high - other.low, other.high - one.low) <= 2 * self.tolerance
        apart = one.low > other.high or other.low > one.high
        return Check(
            "symmetric",
            "It is the same both ways",
            False if apart else (True if near else None),
            f"{one.best:.3f} in [{one.low:.3f}, {one.high:.3f}] against {other.best:.3f} in "
            f"[{other.low:.3f}, {other.high:.3f}]",
            "beyond",
        )

    def _triangle(self, measured: _Distances) -> Check:
        straight, *legs = (measured.found[pair] for pair in ((0, 2), (0, 1), (1, 2)))
        low, high = (sum(getattr(leg, end) for leg in legs) for end in ("low", "high"))
        near = straight.high <= low + self.tolerance
        return Check(
            "triangle",
            "The straight way is never longer than that over a third row",
            False if straight.low > high else (True if near else None),
            f"{straight.best:.3f} in [{straight.low:.3f}, {straight.high:.3f}] against "
            f"[{low:.3f}, {high:.3f}]",
            "beyond",
        )


def _merged(rows: np.ndarray) -> np.ndarray:
    """Every two neighbouring keys taken as one; a last one stays alone."""
    return np.add.reduceat(rows, np.arange(0, rows.shape[-1], 2), axis=-1)
