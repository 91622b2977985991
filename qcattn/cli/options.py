"""Options that several commands have, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.walking import names

__all__ = [
    "Attended",
    "Couplings",
    "Head",
    "Json",
    "Layer",
    "Model",
    "Mu",
    "Normalise",
    "ScoresFile",
    "Seed",
    "Sentence",
    "names_in_help",
]


def names_in_help(room: str) -> str:
    """The names of a folder's strategies for a help text, found without importing them.

    Example:
        >>> names_in_help("encodings")
        'Binary, Interacting, OneHot, Rotated or Transverse'
    """
    *most, last = names(room)
    return f"{', '.join(most)} or {last}"


ScoresFile = Annotated[
    Path | None,
    typer.Option(
        help="Read scores of any shape (..., keys) from .npy, .npz, .json, .csv, .tsv or .txt."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(help="Take the packaged scores of smollm2 or minilm. [default: smollm2]"),
]
Sentence = Annotated[
    int | None, typer.Option(help="Take this packaged sentence, counted from 0. [default: 0]")
]
Layer = Annotated[
    int | None, typer.Option(help="Take one layer alone, by the number of the model.")
]
Head = Annotated[int | None, typer.Option(help="Take one head alone.")]
Couplings = Annotated[
    str | None,
    typer.Option(
        help="Couple every two keys of Interacting: a number for all pairs, or a .npy file with a "
        "symmetric matrix (keys, keys). [default: 1]"
    ),
]
Mu = Annotated[
    float | None,
    typer.Option(help="Set the chemical potential of Interacting. [default: 0]"),
]
Attended = Annotated[
    float | None,
    typer.Option(
        help="Find the chemical potential of Interacting at which this many keys are attended on "
        "average."
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same counts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Normalise = Annotated[
    bool,
    typer.Option("--normalise", help="Divide probabilities by their sum, if they were rounded."),
]
