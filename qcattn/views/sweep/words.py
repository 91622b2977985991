"""A sweep in words: the verdict over all cells, and what a cell is called."""

from __future__ import annotations

import numpy as np

from qcattn.sweeps import Cell, Sweep
from qcattn.views.labels import p_is, plural

__all__ = ["place_of_cell", "refuted_rows", "shots_of_cell", "words"]


def words(sweep: Sweep) -> str:
    """The verdict over all cells in a few sentences, with its error rate."""
    by: dict[str, list[Cell]] = {}
    for cell in sweep:
        by.setdefault(cell.standing, []).append(cell)
    rows = sum(cell.num_rows for cell in sweep.distinct)
    shots = sum(int(cell.counts.shots.sum()) for cell in sweep.distinct)
    size = f"{plural(len(sweep), 'cell')}, {plural(rows, 'row')}, {plural(shots, 'shot')}"
    said = []
    if differ := by.get("differs"):
        worst = min(differ, key=lambda cell: min(v.overall for v in cell.verdicts))
        said.append(
            f"The counts differ from softmax in {len(differ):,} of {size}. "
            f"Worst: {place_of_cell(sweep, worst)}, "
            f"{p_is(min(v.overall for v in worst.verdicts))}."
        )
    elif len(by.get("agrees", ())) == len(sweep):
        said.append(f"The counts agree with softmax: {size}.")
    else:
        agree = len(by.get("agrees", ()))
        said.append(
            f"Undecided: the counts of {agree:,} of {plural(len(sweep), 'cell')} agree with "
            f"softmax and none differ, but {plural(len(sweep) - agree, 'cell')} cannot be decided "
            f"yet. Drawn so far: {plural(shots, 'shot')} of {plural(rows, 'row')}."
        )
    if failed := by.get("failed"):
        said.append(f"{plural(len(failed), 'cell')} failed; --retry-failed tries again.")
    if lacking := by.get("undecided"):
        unmet = [cell for cell in lacking if cell.rule and not cell.met]
        if unmet:
            said.append(
                f"{plural(len(unmet), 'cell')} did not reach {unmet[0].rule} within "
                f"{_shots(unmet[0])} a row; raise --shots."
            )
        if len(unmet) < len(lacking):
            said.append(f"{_lacking(len(lacking) - len(unmet))}.")
    said.append(
        f"A perfect sampler would be called different, in any cell, in at most "
        f"{100 * sweep.alpha:.3g}% of such sweeps."
    )
    return " ".join(said)


def _lacking(cells: int) -> str:
    return f"{plural(cells, 'cell')} {'lacks' if cells == 1 else 'lack'} shots"


def _shots(cell: Cell) -> str:
    said = shots_of_cell(cell)
    return f"{said} shot{'' if said == '1' else 's'}"


def place_of_cell(sweep: Sweep, cell: Cell) -> str:
    """The place of a cell on the axes that vary."""
    return ", ".join(f"{axis} {cell.point.get(axis)}" for axis in sweep.varied) or "the cell"


def shots_of_cell(cell: Cell) -> str:
    """The shots of each row, or the fewest and the most."""
    low, high = int(cell.counts.shots.min()), int(cell.counts.shots.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def refuted_rows(cell: Cell) -> int:
    """How many rows any of the comparisons refutes."""
    return int(np.any([verdict.refuted for verdict in cell.verdicts], axis=0).sum())
