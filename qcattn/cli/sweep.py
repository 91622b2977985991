"""``qcattn sweep``: a grid of runs into one file, that goes on where it was."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.choices import check_alone
from qcattn.cli.options import Json
from qcattn.cli.printing import exit_code, print_json, print_sheets, print_words
from qcattn.cli.progress import bar
from qcattn.cli.streams import say
from qcattn.plurals import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from qcattn.sweeps import Grid, Sweep

__all__ = ["sweep"]

#: Lines of damage that are shown.
_MOST_LINES = 20


@app.command(epilog="Example: qcattn sweep plan.toml --store runs.sqlite --workers 2")
@reporting
def sweep(
    plan: Annotated[Path | None, typer.Argument(help="Read the grid from this TOML file.")] = None,
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
    check: Annotated[
        Path | None,
        typer.Option(
            help="Say what is damaged in this store, and draw nothing. If its pages are damaged, "
            "what can be read goes into a new file beside it."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Draw what is missing of a grid of runs. Run it again to continue, or with more shots.

    Exit code 0: all cells agree with softmax; 1: some differ; 2: cells failed or are undecided,
    the run was interrupted, or the command was misused.
    """
    from qcattn.arguments import check_shots, whole_number
    from qcattn.errors import Interrupted
    from qcattn.sweeps import read_plan

    if check is not None:
        _check(check, json)
    if plan is None:
        raise ValueError("`PLAN` is missing; name a TOML file, or a store with --check")
    check_alone({"--workers": workers, "--dask": dask})
    if workers is not None:
        whole_number(workers, "--workers")
    grid = read_plan(plan)
    if not json:
        asked = grid.shots if shots is None else check_shots(shots)
        say(f"{plan}: {plural(len(grid.cells), 'cell')}, {grid.shots_of(asked)}", err=True)
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
        _say_mended(stop.result)
        _go_on(stop.result)
        raise typer.Exit(2) from None
    _say_mended(done)
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


def _check(store: Path, json: bool) -> None:
    """Say what is damaged in a store, and end with exit code 0 if nothing is.

    What can be read of a store whose pages are damaged is put into a new file.
    """
    from qcattn.sweeps import damages, salvage

    saved = salvage(store)
    found = damages(store) if saved is None else [saved.why]
    if json:
        kept = None if saved is None else {"store": str(saved.store), "batches": saved.batches}
        document = {"command": "sweep", "store": str(store), "damages": found, "salvaged": kept}
        print_json(document)
    elif saved is not None:
        say(f"{store} is damaged in its pages, which no run mends, and is left as it is.")
        say(
            f"What could be read of it, {saved.batches:,} "
            f"{'batch' if saved.batches == 1 else 'batches'} of {plural(saved.cells, 'cell')}, is "
            f"in {saved.store} now. Run its plan on that file, which draws what is missing again:\n"
            f"  qcattn sweep PLAN --store {saved.store}"
        )
    elif found:
        _say(f"{store} is damaged:", found)
        say("Run its plan on it again, which draws damaged batches again, or restore a copy.")
    else:
        say(f"{store} is whole: every row has the SHA-256 that it was written with.")
    raise typer.Exit(2 if found else 0)


def _say_mended(done: Sweep) -> None:
    """Say on standard error what was damaged and is written or drawn again."""
    if done.mended:
        _say(f"{done.store} was damaged, and this was written or drawn again:", done.mended, True)


def _say(heading: str, lines: Sequence[str], err: bool = False) -> None:
    """Some lines under a heading; only the first ones where there are many."""
    more = [f"and {len(lines) - _MOST_LINES:,} more"] if len(lines) > _MOST_LINES else []
    for line in (heading, *(f"  {line}" for line in (*lines[:_MOST_LINES], *more))):
        say(line, err=err)


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
    say(
        f"Interrupted: {plural(shots, 'shot')} of {plural(rows, 'row')} are kept in {part.store}. "
        "Go on with\n"
        f"  {again}",
        err=True,
    )
