"""``qcattn claims``: the claims as experiments, each with a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import check_alone
from qcattn.cli.options import Json, Seed
from qcattn.cli.output import Kept, check_folder, free_folder, keep
from qcattn.cli.printing import exit_code, print_json, print_place, print_sheets, print_words
from qcattn.cli.progress import bar
from qcattn.cli.streams import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qcattn.evidence import Finding

__all__ = ["claims", "print_findings"]

_FOLDER = "qcattn-claims"


@app.command(epilog="Example: qcattn claims A6 A16 --out claims")
@reporting
def claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLAIM", help="Run these claims only, such as A6 A9."),
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(help="Run the claims of one document only: born or symmetry."),
    ] = None,
    seed: Seed = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Spread the claims over this many processes; the findings are the same for any "
            "number. [default: one on each core]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write into this new folder. [default: qcattn-claims, or -2 ...]"),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the claims, and run none of them.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown instead of tables.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the claims of two documents as experiments, each with a verdict.

    Exit code 0: every claim was decided, even if it was refuted; 2: some claim is undecided, the
    run was interrupted, or the command was misused.
    """
    from qcattn.arguments import whole_number
    from qcattn.claims import run_claims
    from qcattn.errors import Interrupted
    from qcattn.machine import cores

    whole_number(seed, "--seed", least=0)
    workers = cores() if workers is None else whole_number(workers, "--workers")
    check_alone({"--json": json or None, "--markdown": as_markdown or None})
    chosen = names if document is None else _of(document, names)
    if listed:
        _list(chosen, json)
        return
    check_folder(out or free_folder(_FOLDER))
    interrupted = False
    try:
        with bar(quiet=json) as tell:
            findings = run_claims(chosen or None, seed=seed, progress=tell, workers=workers)
    except Interrupted as stop:
        findings, interrupted = stop.result, True
        if not any(finding.shots for finding in findings):
            fail("interrupted before any claim was done")
    kept = _keep(findings, out, quiet=json, pictures=not interrupted)
    if as_markdown:
        from qcattn.views.findings.markdown import markdown

        say(markdown(findings))
        print_place(kept)
    else:
        print_findings(findings, kept, json, in_full=bool(names))
    if interrupted:
        say(
            "Interrupted: what was found is kept, the rest is marked. The page says how to plot "
            "its pictures.",
            err=json or as_markdown,
        )
    kept.check()
    raise typer.Exit(exit_code((one.standing for one in findings), complete=not interrupted))


def _of(document: str, names: list[str] | None) -> list[str]:
    """The claims of one document, as its folder is called."""
    from qcattn.claims.frame.running import all_claims, folder_of
    from qcattn.names import known

    if names:
        raise ValueError(
            f"`--document` is {document!r} and claims are named too ({' '.join(names)}); give one "
            "of both"
        )
    by_folder: dict[str, list[str]] = {}
    for claim in all_claims():
        by_folder.setdefault(folder_of(claim), []).append(claim.name)
    return by_folder[known("--document", document, by_folder)]


def _list(names: list[str] | None, json: bool) -> None:
    """Print what the claims state, and where."""
    from qcattn.claims import all_claims
    from qcattn.names import known
    from qcattn.views.sheet import Column, Sheet

    every = {claim.name: claim for claim in all_claims()}
    chosen = [every[known("CLAIM", name, every)] for name in names or every]
    if json:
        print_json(
            {
                "claims": [
                    {"name": c.name, "title": c.title, "statement": c.statement} for c in chosen
                ]
            }
        )
        return
    columns = (Column("claim"), Column("title"), Column("statement"))
    lines = tuple((c.name, c.title, " ".join(c.statement.split())) for c in chosen)
    print_sheets(Sheet("Claims", columns, lines, "`qcattn claims A1 A2` runs some of them."))


def print_findings(
    findings: Sequence[Finding], kept: Kept, json: bool, *, in_full: bool = False
) -> None:
    """Print the table of findings and the place; ``in_full`` each one's tests and numbers too.

    With ``json`` it prints a document in place of the tables.
    """
    from qcattn.views.findings import sheets
    from qcattn.views.findings.brief import brief
    from qcattn.views.findings.words import source_of, standings

    if json:
        print_json(brief(findings), kept)
        return
    print_sheets(sheets.summary(findings, narrow=True))
    for finding in findings if in_full else ():
        source = f"\n({source_of(finding)})" if source_of(finding) else ""
        print_words(
            f"{finding.name} {finding.title}: {finding.standing}\n\n{finding.statement}{source}\n"
        )
        print_sheets(sheets.checks(finding), sheets.numbers(finding))
        print_words(f"{finding.words}\n")
    print_words(standings(findings))
    print_place(kept)


def _keep(findings: Sequence[Finding], out: Path | None, *, quiet: bool, pictures: bool) -> Kept:
    from qcattn.folders.findings import write_findings
    from qcattn.views.findings.brief import brief
    from qcattn.views.findings.page import write_page_of, write_pictures

    def page(folder: Path) -> None:
        write_page_of(findings, folder / "report.html", pictures=pictures)
        if pictures:
            write_pictures(findings, folder)

    return keep(
        out,
        _FOLDER,
        lambda folder: write_findings(findings, folder),
        page,
        lambda: brief(findings),
        quiet=quiet,
    )
