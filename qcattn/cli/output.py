"""Where results go: a free folder, checked before anything is drawn, written before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from qcattn.cli.app import fail, report_fault
from qcattn.cli.progress import bar
from qcattn.cli.signals import undisturbed
from qcattn.cli.streams import say
from qcattn.progress import hearing, tell

__all__ = ["Kept", "check_folder", "free_folder", "keep"]

#: The folder of Linux that lies in memory, where there is one.
_MEMORY = Path("/dev/shm")
_AGAIN = "Run it again where there is room: the same seed gives the same counts again"


@dataclass(frozen=True)
class Kept:
    """What became of the results of a command.

    Attributes:
        folder: The folder in which they lie; None if no place had room for them.
        page: Whether the page lies there too.
        fault: What went wrong, or None.
        said: The fault in words, or "" for a fault of qcattn.
    """

    folder: Path | None
    page: bool
    fault: BaseException | None = None
    said: str = ""

    @property
    def report(self) -> str | None:
        """The path of the page, if there is one."""
        return str(self.folder / "report.html") if self.folder is not None and self.page else None

    def check(self) -> None:
        """End with exit code 2, or 3 for a fault of qcattn, if anything went wrong."""
        if self.fault is None:
            return
        if self.said:
            fail(self.said)
        say(f"qcattn: the page could not be made; the results are kept in {self.folder}", err=True)
        report_fault(self.fault)


def free_folder(name: str) -> Path:
    """The first of NAME, NAME-2, NAME-3, ... that does not exist."""
    number, folder = 1, Path(name)
    while folder.exists():
        number += 1
        folder = Path(f"{name}-{number}")
    return folder


def check_folder(folder: Path, option: str = "--out") -> None:
    """Refuse a folder that is taken or cannot be written, before anything is drawn."""
    from tempfile import TemporaryDirectory

    from qcattn.folders.whole import check_free

    check_free(folder)
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        with TemporaryDirectory(dir=parent):
            pass
    except OSError as error:
        raise ValueError(
            f"`{option}` is {folder}, but {parent} cannot be written ({error.strerror}); name "
            "another folder"
        ) from error


def keep(
    out: Path | None,
    name: str,
    results: Callable[[Path], None],
    page: Callable[[Path], None],
    document: Callable[[], Mapping[str, Any]],
    *,
    quiet: bool,
) -> Kept:
    """Write results into a new folder, whole, and then the page about them.

    Ctrl-C waits until the results are written; it may end the page. Where they cannot be written,
    they are kept in another place that has room, or what of them fits, and that is said.

    Args:
        out: The folder that was asked for, or None for a free one of this name.
        name: The name of the default folder.
        results: A function that writes the results into the folder that it is given.
        page: A function that writes the page, and what belongs to it, into the same folder.
        document: A function that returns what ``--json`` prints of the results.
        quiet: Whether to show no bar meanwhile.

    Returns:
        Where they are, and what went wrong; nothing is raised, so that they can be shown still.
    """
    with undisturbed():
        try:
            folder = _written(out, name, results)
        except (ValueError, OSError) as error:
            return _rescued(name, results, document, error)
    try:
        with bar(quiet=quiet) as said, hearing(said):
            tell(0, 1, "writing the page")
            page(folder)
    except (OSError, MemoryError) as error:
        why = (isinstance(error, OSError) and error.strerror) or str(error) or "out of memory"
        return Kept(folder, False, error, f"the page could not be written: {why}; the results are "
                    f"kept in {folder}, and `qcattn show {folder}` prints them")  # fmt: skip
    except KeyboardInterrupt as error:
        return Kept(folder, False, error, f"interrupted before the page was written; the results "
                    f"are kept in {folder}, and `qcattn show {folder}` prints them")  # fmt: skip
    except Exception as error:
        return Kept(folder, False, error)
    return Kept(folder, True)


def _written(out: Path | None, name: str, results: Callable[[Path], None]) -> Path:
    """The folder into which results were written."""
    from qcattn.folders.whole import whole_folder

    while True:
        target = out or free_folder(name)
        try:
            with whole_folder(target) as folder:
                results(folder)
            return target
        except (ValueError, OSError):
            # Another run may have taken the free name meanwhile.
            if out is not None or not target.exists():
                raise


def _rescued(
    name: str,
    results: Callable[[Path], None],
    document: Callable[[], Mapping[str, Any]],
    fault: ValueError | OSError,
) -> Kept:
    """Results that could not be written where they belong, in another place that has room.

    Where none has room for all of them, as much as fits is kept: what ``--json`` prints, or the
    same without its arrays.
    """
    from tempfile import mkdtemp

    from qcattn.folders.whole import whole_folder

    why = str(fault.strerror if isinstance(fault, OSError) else fault)
    for place in _places():
        folder = None
        try:
            folder = Path(mkdtemp(prefix=f"{name}-", dir=place))
            with whole_folder(folder) as fresh:
                results(fresh)
        except (OSError, RuntimeError):
            if folder is not None:
                with suppress(OSError):
                    folder.rmdir()
        else:
            return Kept(folder, False, fault, f"{why}. The results are kept in {folder} instead; "
                        f"move them from there{_in_memory(place)}")  # fmt: skip
    from qcattn.views.documents import without_arrays

    said = document()
    for what, part in (("all counts and verdicts", said), ("the verdicts", without_arrays(said))):
        file = _written_beside(name, dumps(part, allow_nan=False))
        if file is not None:
            return Kept(None, False, fault, f"{why}. No place has room for all results; {what} are "
                        f"kept in {file}{_in_memory(file.parent)}. {_AGAIN}")  # fmt: skip
    return Kept(None, False, fault, f"{why}. No place has room for anything of it. {_AGAIN}")


def _places() -> tuple[str | Path, ...]:
    """Where results may be kept that cannot be where they belong, memory last."""
    from tempfile import gettempdir

    try:
        usual = [gettempdir()]
    except OSError:  # it tries whether something can be written
        usual = []
    return (*usual, Path.home(), Path.cwd(), _MEMORY)


def _in_memory(place: str | Path) -> str:
    return " before this machine is switched off" if place == _MEMORY else ""


def _written_beside(name: str, text: str) -> Path | None:
    """A file with this text in the first place that has room for it; None if there is none."""
    from tempfile import mkstemp

    for place in _places():
        file = None
        try:
            handle, made = mkstemp(prefix=f"{name}-", suffix=".json", dir=place)
            file = Path(made)
            with open(handle, "w", encoding="utf-8") as opened:
                opened.write(text + "\n")
        except OSError:
            if file is not None:
                file.unlink(missing_ok=True)
        else:
            return file
    return None
