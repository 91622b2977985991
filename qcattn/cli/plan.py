"""``qcattn plan``: shots to detect a deviation and to certify agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.options import Json, Normalise
from qcattn.cli.printing import print_json, print_sheets
from qcattn.cli.progress import bar
from qcattn.cli.streams import lost
from qcattn.progress import hearing

__all__ = ["plan"]


@app.command(epilog="Example: qcattn plan probabilities.json --epsilon 0.02")
@reporting
def plan(
    probabilities: Annotated[
        Path, typer.Argument(help="Read probabilities from .json, .csv or .npy.")
    ],
    epsilon: Annotated[
        float, typer.Option(help="Detect, or certify, this total variation.")
    ] = 0.02,
    alpha: Annotated[float, typer.Option(help="Err in at most this share of rows.")] = 0.01,
    power: Annotated[float, typer.Option(help="Succeed with this probability.")] = 0.9,
    normalise: Normalise = False,
    json: Json = False,
) -> None:
    """Say how many shots it takes to detect a deviation and to certify agreement."""
    from qcattn.comparisons import plan as shots_for
    from qcattn.comparisons._rows import check_probabilities
    from qcattn.comparisons.files import normalised, read_outcomes
    from qcattn.views.comparison.brief import brief_plan
    from qcattn.views.comparison.sheets import shots_needed

    given, _ = normalised(read_outcomes(probabilities, "probabilities"), anyway=normalise)
    law = check_probabilities(given.values, str(probabilities))
    with bar(quiet=json) as shown, hearing(shown):
        planned = shots_for(law, epsilon, alpha, power)
    if json:
        print_json(brief_plan(planned, given))
    else:
        print_sheets(shots_needed(planned, given))
    raise typer.Exit(0 if lost() is None else 2)
