"""What a worker does: some batches of one block of a cell, from its description to counts.

It is told in JSON and bytes, keeps nothing, writes nothing, and answers with bytes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from qcattn.backends.aer import Aer
from qcattn.backends.choosing import with_noise
from qcattn.records import Counts, Prepared, Resources
from qcattn.stages import draw_each, encode, prepare_rows
from qcattn.sweeps.grid import task_key
from qcattn.sweeps.strategies import strategy

__all__ = ["Batch", "Drawn", "Piece", "work"]


@dataclass(frozen=True)
class Piece:
    """Some batches of one block.

    Attributes:
        cell: Address of the cell.
        spec: The description of the cell.
        block: Number of the block.
        rows: The scores of the block, little-endian float64.
        batches: Numbers of the batches to draw.
        memory: Bytes that drawing may take, or None.
    """

    cell: str
    spec: Mapping[str, Any]
    block: int
    rows: bytes
    batches: tuple[int, ...]
    memory: int | None = None

    @property
    def num_rows(self) -> int:
        """The rows of the block."""
        return len(self.rows) // (8 * int(self.spec["scores"]["shape"][-1]))


@dataclass(frozen=True)
class Batch:
    """One batch drawn.

    Attributes:
        batch: The number of the batch.
        counts: Counts, int64, little-endian, shape (rows, keys + 2): keys, strays, discarded.
        seconds: Time that the batch took.
    """

    batch: int
    counts: bytes
    seconds: float


@dataclass(frozen=True)
class Drawn:
    """What came of drawing a piece.

    Attributes:
        piece: What was to be drawn.
        about: What is told of the block: kind, success of each row, resources of its first circuit.
        batches: The batches that were drawn.
        error: Why the others were not, or "".
        seconds: Time of all of it, preparation included.
    """

    piece: Piece
    about: Mapping[str, Any]
    batches: tuple[Batch, ...]
    error: str = ""
    seconds: float = 0.0


def work(pieces: Sequence[Piece]) -> list[Drawn]:
    """Draw pieces, one after another; an error ends its piece only."""
    return [_drawn(piece) for piece in pieces]


def _drawn(piece: Piece) -> Drawn:
    start = time.perf_counter()
    about: dict[str, Any] = {}
    batches: list[Batch] = []
    error = ""
    try:
        ready = _ready(piece)
        about = _about(ready)
        for batch in piece.batches:
            begun = time.perf_counter()
            counts = _counts(ready, piece, batch)
            batches.append(Batch(batch, counts, time.perf_counter() - begun))
    except Exception as fault:  # recorded with the cell; the others go on
        error = f"{type(fault).__name__}: {fault}"[:2000]
    return Drawn(piece, about, tuple(batches), error, time.perf_counter() - start)


@dataclass(frozen=True, eq=False)
class _Ready:
    """Circuits of a block, as they are drawn: together, or row by row."""

    prepared: tuple[Prepared, ...]
    backend: Any


def _ready(piece: Piece) -> _Ready:
    spec = piece.spec
    keys = spec["scores"]["shape"][-1]
    rows = np.frombuffer(piece.rows, "<f8").reshape(-1, keys)
    hamiltonian = encode(rows, strategy("encodings", **spec["encoding"]), spec["beta"])
    preparation = strategy("preparations", **spec["preparation"])
    prepared = prepare_rows(hamiltonian, spec["beta"], preparation)
    backend = strategy("backends", **spec["backend"])
    if isinstance(backend, Aer):
        backend = replace(backend, memory=piece.memory)
    qubits = max(one.circuit.num_qubits for one in prepared)
    return _Ready(prepared, with_noise(backend, spec["noise"], qubits))


def _about(ready: _Ready) -> dict[str, Any]:
    first = ready.prepared[0]
    success = [one.success for one in ready.prepared]
    return {
        "kind": first.kind,
        "success": np.concatenate([np.ravel(part) for part in success]).tolist()
        if first.herald_register is not None
        else None,
        "error": max(float(np.max(one.error)) for one in ready.prepared),
        "spent": sum(one.spent for one in ready.prepared),
        "resources": asdict(Resources.of(ready.backend.fitted(first))),
    }


def _counts(ready: _Ready, piece: Piece, batch: int) -> bytes:
    key = task_key(piece.cell, piece.block, batch)
    words = tuple(int(key[at : at + 8], 16) for at in range(0, 64, 8))
    root, shots = int(piece.spec["seed"]), int(piece.spec["batch"])
    drawn = draw_each(ready.prepared, shots, root, words, ready.backend)
    return np.concatenate([_table(counts) for counts in drawn]).astype("<i8").tobytes()


def _table(counts: Counts) -> np.ndarray:
    """Counts as one table (rows, keys + 2)."""
    columns = [counts.keys, counts.stray[..., None], counts.discarded[..., None]]
    table = np.concatenate(columns, axis=-1)
    return table.reshape(-1, table.shape[-1])
