"""``qcattn compare``: counts from anywhere against probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.options import Json, Normalise
from qcattn.cli.printing import exit_code, print_json, print_sheets, print_words

__all__ = ["compare"]


@app.command()
@reporting
def compare(
    counts: Annotated[
        Path,
        typer.Argument(
            help="Read counts, or shots one by one, from .json as Qiskit writes them, .csv or .npy."
        ),
    ],
    probabilities: Annotated[
        Path, typer.Argument(help="Read probabilities from .json, .csv or .npy.")
    ],
    epsilon: Annotated[
        float | None, typer.Option(help="Certify agreement within this total variation.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Err in this share of comparisons at most.")] = 0.01,
    normalise: Normalise = False,
    json: Json = False,
) -> None:
    """Compare counts from anywhere with probabilities.

    Exit code 0: they agree (with --epsilon: certified); 1: they differ; 2: undecided (a row has no
    shots, or with --epsilon is not certified), or misuse.
    """
    from qcattn.comparisons import certify
    from qcattn.comparisons._rows import check_counts, check_probabilities
    from qcattn.comparisons.files import normalised, read_outcomes
    from qcattn.comparisons.outcomes import together
    from qcattn.views.comparison import sheets
    from qcattn.views.comparison.brief import brief
    from qcattn.views.comparison.words import standing, words

    brought, given = read_outcomes(counts), read_outcomes(probabilities, "probabilities")
    check_counts(brought.values, str(counts))
    expected, off = normalised(given, anyway=normalise)
    check_probabilities(expected.values, str(probabilities))
    drawn, law, outcomes = together(brought, expected)
    law = law if len(law) == len(drawn) else law.repeat(len(drawn), axis=0)
    certificate = certify(drawn, law, 0.05 if epsilon is None else epsilon, alpha)
    if json:
        print_json(brief(certificate, drawn, outcomes, epsilon=epsilon))
    else:
        print_sheets(sheets.offenders(certificate, outcomes))
        said = f" Probabilities were off from a sum of one by {off:.2g}." if normalise else ""
        print_words(f"{words(certificate, epsilon=epsilon)} Outcomes: {outcomes.kind}.{said}")
    raise typer.Exit(exit_code([standing(certificate, epsilon=epsilon)]))
