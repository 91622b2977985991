"""Stores of several machines made one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qcattn.errors import Damaged
from qcattn.sweeps.mending import damages
from qcattn.sweeps.store import Store

__all__ = ["merge"]


def merge(sources: Sequence[str | Path], into: str | Path) -> tuple[int, int]:
    """Add the content of stores to another one; what is in both is counted once.

    Args:
        sources: Files to read; they are left as they are.
        into: File to add to, made if it is not there.

    Returns:
        The number of batches that were new, and of those that were there already.

    Raises:
        ValueError: If a file is missing, foreign, newer or damaged, or is to be merged into itself.
        OSError: If ``into`` cannot be written.

    Example:
        >>> import tempfile
        >>> from qcattn.sweeps.grid import Grid
        >>> from qcattn.sweeps.running import sweep
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, beta in (("a", [0.5, 1]), ("b", [1, 2])):
        ...         grid = Grid([0.0, 1.0], beta=beta, shots=1000, batch=1000)
        ...         done = sweep(grid, store=f"{folder}/{name}.sqlite")
        ...     merge([f"{folder}/a.sqlite", f"{folder}/b.sqlite"], f"{folder}/both.sqlite")
        (3, 1)
    """
    target = Path(into).resolve()
    if target in {Path(source).resolve() for source in sources}:
        raise ValueError(f"`{into}` would be merged into itself; leave it out of the sources")
    for source in sources:  # before anything is written
        Store(source).close()
    if Path(into).exists() and (found := damages(into)):
        raise Damaged(f"`{into}` is damaged: {found[0]}; run its plan on it again first, or name "
                      "another file")  # fmt: skip
    new = known = 0
    with Store(into, write=True) as store:
        for source in sources:
            with Store(source) as other:
                added = store.take_over(other)
                new, known = new + added[0], known + added[1]
    return new, known
