"""``qcattn claims``: the claims as experiments, each with a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.output import check_folder, free_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qcattn.evidence import Finding

__all__ = ["claims", "exit_code_of_findings", "print_findings"]

_FOLDER = "qcattn-claims"


@app.command()
@reporting
def claims(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CLAIM]...", help="Some of them: A6 A9.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counts.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results. [default: qcattn-claims, or -2 ...]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Run the claims about softmax and Born's rule as experiments, each with a verdict.

    Exit code 0: every claim was decided, whichever way: a refuted claim is a finding and no
    error; 2: some claim is undecided, the run was interrupted, or misuse.
    """
    from qcattn.errors import Interrupted

    if seed < 0:
        raise ValueError(f"`--seed` must be 0 or more, but is {seed}")
    check_folder(out or free_folder(_FOLDER))
    interrupted = False
    try:
        findings = _with_progress(names, seed, quiet=json)
    except Interrupted as stop:
        findings, interrupted = stop.result, True
        if not any(finding.shots for finding in findings):
            fail("interrupted before any claim was done")
    print_findings(findings, json, in_full=bool(names))
    folder = _write(findings, out)
    if not json:
        typer.echo(f"Report and results: {folder / 'report.html'}")
    if interrupted:
        typer.echo("Interrupted: what was found is kept, the rest is marked.", err=json)
    raise typer.Exit(exit_code_of_findings(findings))


def exit_code_of_findings(findings: Sequence[Finding]) -> int:
    """2 if a claim is undecided, else 0."""
    return 2 if any(finding.standing == "undecided" for finding in findings) else 0


def print_findings(findings: Sequence[Finding], json: bool, *, in_full: bool = False) -> None:
    """Print the table of all, and with ``in_full`` each with its tests and numbers; or JSON."""
    from qcattn.views.findings import sheets
    from qcattn.views.findings.brief import brief
    from qcattn.views.findings.words import standings

    if json:
        from json import dumps

        said = [brief(finding) for finding in findings]
        typer.echo(dumps(said, indent=1, ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    from qcattn.views.tables import set_in_type

    console = Console()
    console.print(set_in_type(sheets.summary(findings, narrow=True), console.width))
    for finding in findings if in_full else ():
        source = f"\n({finding.section})" if finding.section else ""
        head = (
            f"{finding.name} {finding.title}: {finding.standing}\n\n{finding.statement}{source}\n"
        )
        console.print(head, highlight=False, markup=False)
        for sheet in (sheets.checks(finding), sheets.numbers(finding)):
            if sheet.lines:
                console.print(set_in_type(sheet, console.width))
        console.print(f"{finding.words}\n", highlight=False, markup=False)
    console.print(standings(findings), highlight=False, markup=False)


def _with_progress(names: list[str] | None, seed: int, *, quiet: bool) -> list[Finding]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn

    from qcattn.claims import run_claims

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), "{task.description}")
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        return run_claims(
            names or None,
            seed=seed,
            progress=lambda done, total, what: bar.update(
                task, completed=done, total=total, description=what
            ),
        )


def _write(findings: Sequence[Finding], out: Path | None) -> Path:
    from qcattn.folders.findings import write_findings
    from qcattn.views.findings.page import write_page_of, write_pictures

    def write(folder: Path) -> None:
        write_pictures(findings, folder)
        write_page_of(findings, folder / "report.html")
        write_findings(findings, folder)

    return write_whole(out, _FOLDER, write)
