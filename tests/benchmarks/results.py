"""Put what a script prints into the file that shows it, between the markers of a name.

    <!-- begin scaling: python tests/benchmarks/scaling.py -->
    ...
    <!-- end scaling -->

Every script here takes ``--write`` for this; what stands outside of the markers is kept.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

#: Tables of the benchmarks.
RESULTS = Path(__file__).with_name("RESULTS.md")
#: Tables of the claims.
CLAIMS = Path(__file__).parents[2] / "qcattn" / "claims" / "RESULTS.md"
#: What the conformance suite found.
CIRCUITS = Path(__file__).parents[2] / "circuits" / "README.md"
#: The table of the preparations.
README = Path(__file__).parents[2] / "README.md"


class Both(io.StringIO):
    """Keeps what is printed, and prints it."""

    def __init__(self, shown: Any) -> None:
        super().__init__()
        self.shown = shown

    def write(self, text: str) -> int:
        self.shown.write(text)
        return super().write(text)

    def flush(self) -> None:
        self.shown.flush()


def between(text: str, name: str, command: str, content: str) -> str:
    """The text with other content between the markers of a name.

    Several tables of one script stand beside each other, each under its own command.

    Raises:
        ValueError: If no markers, or more than one pair, name this command: what some of the parts
            or other sizes print must not take the place of the whole.
    """
    end = f"<!-- end {name} -->"
    begun = rf"<!-- begin {re.escape(name)}: ([^\n]*) -->\n.*?{re.escape(end)}"
    found = re.findall(begun, text, flags=re.DOTALL)
    if not found or found.count(command) > 1:
        raise ValueError(
            f"the markers of {name!r} must stand in the file once for each command, but stand "
            f"there {len(found)} times; write `<!-- begin {name}: {command} -->` and `{end}` where "
            "its table belongs"
        )
    if command not in found:
        raise ValueError(
            f"the table {name!r} is what `{found[0]}` prints, not `{command}`; run that one, or "
            "first name the other command in the marker"
        )
    begin = f"<!-- begin {name}: {command} -->"
    block = f"{begin}\n\n{content.strip()}\n\n{end}"
    pattern = rf"{re.escape(begin)}\n.*?{re.escape(end)}"
    return re.sub(pattern, lambda _: block, text, flags=re.DOTALL)


def command_of(script: str, arguments: Sequence[str]) -> str:
    """The command that gave the numbers, to be run from the root of the repository."""
    return shlex.join(["python", f"tests/benchmarks/{script}", *arguments])


def run(
    script: str,
    main: Callable[[list[str]], int],
    arguments: Sequence[str] | None = None,
    path: Path = RESULTS,
) -> int:
    """Run the main function of a script; with ``--write``, put what it prints into the file.

    Args:
        script: The name of its file or folder here; without ".py" it is the name of the markers.
        main: Takes the arguments, and gives the exit code.
        arguments: Those of the command line if None.
        path: The file with the markers.

    Returns:
        The exit code. What a script that misses its targets prints is written too.

    Raises:
        ValueError: As `between`, before anything is run.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--write" not in given:
        return main(given)
    given = [each for each in given if each != "--write"]
    name, command = script.removesuffix(".py"), command_of(script, given)
    between(path.read_text(encoding="utf-8"), name, command, "")
    printed = Both(sys.stdout)
    with contextlib.redirect_stdout(printed):
        code = main(given)
    text = between(path.read_text(encoding="utf-8"), name, command, printed.getvalue())
    path.write_text(text, encoding="utf-8")
    return code
