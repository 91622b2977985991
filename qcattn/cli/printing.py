"""Results of a run on the terminal, as tables or JSON, and the exit code they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from qcattn.records import Result

__all__ = ["exit_code", "print_results"]


def exit_code(results: list[Result]) -> int:
    """1 if any differs, else 2 if any is undecided, else 0."""
    standings = {result.standing for result in results}
    return 1 if "differs" in standings else 2 if "undecided" in standings else 0


def print_results(results: list[Result], alpha: float, json: bool) -> None:
    """Print tables and sentences, or JSON."""
    if json:
        from json import dumps

        from qcattn.views.run.brief import brief

        typer.echo(dumps([brief(result) for result in results], indent=1))
        return
    from rich.console import Console

    from qcattn.views.run import sheets
    from qcattn.views.run.words import sentence
    from qcattn.views.tables import set_in_type

    console = Console()
    for result in results:
        console.print(set_in_type(sheets.summary(result), console.width))
        if result.differs:
            console.print(set_in_type(sheets.worst(result), console.width))
        console.print(sentence(result), highlight=False, markup=False)
        console.print()
    if len(results) > 1:
        console.print(
            f"A perfect sampler would be said to differ, in either part, in {alpha:.2%} of such "
            "runs at most.",
            highlight=False,
        )
