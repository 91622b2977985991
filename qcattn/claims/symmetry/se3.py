"""B5: rotations of the whole and of every node, and what attention's weights say to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.spatial.transform import Rotation

from qcattn.attention import softmax
from qcattn.certification.intervals import estimated_share, mean
from qcattn.claims.frame.checks import algebra, every, follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel, Role
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["GaugeInvariance"]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Moved(Measured):
    """Attention rows of a set of points, before and after it was moved.

    Attributes:
        prepared: The circuits of every arm, shape (arms, nodes); the motions are ``motion 1`` and
            so on.
        counts: Counts of each arm.
        of: The counts of each arm, by its name, shape (nodes, nodes).
        laws: Softmax before anything is moved, by the kind of score, shape (nodes, nodes).
        vectors: Mean displacement to the other nodes after the first motion, from shots.
        turned: The mean displacement before the first motion, rotated along, shape (nodes, 3).
        defect: Largest change of an invariant score under a motion, dense.
        distances: Total variation of each arm from before, at most and as measured.
    """

    prepared: Prepared
    counts: Counts
    of: dict[str, np.ndarray]
    laws: dict[str, np.ndarray]
    vectors: list[Estimate]
    turned: np.ndarray
    defect: float
    distances: dict[str, Estimate]


@dataclass(frozen=True, kw_only=True)
class GaugeInvariance(Claim[_Moved]):
    r"""B5: is attention on points in space a gauge theory?

    Nodes have places :math:`x_i`, numbers and vectors :math:`v_i`. Scores from distances,
    numbers and :math:`v_i \cdot v_j` are drawn after random motions of all nodes together; the mean
    displacement :math:`\sum_j \alpha_{ij} (x_j - x_i)` must turn along. Then every node is given a
    frame of its own and :math:`v_i \to R_i v_i`. A gauge theory has link variables for this,
    :math:`v_i^T U_{ij} v_j` with :math:`U_{ij} \to R_i U_{ij} R_j^T`.

    Attributes:
        links: Whether the weights that the claim is about have link variables.
        nodes: The number of points, a power of two.
        motions: The number of random motions of all points.
        epsilon: Total variation of one row that counts as agreement.
        pooled: Total variation of a row that counts as agreement, all motions together.
        shots: The number of shots of each row after each motion.

    Example:
        >>> quick = {"motions": 3, "shots": 10_000, "epsilon": 0.1, "pooled": 0.06}
        >>> GaugeInvariance(**quick)(seed=1).standing
        'refuted'
        >>> GaugeInvariance(**quick, links=True)(seed=1).standing
        'conditional'

    References:
        F. B. Fuchs et al., NeurIPS 33 (2020), arXiv:2006.10503, section 3.
    """

    name: ClassVar[str] = "B5"
    title: ClassVar[str] = "Attention in space as a gauge theory"
    statement: ClassVar[str] = (
        "The SE(3)-Transformer demonstrates: Equivariant value embeddings (gauge fields); "
        "Invariant attention weights (gauge invariants); Torsion-free connections via "
        "SO(3)-equivariant messages"
    )
    section: ClassVar[str] = "3.1 SE(3)-Transformer as Gauge Theory Implementation"

    links: bool = False
    nodes: int = 8
    motions: int = 20
    epsilon: float = 0.04
    pooled: float = 0.01
    shots: int = 30_000

    @property
    def share(self) -> float:
        """Error rate of each of eight measurements."""
        return self.alpha / 8

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Moved:
        """Draw the rows of all nodes after motions, and after giving each node its own frame."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        places, vectors = rng.normal(size=(2, self.nodes, 3))
        numbers = rng.normal(size=self.nodes)
        direction = rng.normal(size=3) * 1.5
        turns = Rotation.random(self.motions, rng=rng).as_matrix()
        shifts = rng.normal(size=(self.motions, 3))
        frames = Rotation.random(self.nodes, rng=rng).as_matrix()
        links = Rotation.random(self.nodes**2, rng=rng).as_matrix()
        links = links.reshape(self.nodes, self.nodes, 3, 3)
        before = {
            "invariants": _invariant(places, numbers, vectors),
            "place": np.tile(places @ direction, (self.nodes, 1)),
            "links": _linked(vectors, links),
        }
        moved_places = np.einsum("mab,nb->mna", turns, places) + shifts[:, None]
        moved_vectors = np.einsum("mab,nb->mna", turns, vectors)
        after = {
            f"motion {i + 1}": _invariant(moved_places[i], numbers, moved_vectors[i])
            for i in range(self.motions)
        }
        defect = max(float(np.abs(one - before["invariants"]).max()) for one in after.values())
        own = np.einsum("nab,nb->na", frames, vectors)
        after["place"] = np.tile(moved_places[0] @ direction, (self.nodes, 1))
        after["own frames"] = _invariant(places, numbers, own)
        turned_links = np.einsum("iab,ijbc,jdc->ijad", frames, links, frames)
        after["own frames, links"] = _linked(own, turned_links)
        scores = np.stack(list(after.values()))
        progress(0.1, 1.0, f"{self.motions} motions of {self.nodes} nodes")
        prepared = Purification()(Binary()(scores), beta=1.0)
        counts = self.sampler()(prepared, self.shots, drawn)
        laws = {name: softmax(one) for name, one in before.items()}
        part = self.share / (3 * self.nodes)
        displaced = moved_places[0][None] - moved_places[0][:, None]
        measured = [
            mean([(displaced[i, :, a], counts.keys[0, i])], part)
            for i in range(self.nodes)
            for a in range(3)
        ]
        displacement = np.einsum("ij,ija->ia", laws["invariants"], places[None] - places[:, None])
        of = dict(zip(after, counts.keys, strict=True))
        distances = {
            name: self._distance(of[arm], laws[kind], softmax(after[arm]))
            for name, arm, kind in (
                ("each node", "own frames", "invariants"),
                ("all nodes", "motion 1", "invariants"),
                ("place scores", "place", "place"),
                ("with links", "own frames, links", "links"),
            )
        }
        return _Moved(
            shots=int(counts.shots.sum()),
            numbers=tuple(
                Number(f"total variation of the worst node, {name}", *one)
                for name, one in distances.items()
            ),
            prepared=prepared,
            counts=counts,
            of=of,
            laws=laws,
            vectors=measured,
            turned=displacement @ turns[0].T,
            defect=defect,
            distances={name: one for name, (one, _) in distances.items()},
        )

    def check(self, measured: _Moved) -> Iterable[Check]:
        """Compare every arm with the rows before."""
        moved = np.stack([measured.of[f"motion {i + 1}"] for i in range(self.motions)])
        law = measured.laws["invariants"]
        yield algebra("dense", "Scores from invariants do not change in a motion", measured.defect)
        one = follows(
            "one",
            "each motion",
            moved,
            np.broadcast_to(law, moved.shape),
            epsilon=self.epsilon,
            alpha=self.share,
        )
        together = follows(
            "pooled",
            "all motions together",
            moved.sum(axis=0),
            law,
            epsilon=self.pooled,
            alpha=self.share,
        )
        yield every("global", "A motion of all nodes changes no attention weight", [one, together])
        inside = [
            value in one
            for value, one in zip(measured.turned.ravel(), measured.vectors, strict=True)
        ]
        yield Check(
            "outputs",
            "Mean displacements turn with the nodes",
            all(inside),
            f"{sum(inside)} of {len(inside)} components within their intervals",
            alpha=self.share,
        )
        kind = "links" if self.links else "invariants"
        arm = "own frames, links" if self.links else "own frames"
        yield self._kept(
            "gauge", "A rotation of its own at every node changes no weight", measured, arm, kind
        )
        yield self._kept(
            "links",
            "With link variables it changes none",
            measured,
            "own frames, links",
            "links",
            "beyond",
        )
        yield self._kept(
            "place",
            "Scores that are no invariants keep their weights in a motion",
            measured,
            "place",
            "place",
            "beyond",
        )
        yield sampled(
            [measured.prepared], [measured.counts], epsilon=self.epsilon, alpha=self.share
        )

    def describe(self, measured: _Moved, checks: Mapping[str, Check]) -> Description:
        """Say which rows are invariant under which transformations."""
        if not (checks["global"].holds and checks["outputs"].holds):
            return Description("The shots do not decide what a motion of all nodes changes.")
        gauge = measured.distances["each node"]
        first = (
            f"Attention from distances and scalar products is the same after {self.motions} random "
            "motions of all nodes together, and vectors that it mixes turn along: that is global "
            "equivariance, as published."
        )
        if checks["gauge"].holds is False:
            return Description(
                f"{first} It is no gauge theory, for given a frame of its own at every node the "
                f"weights change by a total variation of {gauge.best:.2f}; only link variables, "
                "which the SE(3)-Transformer does not have, would make them gauge invariant, and "
                "without a connection no torsion is defined."
            )
        return Description(
            f"{first} With link variables a frame of its own at every node changes nothing either: "
            "that is gauge invariance, and no published SE(3)-Transformer has it.",
            "the scores have link variables, and are built from invariants",
        )

    def picture(self, measured: _Moved) -> Sequence[Panel]:
        """Plot how far each arm lies from the rows before."""
        best, low, high = np.array(
            [(one.best, one.low, one.high) for one in measured.distances.values()]
        ).T
        bars = Curve("measured", np.arange(4.0), best, low, high, style="bars")
        return [
            Panel(
                "What changes attention's weights",
                "what is turned; scores of places; link variables",
                "total variation, worst node",
                (bars,),
                ticks=("each node", "all nodes", "all, by place", "each, linked"),
            )
        ]

    def _kept(
        self,
        name: str,
        statement: str,
        measured: _Moved,
        arm: str,
        kind: str,
        role: Role = "claim",
    ) -> Check:
        return follows(
            name,
            statement,
            measured.of[arm],
            measured.laws[kind],
            epsilon=self.epsilon,
            alpha=self.share,
            role=role,
        )

    def _distance(
        self, keys: np.ndarray, before: np.ndarray, after: np.ndarray
    ) -> tuple[Estimate, float]:
        """Total variation of the worst node, from the keys that gain by dense linear algebra."""
        gains = after > before + 1e-9
        exact = np.where(gains, after - before, 0).sum(axis=-1)
        worst = int(exact.argmax())
        gaining = gains[worst] if gains[worst].any() else before[worst] == before[worst].max()
        hits = keys[worst, gaining].sum()
        found = estimated_share(hits, keys[worst].sum(), self.share / 4)
        base = float(before[worst, gaining].sum())
        shifted = (one - base for one in (found.best, found.low, found.high))
        return Estimate(*shifted), float(exact[worst])


def _invariant(places: np.ndarray, numbers: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Scores from distances, numbers and scalar products, shape (nodes, nodes)."""
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    return np.asarray(numbers[:, None] * numbers - apart / 4 + vectors @ vectors.T)


def _linked(vectors: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Scores from vectors in frames of their own, shape (nodes, nodes)."""
    return np.asarray(np.einsum("ia,ijab,jb->ij", vectors, links, vectors))
