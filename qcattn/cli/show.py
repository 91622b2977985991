"""``qcattn show``: a result that was written before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.claims import print_findings
from qcattn.cli.conformance import JOURNAL, print_report
from qcattn.cli.options import Json
from qcattn.cli.output import Kept
from qcattn.cli.prepare import print_trials
from qcattn.cli.printing import exit_code, print_results
from qcattn.cli.streams import say
from qcattn.cli.sweep import show_sweep
from qcattn.cli.teach import print_page, print_setting

__all__ = ["show"]

#: Files that lie in a folder of results.
_PARTS = (".html", ".json", ".npz", ".qasm", ".qpy", ".svg")
_WRITERS = "`run`, `prepare`, `claims`, `conformance` or `teach --export`"


@app.command(epilog="Example: qcattn show runs.sqlite --plot beta --out beta.svg")
@reporting
def show(
    result: Annotated[
        Path,
        typer.Argument(
            help="Show this folder that `run`, `prepare`, `claims`, `conformance` or `teach "
            "--export` wrote, this store of `sweep`, or this setting that the page saved."
        ),
    ],
    json: Json = False,
    epsilon: Annotated[
        float | None,
        typer.Option(help="Say which cells of a store are certified within this distance."),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(help="Plot a store over this axis, such as beta, or over shots.")
    ] = None,
    quantity: Annotated[
        str, typer.Option(help="Plot the top key's probability, the distance, or the kept share.")
    ] = "top",
    by: Annotated[
        str | None,
        typer.Option(help="Plot a series for each value of these axes, joined by commas."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Plot into this .svg, .png or .pdf. [default: AXIS.svg]")
    ] = None,
) -> None:
    """Print a result again, or plot a sweep over one of its axes."""
    if not result.exists():
        raise ValueError(
            f"`{result}` is missing; name a folder that {_WRITERS} wrote, or a store of "
            "`qcattn sweep`"
        )
    if result.suffix in _PARTS and _holds_result(result.parent):
        raise ValueError(f"`{result}` is a part of a result; name its folder, `{result.parent}`")
    of_sweep = (epsilon, plot, by, out) != (None, None, None, None)
    if of_sweep and (result.is_dir() or result.suffix == ".json"):
        raise ValueError(
            "`--epsilon`, `--plot`, `--by` and `--out` go with a store of `qcattn sweep`, but "
            f"{result} is not one; leave them out"
        )
    if result.is_dir():
        _show_folder(result, json)
    if result.suffix == ".json":
        print_setting(result, json)
        return
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
    say(f"Plot: {target}")


def _holds_result(folder: Path) -> bool:
    """Whether a folder holds what a command wrote."""
    from qcattn.conformance.stored import is_report
    from qcattn.folders.findings import is_findings
    from qcattn.folders.results import RESULT
    from qcattn.folders.trials import is_trials
    from qcattn.teaching.exported import is_export

    known = (is_findings, is_trials, is_report, is_export)
    return RESULT.lies_in(folder) or any(one(folder) for one in known)


def _show_folder(folder: Path, json: bool) -> None:
    """Print what a command left, and end with its exit code."""
    from qcattn.conformance.stored import is_report, load_report
    from qcattn.folders.findings import is_findings, load_findings
    from qcattn.folders.results import RESULT
    from qcattn.folders.runs import load_run
    from qcattn.folders.trials import is_trials, load_trials
    from qcattn.teaching.exported import is_export

    standings: list[str]
    kept = Kept(folder, page=(folder / "report.html").is_file())
    if is_findings(folder):
        findings = load_findings(folder)
        standings = [finding.standing for finding in findings]
        print_findings(findings, kept, json)
    elif is_trials(folder):
        trials = load_trials(folder)
        standings = [trials.standing]
        print_trials(trials, kept, json)
    elif is_report(folder):
        report = load_report(folder)
        standings = [report.standing]
        print_report(report, kept, json)
    elif is_export(folder):
        standings = []
        print_page(folder, json)
    elif (folder / JOURNAL).is_file():
        raise ValueError(
            f"`{folder}` holds a run of `qcattn conformance` that was cut off; the same command "
            f"with `--out {folder}` goes on there"
        )
    elif not RESULT.lies_in(folder):
        raise ValueError(f"`{folder}` holds no result of qcattn; name a folder that {_WRITERS} "
                         "wrote, or a store of `qcattn sweep`")  # fmt: skip
    else:
        run = load_run(folder)
        standings = [part.standing for part in run.parts]
        print_results(run.parts, run.alpha, kept, json)
    raise typer.Exit(exit_code(standings))
