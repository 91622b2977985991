"""``qcattn sweep``: a grid of runs into one file, that goes on where it was."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, reporting

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qcattn.sweeps import Grid, Sweep

__all__ = ["sweep"]


@app.command()
@reporting
def sweep(
    plan: Annotated[Path, typer.Argument(help="A grid as TOML; see the README.")],
    store: Annotated[
        Path, typer.Option(help="The SQLite file of results, on a disk of this machine.")
    ] = Path("runs.sqlite"),
    shots: Annotated[
        int | None,
        typer.Option(help="Shots a row, not the plan's; only missing ones are drawn."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Stop a cell sooner: certified=0.02 (total variation) or width=0.01."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes to spread over. [default: this one alone]")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler to spread over.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try cells again that failed before.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
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
        from json import dumps

        typer.echo(dumps(brief(done), indent=1))
    else:
        from rich.console import Console

        from qcattn.views.tables import set_in_type

        console = Console()
        for sheet in (sheets.cells(done, epsilon), sheets.failures(done)):
            if sheet.lines:
                console.print(set_in_type(sheet, console.width))
        console.print(words(done), highlight=False, markup=False)
    raise typer.Exit({"agrees": 0, "differs": 1}.get(done.standing, 2))


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
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from qcattn.sweeps import sweep as run

    columns = (
        "batches",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        "{task.description}",
    )
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("", total=None)
        return run(
            grid,
            executor=executor,
            progress=lambda done, total, what: bar.update(
                task, completed=done, total=total, description=what
            ),
            **options,
        )


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
