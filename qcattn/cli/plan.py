"""``qcattn plan``: shots to detect a deviation and to certify agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting

__all__ = ["plan"]


@app.command()
@reporting
def plan(
    probabilities: Annotated[Path, typer.Argument(help="Probabilities: .json, .csv, .npy.")],
    epsilon: Annotated[float, typer.Option(help="Total variation to see, or to certify.")] = 0.02,
    alpha: Annotated[float, typer.Option(help="Error rate of one row.")] = 0.01,
    power: Annotated[float, typer.Option(help="Probability to succeed.")] = 0.9,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Say how many shots it takes to detect a deviation and to certify agreement."""
    from qcattn.comparisons import plan as shots_for
    from qcattn.comparisons._rows import check_probabilities
    from qcattn.comparisons.files import read_outcomes
    from qcattn.views.comparison.brief import brief_plan
    from qcattn.views.comparison.sheets import shots_needed

    law = check_probabilities(read_outcomes(probabilities).values, str(probabilities))
    planned = shots_for(law, epsilon, alpha, power)
    if json:
        from json import dumps

        typer.echo(dumps(brief_plan(planned), indent=1, allow_nan=False))
        return
    from rich.console import Console

    from qcattn.views.tables import set_in_type

    console = Console()
    console.print(set_in_type(shots_needed(planned), console.width))
