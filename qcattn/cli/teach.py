"""``qcattn teach``: a page that teaches Born-rule sampling, served on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.printing import print_json, print_sheets, print_words
from qcattn.cli.progress import bar
from qcattn.cli.streams import say

if TYPE_CHECKING:
    from qcattn.teaching.lessons import Lesson

__all__ = ["print_page", "print_setting", "teach"]

_HERE = "127.0.0.1"


@app.command(epilog="Example: qcattn teach lesson.toml --port 8008 --no-open")
@reporting
def teach(
    lesson: Annotated[
        Path | None,
        typer.Argument(help="Serve this lesson, a TOML file. [default: the built-in one]"),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Serve on this port. [default: 0, a free one]", show_default=False)
    ] = 0,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the address only, and open no browser.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="Serve on this address; 0.0.0.0 lets a whole class in.")
    ] = _HERE,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a page that replays shots drawn now, and serve nothing.",
        ),
    ] = None,
) -> None:
    """Serve a page on which Born's rule is learnt by shots, until Ctrl-C."""
    from qcattn.teaching.lessons import built_in, read_lesson
    from qcattn.teaching.server import needed

    if not 0 <= port < 2**16:
        fail(f"`--port` must be from 0 to 65535, but is {port}; 0 takes a free one")
    steps = built_in() if lesson is None else read_lesson(lesson)
    if export is not None:
        for name, given in {"port": port, "no-open": no_open, "host": host != _HERE}.items():
            if given:
                fail(f"`--export` serves nothing, so that `--{name}` has no meaning; leave it out")
        _write(steps, export)
        return
    needed()
    from qcattn.teaching.serving import serve_page

    serve_page(steps, host=host, port=port, opened=not no_open, tell=say)


def _write(lesson: Lesson, folder: Path) -> None:
    """Draw a lesson, write its page, and say which steps will not tick there."""
    from qcattn.cli.output import check_folder
    from qcattn.teaching.exported import export_lesson
    from qcattn.teaching.recording import record_lesson, steps_left_open

    check_folder(folder, "--export")
    with bar(quiet=False) as tell:
        record = record_lesson(lesson, progress=tell)
    export_lesson(lesson, record, folder)
    for name in steps_left_open(lesson, record):
        say(f"qcattn: the step {name!r} does not tick by the shots that were drawn", err=True)
    _say_place(folder)


def _say_place(folder: Path) -> None:
    say(f"The page is {folder / 'index.html'}; it needs no server.")


def print_page(folder: Path, json: bool) -> None:
    """Print what an exported page holds and where it is, or JSON."""
    from qcattn.teaching.exported import read_export
    from qcattn.views.teaching import sheets

    told = read_export(folder)
    replay: dict[str, Any] = told["replay"]
    if json:
        numbers = {name: replay[name] for name in ("grid", "shots", "aer", "seed")}
        print_json({"command": "teach", "page": str(folder / "index.html"),
                    "lesson": told["lesson"], **numbers})  # fmt: skip
        return
    print_sheets(sheets.lesson_steps(told))
    print_words(
        f"Of each of {len(replay['entries']):,} settings it replays {replay['shots']:,} shots, "
        f"drawn on Qiskit Aer {replay['aer']} from the seed {replay['seed']}."
    )
    _say_place(folder)


def print_setting(path: Path, json: bool) -> None:
    """Print which law the counts of a saved setting follow, or JSON."""
    from qcattn.teaching.answers import answer_target
    from qcattn.teaching.setups import read_setting
    from qcattn.views.labels import joined
    from qcattn.views.teaching import sheets

    setup = read_setting(path)
    target = answer_target(setup.document())
    if json:
        print_json({"command": "teach", **target})
        return
    print_sheets(sheets.outcomes(setup, target))
    others = {name: str(one) for name, one in setup.document().items() if name != "scores"}
    print_words(f"A setting of `qcattn teach`: {joined(others)}.")
