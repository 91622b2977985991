"""A table on a terminal of any width: no heading and no number is ever cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qcattn.views.sheet import Sheet

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["set_in_type"]

#: While there are columns that can be left out instead, cells of words up to this width are kept
#: whole, and longer ones have lines of at least `_LINE`. No word up to this width is ever broken.
_WHOLE = 24
_LINE = 16
_GAP = 2
#: What stands on one line: a word, or a part of it that ends with a comma, but no part of a number.
_PIECE = re.compile(r"\S+?(?:[,;](?=[^\s\d])|(?=\s|$))\s*")


def set_in_type(sheet: Sheet, width: int) -> Group:
    """A sheet as rich prints it: title, table and legend. Marked lines stand out.

    Where the table is too wide, its least important columns are left out, and the legend says
    which; then cells of words are broken into lines.

    Args:
        sheet: What to show.
        width: Of the terminal, in cells.

    Returns:
        What ``console.print`` takes.

    Example:
        >>> from rich.console import Console
        >>> from qcattn.views.sheet import Column
        >>> columns = (Column("method"), Column("2q gates", "r", spare=1), Column("p", "r"))
        >>> sheet = Sheet("Cost", columns, (("Amplitude", "1,234", "0.5"),))
        >>> Console(width=20).print(set_in_type(sheet, 20))
        Cost
        <BLANKLINE>
        method       p
        ──────────────
        Amplitude  0.5
        <BLANKLINE>
        Columns left out on
        this narrow
        terminal: 2q gates.
        <BLANKLINE>
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    kept = _kept(sheet, width)
    widths = _widths(sheet, kept, width)
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        show_header=any(sheet.headings),
    )
    for at, cells_across in zip(kept, widths, strict=True):
        column = sheet.columns[at]
        table.add_column(
            Text(column.heading),
            justify="right" if column.align == "r" else "left",
            width=cells_across,
            overflow="fold",
        )
    for i, line in enumerate(sheet.lines):
        cells = [Text(_broken(line[at], own)) for at, own in zip(kept, widths, strict=True)]
        table.add_row(*cells, style="bold red" if i in sheet.marked else None)
    blank = Text("")
    title = [Text(sheet.title, style="italic"), blank] if sheet.title else []
    said = _said(sheet, kept)
    legend = [Text(said, style="dim italic"), blank] if said else []
    return Group(*title, table, blank, *legend)


def _kept(sheet: Sheet, width: int) -> list[int]:
    """Numbers of the columns to show: the spare ones go, one by one, until the others fit."""
    kept = list(range(len(sheet.columns)))
    spare = [at for at in kept if sheet.columns[at].spare]
    for at in sorted(spare, key=lambda at: -sheet.columns[at].spare):
        if _fits([_whole(sheet, i) for i in kept], width):
            break
        kept.remove(at)
    return kept


def _widths(sheet: Sheet, kept: list[int], width: int) -> list[int]:
    """Width of each column that is shown; room that is left goes to the narrowest wants first."""
    least = {at: _least(sheet, at) for at in kept}
    wanted = {at: max(least[at], _longest(sheet, at)) for at in kept}
    room = max(0, width - _GAP * (len(kept) - 1) - sum(least.values()))
    wide = sorted(kept, key=lambda at: wanted[at] - least[at])
    for i, at in enumerate(wide):
        more = min(wanted[at] - least[at], room // (len(wide) - i))
        least[at] += more
        room -= more
    return [least[at] for at in kept]


def _fits(widths: list[int], width: int) -> bool:
    return sum(widths) + _GAP * (len(widths) - 1) <= width


def _whole(sheet: Sheet, at: int) -> int:
    """Width at which a column reads well: numbers and short cells whole, words in short lines."""
    longest = _longest(sheet, at)
    whole = sheet.columns[at].align == "r" or longest <= _WHOLE
    return longest if whole else max(_least(sheet, at), _LINE)


def _longest(sheet: Sheet, at: int) -> int:
    """Width of the longest line of the column's cells."""
    from rich.cells import cell_len

    lines = [part for line in sheet.lines for part in line[at].splitlines()]
    return max(map(cell_len, [sheet.columns[at].heading, *lines]))


def _least(sheet: Sheet, at: int) -> int:
    """The narrowest that a column may be: its heading whole, numbers whole, words whole."""
    from rich.cells import cell_len

    if sheet.columns[at].align == "r":
        return _longest(sheet, at)
    pieces = [piece.rstrip() for line in sheet.lines for piece in _PIECE.findall(line[at])]
    longest = max(map(cell_len, pieces), default=0)
    return max(cell_len(sheet.columns[at].heading), min(longest, _WHOLE))


def _broken(text: str, width: int) -> str:
    """A cell in lines that are no wider than this; rich breaks what is too long for one."""
    from rich.cells import cell_len

    lines = []
    for paragraph in text.splitlines():
        line = ""
        for piece in _PIECE.findall(paragraph):
            if line and cell_len(f"{line}{piece}".rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return "\n".join(lines)


def _said(sheet: Sheet, kept: list[int]) -> str:
    """The legend of the columns that are shown, and the names of those that are not."""
    said = sheet.legend(sheet.columns[at] for at in kept)
    missing = [name for at, name in enumerate(sheet.headings) if at not in kept]
    if missing:
        said += f" Columns left out on this narrow terminal: {', '.join(missing)}."
    return said.strip()
