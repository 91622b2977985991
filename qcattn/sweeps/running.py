"""The sweep: what is missing is cut into jobs, drawn by any executor, and recorded as it comes.

Only the process that calls `sweep` writes. Workers are told what to draw in JSON and bytes and
answer with counts. How batches are put together in jobs, how many workers there are and who comes
first is left to what is quick at the moment: no number depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from qcattn.arguments import check_shots
from qcattn.errors import Interrupted
from qcattn.plurals import plural
from qcattn.progress import Progress, silent
from qcattn.sweeps.grid import Grid
from qcattn.sweeps.jobs import Job, Jobs
from qcattn.sweeps.mending import mend
from qcattn.sweeps.results import Sweep, load_sweep
from qcattn.sweeps.store import Store
from qcattn.sweeps.until import Rule, rule
from qcattn.sweeps.worker import Drawn, Piece, work

__all__ = ["sweep"]

#: Jobs handed to an executor that does not say how many workers it has.
_MANY = 64
#: The most batches of a cell, since those that are missing are listed one by one.
_MOST_BATCHES = 10**6
#: How often workers may die in a row, with nothing drawn in between.
_MOST_DEATHS = 12
#: How often a piece may take its worker with it: once among others, twice alone.
_LIVES = 3


def sweep(
    grid: Grid,
    *,
    store: str | Path,
    shots: int | None = None,
    until: Rule | str | None = None,
    executor: Executor | None = None,
    retry_failed: bool = False,
    progress: Progress = silent,
) -> Sweep:
    """Draw what is missing of a grid, and keep it in a store.

    What the store holds is not drawn again: a sweep that was interrupted, killed or given more
    shots goes on where it was. Batches of the grid that are damaged are drawn again, which the
    answer says (``mended``). Several processes may work on one store. A cell that fails is
    recorded with its error and does not stop the others.

    Args:
        grid: What to draw.
        store: An SQLite file, made if it is not there, on a disk of this machine.
        shots: Shots a row in place of ``grid.shots``; rounded up to whole batches.
        until: A rule that stops a cell sooner: ``"certified=0.02"``, ``"width=0.01"`` or an object
            of `qcattn.sweeps.until`. Cells are looked at after 1, 2, 3, 4, 6, 8, 12, ... batches,
            and alpha is shared out over the looks.
        executor: Any `concurrent.futures.Executor`; this process if None. It is not shut down.
            `Processes` replaces workers that die.
        retry_failed: Whether to try cells again that failed before.
        progress: A function that is told after each job the batches that are recorded, those of
            before included, of those there will be (with a rule for stopping, at most); and in
            words the shots that this call drew and the cells that failed.

    Returns:
        The cells of the grid.

    Raises:
        ValueError: If an argument is out of range, or the store is foreign, newer or damaged.
        OSError: If the store cannot be written, the disk being full for example; what was recorded
            is kept.
        RuntimeError: If the executor breaks and starts no new workers, or all of these die, before
            they do anything (a script without ``if __name__ == "__main__":``) or later.
        Interrupted: If Ctrl-C is pressed; it carries what there is, and the same call goes on from
            there.

    Example:
        >>> import tempfile
        >>> grid = Grid([[0.0, 1.0, 2.0]], beta=[0.5, 1.0], shots=1000, batch=500, seed=7)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = sweep(grid, store=folder + "/runs.sqlite")
        ...     print(done)
        ...     done.cells[0].counts.shots.tolist()
        agrees: 2 cells, alpha = 0.01
        agrees     beta 0.5
        agrees     beta 1.0
        [1000]
    """
    shots = grid.shots if shots is None else check_shots(shots)
    if -(-shots // grid.batch) > _MOST_BATCHES:
        raise ValueError(
            f"`shots` is {shots:,}, which are more than {_MOST_BATCHES:,} batches of "
            f"{grid.batch:,}; give fewer, or a larger `batch`"
        )
    stop = rule(until) if isinstance(until, str) else until
    with Store(store, write=True) as opened:
        said = {"alpha": float(grid.alpha), "shots": shots, "until": str(stop or "")}
        mended = mend(opened, grid.cells)
        opened.register(grid.cells, said)
        if retry_failed:
            opened.forgive(cell.key for cell in grid.cells)
        jobs = Jobs(opened, grid, -(-shots // grid.batch), stop)
        try:
            _Run(opened, jobs, progress).all_of(executor or _Here())
            complete = True
        except KeyboardInterrupt:
            complete = False
    done = replace(load_sweep(store, grid), mended=tuple(mended))
    if not complete:
        raise Interrupted(done)
    return done


class _Here(Executor):
    """This process: work is done when it is handed over."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class _Run:
    """One call of `sweep`."""

    def __init__(self, store: Store, jobs: Jobs, progress: Progress) -> None:
        self.store, self.jobs, self.progress = store, jobs, progress
        self.shots = 0
        #: How often a piece was there when a worker died.
        self.deaths: dict[tuple[str, int, tuple[int, ...]], int] = {}
        self.deaths_in_a_row = 0

    def all_of(self, executor: Executor) -> None:
        """Draw and record until nothing is missing."""
        flying: dict[Future[list[Drawn]], Job] = {}
        capacity = _capacity(executor)
        self._tell(self.jobs.done)
        try:
            while True:
                while len(flying) < capacity:
                    job = self.jobs.next(capacity, busy=bool(flying))
                    if job is None:
                        break
                    flying[self._submit(executor, job)] = job
                if not flying:
                    self._tell(self.jobs.total)
                    return
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._take(future, flying.pop(future))
                self._tell(self.jobs.done)
        except BaseException:
            for future in flying:
                future.cancel()
            self._keep(flying)
            raise

    def _submit(self, executor: Executor, job: Job) -> Future[list[Drawn]]:
        try:
            return executor.submit(work, job.pieces)
        except BrokenExecutor as error:
            raise RuntimeError(
                f"the workers of {type(executor).__name__} died and it starts no new ones, but "
                "what was drawn is recorded; run the same again, or use `qcattn.sweeps.Processes`"
            ) from error

    def _take(self, future: Future[list[Drawn]], job: Job) -> None:
        try:
            drawn = future.result()
        except BrokenExecutor as error:
            self._died(job, error)
        except CancelledError as error:
            raise RuntimeError(
                "the executor cancelled what it was given, but what was drawn is recorded; run the "
                "same again"
            ) from error
        except Exception as error:
            if len(job.pieces) > 1:
                for piece in job.pieces:
                    self.jobs.suspect(piece)
            else:
                self._failed(job.pieces[0], f"{type(error).__name__}: {error}"[:2000])
        else:
            self._record(drawn)

    def _record(self, drawn: list[Drawn]) -> None:
        if self.store.record(drawn):
            self.jobs.elsewhere()
        self.deaths_in_a_row = 0
        for one in drawn:
            self.shots += len(one.batches) * one.piece.num_rows * int(one.piece.spec["batch"])
            self.jobs.landed(one)

    def _failed(self, piece: Piece, error: str) -> None:
        self._record([Drawn(piece, {}, (), error)])

    def _died(self, job: Job, error: BaseException) -> None:
        """A worker died; it is not said over which piece, so those in flight go on one by one."""
        self.deaths_in_a_row += 1
        if self.deaths_in_a_row > _MOST_DEATHS:
            raise RuntimeError(
                f"workers died {plural(self.deaths_in_a_row, 'time')} with nothing drawn in "
                f"between ({error}), killed or out of memory, but what was drawn before is "
                "recorded; take fewer workers, or run the same again"
            ) from error
        for piece in job.pieces:
            place = (piece.cell, piece.block, piece.batches)
            self.deaths[place] = self.deaths.get(place, 0) + 1
            if self.deaths[place] >= _LIVES and job.alone:
                self._failed(
                    piece,
                    f"WorkerDied: block {piece.block} ended its worker process "
                    f"{self.deaths[place]} times (out of memory, or killed)",
                )
            else:
                self.jobs.suspect(piece)

    def _keep(self, flying: dict[Future[list[Drawn]], Job]) -> None:
        """Record what was done when it was interrupted, if that can still be."""
        drawn = [
            one
            for future in flying
            if future.done() and not future.cancelled() and future.exception() is None
            for one in future.result()
        ]
        with suppress(OSError, ValueError):
            if drawn:
                self._record(drawn)

    def _tell(self, done: int) -> None:
        failed = len(self.jobs.failed)
        failures = f", {failed} cell{'s' * (failed > 1)} failed" if failed else ""
        self.progress(done, self.jobs.total, f"{self.shots:,} shots{failures}")


def _capacity(executor: Executor) -> int:
    """Jobs in flight at most: one that is drawn and one that waits, for each worker."""
    if isinstance(executor, _Here):
        return 1
    workers = getattr(executor, "_max_workers", None) or getattr(executor, "workers", None)
    return 2 * workers if isinstance(workers, int) else _MANY
