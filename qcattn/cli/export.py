"""``qcattn export``: the counts of a sweep as CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.streams import say
from qcattn.plurals import plural

__all__ = ["export"]


@app.command(epilog="Example: qcattn export runs.sqlite --csv runs.csv")
@reporting
def export(
    store: Annotated[Path, typer.Argument(help="Read a file that `qcattn sweep` wrote.")],
    csv: Annotated[Path | None, typer.Option(help="Write this CSV file.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write this Parquet file.")] = None,
) -> None:
    """Write counts for other tools: one line for each key of each row of each cell."""
    from qcattn.folders import exporting
    from qcattn.sweeps import load_sweep

    targets = [
        (path, write)
        for path, write in ((csv, exporting.export_csv), (parquet, exporting.export_parquet))
        if path is not None
    ]
    if not targets:
        raise ValueError("`--csv` or `--parquet` must be given, but neither is; write `--csv FILE`")
    done = load_sweep(store)
    for path, write in targets:
        say(f"{path}: {plural(write(done, path), 'line')}")
