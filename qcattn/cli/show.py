"""``qcattn show``: a result that was written before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, reporting
from qcattn.cli.claims import exit_code_of_findings, print_findings
from qcattn.cli.prepare import exit_code_of, print_trials
from qcattn.cli.printing import exit_code, print_results

__all__ = ["show"]


@app.command()
@reporting
def show(
    folder: Annotated[Path, typer.Argument(help="A folder that qcattn wrote.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print a result again."""
    from qcattn.archive import is_trials, load_trials
    from qcattn.findings import is_findings, load_findings
    from qcattn.storage import load

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
