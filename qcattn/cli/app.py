"""The application, and how its commands end.

Exit codes: 0 the counts agree, 1 they differ, 2 misuse, or a run that was interrupted or is
undecided, 3 a fault of qcattn. For `qcattn claims` a refuted claim is a finding: 0 as well.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, NoReturn

import typer

from qcattn.cli.signals import heed_signals, undisturbed
from qcattn.cli.streams import lost, mend_streams, say
from qcattn.errors import Doubtful
from qcattn.legible import quoted, shortened

__all__ = ["app", "fail", "main", "report_fault", "reporting"]

#: The most characters of a message.
_MOST = 4000

app = typer.Typer(
    help="Sample attention as thermal circuits on Aer and compare the counts with softmax.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of the ``qcattn`` command."""
    mend_streams()
    heed_signals()
    # Pages are plotted into files, whatever a notebook or a desktop around this command asks for.
    os.environ["MPLBACKEND"] = "Agg"
    code = 2
    try:
        given = app(standalone_mode=False)
        code = given if given in (0, 1, 2, 3) else 2 if given else 0
    except (KeyboardInterrupt, typer.Abort):
        say("qcattn: interrupted", err=True)
    except Exception as error:
        if _of_a_signal(error):
            say("qcattn: interrupted", err=True)
        elif hasattr(error, "format_message"):  # of typer, on what was given
            usage = io.StringIO()
            error.show(file=usage)  # type: ignore[attr-defined]
            say("\n".join([usage.getvalue().rstrip(), *_cures(error, sys.argv[1:])]), err=True)
        else:
            report_fault(error)
    finally:
        if (gone := lost()) is not None:
            say(f"qcattn: standard output cannot be written: {gone.strerror}", err=True)
    sys.exit(code)


def _cures(error: Exception, given: list[str]) -> list[str]:
    """What typer does not say of what was given: the value that is no number, a file's option."""
    said = []
    details = getattr(error.__cause__, "errors", None)
    if details is not None:  # of pydantic, each with what it read
        values = [quoted(str(one["input"])) for one in details()]
        said.append(f"It is {values[0]}: write a number in plain digits, such as 4096 or 0.5.")
    before = ["", *given]
    said += [
        f"A file of scores is given as `--scores {shortened(word)}`."
        for word, last in zip(given[1:], before[1:], strict=False)
        if given[0] == "run" and not last.startswith("-") and os.path.isfile(word)
    ]
    return said


def _of_a_signal(error: BaseException | None) -> bool:
    """Whether Ctrl-C was pressed while a compiled module was imported, which hides it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__
    return False


def fail(message: object) -> NoReturn:
    """End with a message and exit code 2."""
    say(f"qcattn: {shortened(str(message), _MOST)}", err=True)
    raise typer.Exit(2)


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that a user can mend into a message and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            with _saying_doubts():
                command(*args, **options)
        except typer.Exit:
            raise
        except (ValueError, RuntimeError, ImportError) as error:
            fail("interrupted" if _of_a_signal(error) else error)
        except OSError as error:
            fail(f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}")
        except MemoryError as error:
            fail(f"out of memory: {error}; use fewer keys or shots")
        except KeyboardInterrupt:
            with undisturbed():
                fail("interrupted")
        except Exception as error:
            if type(error).__module__.startswith("qiskit"):
                fail(error)
            report_fault(error)

    return wrapped


def report_fault(error: BaseException) -> NoReturn:
    """End with the traceback of a fault of qcattn; code 1 would mean that counts differ."""
    lines = "".join(traceback.format_exception(error)).rstrip().split("\n")
    say("\n".join(shortened(line, _MOST) for line in lines), err=True)
    raise SystemExit(3)


@contextmanager
def _saying_doubts() -> Iterator[None]:
    """Print what may be meant otherwise, each once, in place of Python's warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", Doubtful)
        show, said = warnings.showwarning, set[str]()

        def told(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if not issubclass(category, Doubtful):
                show(message, category, *place)
            elif str(message) not in said:
                said.add(str(message))
                say(f"qcattn: {message}", err=True)

        warnings.showwarning = told  # type: ignore[assignment]
        yield


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from qcattn.versions import package_versions

        say(package_versions()["qcattn"])
        raise typer.Exit
