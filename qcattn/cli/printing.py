"""Results of a run on the terminal, as tables or JSON, and the exit code they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qcattn.records import Result

__all__ = ["exit_code", "print_results"]


def exit_code(results: Sequence[Result]) -> int:
    """1 if any differs, else 2 if any is undecided, else 0."""
    standings = {result.standing for result in results}
    return 1 if "differs" in standings else 2 if "undecided" in standings else 0


def print_results(results: Sequence[Result], alpha: float, json: bool) -> None:
    """Print tables and sentences, or JSON."""
    if json:
        from json import dumps

        typer.echo(dumps([_brief(result) for result in results], indent=1))
        return
    from rich.console import Console

    from qcattn.views import tables

    console = Console()
    for result in results:
        console.print(tables.summary(result))
        if result.differs:
            console.print(tables.worst(result))
        console.print(tables.sentence(result), highlight=False, markup=False)
    if len(results) > 1:
        console.print(
            f"A perfect sampler would be said to differ, in either part, in {alpha:.2%} of such "
            "runs at most.",
            highlight=False,
        )


def _brief(result: Result) -> dict[str, Any]:
    """The result in a few numbers, for other programs."""
    return {
        "verdict": result.standing,
        "complete": result.complete,
        "rows": int(result.counts.stray.size),
        "keys": result.counts.keys.shape[-1],
        "shots": result.shots,
        "seed": str(result.seed),
        "preparation": result.prepared.method,
        "kind": result.prepared.kind,
        "comparisons": [
            {
                "name": verdict.name,
                "alpha": verdict.alpha,
                "p_value": verdict.overall,
                "rows_refuted": int(verdict.refuted.sum()),
                "resolution": verdict.overall_resolution,
            }
            for verdict in result.verdicts
        ],
        "settings": dict(result.settings),
    }
