"""``qcattn compare``: counts from anywhere against probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.options import Json, Normalise
from qcattn.cli.printing import exit_code, print_json, print_sheets, print_words

if TYPE_CHECKING:
    import numpy as np

__all__ = ["compare"]

#: How far from one the sum of probabilities may be that were written with few digits.
_ROUNDED = 0.05


@app.command(epilog="Example: qcattn compare counts.json probabilities.json --epsilon 0.02")
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
    alpha: Annotated[float, typer.Option(help="Err in at most this share of comparisons.")] = 0.01,
    normalise: Normalise = False,
    json: Json = False,
) -> None:
    """Compare counts from anywhere with probabilities.

    Exit code 0: they agree (with --epsilon: certified); 1: they differ; 2: it is undecided (a row
    has no shots, or with --epsilon is not certified), or the command was misused.

    Example of the two files: {"heads": 510, "tails": 490} and {"heads": 0.5, "tails": 0.5}
    """
    from qcattn.comparisons import certify
    from qcattn.comparisons._rows import check_counts, check_probabilities
    from qcattn.comparisons.files import normalised, read_outcomes
    from qcattn.comparisons.outcomes import together
    from qcattn.views.comparison import sheets
    from qcattn.views.comparison.brief import brief
    from qcattn.views.comparison.words import standing, words

    brought, given = read_outcomes(counts), read_outcomes(probabilities, "probabilities")
    if _swapped(brought.values, given.values):
        raise ValueError(
            f"{brought.source} holds probabilities and {given.source} holds counts, but counts "
            "come first; write them the other way round"
        )
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
        kind = f"Outcomes are read as {outcomes.kind}."
        print_words(f"{words(certificate, outcomes, epsilon=epsilon)} {kind}{said}")
    raise typer.Exit(exit_code([standing(certificate, epsilon=epsilon)]))


def _swapped(counts: np.ndarray, probabilities: np.ndarray) -> bool:
    """Whether the first are rows that sum to one, with fractions, and the second whole numbers."""
    near_one = (abs(counts.sum(axis=-1, dtype=float) - 1) < _ROUNDED).all()
    fractions = (counts % 1 != 0).any()
    return bool(near_one and fractions and (probabilities % 1 == 0).all())
