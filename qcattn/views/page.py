"""What every HTML page is made of: frame, tables, figures; nothing is fetched, no script runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from qcattn.markup import html_table
from qcattn.progress import tell
from qcattn.views.sheet import Sheet
from qcattn.views.vector import inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Plotter", "badge", "figure", "table", "whole_page", "write_page"]

# "default-src 'none'": a browser that would fetch anything at all is told not to.
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def whole_page(title: str, parts: Sequence[str]) -> str:
    """Make a self-contained page of parts in HTML."""
    return _FRAME.format(
        title=escape(title),
        style=(files("qcattn.views") / "report.css").read_text(encoding="utf-8"),
        body="\n".join(parts),
    )


def write_page(path: str | Path, page: str) -> None:
    """Write a page; the file appears whole or not at all.

    Raises:
        OSError: If it cannot be written; nothing is left behind.
    """
    path = Path(path)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(page)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


@dataclass
class Plotter:
    """Numbers the pictures of a page, so that their ids differ."""

    plotted: int = 0

    def __call__(
        self, plot: Callable[[Axes], object], width: float, height: float, label: str
    ) -> str:
        """Plot on fresh axes of this size in inches; the label is for those who cannot see."""
        self.plotted += 1
        tell(self.plotted - 1, self.plotted, f"picture {self.plotted} of the page")
        return inline_svg(plot, width, height, name=f"p{self.plotted}", label=label)


def badge(word: str, said: str = "") -> str:
    """Write a verdict of one word as a badge, or other words in its place."""
    return f'<span class="badge {word}">{said or word}</span>'


def figure(pictures: Sequence[str], caption: str, *, before: str = "", after: str = "") -> str:
    """Put pictures side by side with a caption under them, or nothing."""
    under = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure>{before}<div class="figures">{"".join(pictures)}</div>{after}{under}</figure>'


def table(sheet: Sheet, kind: str = "") -> str:
    """Write a sheet as an HTML table with its caption; its first column may hold headings."""
    text = html_table(
        sheet.headings,
        sheet.lines,
        align="".join(column.align for column in sheet.columns),
        kind=kind,
        marked=sheet.marked,
    )
    said = sheet.legend()
    under = f"<figcaption>{escape(said)}</figcaption>" if said else ""
    # What is said does not scroll with a table that is wider than the page; keys scroll this too.
    name = ", ".join(filter(None, sheet.headings)) or "what was set"
    group = f'class="wide" tabindex="0" role="group" aria-label="Table: {escape(name)}"'
    return f'<figure class="sheet"><div {group}>{text}</div>{under}</figure>'
