"""Results on the terminal, as tables or JSON, and the exit code they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qcattn.cli.output import Kept
    from qcattn.records import Result
    from qcattn.views.sheet import Sheet

__all__ = ["exit_code", "print_json", "print_place", "print_results", "print_sheets", "print_words"]


class Standing(Protocol):
    """A result, trials, a sweep or a finding: each says in one word how it came out."""

    @property
    def standing(self) -> str:
        """The word."""


def exit_code(done: Iterable[Standing]) -> int:
    """1 if any differs, else 2 if any is undecided, else 0."""
    standings = {one.standing for one in done}
    return 1 if "differs" in standings else 2 if "undecided" in standings else 0


def print_json(document: Any) -> None:
    """Print a document for other programs."""
    from json import dumps

    typer.echo(dumps(document, indent=1, ensure_ascii=False))


def print_place(kept: Kept, json: bool) -> None:
    """Say where the report and the results are, unless JSON was asked for."""
    if kept.report is not None and not json:
        typer.echo(f"Report and results: {kept.report}")


def print_sheets(*sheets: Sheet) -> None:
    """Print those tables that have lines, as wide as the terminal lets them be."""
    from rich.console import Console

    from qcattn.views.tables import set_in_type

    console = Console()
    for sheet in sheets:
        if sheet.lines:
            console.print(set_in_type(sheet, console.width))


def print_words(*texts: str) -> None:
    """Print sentences as they are, broken where the terminal ends."""
    from rich.console import Console

    for text in texts:
        Console().print(text, highlight=False, markup=False)


def print_results(results: Sequence[Result], alpha: float, json: bool) -> None:
    """Print tables and sentences, or JSON."""
    from qcattn.views.run import sheets
    from qcattn.views.run.brief import brief
    from qcattn.views.run.words import sentence

    if json:
        print_json([brief(result) for result in results])
        return
    for result in results:
        print_sheets(sheets.summary(result))
        if result.differs:
            print_sheets(sheets.worst(result))
        print_words(sentence(result), "")
    if len(results) > 1:
        print_words(
            f"A perfect sampler would be said to differ, in either part, in {alpha:.2%} of such "
            "runs at most."
        )
