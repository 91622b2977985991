"""``qcattn merge``: stores of several machines made one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.streams import say

__all__ = ["merge"]


@app.command(epilog="Example: qcattn merge one.sqlite other.sqlite --into all.sqlite")
@reporting
def merge(
    stores: Annotated[
        list[Path], typer.Argument(help="Merge these files that `qcattn sweep` wrote.")
    ],
    into: Annotated[
        Path | None, typer.Option(help="Add to this file. [default: the first of them]")
    ] = None,
) -> None:
    """Put the results of several sweeps together; what several of them hold is counted once."""
    from qcattn.sweeps import merge as together

    sources, target = (stores, into) if into is not None else (stores[1:], stores[0])
    if not sources:
        raise ValueError(
            f"`STORES` must be two or more without `--into`, but `{target}` is alone; name another"
        )
    new, known = together(sources, target)
    say(
        f"{target}: {new:,} {'batch' if new == 1 else 'batches'} added, {known:,} were there "
        "already"
    )
