"""Several results of one run in one folder: the main one, and beside it the parts that it names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qcattn.folders.results import RESULT, load_part, result_of, write_part, write_result
from qcattn.folders.sealed import Sealed, read_number, read_sealed
from qcattn.folders.whole import whole_folder
from qcattn.records import Result

__all__ = ["Run", "load_run", "save_run", "write_run"]


@dataclass(frozen=True, eq=False)
class Run:
    """The results of one run.

    Attributes:
        parts: The main result first.
        alpha: Probability that a perfect sampler is said to differ in any part, at most.

    Raises:
        ValueError: If there is no part, or the parts spend more than alpha.
    """

    parts: tuple[Result, ...]
    alpha: float

    def __post_init__(self) -> None:
        """Check that the error rate of the whole covers its parts."""
        if not self.parts:
            raise ValueError("`parts` must hold one result or more, but is empty; run something")
        spent = sum(part.alpha for part in self.parts)
        if not spent <= self.alpha * (1 + 1e-9):
            raise ValueError(
                f"`alpha` must be at least what the parts spend, {spent:g}, but is {self.alpha:g}; "
                "give the error rate of the whole run"
            )


def save_run(run: Run, folder: str | Path) -> None:
    """Write a run, whole or not at all.

    Args:
        run: What to write.
        folder: The folder to make; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder is taken.
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.experiment import run
        >>> from qcattn.preparations import Heralded, Purification
        >>> ways = (Purification(), Heralded())
        >>> parts = [run([0.0, 1.0], preparation=way, seed=1, alpha=0.005) for way in ways]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_run(Run(tuple(parts), alpha=0.01), folder + "/mine")
        ...     again = load_run(folder + "/mine")
        >>> [part.prepared.method for part in again.parts], again.alpha
        (['Purification', 'Heralded'], 0.01)
    """
    with whole_folder(folder) as fresh:
        write_run(run, fresh)


def write_run(run: Run, folder: Path) -> None:
    """Write the files of a run into a folder, ``result.json`` last.

    The main result lies in the folder itself, where `qcattn.load` finds it; each of the others in
    a folder of its own, such as ``01-Heralded``, which can be read alone.
    """
    main, *others = run.parts
    parts = [
        write_part(other, folder, place, other.prepared.method)
        for place, other in enumerate(others, start=1)
    ]
    write_result(main, folder, alpha=run.alpha, parts=parts)


def load_run(folder: str | Path) -> Run:
    """Read all results of a run back as they were.

    Args:
        folder: What `save_run`, `qcattn.save` or ``qcattn run`` wrote.

    Raises:
        NotWhole: If a file is missing, foreign or damaged; the message names it.
    """
    return read_sealed(RESULT, folder, _run_of)


def _run_of(sealed: Sealed) -> Run:
    if sealed.version == 1:
        return _run_of_old(sealed)
    others = [
        load_part(sealed.folder, str(entry["folder"]), str(entry["sha256"]))
        for entry in sealed.document["parts"]
    ]
    return Run((result_of(sealed), *others), read_number(sealed.document["alpha"]))


def _run_of_old(sealed: Sealed) -> Run:
    """Version 1 named no parts: a second one lay in a folder of this name, each with its share."""
    names = ["heralded"] if (sealed.folder / "heralded").is_dir() else []
    others = [load_part(sealed.folder, name, None) for name in names]
    parts = (result_of(sealed), *others)
    return Run(parts, sum(part.alpha for part in parts))
