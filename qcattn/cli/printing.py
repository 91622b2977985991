"""Results on the terminal, as tables or JSON, and the exit code they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qcattn.cli.streams import say, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qcattn.cli.output import Kept
    from qcattn.records import Result
    from qcattn.views.sheet import Sheet

__all__ = ["exit_code", "print_json", "print_place", "print_results", "print_sheets", "print_words"]


def exit_code(standings: Iterable[str], *, complete: bool = True) -> int:
    """The exit code of every command that has a verdict.

    Args:
        standings: How it came out, in one word each. Any other word than these is decided too, as
            that of a claim which is refuted. An alarm is a simulator's that differs.
        complete: Whether it was not interrupted.

    Example:
        >>> exit_code(["agrees", "exact"]), exit_code(["undecided", "differs"]), exit_code([])
        (0, 1, 0)
        >>> exit_code(["agrees", "undecided"]), exit_code(["differs"], complete=False)
        (2, 2)
    """
    found = set(standings)
    if not complete:
        return 2
    return 1 if found & {"differs", "alarm"} else 2 if "undecided" in found else 0


def print_json(document: Mapping[str, Any], kept: Kept | None = None) -> None:
    """Print a document for other programs: one object, one entry on each line, in ASCII.

    Args:
        document: Plain values.
        kept: Where the results lie; the document says so at its end.
    """
    from json import dumps

    if kept is not None:
        folder = None if kept.folder is None else str(kept.folder)
        document = {**document, "folder": folder, "report": kept.report}
    lines = (f" {dumps(name)}: {dumps(said, allow_nan=False)}" for name, said in document.items())
    say("{\n" + ",\n".join(lines) + "\n}")


def print_place(kept: Kept) -> None:
    """Say where the report and the results are."""
    if kept.report is not None:
        say(f"Report and results: {kept.report}")


def print_sheets(*sheets: Sheet) -> None:
    """Print the tables that have lines, as wide as the terminal allows."""
    from rich.console import Console

    from qcattn.views.tables import set_in_type

    console = Console()
    for sheet in sheets:
        if sheet.lines:
            lines = tuple(tuple(shown(cell) for cell in line) for line in sheet.lines)
            legible = replace(sheet, title=shown(sheet.title), lines=lines)
            console.print(set_in_type(legible, console.width))


def print_words(*texts: str) -> None:
    """Print sentences as they are, wrapped to the width of the terminal."""
    from rich.console import Console

    for text in texts:
        Console().print(shown(text), highlight=False, markup=False)


def print_results(results: Sequence[Result], alpha: float, kept: Kept, json: bool) -> None:
    """Print tables, sentences and the place, or JSON."""
    from qcattn.views.labels import law_in_words
    from qcattn.views.run import sheets, subsets
    from qcattn.views.run.brief import brief
    from qcattn.views.run.words import sentence

    if json:
        print_json(brief(results, alpha), kept)
        return
    for result in results:
        if len(results) > 1 and result is not results[0] and not result.shape:
            print_words(
                f"Beside it {result.source.get('source', 'one row')} is prepared again from its "
                f"energies alone, where {law_in_words(result)} comes out and does not go in:",
                "",
            )
        print_sheets(sheets.summary(result))
        if result.prepared.subsets:
            print_sheets(subsets.likeliest(result), subsets.weights_of_keys(result))
        if result.differs:
            print_sheets(sheets.worst(result))
        print_words(sentence(result), "")
    if len(results) > 1:
        print_words(
            f"A perfect sampler would be said to differ, in either part, in {alpha:.2%} of such "
            "runs at most."
        )
    print_place(kept)
