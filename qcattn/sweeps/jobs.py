"""What is missing of a grid, cut into jobs of about the same length."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from qcattn.attention import softmax
from qcattn.sweeps.grid import ROWS, Grid, GridCell
from qcattn.sweeps.results import as_counts
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import canonical
from qcattn.sweeps.until import Rule, looks, ruled, share
from qcattn.sweeps.worker import Drawn, Piece

__all__ = ["Job", "Jobs"]

#: Seconds of work in a job, so that handing it over and writing it down is nothing beside it.
SECONDS = 0.5
#: The most batches in a job.
MOST_BATCHES = 256


@dataclass(frozen=True, eq=False)
class Job:
    """The pieces that a worker draws in one go.

    Attributes:
        pieces: What to draw.
        alone: Whether nothing else may be drawn beside it, to see whether it kills its worker.
    """

    pieces: tuple[Piece, ...]
    alone: bool = False


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


class Jobs:
    """Keeps what is missing of a grid, cell by cell.

    Args:
        store: What there is already.
        grid: What there should be.
        most: Batches of every row at most.
        stop: A rule that says when a cell has enough of them; None for all.

    Attributes:
        done: Batches recorded, of those that count in the total.
        total: Batches that there will be: all that were asked for, but for what a rule or a failure
            left out.
        failed: Addresses of the cells that failed.
    """

    def __init__(self, store: Store, grid: Grid, most: int, stop: Rule | None) -> None:
        self._store, self._stop, self._most = store, stop, most
        self._alpha = float(grid.alpha)
        # Cells of one content are one cell here, however many places on the axes they have.
        unique = {cell.key: cell for cell in grid.cells}
        self.failed = set(unique) & set(store.failures())
        self._cells = {
            key: _Cell(cell, _kind(cell), looks(most) if stop else iter([most]))
            for key, cell in unique.items()
            if key not in self.failed
        }
        self._waiting = deque(self._cells.values())
        self._suspects: deque[Piece] = deque()
        #: Seconds a batch of a block takes, for each kind of cell.
        self._pace: dict[str, float] = {}
        before = store.tally(most)
        self.done = sum(before.get(key, 0) for key in unique)
        self.total = sum(
            before.get(key, 0) if key in self.failed else most * cell.num_blocks
            for key, cell in unique.items()
        )
        self._flying = 0

    def next(self, capacity: int, *, busy: bool) -> Job | None:
        """The next job, or None if there is none (or none that may run beside others).

        Args:
            capacity: Jobs in flight at most.
            busy: Whether others are in flight.
        """
        if self._suspects:
            return None if busy else Job((self._suspects.popleft(),), alone=True)
        pieces: list[Piece] = []
        seconds, batches = 0.0, 0
        # Smaller ones towards the end, so that workers end together.
        most = max(1, min(MOST_BATCHES, (self.total - self.done - self._flying) // capacity))
        while self._waiting and (not pieces or (seconds < SECONDS and batches < most)):
            state = self._waiting[0]
            if not state.missing and not self._open(state):
                self._waiting.popleft()
                continue
            pace = self._pace.get(state.kind)
            if pace is None and pieces:
                break
            room = 1 if pace is None else max(1, round((SECONDS - seconds) / pace))
            piece = self._cut(state, min(room, most - batches))
            pieces.append(piece)
            batches += len(piece.batches)
            if not state.missing:
                self._waiting.popleft()
            if pace is None:
                break
            seconds += pace * len(piece.batches)
        return Job(tuple(pieces)) if pieces else None

    def landed(self, drawn: Drawn) -> None:
        """Note that a piece was recorded, drawn or failed."""
        piece, state = drawn.piece, self._cells[drawn.piece.cell]
        state.flying -= len(piece.batches)
        self._flying -= len(piece.batches)
        self.done += len(drawn.batches)
        if drawn.batches:
            self._pace[state.kind] = drawn.seconds / len(drawn.batches)
        if piece.cell in self.failed:
            self.total += len(drawn.batches)
        elif drawn.error:
            self.failed.add(piece.cell)
            self._leave_out(state)
        if drawn.error:
            state.missing.clear()
            with suppress(ValueError):
                self._waiting.remove(state)
            self._suspects = deque(one for one in self._suspects if one.cell != piece.cell)
        elif not state.flying and not state.missing:
            # First, so that cells are finished one after another.
            self._waiting.appendleft(state)

    def suspect(self, piece: Piece) -> None:
        """Draw a piece again, with nothing beside it."""
        if piece.cell not in self.failed:
            self._suspects.append(piece)

    def elsewhere(self) -> None:
        """Go on at another place, since another process draws the same; no number depends on it."""
        rest = list(self._waiting)
        random.shuffle(rest)
        self._waiting = deque(rest)

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
            there = self._store.recorded(state.cell.key)
            state.missing.extend(
                (block, batch)
                for block in range(state.cell.num_blocks)
                for batch in range(goal)
                if (block, batch) not in there
            )
            if state.missing:
                return True

    def _enough(self, state: _Cell) -> bool:
        """Whether a cell that has reached its goal stops there."""
        if self._stop is None:
            return True
        cell = state.cell
        table = self._store.table(cell.key, dict(cell.spec), state.goal)
        expected = softmax(cell.rows, beta=cell.spec["beta"])
        counts = as_counts(table, (len(table),))
        met = self._stop.met(counts, expected, self._alpha * share(state.look))
        self._store.look(cell.key, ruled(self._stop, self._alpha), state.look, state.goal, met)
        if met:
            self._leave_out(state)
        return met

    def _leave_out(self, state: _Cell) -> None:
        """Take from the total what will not be drawn of a cell."""
        recorded = sum(batch < self._most for _, batch in self._store.recorded(state.cell.key))
        self.total -= self._most * state.cell.num_blocks - recorded

    def _cut(self, state: _Cell, most: int) -> Piece:
        """The next missing batches of one block."""
        block = state.missing[0][0]
        batches: list[int] = []
        while state.missing and state.missing[0][0] == block and len(batches) < most:
            batches.append(state.missing.popleft()[1])
        state.flying += len(batches)
        self._flying += len(batches)
        cell = state.cell
        rows = cell.block(block).tobytes()
        return Piece(cell.key, cell.spec, block, rows, tuple(batches), cell.memory)


def _kind(cell: GridCell) -> str:
    """What cells have in common whose batches take about as long."""
    names = ("encoding", "preparation", "noise", "backend")
    rows, keys = min(len(cell.rows), ROWS), cell.rows.shape[-1]
    return canonical([rows, keys, *(cell.spec[name] for name in names)])
