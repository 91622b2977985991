"""A table as plain text: what it says, and what its headings mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Sheet"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: A few words, never cut and never broken.
        align: ``"l"`` for words, which may be broken into lines; ``"r"`` for numbers, which never
            are.
        note: What the heading means, as a sentence, or "" where it says it all.
    """

    heading: str
    align: Literal["l", "r"] = "l"
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        title: What it shows.
        columns: Headings and how they are set.
        lines: Cells, one tuple a line.
        caption: What there is to say about the table as a whole.
        marked: Numbers of the lines that differ.

    Example:
        >>> sheet = Sheet("Rows", (Column("row"), Column("p", "r", "p is the p-value.")), ())
        >>> sheet.headings, sheet.legend()
        (('row', 'p'), 'p is the p-value.')
    """

    title: str
    columns: tuple[Column, ...]
    lines: tuple[tuple[str, ...], ...]
    caption: str = ""
    marked: frozenset[int] = frozenset()

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the columns."""
        return tuple(column.heading for column in self.columns)

    def legend(self) -> str:
        """The meaning of the headings, and then the caption."""
        return " ".join(filter(None, [*(column.note for column in self.columns), self.caption]))
