"""Tables and sentences as HTML, every text escaped: for notebooks, and for the pages of `views`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

__all__ = ["html_table", "notebook"]


def html_table(
    headings: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    align: str = "",
    caption: str = "",
    kind: str = "",
    marked: Collection[int] = (),
) -> str:
    """Write an HTML table; if all headings are empty, the first column has them.

    Args:
        headings: The headings over the columns.
        lines: Lines of cells; each has as many cells as there are headings.
        align: The alignment, one letter a column, ``l`` or ``r``; all ``l`` if "".
        caption: The caption under the table, or "".
        kind: The HTML class of the table, or "".
        marked: Numbers of the lines that stand out, as class ``marked``.

    Example:
        >>> html_table([""], [["<b>"]])
        '<table><tbody><tr><th scope="row">&lt;b&gt;</th></tr></tbody></table>'
    """
    sides = [' class="r"' if side == "r" else "" for side in align or "l" * len(headings)]
    head = ""
    if any(headings):
        names = (
            f'<th scope="col"{side}>{escape(name)}</th>' if name else "<td></td>"
            for side, name in zip(sides, headings, strict=True)
        )
        head = f"<thead><tr>{''.join(names)}</tr></thead>"
    rows = []
    for i, line in enumerate(lines):
        cells = [f"<td{side}>{escape(cell)}</td>" for side, cell in zip(sides, line, strict=True)]
        if not head:
            cells[0] = f'<th scope="row">{escape(line[0])}</th>'
        mark = ' class="marked"' if i in marked else ""
        rows.append(f"<tr{mark}>{''.join(cells)}</tr>")
    name = f' class="{escape(kind)}"' if kind else ""
    under = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table{name}>{under}{head}<tbody>{''.join(rows)}</tbody></table>"


def notebook(
    verdict: str, said: str, headings: Sequence[str], lines: Sequence[Sequence[str]]
) -> str:
    """What a notebook shows for a value: its verdict, a few words, and a table.

    Args:
        verdict: The verdict in one word.
        said: What is said of the value, in a sentence or several, which may stand on lines of their
            own.
        headings: The headings over the columns.
        lines: Lines of cells; without any there is no table.

    Example:
        >>> notebook("agrees", "2 rows of 3 keys", [], [])
        '<p><strong>agrees</strong>: 2 rows of 3 keys</p>'
    """
    text = "<br>".join(escape(line) for line in said.splitlines())
    first = f"<p><strong>{escape(verdict)}</strong>: {text}</p>"
    return first + (html_table(headings, lines) if lines else "")
