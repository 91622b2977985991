"""A sweep as a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.sweeps import Cell, Sweep
from qcattn.views.labels import number, p_text
from qcattn.views.sheets import Sheet
from qcattn.views.tables import set_in_type

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["brief", "cells_table", "failures_table", "words"]

_MOST_LINES = 40
_ORDER = {"differs": 0, "failed": 1, "undecided": 2, "agrees": 3}


def cells_table(sweep: Sweep, epsilon: float | None = None) -> Table:
    """One line a cell: its place on the axes, shots, verdict.

    Args:
        sweep: Of any size; of a large one the lines that do not agree come first, and the rest is
            left out.
        epsilon: Total variation within which to certify; None leaves the bound out, unless cells
            were drawn until they were certified.

    Returns:
        A table; lines of cells that differ stand out.
    """
    cells = list(sweep)
    caption = "shots: a row. differ: rows that are refuted, family-wise over the whole sweep."
    if len(cells) > _MOST_LINES:
        cells = sorted(cells, key=lambda cell: _ORDER[cell.standing])[:_MOST_LINES]
        caption += f" {len(sweep) - len(cells):,} cells more are left out."
    bounded = epsilon is not None or any(cell.rule.startswith("certified") for cell in sweep)
    if bounded:
        caption += " TV at most: upper bound on the total variation of every row of the cell."
    varied = sweep.varied or ("scores",)
    sizes = {cell.num_rows for cell in sweep}
    rules = sorted({cell.rule for cell in sweep if cell.rule})
    caption += f" met: {', '.join(rules)}." if rules else ""
    names = [*varied, *(["rows"] if len(sizes) > 1 else []), "shots", "verdict"]
    names += ["met"] if rules else []
    names += ["differ", "p"]
    lines: list[tuple[str, ...]] = []
    marked: list[int] = []
    for cell in cells:
        if cell.standing == "differs":
            marked.append(len(lines))
        line = [str(cell.point.get(axis, "")) for axis in varied]
        line += [f"{cell.num_rows:,}"] if len(sizes) > 1 else []
        line += [_shots(cell), cell.standing]
        line += [_reached(cell, rules)] if rules else []
        line += [f"{_refuted(cell):,}", p_text(min(v.overall for v in cell.verdicts))]
        if bounded:
            upper = cell.certify(epsilon or 0.5).upper
            line.append(number(float(upper.max())) if cell.counts.shots.all() else "")
        lines.append(tuple(line))
    names += ["TV at most"] if bounded else []
    each = f" of {sizes.pop():,} rows" if len(sizes) == 1 else ""
    align = "".join("l" if axis_is_text(sweep, axis) else "r" for axis in varied)
    align += ("r" if len(sizes) > 1 else "") + "rl"
    align += ("l" if rules else "") + "rr"
    return set_in_type(
        Sheet(
            title=f"{sweep.store.name}: counts against softmax, {_cells(len(sweep))}{each}",
            columns=tuple(names),
            align=align + ("r" if bounded else ""),
            lines=tuple(lines),
            caption=caption,
            marked=frozenset(marked),
        )
    )


def failures_table(sweep: Sweep, most: int = 10) -> Table | None:
    """Errors and the cells that they ended, the commonest first; None where there is none."""
    found: dict[str, list[Cell]] = {}
    for cell in sweep:
        if cell.failure:
            found.setdefault(cell.failure, []).append(cell)
    if not found:
        return None
    ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
    lines = [(f"{len(cells):,}", _place(sweep, cells[0]), error) for error, cells in ordered[:most]]
    more = len(ordered) - len(lines)
    return set_in_type(
        Sheet(
            title="Failures",
            columns=("cells", "first", "error"),
            align="rll",
            lines=tuple(lines),
            caption=f"{more} errors more are left out." if more else "",
        )
    )


def words(sweep: Sweep) -> str:
    """The verdict over all cells in a few sentences, with its error rate."""
    by: dict[str, list[Cell]] = {}
    for cell in sweep:
        by.setdefault(cell.standing, []).append(cell)
    rows = sum(cell.num_rows for cell in sweep.distinct)
    shots = sum(int(cell.counts.shots.sum()) for cell in sweep.distinct)
    size = f"{_cells(len(sweep))}, {rows:,} rows, {shots:,} shots"
    said = []
    if differ := by.get("differs"):
        worst = min(differ, key=lambda cell: min(v.overall for v in cell.verdicts))
        said.append(
            f"The counts differ from softmax in {len(differ):,} of {size}. "
            f"Worst: {_place(sweep, worst)}, p = {p_text(min(v.overall for v in worst.verdicts))}."
        )
    elif len(by.get("agrees", ())) == len(sweep):
        said.append(f"The counts agree with softmax: {size}.")
    else:
        agree = len(by.get("agrees", ()))
        said.append(f"Undecided: {agree:,} of {size} agree, none differs.")
    if failed := by.get("failed"):
        said.append(f"{_cells(len(failed))} failed; --retry-failed tries again.")
    if lacking := by.get("undecided"):
        unmet = [cell for cell in lacking if cell.rule and not cell.met]
        if unmet:
            said.append(
                f"{_cells(len(unmet))} did not reach {unmet[0].rule} within {_shots(unmet[0])} "
                "shots a row; raise --shots."
            )
        if len(unmet) < len(lacking):
            said.append(f"{_cells(len(lacking) - len(unmet))} lack shots.")
    said.append(
        f"A perfect sampler would be called different, in any cell, in at most "
        f"{100 * sweep.alpha:.3g}% of such sweeps."
    )
    return " ".join(said)


def brief(sweep: Sweep) -> dict[str, Any]:
    """The sweep in a few numbers a cell, for other programs."""
    return {
        "verdict": sweep.standing,
        "alpha": sweep.alpha,
        "cells": [
            {
                "cell": cell.key,
                **{"point": dict(cell.point)},
                "verdict": cell.standing,
                "rows": cell.num_rows,
                "shots": [int(cell.counts.shots.min()), int(cell.counts.shots.max())],
                "asked": cell.shots,
                "rows_refuted": _refuted(cell),
                "p_value": min(verdict.overall for verdict in cell.verdicts),
                "error": cell.failure,
                "rule": cell.rule,
                "met": cell.met,
                "looks": cell.looks,
                "resources": dict(cell.about.get("resources", {})),
            }
            for cell in sweep
        ],
    }


def axis_is_text(sweep: Sweep, axis: str) -> bool:
    """Whether the values of an axis are words."""
    return any(isinstance(value, str) for value in sweep.axes.get(axis, [""]))


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def _place(sweep: Sweep, cell: Cell) -> str:
    return ", ".join(f"{axis} {cell.point.get(axis)}" for axis in sweep.varied) or "the cell"


def _shots(cell: Cell) -> str:
    low, high = int(cell.counts.shots.min()), int(cell.counts.shots.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _reached(cell: Cell, rules: list[str]) -> str:
    """Whether the rule for stopping was met; with its name where there are several."""
    said = "yes" if cell.met else "no"
    return said if len(rules) == 1 or not cell.rule else f"{cell.rule}: {said}"


def _refuted(cell: Cell) -> int:
    return int(np.any([verdict.refuted for verdict in cell.verdicts], axis=0).sum())
