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
from qcattn.cli.output import Kept, check_folder, free_folder
from qcattn.cli.printing import exit_code, print_json, print_place, print_sheets, print_words
from qcattn.cli.progress import bar
from qcattn.cli.streams import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qcattn.backends.simulator import Simulator
    from qcattn.conformance.report import Report
    from qcattn.conformance.searching import Script
    from qcattn.progress import Progress

    _Scripts = Callable[..., Iterator[tuple[str, Script]]]

__all__ = ["JOURNAL", "conformance", "print_report"]

_FOLDER = "qcattn-conformance"
#: The file of a run's answers in its folder; a run that was cut off leaves it there.
JOURNAL = "journal.jsonl"
#: Why there is no script, as long as none is found.
_CUT_OFF = "the search for one was cut off; the command below searches again"


_Out = Annotated[
    Path | None,
    typer.Option(
        help="Write into this folder; a run that was cut off there goes on. "
        "[default: qcattn-conformance, or -2 ...]"
    ),
]
_Level = Annotated[
    str,
    typer.Option(
        help="Draw for about 1 (quick), 10 (standard) or 60 minutes (deep), for 3, 20 or 120 at "
        "most. Scripts of alarms take at most half as long again."
    ),
]


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
    level: _Level = "quick",
    family_alpha: Annotated[
        float,
        typer.Option(help="Raise an alarm on a correct simulator in at most this share of runs."),
    ] = 1e-3,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            help='Run this probe only, such as "bit order"; repeat the option for several.'
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Draw the seeds of all jobs from this. [default: fresh]")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Say what changed since this earlier report.")
    ] = None,
    out: _Out = None,
    json: Json = False,
) -> None:
    """Test a simulator's sampling by all probes, with one error budget for the whole run.

    Exit code 0: no alarm; 1: an alarm; 2: nothing was decided, the run was interrupted, or the
    command was misused.

    Example: qcattn conformance --backend "qiskit_aer:AerSimulator(method='statevector')"
    """
    from qcattn.arguments import check_alpha
    from qcattn.conformance.probe import LEVELS
    from qcattn.conformance.searching import scripts_of
    from qcattn.conformance.stored import changes, load_report
    from qcattn.views.conformance.words import command

    check_alpha(family_alpha, "--family-alpha")
    level, probes = known("--level", level, LEVELS), _known_probes(probe)
    old = None if against is None else load_report(against)
    simulator = _tested(backend, python)
    simulator.settings()  # asks for what it needs, before a folder is made
    folder, root = _folder(out, seed)
    made_by = partial(_tested, backend, python)
    asked: dict[str, Any] = {
        "level": level,
        "alpha": family_alpha,
        "seed": root,
        "probes": probes,
        "journal": folder / JOURNAL,
        "made_by": made_by,
    }
    with bar(quiet=json) as tell:
        report, interrupted = _drawn(simulator, asked, tell)
    report = report if old is None else replace(report, since=changes(old, report))
    again = command(report, backend, python)
    search = partial(scripts_of, report, simulator, backend, made_by=made_by)
    scripts = {} if interrupted else _write(folder, report, again, search, quiet=json)
    print_report(report, Kept(folder, page=not interrupted), json)
    if interrupted:
        fail(f"interrupted: the answers are kept in {folder}; the same command goes on there")
    if not json:
        _say_scripts(scripts, folder)
        say(f"To draw the same again: {again}")
    raise typer.Exit(exit_code([report.standing]))


def _tested(backend: str, python: str | None) -> Simulator:
    """The simulator, in this environment or in that of another interpreter."""
    from qcattn.backends.named import named_simulator
    from qcattn.backends.pipe import Piped

    return named_simulator(backend) if python is None else Piped(backend, python)


def _drawn(simulator: Simulator, asked: dict[str, Any], tell: Progress) -> tuple[Report, bool]:
    """The report, and whether Ctrl-C cut it off."""
    from qcattn.conformance.running import run_conformance
    from qcattn.errors import Interrupted

    try:
        return run_conformance(simulator, **asked, progress=tell), False
    except Interrupted as stop:
        return stop.result, True


def _search(
    search: _Scripts,
    seconds: float,
    scripts: dict[str, Script],
    folder: Path,
    *,
    quiet: bool,
) -> None:
    """Search for the script of each alarm, and write it as soon as it is found."""
    from qcattn.conformance.searching import Script
    from qcattn.views.page import write_page

    missing = set(scripts)
    if not quiet:
        say(
            f"qcattn: the report lies in {folder}; scripts that show the alarms are searched for "
            f"{seconds:g} s at most, and Ctrl-C ends that",
            err=True,
        )
    try:
        with bar(quiet=quiet) as tell:
            for name, script in search(progress=tell):
                scripts[name] = script
                missing.discard(name)
                if script.text:
                    write_page(_file(folder, name), script.text)
    except KeyboardInterrupt:
        scripts |= dict.fromkeys(missing, Script(why_not="Ctrl-C ended the search for one"))


def _say_scripts(scripts: dict[str, Script], folder: Path) -> None:
    from qcattn.views.conformance.words import no_script, shown_by

    for name, script in scripts.items():
        file = _file(folder, name)
        say(f"{name}: {shown_by(file) if script.text else no_script(script.why_not)}")


def _file(folder: Path, probe: str) -> Path:
    """Where the script of a probe's alarm lies."""
    return folder / f"{probe.replace(' ', '_')}.py"


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
    from qcattn.seeds import entropy

    if seed is not None:
        whole_number(seed, "--seed", least=0)
    folder = out or Path(_FOLDER)
    journal = folder / JOURNAL
    if journal.is_file() and not is_report(folder):
        return folder, seed_of(journal) if seed is None else seed
    if out is None:
        folder = free_folder(_FOLDER)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder, entropy(seed)


def _write(
    folder: Path, report: Report, again: str, search: _Scripts, *, quiet: bool
) -> dict[str, Script]:
    """Everything into the folder, then the scripts, for which it is searched; gives these."""
    from qcattn.conformance.searching import Script, seconds_of_scripts
    from qcattn.conformance.stored import write_conformance
    from qcattn.views.conformance.junit import write_junit
    from qcattn.views.conformance.page import write_page_of

    scripts = {one.name: Script(why_not=_CUT_OFF) for one in report.alarms}
    write_page = partial(write_page_of, report, folder / "report.html", again=again)
    write_conformance(report, folder)
    write_junit(report, folder / "junit.xml")
    write_page(scripts=scripts)
    if scripts:
        _search(search, seconds_of_scripts(report.level), scripts, folder, quiet=quiet)
        write_page(scripts=scripts)
    return scripts


def print_report(report: Report, kept: Kept, json: bool) -> None:
    """Print the table of all probes, their alarms, what changed, and the place, or JSON."""
    from qcattn.views.conformance import sheets
    from qcattn.views.conformance.brief import brief
    from qcattn.views.conformance.words import sentence, since

    if json:
        print_json(brief(report), kept)
        return
    print_sheets(sheets.summary(report, narrow=True))
    for one in report.alarms:
        print_sheets(sheets.failures(one, most=5))
        print_words(one.words, "")
    print_words(*since(report), sentence(report))
    print_place(kept)
