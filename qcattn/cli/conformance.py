"""``qcattn conformance``: does a simulator sample right?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import known
from qcattn.cli.options import Json
from qcattn.cli.output import Kept, free_folder
from qcattn.cli.printing import exit_code, print_json, print_place, print_sheets, print_words
from qcattn.cli.progress import bar
from qcattn.cli.streams import say

if TYPE_CHECKING:
    from qcattn.backends.simulator import Simulator
    from qcattn.conformance.report import Report
    from qcattn.conformance.scripts import Script
    from qcattn.progress import Progress

__all__ = ["JOURNAL", "conformance", "print_report"]

_FOLDER = "qcattn-conformance"
#: Answers of a run in its folder, which a run that was cut off leaves there.
JOURNAL = "journal.jsonl"


@app.command(epilog="Example: qcattn conformance --backend qiskit_aer:AerSimulator --level quick")
@reporting
def conformance(
    backend: Annotated[
        str,
        typer.Option(
            help="Test this: module:factory, such as qiskit_aer:AerSimulator, with options in "
            "brackets behind it; an entry point; or an adapter of qcattn by its name."
        ),
    ],
    python: Annotated[
        str | None,
        typer.Option(help="Run module:factory by this interpreter, of another environment."),
    ] = None,
    level: Annotated[
        str, typer.Option(help="Draw for about 1, 10 or 60 minutes: quick, standard or deep.")
    ] = "quick",
    family_alpha: Annotated[
        float,
        typer.Option(help="A correct simulator has any alarm in this share of runs at most."),
    ] = 1e-3,
    probe: Annotated[
        list[str] | None,
        typer.Option(help='Run this probe only, such as "bit order"; may be given several times.'),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Draw the seeds of all jobs from this. [default: fresh]")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Say what changed since this earlier report.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write into this folder; a run that was cut off there goes on. "
            "[default: qcattn-conformance, or -2 ...]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Test a simulator's sampling by all probes, with one error budget for the whole run.

    Exit code 0: no alarm; 1: an alarm; 2: nothing was decided, the run was interrupted, or misuse.

    Example: qcattn conformance --backend "qiskit_aer:AerSimulator(method='statevector')"
    """
    from qcattn.arguments import check_alpha
    from qcattn.conformance.stored import changes, load_report
    from qcattn.views.conformance.words import command, no_script, shown_by

    check_alpha(family_alpha, "--family-alpha")
    old = load_report(against) if against is not None else None
    simulator = _tested(backend, python)
    folder, root = _folder(out, seed)
    asked = {
        "level": level,
        "alpha": family_alpha,
        "seed": root,
        "probes": _known_probes(probe),
        "journal": folder / JOURNAL,
        "made_by": partial(_tested, backend, python),
    }
    with bar(quiet=json) as tell:
        report, scripts, interrupted = _drawn(simulator, backend, asked, tell)
    report = replace(report, since=changes(old, report) if old is not None else ())
    again = command(report, backend, python)
    files = {} if interrupted else _write(folder, report, again, scripts)
    print_report(report, Kept(folder, page=not interrupted), json)
    if interrupted:
        fail(f"interrupted: the answers are kept in {folder}; the same command goes on there")
    if not json:
        for name, script in scripts.items():
            say(f"{name}: {shown_by(files[name]) if name in files else no_script(script.why_not)}")
        say(f"To draw the same again: {again}")
    raise typer.Exit(exit_code([report.standing]))


def _tested(backend: str, python: str | None) -> Simulator:
    """The simulator, in this environment or in that of another interpreter."""
    from qcattn.backends.named import named_simulator
    from qcattn.backends.pipe import Piped

    return named_simulator(backend) if python is None else Piped(backend, python)


def _drawn(
    simulator: Simulator, backend: str, asked: dict[str, Any], tell: Progress
) -> tuple[Report, dict[str, Script], bool]:
    """The report, scripts of its alarms, and whether Ctrl-C cut it off."""
    from qcattn.conformance.running import run_conformance
    from qcattn.conformance.scripts import scripts_of
    from qcattn.errors import Interrupted

    try:
        report = run_conformance(simulator, **asked, progress=tell)
        made_by = asked["made_by"]
        return report, scripts_of(report, backend, made_by=made_by, progress=tell), False
    except Interrupted as stop:
        return stop.result, {}, True


def _known_probes(given: list[str] | None) -> list[str] | None:
    """The probes that were named, all of which there are; None for all."""
    from qcattn.conformance.running import all_probes

    return [
        known("--probe", name, [one.name for one in all_probes()]) for name in given or ()
    ] or None


def _folder(out: Path | None, seed: int | None) -> tuple[Path, int]:
    """Where to write, and the seed: those of a run that was cut off, if there is one."""
    from qcattn.arguments import whole_number
    from qcattn.conformance.journal import seed_of
    from qcattn.conformance.stored import is_report
    from qcattn.folders.whole import check_free
    from qcattn.seeds import entropy

    if seed is not None:
        whole_number(seed, "--seed", least=0)
    folder = out or Path(_FOLDER)
    journal = folder / JOURNAL
    if journal.is_file() and not is_report(folder):
        return folder, seed_of(journal) if seed is None else seed
    if out is None:
        folder = free_folder(_FOLDER)
    check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder, entropy(seed)


def _write(folder: Path, report: Report, again: str, scripts: dict[str, Script]) -> dict[str, Path]:
    """Everything into the folder; gives the files of the scripts, by their probes."""
    from qcattn.conformance.stored import write_conformance
    from qcattn.views.conformance.junit import write_junit
    from qcattn.views.conformance.page import write_page_of
    from qcattn.views.page import write_page

    write_conformance(report, folder)
    files = {
        name: folder / f"{name.replace(' ', '_')}.py" for name in scripts if scripts[name].text
    }
    for name, path in files.items():
        write_page(path, scripts[name].text)
    write_junit(report, folder / "junit.xml")
    write_page_of(report, folder / "report.html", again=again, scripts=scripts)
    return files


def print_report(report: Report, kept: Kept, json: bool) -> None:
    """Print the table of all probes, their alarms, what changed, and the place, or JSON."""
    from qcattn.views.conformance import sheets
    from qcattn.views.conformance.brief import brief
    from qcattn.views.conformance.words import change, sentence

    if json:
        print_json(brief(report), kept)
        return
    print_sheets(sheets.summary(report, narrow=True))
    for one in report.alarms:
        print_sheets(sheets.failures(one, most=5))
        print_words(one.words, "")
    print_words(*(change(one) for one in report.since), sentence(report))
    print_place(kept)
