"""A grid of runs: the product of its axes, each cell with an address of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, check_betas, check_shots, whole_number
from qcattn.attention import check_scores
from qcattn.backends.aer import Aer
from qcattn.backends.choosing import with_noise
from qcattn.datasets import Scores
from qcattn.datasets.scores import only, scores_of
from qcattn.encodings.binary import Binary
from qcattn.legible import legible
from qcattn.plurals import plural
from qcattn.preparations.purification import Purification
from qcattn.sweeps.strategies import canonical, described, digest, label
from qcattn.versions import package_versions
from qcattn.walking import made

__all__ = ["ROWS", "Grid", "GridCell", "Part", "labels", "parts", "task_key"]

#: The rows of a block. They determine the numbers too, and so are the same everywhere.
ROWS = 64
#: The most shots of a batch, so that all that is counted fits into 64 bits.
_MOST_SHOTS = 10**12
_BATCH = 2048
#: The version of what is stored of a cell; it is raised when that changes.
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Part:
    """Scores and their place on the axes of a grid.

    Attributes:
        scores: Shape (..., keys).
        point: Axis to value, such as ``{"scores": "smollm2 0", "layer": 3}``.
    """

    scores: Scores
    point: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Names of the axes and what they say are legible from here on."""
        object.__setattr__(self, "point", legible_point(self.point))


def parts(
    scores: Scores,
    *,
    name: str = "",
    layers: Iterable[int] | None = None,
    heads: Iterable[int] | None = None,
) -> tuple[Part, ...]:
    """Split scores by layers and heads, with the model's own numbers.

    Args:
        scores: Shape (layers, heads, ..., keys).
        name: What the axis ``scores`` of the grid is to say; the model by default.
        layers: The layers; None leaves all of them together.
        heads: The heads; None leaves all of them together.

    Returns:
        One part for each layer and head.

    Raises:
        ValueError: If a layer or head is not there.

    Example:
        >>> from qcattn.datasets import load_scores
        >>> [dict(part.point) for part in parts(load_scores(), layers=[3], heads=[0, 1])]
        [{'scores': 'smollm2', 'layer': 3, 'head': 0}, {'scores': 'smollm2', 'layer': 3, 'head': 1}]
    """
    out = [Part(scores, {"scores": name or scores.model or scores.source or "scores"})]
    # Heads first: without names they are the second axis as long as the first is there.
    out = [one for whole in out for one in _along(whole, "head", heads)]
    out = [one for whole in out for one in _along(whole, "layer", layers)]
    names = ("scores", "layer", "head")
    ordered = [Part(one.scores, {n: one.point[n] for n in names if n in one.point}) for one in out]
    return tuple(sorted(ordered, key=lambda one: [one.point.get(n, 0) for n in names[1:]]))


def legible_point(point: Mapping[str, Any]) -> dict[str, Any]:
    r"""Write a place on the axes so that it can be shown.

    Example:
        >>> legible_point({"scores": "\x1b[2Jmine", "layer": 3})
        {'scores': '\\x1b[2Jmine', 'layer': 3}
    """
    return {
        legible(name): legible(value) if isinstance(value, str) else value
        for name, value in point.items()
    }


def _along(part: Part, name: str, chosen: Iterable[int] | None) -> list[Part]:
    if chosen is None:
        return [part]
    chosen = list(chosen)
    if not chosen:
        raise ValueError(f"`{name}s` is empty; name one, or leave it out to keep all together")
    for number in chosen:
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise ValueError(
                f"`{name}s` holds {number!r}, which is not a whole number; give numbers of the "
                "model"
            )
    return [
        Part(only(part.scores, name, int(number), f"{name}s"), {**part.point, name: int(number)})
        for number in chosen
    ]


@dataclass(frozen=True, eq=False)
class GridCell:
    """One cell of a grid: rows of scores and how to sample them.

    Attributes:
        spec: What determines its counts, block by block and batch by batch, as JSON holds it.
        key: The address of the cell: SHA-256 of the spec.
        point: The value on each axis.
        scores: Shape (..., keys), float64.
        axes: Names of the leading axes, or ().
        tokens: One label for each key, or ().
        row_names: One label for each entry of the last leading axis, or ().
        memory: Bytes that drawing may take, or None; see `Aer`.
    """

    spec: Mapping[str, Any]
    key: str
    point: Mapping[str, Any]
    scores: np.ndarray
    axes: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    row_names: tuple[str, ...] = ()
    memory: int | None = None

    @cached_property
    def rows(self) -> np.ndarray:
        """The scores with all leading axes flattened, shape (rows, keys)."""
        return self.scores.reshape(-1, self.scores.shape[-1])

    @property
    def num_blocks(self) -> int:
        """The number of blocks of rows."""
        return -(-len(self.rows) // ROWS)

    def block(self, number: int) -> np.ndarray:
        """The rows of a block."""
        return self.rows[number * ROWS : (number + 1) * ROWS]


@dataclass(frozen=True, eq=False)
class Grid:
    """The product of scores, temperatures, encodings, preparations, noise and backends.

    Args that are axes take one value or several. Shots are drawn in batches; each batch of a block
    of 64 rows has an address, the SHA-256 of all that determines its counts, and a stream of
    random numbers of its own that follows from the address and the seed. So counts do not depend
    on who draws them, in which order, and how often the sweep was interrupted.

    Attributes:
        scores: `Scores`, an array (..., keys), or `Part` objects (see `parts`), one or several.
        beta: Inverse temperatures, positive.
        encodings: Objects of `qcattn.encodings`, or names.
        preparations: Objects of `qcattn.preparations`, or names.
        noise: Descriptions as `qcattn.backends.noise.noise_options` takes them; "none" is none.
        backends: Objects of `qcattn.backends` without noise, or names, such as ``"qulacs"``; of
            `Aer` the device is named, "CPU" or "GPU". Noise is Aer's.
        shots: Shots a row to draw, rounded up to whole batches.
        batch: Shots of a batch; 2,048, or all of ``shots`` where these are fewer, if None. A row is
            simulated once a batch, so larger ones are faster, and smaller ones follow ``shots``, or
            a rule for stopping, more closely.
        seed: The seed, a whole number, 0 or more.
        alpha: Probability that any cell of perfect samplers is said to differ.

    Raises:
        ValueError: If an axis is empty or a value is out of range.

    Example:
        >>> from qcattn.preparations import Amplitude, Heralded
        >>> grid = Grid([[0.0, 1.0, 2.0]], beta=[0.5, 1], preparations=[Amplitude(), Heralded()])
        >>> [(cell.point["beta"], cell.point["preparation"]) for cell in grid.cells]
        [(0.5, 'Amplitude'), (0.5, 'Heralded'), (1.0, 'Amplitude'), (1.0, 'Heralded')]
    """

    scores: Any
    beta: Any = (1.0,)
    encodings: Any = (Binary(),)
    preparations: Any = (Purification(),)
    noise: Any = ("none",)
    backends: Any = field(default_factory=lambda: (Aer(device="CPU"),))
    shots: int = 4096
    batch: Any = None
    seed: int = 0
    alpha: float = 0.01

    def __post_init__(self) -> None:
        keep = object.__setattr__
        keep(self, "scores", _parts_of(self.scores))
        beta = np.atleast_1d(check_betas(self.beta))
        if beta.ndim != 1:
            raise ValueError(f"`beta` must be one number or a list of them, but is {self.beta!r}")
        keep(self, "beta", tuple(beta.tolist()))
        for name in ("encodings", "preparations", "noise", "backends"):
            value = getattr(self, name)
            several = tuple(value) if isinstance(value, list | tuple) else (value,)
            if name in ("encodings", "preparations", "backends"):
                several = tuple(made(name, one, name) for one in several)
            keep(self, name, several)
        for name in ("scores", "beta", "encodings", "preparations", "noise", "backends"):
            if not getattr(self, name):
                raise ValueError(f"`{name}` is empty, so there is nothing to draw; give a value")
        check_shots(self.shots)
        if self.batch is None:
            keep(self, "batch", min(_BATCH, self.shots))
        for name, least in (("batch", 1), ("seed", 0)):
            whole_number(getattr(self, name), name, least=least)
        if self.batch > _MOST_SHOTS:
            raise ValueError(f"`batch` is {self.batch:,}, but must be at most {_MOST_SHOTS:,}")
        check_alpha(self.alpha)
        if any(not isinstance(text, str) for text in self.noise):
            raise ValueError(
                f"`noise` holds {self.noise!r}, but must be text such as 'readout=0.01'"
            )
        for encoding in self.encodings:
            if getattr(encoding, "subsets", False):
                raise ValueError(
                    f"`encodings` holds {encoding}, whose outcomes are sets of keys, but a sweep "
                    "stores counts of keys; take qcattn.run for it, row by row"
                )
        for backend in self.backends:
            if isinstance(backend, Aer) and backend.device == "auto":
                raise ValueError(
                    "`backends` holds device='auto', but the counts of a sweep must not depend on "
                    "the machine; name 'CPU' or 'GPU'"
                )
            for text in self.noise:
                with_noise(backend, text, 1)  # what cannot be is said before drawing
        self.cells  # noqa: B018  every cell can be described

    @cached_property
    def cells(self) -> tuple[GridCell, ...]:
        """All cells; the last axis changes fastest."""
        return tuple(self._cells())

    def _cells(self) -> Iterator[GridCell]:
        common = {
            "format": _FORMAT,
            "rows": ROWS,
            "batch": int(self.batch),
            "seed": str(self.seed),
        }
        encodings = [described(one, "encodings") for one in self.encodings]
        preparations = [described(one, "preparations") for one in self.preparations]
        backends = [(described(one, "backends"), _versions(one)) for one in self.backends]
        for part in self.scores:
            array = np.ascontiguousarray(part.scores.scores, dtype="<f8")
            check_scores(array)
            stored = {"sha256": digest(array.tobytes()), "shape": list(array.shape)}
            for beta, encoding, preparation, noise, (backend, versions) in product(
                self.beta, encodings, preparations, self.noise, backends
            ):
                # Memory cuts the work into other chunks, and no number depends on that.
                counting = {k: v for k, v in backend.items() if k != "memory"}
                spec = {
                    **common,
                    "versions": versions,
                    "scores": stored,
                    "beta": beta,
                    "encoding": encoding,
                    "preparation": preparation,
                    "noise": noise,
                    "backend": counting,
                }
                point = {**part.point, **labels(spec)}
                key = digest(spec)
                names = part.scores.axes, part.scores.tokens, part.scores.row_names
                yield GridCell(spec, key, point, array, *names, memory=backend.get("memory"))

    def __str__(self) -> str:
        """How many cells and rows."""
        rows = sum(len(cell.rows) for cell in self.cells)
        size = f"{plural(len(self.cells), 'cell')}, {plural(rows, 'row')}"
        return f"{size}, {self.shots_of(self.shots)}"

    def shots_of(self, shots: int) -> str:
        """Say how many shots of each row are drawn if this many are asked for.

        Example:
            >>> Grid([[0.0, 1.0]]).shots_of(3000)
            '4,096 shots a row, in whole batches of 2,048 where 3,000 are asked for'
        """
        drawn = -(-shots // self.batch) * self.batch
        more = f", in whole batches of {self.batch:,} where {shots:,} are asked for"
        return f"{plural(drawn, 'shot')} a row{more if drawn > shots else ''}"


def _versions(backend: Any) -> dict[str, str]:
    """Versions that determine counts: of the packages that a simulator brings, its own too."""
    if isinstance(backend, Aer):
        return package_versions()
    settings = backend.settings()
    return {**package_versions(), settings["backend"]: settings["version"]}


def labels(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a description of a cell says of the axes that every grid has."""
    backend = {name: value for name, value in spec["backend"].items() if value != "CPU"}
    return {
        "beta": spec["beta"],
        "encoding": label(spec["encoding"]),
        "preparation": label(spec["preparation"]),
        "noise": spec["noise"],
        "backend": label(backend),
    }


def task_key(cell: str, block: int, batch: int) -> str:
    """The address of one batch of one block of a cell."""
    return digest({"cell": cell, "block": block, "batch": batch})


def _parts_of(scores: Any) -> tuple[Part, ...]:
    several = isinstance(scores, list | tuple) and any(
        isinstance(one, Part | Scores | np.ndarray) for one in scores
    )
    out = []
    for number, one in enumerate(scores if several else [scores]):
        if isinstance(one, Part):
            out.append(one)
            continue
        one = scores_of(one)
        name = one.model or one.source or f"scores {number}"
        out.append(Part(one, {"scores": name}))
    points = [canonical(dict(one.point)) for one in out]
    if len(set(points)) < len(points):
        out = [
            Part(one.scores, {**one.point, "scores": f"{one.point.get('scores')} #{number}"})
            if points.count(points[number]) > 1
            else one
            for number, one in enumerate(out)
        ]
    return tuple(out)
