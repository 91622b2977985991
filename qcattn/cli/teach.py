"""``qcattn teach``: a page that teaches Born-rule sampling, served on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.streams import say

__all__ = ["teach"]


@app.command()
@reporting
def teach(
    lesson: Annotated[
        Path | None,
        typer.Argument(help="A lesson of your own, a TOML file. [default: the built-in one]"),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Serve on this port. [default: 0, a free one]", show_default=False)
    ] = 0,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the address only, and open no browser.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="Serve on this address; 0.0.0.0 lets a whole class in.")
    ] = "127.0.0.1",
) -> None:
    """Serve a page on which Born's rule is learnt by shots, until Ctrl-C.

    Example: qcattn teach --no-open --port 8008
    """
    from qcattn.teaching.lessons import built_in, read_lesson
    from qcattn.teaching.server import needed

    if not 0 <= port < 2**16:
        fail(f"`--port` must be from 0 to 65535, but is {port}; 0 takes a free one")
    steps = built_in() if lesson is None else read_lesson(lesson)
    needed()
    from qcattn.teaching.serving import serve_page

    serve_page(steps, host=host, port=port, opened=not no_open, tell=say)
