"""What a store holds, cell by cell: counts, what they should be, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qcattn.attention import softmax
from qcattn.comparisons import Certificate, certify
from qcattn.frames import frame
from qcattn.legible import legible
from qcattn.markup import notebook
from qcattn.plurals import plural
from qcattn.records import Agreement, Counts, Verdict, joint_standing
from qcattn.stages import compare
from qcattn.sweeps.grid import ROWS, Grid, legible_point
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import canonical
from qcattn.sweeps.until import ruled, share

if TYPE_CHECKING:
    import pandas

__all__ = ["Cell", "Sweep", "as_counts", "load_sweep"]

#: What may set cells apart that lie at one place of the axes.
_APART = ("seed", "batch", "versions", "scores id")


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a sweep. Counts are read from the store when they are first asked for.

    Attributes:
        store: The file.
        key: Address of the cell.
        spec: What determines its counts.
        point: The value on each axis.
        axes: Names of the leading axes, or ().
        tokens: One label for each key, or ().
        row_names: One label for each entry of the last leading axis, or ().
        shots: Shots a row that were asked for.
        alpha: Probability that any cell of perfect samplers is said to differ.
        among: The number of cells that share that probability.
        failure: The error that ended it, or "".
        rule: The rule for stopping that was asked for last, or "".
        looks: The number of looks taken under a rule, of the rule with most of them; 0 without a
            rule.
        met: Whether the rule was met.
    """

    store: Path
    key: str
    spec: Mapping[str, Any]
    point: Mapping[str, Any]
    axes: tuple[str, ...]
    tokens: tuple[str, ...]
    row_names: tuple[str, ...]
    shots: int
    alpha: float
    among: int = 1
    failure: str = ""
    rule: str = ""
    looks: int = 0
    met: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Leading axes of the scores."""
        return tuple(self.spec["scores"]["shape"][:-1])

    @property
    def num_rows(self) -> int:
        """The number of rows of scores."""
        return int(np.prod(self.shape))

    @property
    def beta(self) -> float:
        """The inverse temperature."""
        return float(self.spec["beta"])

    @cached_property
    def scores(self) -> np.ndarray:
        """The scores, shape (..., keys)."""
        with Store(self.store, checked=True) as store:
            return store.scores(dict(self.spec))

    @cached_property
    def expected(self) -> np.ndarray:
        """Softmax of the scores, shape (..., keys)."""
        return softmax(self.scores, beta=self.beta)

    @cached_property
    def counts(self) -> Counts:
        """All recorded counts, shape (...)."""
        return self.counts_of(None)

    def counts_of(self, batches: int | None) -> Counts:
        """The counts of the first batches of every row, shape (...); of all batches if None."""
        with Store(self.store, checked=True) as store:
            return as_counts(store.table(self.key, dict(self.spec), batches), self.shape)

    @cached_property
    def blocks(self) -> dict[int, dict[str, Any]]:
        """What is known about each block of rows: kind, success, resources."""
        with Store(self.store, checked=True) as store:
            return store.blocks(self.key, dict(self.spec))

    @property
    def about(self) -> Mapping[str, Any]:
        """What is known about its first circuit; {} before anything was drawn."""
        return next(iter(self.blocks.values()), {})

    @property
    def success(self) -> np.ndarray | None:
        """The predicted probability of keeping a shot, shape (...); None without a herald.

        A block that has not been drawn yet has 1.
        """
        if not any(about.get("success") for about in self.blocks.values()):
            return None
        out = np.ones(self.num_rows)
        for block, about in self.blocks.items():
            out[block * ROWS : (block + 1) * ROWS] = about["success"]
        return out.reshape(self.shape)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on the counts and, with a herald, on the share of kept shots.

        The cell has an equal share of alpha, cut for the looks that were taken.
        """
        alpha = self.alpha / self.among * share(self.looks)
        return compare(self.counts, self.expected, self.success, alpha)

    def certify(self, epsilon: float, alpha: float | None = None) -> Certificate:
        """Certify agreement within a total variation, cell by cell at the alpha of the sweep.

        Args:
            epsilon: Largest total variation that counts as agreement.
            alpha: Error rate of this cell's claim; that of the sweep if None. It is cut for the
                looks that were taken.

        Returns:
            The certificate of all rows of the cell.
        """
        level = (self.alpha if alpha is None else alpha) * share(self.looks)
        return certify(self.counts, self.expected, epsilon, level)

    @property
    def complete(self) -> bool:
        """Whether the rule was met or, without a rule, every row has the shots asked for."""
        enough = self.met if self.rule else bool((self.counts.shots >= self.shots).all())
        return enough and not self.failure

    @property
    def standing(self) -> Agreement | Literal["failed"]:
        """The verdict in one word."""
        if self.failure:
            return "failed"
        return joint_standing(
            (verdict.standing for verdict in self.verdicts), complete=self.complete
        )


@dataclass(frozen=True, eq=False)
class Sweep:
    """The cells of a store, or those of one grid.

    Attributes:
        store: The file.
        cells: The cells, in the order in which they were asked for.
        alpha: Probability that any cell of perfect samplers is said to differ.
        mended: What `sweep` found to be damaged in the store and wrote or drew again, in words.
    """

    store: Path
    cells: tuple[Cell, ...]
    alpha: float = 0.01
    mended: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Cell]:
        """The cells."""
        return iter(self.cells)

    def __len__(self) -> int:
        """How many cells."""
        return len(self.cells)

    def where(self, **point: Any) -> Sweep:
        """The cells at a place on the axes, for example ``where(layer=3, noise="none")``.

        Raises:
            ValueError: If there is no such axis, or no cell there.
        """
        from qcattn.names import known

        for axis in point:
            known("an axis", axis, self.axes)
        chosen = tuple(
            cell
            for cell in self.cells
            if all(cell.point.get(axis) == value for axis, value in point.items())
        )
        if not chosen:
            raise ValueError(f"a cell must be at one of {self.axes}, but is asked for at {point}")
        return Sweep(self.store, chosen, self.alpha)

    @property
    def distinct(self) -> tuple[Cell, ...]:
        """The cells with distinct content: places on the axes that share counts share one cell."""
        return tuple({cell.key: cell for cell in reversed(self.cells)}.values())[::-1]

    @property
    def axes(self) -> dict[str, list[Any]]:
        """The values of each axis, in order of appearance."""
        out: dict[str, list[Any]] = {}
        for cell in self.cells:
            for axis, value in cell.point.items():
                values = out.setdefault(axis, [])
                if value not in values:
                    values.append(value)
        return out

    @property
    def varied(self) -> tuple[str, ...]:
        """The axes with more than one value."""
        return tuple(axis for axis, values in self.axes.items() if len(values) > 1)

    @property
    def standing(self) -> Agreement:
        """The verdict: "differs" if any cell does, "agrees" if all do."""
        return joint_standing(cell.standing for cell in self.cells)

    def __str__(self) -> str:
        """One line a cell."""
        varied = self.varied
        lines = [f"{self.standing}: {plural(len(self.cells), 'cell')}, alpha = {self.alpha:g}"]
        for cell in self.cells:
            place = ", ".join(f"{axis} {cell.point.get(axis)}" for axis in varied) or "all"
            lines.append(f"{cell.standing:<10} {place}")
        return "\n".join(lines)

    def to_pandas(self) -> pandas.DataFrame:
        """The cells as a data frame: axes, verdict, rows, fewest shots a row, smallest p-value.

        Counts of every key are what `qcattn export` writes.

        Raises:
            ImportError: If pandas is not installed: `pip install 'qcattn[pandas]'`.
        """
        columns: dict[str, Any] = {
            axis: [cell.point.get(axis) for cell in self.cells] for axis in self.axes
        }
        drawn = [bool(cell.counts.kept.any()) for cell in self.cells]
        least = [min(verdict.overall for verdict in cell.verdicts) for cell in self.cells]
        columns["verdict"] = [cell.standing for cell in self.cells]
        columns["rows"] = [cell.num_rows for cell in self.cells]
        columns["shots"] = [int(cell.counts.shots.min()) for cell in self.cells]
        columns["p_value"] = np.where(drawn, least, np.nan)
        return frame(columns)

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict and a line a cell."""
        varied = self.varied
        lines = [
            (*(str(cell.point.get(axis)) for axis in varied), cell.standing) for cell in self.cells
        ]
        said = f"{plural(len(self.cells), 'cell')}, error rate {self.alpha:g}"
        return notebook(self.standing, said, (*varied, "verdict"), lines)


def load_sweep(path: str | Path, grid: Grid | None = None) -> Sweep:
    """Read the store of a sweep.

    Args:
        path: The file that `sweep` or ``qcattn sweep`` wrote.
        grid: The grid whose cells are read, in its order; all that the store holds if None.

    Returns:
        The cells of the store; alpha is shared out equally among them (Bonferroni).

    Raises:
        ValueError: If the file is missing, of another kind, newer, or damaged.
    """
    path = Path(path)
    with Store(path) as store:
        # Of a grid its own cells alone: what is damaged elsewhere is no matter of it.
        specs = store.specs(None if grid is None else {cell.key for cell in grid.cells})
        if grid is None:
            store.check_homes(specs)
        chosen, failures, looks = store.points(specs), store.failures(specs), store.looks(specs)
    if grid is not None:
        # By place too: the same cell may lie at another one, under another name of its scores.
        there = {(key, canonical(point)): (key, point, said) for key, point, said in chosen}
        wanted = dict.fromkeys((cell.key, canonical(dict(cell.point))) for cell in grid.cells)
        chosen = [there[place] for place in wanted if place in there]
    apart = _what_differs([(canonical(point), specs[key]) for key, point, _ in chosen])
    alpha = min((float(said["alpha"]) for _, _, said in chosen), default=0.01)
    cells = []
    for key, point, said in chosen:
        # Every look costs its share, whatever the rule that the last sweep had.
        seen, rule = looks.get(key, []), str(said["until"])
        taken = max((look for _, look, _, _ in seen), default=0)
        asked = ruled(rule, float(said["alpha"]))
        met = any(name == asked and reached for name, _, _, reached in seen)
        cells.append(
            Cell(
                store=path,
                key=key,
                spec=specs[key],
                point=legible_point(point | {name: _value(specs[key], name) for name in apart}),
                axes=tuple(map(legible, said["axes"])),
                tokens=tuple(said["tokens"]),
                row_names=tuple(map(legible, said["row_names"])),
                shots=int(said["shots"]),
                alpha=alpha,
                among=len(chosen),
                failure=failures.get(key, ""),
                rule=rule,
                looks=taken,
                met=met,
            )
        )
    return Sweep(path, tuple(cells), alpha)


def _what_differs(cells: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What sets cells apart that lie at one place of the axes: seed, batch, versions, scores."""
    found: dict[tuple[str, str], set[Any]] = {}
    for point, spec in cells:
        for name in _APART:
            found.setdefault((point, name), set()).add(_value(spec, name))
    several = {name for (_, name), values in found.items() if len(values) > 1}
    return [name for name in _APART if name in several]


def _value(spec: Mapping[str, Any], name: str) -> Any:
    if name == "versions":
        return ", ".join(f"{package} {number}" for package, number in spec[name].items())
    if name == "scores id":
        return spec["scores"]["sha256"][:8]
    return int(spec[name])


def as_counts(table: np.ndarray, shape: tuple[int, ...]) -> Counts:
    """Turn a table (rows, keys + 2) into counts of shape (...)."""
    return Counts(
        table[:, :-2].reshape(*shape, -1),
        table[:, -2].reshape(shape),
        table[:, -1].reshape(shape),
    )
