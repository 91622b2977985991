"""How far a command is, as a bar on the error stream."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qcattn.cli.streams import say
from qcattn.errors import TakesLong
from qcattn.legible import legible
from qcattn.progress import Progress

__all__ = ["bar"]


@contextmanager
def bar(*, quiet: bool) -> Iterator[Progress]:
    """Show a bar while work goes on, and say beforehand what takes long.

    Args:
        quiet: Whether to show no bar.

    Yields:
        What the work tells how far it is.
    """
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True, quiet=quiet)
    # In a file or a pipe nobody watches, and each bar would leave an empty line there.
    unseen = not console.is_terminal
    with progress.Progress(*columns, console=console, transient=True, disable=unseen) as shown:
        task = shown.add_task("", total=None)

        def tell(done: float, total: float, what: str) -> None:
            shown.update(task, completed=done, total=total, description=legible(what))

        with warnings.catch_warnings():
            warnings.simplefilter("always", TakesLong)
            show = warnings.showwarning

            def told(message: Warning | str, category: type[Warning], *place: Any) -> None:
                if issubclass(category, TakesLong):
                    say(f"qcattn: {message}", err=True)
                else:
                    show(message, category, *place)

            warnings.showwarning = told  # type: ignore[assignment]
            yield tell
