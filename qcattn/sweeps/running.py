"""The sweep: what is missing is cut into jobs, drawn by any executor, and recorded as it comes.

Only the process that calls `sweep` writes. Workers are told what to draw in JSON and bytes and
answer with counts. How batches are put together in jobs, how many workers there are and who comes
first is left to what is quick at the moment: no number depends on it.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qcattn.attention import softmax
from qcattn.backends.reading import whole_shots
from qcattn.experiment import Interrupted
from qcattn.sweeps.drawing import Drawn, Piece, draw
from qcattn.sweeps.grid import Grid, GridCell
from qcattn.sweeps.results import Sweep, as_counts, load
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import canonical
from qcattn.sweeps.until import Rule, looks, rule, share

__all__ = ["Progress", "sweep"]

#: Seconds of work in a job, so that handing it over and writing it down is nothing beside it.
_JOB = 0.5
#: Batches in a job at most.
_MOST_BATCHES = 256
#: Jobs handed to an executor that does not say how many workers it has.
_MANY = 64
#: How often workers may die in a row, with nothing drawn in between.
_MOST_DEATHS = 12
#: How often a piece may take its worker with it: once among others, twice alone.
_LIVES = 3


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes:
        tasks: Batches of blocks recorded, those of before included.
        total: Those there will be; with a rule for stopping, at most.
        shots: Shots drawn by this call.
        failures: Cells that failed so far.
        seconds: Since it began.
    """

    tasks: int
    total: int
    shots: int
    failures: int
    seconds: float


def sweep(
    grid: Grid,
    *,
    store: str | Path,
    shots: int | None = None,
    until: Rule | str | None = None,
    executor: Executor | None = None,
    retry_failed: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Sweep:
    """Draw what is missing of a grid, and keep it in a store.

    What the store holds is not drawn again: a sweep that was interrupted, killed or given more
    shots goes on where it was. Several processes may work on one store. A cell that fails is
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
        retry_failed: Try cells again that failed before.
        progress: Called after each job.

    Returns:
        The cells of the grid.

    Raises:
        ValueError: If an argument is out of range, or the store is foreign, newer or damaged.
        OSError: If the store cannot be written, the disk being full for example; what was recorded
            is kept.
        RuntimeError: If the executor breaks and starts no new workers, or all of these die.
        Interrupted: On Ctrl-C, with what there is; the same call goes on from there.

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
    shots = grid.shots if shots is None else whole_shots(shots)
    stop = rule(until) if isinstance(until, str) else until
    with Store(store, write=True) as opened:
        said = {"alpha": float(grid.alpha), "shots": shots, "until": str(stop or "")}
        opened.register(grid.cells, said)
        if retry_failed:
            opened.forgive(cell.key for cell in grid.cells)
        run = _Run(opened, grid, -(-shots // grid.batch), stop, progress)
        try:
            run.all_of(executor or _Here())
            complete = True
        except KeyboardInterrupt:
            complete = False
    done = load(store, [cell.key for cell in grid.cells])
    if not complete:
        raise Interrupted(done)
    return done


class _Here(Executor):
    """This process: work is done when it is handed over."""

    _max_workers = 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(eq=False)
class _Cell:
    """What is still to be done of a cell."""

    cell: GridCell
    kind: str
    goals: Iterator[int]
    look: int = 0
    goal: int = 0
    missing: deque[tuple[int, int]] = field(default_factory=deque)
    flying: int = 0


@dataclass(eq=False)
class _Job:
    """Pieces in the hands of a worker."""

    pieces: list[Piece]
    alone: bool = False


class _Run:
    """One call of `sweep`."""

    def __init__(
        self,
        store: Store,
        grid: Grid,
        most: int,
        stop: Rule | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.store, self.stop, self.most, self.progress = store, stop, most, progress
        # Cells of one content are one cell here, however many places on the axes they have.
        unique = {cell.key: cell for cell in grid.cells}
        failures = store.failures()
        self.failed = {key for key in unique if key in failures}
        self.cells = {
            key: _Cell(cell, _kind(cell), looks(most) if stop else iter([most]))
            for key, cell in unique.items()
            if key not in self.failed
        }
        self.waiting = deque(self.cells.values())
        #: Pieces that may have killed a worker; they go one at a time. And how often they did.
        self.suspects: deque[Piece] = deque()
        self.deaths: dict[tuple[str, int, tuple[int, ...]], int] = {}
        self.deaths_in_a_row = 0
        #: Seconds a batch of a block takes, for each kind of cell.
        self.pace: dict[str, float] = {}
        before = store.tally(most)
        self.done = sum(before.get(key, 0) for key in unique)
        self.total = most * sum(cell.num_blocks for cell in unique.values())
        self.alpha = float(grid.alpha)
        self.shots, self.start = 0, time.monotonic()
        #: Batches and jobs in the hands of workers, now and at most.
        self.flying, self.capacity = 0, 1

    def all_of(self, executor: Executor) -> None:
        """Draw and record until nothing is missing."""
        flying: dict[Future[list[Drawn]], _Job] = {}
        self.capacity = _capacity(executor)
        self._tell()
        try:
            while True:
                while len(flying) < self.capacity and (job := self._next(bool(flying))) is not None:
                    flying[self._submit(executor, job)] = job
                    if job.alone:
                        break
                if not flying:
                    return
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._take(future, flying.pop(future))
                self._tell()
        except BaseException:
            for future in flying:
                future.cancel()
            self._keep(flying)
            raise

    # --- jobs ------------------------------------------------------------------------------

    def _next(self, busy: bool) -> _Job | None:
        """The next job, or None while there is none (or none that may go beside others)."""
        if self.suspects:
            return None if busy else _Job([self.suspects.popleft()], alone=True)
        pieces: list[Piece] = []
        seconds, batches = 0.0, 0
        # Smaller ones towards the end, so that workers end together.
        most = max(1, min(_MOST_BATCHES, (self.total - self.done - self.flying) // self.capacity))
        while self.waiting and (not pieces or (seconds < _JOB and batches < most)):
            state = self.waiting[0]
            if not state.missing and not self._open(state):
                self.waiting.popleft()
                continue
            pace = self.pace.get(state.kind)
            if pace is None and pieces:
                break
            room = 1 if pace is None else max(1, round((_JOB - seconds) / pace))
            piece = self._cut(state, min(room, most - batches))
            pieces.append(piece)
            batches += len(piece.batches)
            if not state.missing:
                self.waiting.popleft()
            if pace is None:
                break
            seconds += pace * len(piece.batches)
        return _Job(pieces) if pieces else None

    def _open(self, state: _Cell) -> bool:
        """Fill in what is missing up to the next goal; False if there is nothing left to draw."""
        while True:
            if state.flying:
                return False
            if state.goal and (state.cell.key in self.failed or self._enough(state)):
                return False
            goal = next(state.goals, None)
            if goal is None:
                return False
            state.goal, state.look = goal, state.look + 1
            there = self.store.recorded(state.cell.key)
            blocks, batches = range(state.cell.num_blocks), range(goal)
            state.missing.extend(
                (block, batch)
                for block in blocks
                for batch in batches
                if (block, batch) not in there
            )
            if state.missing:
                return True

    def _enough(self, state: _Cell) -> bool:
        """Whether a cell that has reached its goal stops there."""
        if self.stop is None:
            return True
        cell = state.cell
        table = self.store.table(cell.key, dict(cell.spec), state.goal)
        expected = softmax(cell.rows, beta=cell.spec["beta"])
        counts = as_counts(table, (len(table),))
        met = self.stop.met(counts, expected, self.alpha * share(state.look))
        self.store.look(cell.key, str(self.stop), state.look, state.goal, met)
        if met:
            self.total -= (self.most - state.goal) * cell.num_blocks
        return met

    def _cut(self, state: _Cell, most: int) -> Piece:
        """The next missing batches of one block."""
        block = state.missing[0][0]
        batches: list[int] = []
        while state.missing and state.missing[0][0] == block and len(batches) < most:
            batches.append(state.missing.popleft()[1])
        state.flying += len(batches)
        self.flying += len(batches)
        cell = state.cell
        rows = cell.block(block).tobytes()
        return Piece(cell.key, cell.spec, block, rows, tuple(batches))

    def _submit(self, executor: Executor, job: _Job) -> Future[list[Drawn]]:
        try:
            return executor.submit(draw, job.pieces)
        except BrokenExecutor as error:
            raise RuntimeError(
                f"the workers of {type(executor).__name__} died and it starts no new ones; what "
                "was drawn is recorded. Run the same again, or use `qcattn.sweeps.Processes`"
            ) from error

    # --- what comes back -------------------------------------------------------------------

    def _take(self, future: Future[list[Drawn]], job: _Job) -> None:
        try:
            drawn = future.result()
        except BrokenExecutor as error:
            self._died(job, error)
        except CancelledError as error:
            raise RuntimeError(
                "the executor cancelled what it was given; what was drawn is recorded. Run the "
                "same again"
            ) from error
        except Exception as error:
            if len(job.pieces) > 1:
                self.suspects.extend(job.pieces)
            else:
                self._failed(job.pieces[0], f"{type(error).__name__}: {error}"[:2000])
        else:
            self._record(drawn)

    def _record(self, drawn: list[Drawn]) -> None:
        new, known = self.store.record(drawn)
        self.deaths_in_a_row = 0
        if known:
            # Another process draws the same: elsewhere there may be more that is missing.
            rest = list(self.waiting)
            random.shuffle(rest)
            self.waiting = deque(rest)
        self.done += new + known
        for one in drawn:
            state = self.cells[one.piece.cell]
            self.shots += len(one.batches) * one.piece.num_rows * int(one.piece.spec["batch"])
            if one.batches:
                self.pace[state.kind] = one.seconds / len(one.batches)
            self._landed(one.piece, one.error)

    def _landed(self, piece: Piece, error: str) -> None:
        state = self.cells[piece.cell]
        state.flying -= len(piece.batches)
        self.flying -= len(piece.batches)
        if error:
            self.failed.add(piece.cell)
            state.missing.clear()
            with suppress(ValueError):
                self.waiting.remove(state)
            self.suspects = deque(one for one in self.suspects if one.cell != piece.cell)
        elif not state.flying and not state.missing:
            # First, so that cells are finished one after another.
            self.waiting.appendleft(state)

    def _failed(self, piece: Piece, error: str) -> None:
        self._record([Drawn(piece, {}, (), error)])

    def _died(self, job: _Job, error: BaseException) -> None:
        """A worker died; it is not said over which piece, so those in flight go on one by one."""
        self.deaths_in_a_row += 1
        if self.deaths_in_a_row > _MOST_DEATHS:
            raise RuntimeError(
                f"workers died {self.deaths_in_a_row} times with nothing drawn in between "
                f"({error}); what was drawn before is recorded. Are they killed, out of memory, or "
                'started by a script without `if __name__ == "__main__":`?'
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
            elif piece.cell not in self.failed:
                self.suspects.append(piece)

    def _keep(self, flying: dict[Future[list[Drawn]], _Job]) -> None:
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

    def _tell(self) -> None:
        if self.progress is not None:
            seconds = time.monotonic() - self.start
            self.progress(Progress(self.done, self.total, self.shots, len(self.failed), seconds))


def _kind(cell: GridCell) -> str:
    """What cells have in common whose batches take about as long."""
    names = ("encoding", "preparation", "noise", "backend")
    rows, keys = min(len(cell.rows), 64), cell.rows.shape[-1]
    return canonical([rows, keys, *(cell.spec[name] for name in names)])


def _capacity(executor: Executor) -> int:
    """Jobs in flight at most: one that is drawn and one that waits, for each worker."""
    workers = getattr(executor, "_max_workers", None) or getattr(executor, "workers", None)
    if isinstance(executor, _Here):
        return 1
    return 2 * workers if isinstance(workers, int) else _MANY
