"""Where results go: a free folder, checked before anything is drawn, written before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qcattn.cli.app import fail, report_fault
from qcattn.cli.progress import bar
from qcattn.cli.signals import undisturbed
from qcattn.cli.streams import say
from qcattn.progress import hearing, tell

__all__ = ["Kept", "check_folder", "free_folder", "keep"]


@dataclass(frozen=True)
class Kept:
    """What became of results.

    Attributes:
        folder: Where they lie; None if no place had room for them.
        page: Whether the page lies there too.
        fault: What went wrong, or None.
        said: The same in words, or "" for a fault of qcattn.
    """

    folder: Path | None
    page: bool
    fault: BaseException | None = None
    said: str = ""

    @property
    def report(self) -> str | None:
        """The page, if there is one."""
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
    """The first of NAME, NAME-2, NAME-3 ... that does not exist."""
    number, folder = 1, Path(name)
    while folder.exists():
        number += 1
        folder = Path(f"{name}-{number}")
    return folder


def check_folder(folder: Path) -> None:
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
            f"`--out` is {folder}, but {parent} cannot be written ({error.strerror}); name another "
            "folder"
        ) from error


def keep(
    out: Path | None,
    name: str,
    results: Callable[[Path], None],
    page: Callable[[Path], None],
    *,
    quiet: bool,
) -> Kept:
    """Write results into a new folder, whole, and then the page about them.

    Ctrl-C waits until the results are written; it may end the page. Where they cannot be written,
    they are kept in another place that has room, and that is said.

    Args:
        out: The folder that was asked for, or None for a free one of this name.
        name: Of the default folder.
        results: Writes the results into the folder that it is given.
        page: Writes the page, and what belongs to it, into the same folder.
        quiet: Show no bar meanwhile.

    Returns:
        Where they are, and what went wrong; nothing is raised, so that they can be shown still.
    """
    with undisturbed():
        try:
            folder = _written(out, name, results)
        except (ValueError, OSError) as error:
            return _rescued(name, results, error)
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


def _rescued(name: str, results: Callable[[Path], None], fault: ValueError | OSError) -> Kept:
    """Results that could not be written where they belong, in another place that has room."""
    from contextlib import suppress
    from tempfile import gettempdir, mkdtemp

    from qcattn.folders.whole import whole_folder

    why = str(fault.strerror if isinstance(fault, OSError) else fault)
    for place in (gettempdir(), Path.home(), Path.cwd()):
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
                        "move them from there")  # fmt: skip
    return Kept(None, False, fault, why)
