"""``qcattn sweep``: a grid of runs into one file, that goes on where it was."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.options import Json
from qcattn.cli.printing import exit_code, print_json, print_sheets, print_words
from qcattn.cli.progress import bar

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qcattn.sweeps import Grid, Sweep

__all__ = ["sweep"]


@app.command()
@reporting
def sweep(
    plan: Annotated[Path, typer.Argument(help="Read the grid from this TOML file.")],
    store: Annotated[
        Path, typer.Option(help="Keep results in this SQLite file, on a disk of this machine.")
    ] = Path("runs.sqlite"),
    shots: Annotated[
        int | None,
        typer.Option(help="Draw up to this many shots of every row, in place of the plan's."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Stop a cell sooner: certified=0.02 (total variation) or width=0.01."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Spread over this many processes. [default: this one alone]")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Spread over the dask scheduler at this address.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try cells again that failed before.")
    ] = False,
    json: Json = False,
) -> None:
    """Draw what is missing of a grid of runs. Run it again to go on, or with more shots.

    Exit code 0: all cells agree with softmax; 1: some differ; 2: misuse, an interruption, failed
    cells, or undecided ones.
    """
    from qcattn.arguments import whole_number
    from qcattn.errors import Interrupted
    from qcattn.sweeps import read_plan

    if workers is not None and dask is not None:
        raise ValueError("give one of `--workers` and `--dask`, not both")
    if workers is not None:
        whole_number(workers, "--workers")
    grid = read_plan(plan)
    try:
        done = _spread(
            grid,
            workers,
            dask,
            quiet=json,
            store=store,
            shots=shots,
            until=until,
            retry_failed=retry_failed,
        )
    except Interrupted as stop:
        _go_on(stop.result)
        raise typer.Exit(2) from None
    show_sweep(done, json)


def show_sweep(done: Sweep, json: bool, epsilon: float | None = None) -> None:
    """Print a sweep as tables or JSON, and end with its exit code."""
    from qcattn.views.sweep import sheets
    from qcattn.views.sweep.brief import brief
    from qcattn.views.sweep.words import words

    if json:
        print_json(brief(done))
    else:
        print_sheets(sheets.cells(done, epsilon), sheets.failures(done))
        print_words(words(done))
    raise typer.Exit(exit_code([done.standing]))


def _spread(
    grid: Grid, workers: int | None, dask: str | None, *, quiet: bool, **options: Any
) -> Sweep:
    """Sweep on the executor that the options name."""
    if workers is not None:
        from qcattn.sweeps import Processes

        pool = Processes(workers)
        try:
            done = _with_progress(grid, pool, quiet=quiet, **options)
            pool.shutdown()
            return done
        finally:
            pool.kill()
    if dask is not None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ImportError("`--dask` needs dask: `pip install 'qcattn[dask]'`") from error
        with Client(dask) as client, client.get_executor(pure=False) as executor:
            return _with_progress(grid, executor, quiet=quiet, **options)
    return _with_progress(grid, None, quiet=quiet, **options)


def _with_progress(grid: Grid, executor: Executor | None, *, quiet: bool, **options: Any) -> Sweep:
    from qcattn.sweeps import sweep as run

    with bar(quiet=quiet) as tell:
        return run(grid, executor=executor, progress=tell, **options)


def _go_on(part: Sweep) -> None:
    """Say what there is and how to go on."""
    import sys

    rows = sum(cell.num_rows for cell in part.distinct)
    shots = sum(int(cell.counts.shots.sum()) for cell in part.distinct)
    again = shlex.join(["qcattn", *sys.argv[1:]])
    typer.echo(
        f"Interrupted: {shots:,} shots of {rows:,} rows are kept in {part.store}. Go on with\n"
        f"  {again}",
        err=True,
    )
