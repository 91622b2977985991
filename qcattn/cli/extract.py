"""``qcattn extract``: the attention scores of a model for a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.streams import say

__all__ = ["extract"]


@app.command(epilog='Example: qcattn extract --model smollm2 --text "I like tea" --out tea.npz')
@reporting
def extract(
    model: Annotated[str, typer.Option(help="Use smollm2, minilm or a Hugging Face model folder.")],
    text: Annotated[str, typer.Option(help="The model reads this text.")],
    out: Annotated[Path, typer.Option(help="Write this .npz file.")] = Path("scores.npz"),
) -> None:
    """Compute the attention scores of a model for a text, for `qcattn run --scores`."""
    from qcattn.datasets.extract import extract, write

    scores = extract(model, text)
    write(scores, out)
    say(f"{out}: scores {scores.scores.shape} of {scores.model or model}")
