"""``qcattn show``: a result that was written before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.claims import exit_code_of_findings, print_findings
from qcattn.cli.prepare import exit_code_of, print_trials
from qcattn.cli.printing import exit_code, print_results
from qcattn.cli.sweep import show_sweep

__all__ = ["show"]


@app.command()
@reporting
def show(
    result: Annotated[
        Path,
        typer.Argument(
            help="A folder that `run`, `prepare` or `claims` wrote, or a store of `qcattn sweep`."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    epsilon: Annotated[
        float | None, typer.Option(help="Of a store: say what total variation is certified.")
    ] = None,
    plot: Annotated[
        str | None, typer.Option(help="Of a store: plot over an axis, such as beta, or shots.")
    ] = None,
    quantity: Annotated[
        str, typer.Option(help="What to plot: top, distance or kept; see the README.")
    ] = "top",
    by: Annotated[
        str | None, typer.Option(help="Axes that set series apart, joined by commas.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File of the plot: .svg .png .pdf. [default: AXIS.svg]")
    ] = None,
) -> None:
    """Print a result again, or plot a sweep over one of its axes."""
    if not result.exists():
        raise ValueError(
            f"`{result}` is missing; name a folder that `run`, `prepare` or `claims` wrote, or a "
            "store of `qcattn sweep`"
        )
    if result.is_dir():
        if (epsilon, plot, by, out) != (None, None, None, None):
            raise ValueError(f"`--epsilon`, `--plot`, `--by` and `--out` go with a store of "
                             f"`qcattn sweep`, but {result} is none")  # fmt: skip
        _show_folder(result, json)
    from qcattn.sweeps import load_sweep

    if plot is None and (by, out) != (None, None):
        raise ValueError("`--by` and `--out` go with `--plot`; name the axis to plot over")
    done = load_sweep(result)
    if plot is None:
        show_sweep(done, json, epsilon)
        return
    from qcattn.views.plotted import write_plot
    from qcattn.views.sweep.axes import plot_over_axis

    chosen = by.split(",") if by is not None else None
    target = out or Path(f"{plot}.svg")
    axis: str = plot
    write_plot(lambda ax: plot_over_axis(done, axis, ax, quantity=quantity, by=chosen), target)
    typer.echo(f"Plot: {target}")


def _show_folder(folder: Path, json: bool) -> None:
    """Print what a run left, and end with its exit code."""
    from qcattn.folders.findings import is_findings, load_findings
    from qcattn.folders.results import load
    from qcattn.folders.trials import is_trials, load_trials

    if is_findings(folder):
        findings = load_findings(folder)
        print_findings(findings, json)
        if not json:
            typer.echo(f"Report and results: {folder / 'report.html'}")
        raise typer.Exit(exit_code_of_findings(findings))
    if is_trials(folder):
        trials = load_trials(folder)
        print_trials(trials, json)
        if not json:
            typer.echo(f"Report and results: {folder / 'report.html'}")
        raise typer.Exit(exit_code_of(trials))
    results = [load(folder)]
    if (folder / "heralded").is_dir():
        results.append(load(folder / "heralded"))
    print_results(
        results, sum(verdict.alpha for result in results for verdict in result.verdicts), json
    )
    if not json:
        typer.echo(f"Report and results: {folder / 'report.html'}")
    raise typer.Exit(exit_code(results))
