"""B14: whether several heads break several symmetries at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import ndtri

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._axes import axes, axes_of_counts, shuffled
from qcattn.claims.symmetry._control import sampled
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["HeadAxes"]

_BOOTSTRAP = 100


@dataclass(frozen=True, eq=False)
class _Layers:
    """Some layers of one model.

    Attributes:
        layers: The numbers of the layers.
        heads: The number of heads in each layer.
        found: Number of axes of each layer, from shots, shape (layers,).
        mean: The mean number of axes over layers, with its interval.
        exact: The mean number of axes of softmax.
        dealt: Number of axes where keys are dealt at random, mean over layers, shape (deals,).
        p: Probability that random keys give no more axes.
    """

    layers: tuple[int, ...]
    heads: int
    found: np.ndarray
    mean: Estimate
    exact: float
    dealt: np.ndarray
    p: float


@dataclass(frozen=True, eq=False, kw_only=True)
class _Broken(Measured):
    """Axes of the heads of both models.

    Attributes:
        circuits: Rows of all layers, one a model.
        counts: Counts of each circuit.
        models: The models by their names.
    """

    circuits: list[Prepared]
    counts: list[Counts]
    models: dict[str, _Layers]


@dataclass(frozen=True, kw_only=True)
class HeadAxes(Claim[_Broken]):
    r"""B14: does each head of a layer break the symmetry of its tokens along an axis of its own?

    What a head prefers is its attention less uniform attention, a direction. The effective number
    of directions of a layer is held against that of heads whose keys are dealt at random within
    every row, which have as sharp rows and no reason to agree: a permutation test.

    Attributes:
        layers: The layers of each model by its name.
        dealt: Whether the heads themselves have their keys dealt at random.
        deals: The number of deals of the permutation test.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each row.

    Example:
        >>> quick = {"layers": {"minilm": (1,)}, "deals": 300, "shots": 2_000, "alpha": 0.02}
        >>> HeadAxes(**quick, epsilon=0.2)(seed=1).standing
        'refuted'
        >>> HeadAxes(**quick, epsilon=0.2, dealt=True)(seed=1).standing
        'exact'
    """

    name: ClassVar[str] = "B14"
    title: ClassVar[str] = "Heads that break several symmetries at once"
    statement: ClassVar[str] = (
        "Multi-head architectures allow simultaneous breaking along multiple symmetry axes."
    )
    section: ClassVar[str] = "4.1 Goldstone Modes & Attention Heads"

    layers: Mapping[str, tuple[int, ...]] | None = None
    dealt: bool = False
    deals: int = 3_200
    epsilon: float = 0.12
    shots: int = 4_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Broken:
        """Draw the rows of all layers, and deal keys at random."""
        chosen, drawn = root.spawn(2)
        rng = np.random.default_rng(chosen)
        layers = self.layers or {"minilm": tuple(range(6)), "smollm2": (0, 6, 12, 18, 24)}
        rows, seen = {}, {}
        for model, some in layers.items():
            scores = load_scores(model).scores[list(some)].astype(float)
            seen[model] = np.isfinite(scores[0, 0])
            if self.dealt:
                finite = np.where(seen[model], scores, 0.0)
                dealt = [shuffled(one, seen[model], rng) for one in finite]
                scores = np.where(seen[model], np.stack(dealt), -np.inf)
            rows[model] = scores
        circuits = [Purification()(Binary()(one), beta=1.0) for one in rows.values()]
        progress(0.1, 1.0, f"rows of {' and '.join(rows)}")
        counts = draw(circuits, self.shots, self.sampler(), drawn)
        found = {}
        for i, (model, one) in enumerate(zip(rows, counts, strict=True)):
            progress(0.5 + 0.5 * i / len(rows), 1.0, f"keys of {model} dealt at random")
            exact = softmax(rows[model])
            found[model] = self._layers(layers[model], one.keys, exact, seen[model], rng)
        return _Broken(
            shots=int(sum(one.shots.sum() for one in counts)),
            numbers=tuple(
                Number(
                    f"axes of {one.heads} heads of {model}, mean over layers", one.mean, one.exact
                )
                for model, one in found.items()
            ),
            circuits=circuits,
            counts=counts,
            models=found,
        )

    def check(self, measured: _Broken) -> Iterable[Check]:
        """Hold the number of axes against that of keys dealt at random."""
        part = 2 * self.share / len(measured.models)
        for model, one in measured.models.items():
            as_many = one.found.mean() > 0.9 * one.dealt.mean()
            yield Check(
                model,
                f"Each head of a layer of {model} breaks an axis of its own",
                False if one.p <= part else True if as_many else None,
                f"{one.found.min():.2f} to {one.found.max():.2f} axes of {one.heads} heads, mean "
                f"{one.mean.best:.2f}; keys dealt at random {one.dealt.mean():.2f}, p = "
                f"{one.p:.2g} of {one.dealt.size:,} deals",
                alpha=part,
            )
        yield sampled(measured.circuits, measured.counts, epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Broken, checks: Mapping[str, Check]) -> Description:
        """Say how many axes there are."""
        said = " and ".join(
            f"{one.heads} heads of {model} break {one.found.min():.1f} to {one.found.max():.1f} "
            f"axes a layer (keys dealt at random: {one.dealt.mean():.1f})"
            for model, one in measured.models.items()
        )
        if all(checks[model].holds for model in measured.models):
            return Description(f"The heads break axes of their own: {said}.")
        if any(checks[model].holds is not False for model in measured.models):
            return Description(f"The shots do not decide for every model: {said}.")
        return Description(
            "The heads of a layer do not break axes of their own, but mostly one and the same, "
            f"which is what the most of them attend to: {said}. They are no independent orders, "
            "and no symmetry is named of which these axes would be the broken directions."
        )

    def picture(self, measured: _Broken) -> Sequence[Panel]:
        """Plot the number of axes over layers, beside keys dealt at random."""
        ticks, found, dealt = [], [], []
        for model, one in measured.models.items():
            ticks += [f"{model[0].upper()}{layer}" for layer in one.layers]
            found += one.found.tolist()
            dealt += [float(one.dealt.mean())] * len(one.layers)
        x = np.arange(len(ticks), dtype=float)
        return [
            Panel(
                "Heads of a layer share their axes",
                "layer (M: MiniLM, 12 heads; S: SmolLM2, 9 heads)",
                "effective number of axes",
                (
                    Curve("heads", x, np.array(found), style="bars"),
                    Curve("keys dealt at random", x, np.array(dealt), style="bars"),
                ),
                ticks=tuple(ticks),
            )
        ]

    def _layers(
        self,
        layers: tuple[int, ...],
        counts: np.ndarray,
        exact: np.ndarray,
        seen: np.ndarray,
        rng: np.random.Generator,
    ) -> _Layers:
        found = np.array([axes_of_counts(one, seen) for one in counts])
        shares = counts / counts.sum(axis=-1, keepdims=True)
        again = [
            np.mean([axes_of_counts(rng.multinomial(self.shots, one), seen) for one in shares])
            for _ in range(_BOOTSTRAP)
        ]
        # The bootstrap is as far above its own centre as the shots are above softmax.
        bias = float(np.mean(again) - found.mean())
        width = float(-ndtri(self.share / 4) * np.std(again)) + abs(bias)
        best = float(found.mean()) - bias
        dealt = np.array(
            [
                np.mean([axes(shuffled(one, seen, rng), seen) for one in shares])
                for _ in range(self.deals)
            ]
        )
        return _Layers(
            layers=layers,
            heads=counts.shape[1],
            found=found,
            mean=Estimate(best, best - width, best + width),
            exact=float(np.mean([axes(one, seen) for one in exact])),
            dealt=dealt,
            p=float((1 + (dealt <= found.mean()).sum()) / (1 + dealt.size)),
        )
