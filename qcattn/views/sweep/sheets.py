"""The tables of a sweep."""

from __future__ import annotations

from qcattn.sweeps import Cell, Sweep
from qcattn.views.labels import number, p_text, plural
from qcattn.views.sheet import Column, Sheet
from qcattn.views.sweep.words import place_of_cell, refuted_rows, shots_of_cell

__all__ = ["cells", "failures"]

_MOST_LINES = 40
_ORDER = {"differs": 0, "failed": 1, "undecided": 2, "agrees": 3}
_SHOTS = Column("shots", "r", '"shots" are those of one row.')
_DIFFER = Column(
    "differ",
    "r",
    '"differ" counts the rows that are refuted, family-wise: even one of them, in the whole sweep, '
    "is by chance no likelier than the error rate says.",
)
_P = Column("p", "r", '"p" is the smallest p-value of the comparisons, all rows together.')
_BOUND = Column(
    "TV at most",
    "r",
    '"TV at most" is an upper bound on the total variation of every row of the cell.',
)


def cells(sweep: Sweep, epsilon: float | None = None) -> Sheet:
    """The table of cells: place on the axes, shots and verdict.

    Args:
        sweep: A sweep of any size; of a large one the lines that do not agree come first, and the
            rest is left out.
        epsilon: Total variation within which to certify; None leaves the bound out, unless cells
            were drawn until they were certified.

    Returns:
        A table; lines of cells that differ stand out.
    """
    shown, caption = list(sweep), ""
    if len(shown) > _MOST_LINES:
        shown = sorted(shown, key=lambda cell: _ORDER[cell.standing])[:_MOST_LINES]
        caption = _more(len(sweep) - len(shown), "cell")
    bounded = epsilon is not None or any(cell.rule.startswith("certified") for cell in sweep)
    varied = sweep.varied or ("scores",)
    sizes = {cell.num_rows for cell in sweep}
    rules = sorted({cell.rule for cell in sweep if cell.rule})
    met = Column("met", "l", f'"met" says whether {" or ".join(rules)} was reached.')
    columns = (
        *(_axis(sweep, axis) for axis in varied),
        *((Column("rows", "r"),) if len(sizes) > 1 else ()),
        _SHOTS,
        Column("verdict"),
        *((met,) if rules else ()),
        _DIFFER,
        _P,
        *((_BOUND,) if bounded else ()),
    )
    lines = tuple(
        (
            *(str(cell.point.get(axis, "")) for axis in varied),
            *((f"{cell.num_rows:,}",) if len(sizes) > 1 else ()),
            shots_of_cell(cell),
            cell.standing,
            *((_reached(cell, rules),) if rules else ()),
            f"{refuted_rows(cell):,}",
            _p(cell),
            *((_bound(cell, epsilon),) if bounded else ()),
        )
        for cell in shown
    )
    each = f" of {plural(sizes.pop(), 'row')}" if len(sizes) == 1 else ""
    return Sheet(
        title=f"{sweep.store.name}: counts against softmax, {plural(len(sweep), 'cell')}{each}",
        columns=columns,
        lines=lines,
        caption=caption,
        marked=frozenset(i for i, cell in enumerate(shown) if cell.standing == "differs"),
    )


def failures(sweep: Sweep, most: int = 10) -> Sheet:
    """The errors and the cells that they ended, the most common first."""
    found: dict[str, list[Cell]] = {}
    for cell in sweep:
        if cell.failure:
            found.setdefault(cell.failure, []).append(cell)
    ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
    more = len(ordered) - most
    return Sheet(
        title="Failures",
        columns=(
            Column("cells", "r", '"cells" counts those that the error ended.'),
            Column("first", "l", '"first" is the place of the first of them.'),
            Column("error"),
        ),
        lines=tuple(
            (f"{len(ended):,}", place_of_cell(sweep, ended[0]), error)
            for error, ended in ordered[:most]
        ),
        caption=_more(more, "error"),
    )


def _p(cell: Cell) -> str:
    """The smallest p-value; nothing where there is no shot to have one."""
    drawn = bool(cell.counts.kept.any())
    return p_text(min(verdict.overall for verdict in cell.verdicts)) if drawn else ""


def _axis(sweep: Sweep, axis: str) -> Column:
    """An axis of the sweep."""
    words = any(isinstance(value, str) for value in sweep.axes.get(axis, [""]))
    return Column(axis, "l" if words else "r")


def _more(count: int, noun: str) -> str:
    """How many are left out; "" for none."""
    return f"{plural(count, noun)} more {'is' if count == 1 else 'are'} left out." * (count > 0)


def _bound(cell: Cell, epsilon: float | None) -> str:
    """The certified bound on the total variation, where every row has shots."""
    if not cell.counts.shots.all():
        return ""
    return number(float(cell.certify(epsilon or 0.5).upper.max()))


def _reached(cell: Cell, rules: list[str]) -> str:
    """Whether the rule for stopping was met; with its name where there are several."""
    said = "yes" if cell.met else "no"
    return said if len(rules) == 1 or not cell.rule else f"{cell.rule}: {said}"
