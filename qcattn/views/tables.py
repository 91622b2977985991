"""A table on a terminal of any width: nothing is left out, and no heading or number is cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qcattn.views.sheet import Sheet

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

__all__ = ["set_in_type"]

#: Cells of words up to this width are kept whole in a table, and longer ones have lines of at
#: least `_LINE`. No word up to this width is ever broken.
_WHOLE = 24
_LINE = 16
_GAP = 2
#: What stands on one line: a word, or a part of it that ends with a comma, but no part of a number.
_PIECE = re.compile(r"\S+?(?:[,;](?=[^\s\d])|(?=\s|$))\s*")


def set_in_type(sheet: Sheet, width: int) -> Group:
    """Set a sheet for rich to print: title, table and legend. Marked lines stand out.

    Where the table is too wide, columns that are the same in every line are said under it
    instead. Where that is not enough, each line of the table becomes a few lines of headings with
    their cells.

    Args:
        sheet: What to show.
        width: The width of the terminal, in cells.

    Returns:
        What ``console.print`` takes.

    Example:
        >>> from rich.console import Console
        >>> from qcattn.views.sheet import Column
        >>> columns = (Column("method"), Column("keys", "r"), Column("2q gates", "r"))
        >>> lines = (("Amplitude", "16", "1,234"), ("Heralded", "16", "19"))
        >>> sheet = Sheet("Cost", columns, lines)
        >>> Console(width=24).print(set_in_type(sheet, 24))
        Cost
        <BLANKLINE>
        method     2q gates
        ───────────────────
        Amplitude     1,234
        Heralded         19
        <BLANKLINE>
        In every line: keys 16.
        <BLANKLINE>
        >>> Console(width=18).print(set_in_type(sheet, 18))
        Cost
        <BLANKLINE>
        method: Amplitude
          2q gates: 1,234
        method: Heralded
          2q gates: 19
        <BLANKLINE>
        In every line:
        keys 16.
        <BLANKLINE>
    """
    from rich.console import Group
    from rich.text import Text

    shown = list(range(len(sheet.columns)))
    for at in [at for at in shown if _constant(sheet, at)]:
        if _fits(sheet, shown, width):
            break
        shown.remove(at)
    blank = Text("")
    title = [Text(sheet.title, style="italic"), blank] if sheet.title else []
    said = " ".join(filter(None, [_everywhere(sheet, shown), sheet.legend()]))
    legend = [Text(said, style="dim italic"), blank] if said else []
    table = _fits(sheet, shown, width) or not any(sheet.headings)
    body = [_table(sheet, shown, width)] if table else _stacked(sheet, shown, width)
    return Group(*title, *body, blank, *legend)


def _table(sheet: Sheet, shown: list[int], width: int) -> Table:
    """The columns that are shown, beside each other."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    widths = _widths(sheet, shown, width)
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        show_header=any(sheet.headings),
    )
    for at, cells_across in zip(shown, widths, strict=True):
        column = sheet.columns[at]
        table.add_column(
            Text(column.heading),
            justify="right" if column.align == "r" else "left",
            width=cells_across,
            overflow="fold",
        )
    for i, line in enumerate(sheet.lines):
        cells = [Text(_broken(line[at], own)) for at, own in zip(shown, widths, strict=True)]
        table.add_row(*cells, style=_style(sheet, i))
    return table


def _stacked(sheet: Sheet, shown: list[int], width: int) -> list[Text]:
    """Each line as its headings with their cells, as many on a line as there is room for."""
    from rich.cells import cell_len
    from rich.text import Text

    blocks = []
    for i, line in enumerate(sheet.lines):
        written: list[str] = []
        for at in shown:
            name, cell = sheet.columns[at].heading, " ".join(line[at].split())
            pair = f"{name}: {cell}" if name else cell
            if not cell:
                continue
            room = width - _GAP * (len(written) > 1)
            if written and cell_len(written[-1]) + _GAP + cell_len(pair) <= room:
                written[-1] += " " * _GAP + pair
            elif not written and cell_len(pair) <= width:
                written.append(pair)
            else:
                written += _broken(pair, width - _GAP).splitlines()
        # All but the first are set in.
        blocks.append(Text(f"\n{' ' * _GAP}".join(written), style=_style(sheet, i)))
    return blocks


def _style(sheet: Sheet, line: int) -> str:
    return "bold red" if line in sheet.marked else ""


def _constant(sheet: Sheet, at: int) -> bool:
    """Whether a column, but the first, says the same in each of several lines."""
    return at > 0 and len(sheet.lines) > 1 and len({line[at] for line in sheet.lines}) == 1


def _everywhere(sheet: Sheet, shown: list[int]) -> str:
    """What the columns say that are not shown, for they say the same in every line."""
    pairs = [
        f"{name} {sheet.lines[0][at]}"
        for at, name in enumerate(sheet.headings)
        if at not in shown and sheet.lines[0][at]
    ]
    return f"In every line: {', '.join(pairs)}." if pairs else ""


def _fits(sheet: Sheet, shown: list[int], width: int) -> bool:
    """Whether these columns have room beside each other."""
    return sum(_whole(sheet, at) for at in shown) + _GAP * (len(shown) - 1) <= width


def _widths(sheet: Sheet, shown: list[int], width: int) -> list[int]:
    """Width of each column that is shown; room that is left goes to the narrowest wants first."""
    least = {at: _least(sheet, at) for at in shown}
    wanted = {at: max(least[at], _longest(sheet, at)) for at in shown}
    room = max(0, width - _GAP * (len(shown) - 1) - sum(least.values()))
    wide = sorted(shown, key=lambda at: wanted[at] - least[at])
    for i, at in enumerate(wide):
        more = min(wanted[at] - least[at], room // (len(wide) - i))
        least[at] += more
        room -= more
    return [least[at] for at in shown]


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
