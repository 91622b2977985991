"""What a worker draws: the right law, and the same numbers however it is asked."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.encodings import Binary, Rotated
from qcattn.preparations import QSVT, Amplitude, Heralded, ImaginaryTime
from qcattn.sweeps import Grid
from qcattn.sweeps.grid import task_key
from qcattn.sweeps.worker import Piece, work


def piece_of(cell, block=0, batches=(0,)) -> Piece:
    return Piece(cell.key, cell.spec, block, cell.block(block).tobytes(), tuple(batches))


def table(batch, keys) -> np.ndarray:
    return np.frombuffer(batch.counts, "<i8").reshape(-1, keys + 2)


def test_a_batch_is_what_the_backend_gives_with_the_seed_of_its_address(small):
    """Against `Aer` called by hand, with a stream that follows from the address alone."""
    cell = small().cells[1]
    (drawn,) = work([piece_of(cell, 1, [2])])
    task = task_key(cell.key, 1, 2)
    words = np.frombuffer(bytes.fromhex(task), ">u4").tolist()
    seed = np.random.SeedSequence(5, spawn_key=words)
    prepared = Heralded()(Binary()(cell.block(1)), beta=0.5)
    counts = Aer(device="CPU", draws="born")(prepared, 100, seed)
    got = table(drawn.batches[0], 4)
    assert np.array_equal(got[:, :4], counts.keys)
    assert np.array_equal(got[:, 4], counts.stray)
    assert np.array_equal(got[:, 5], counts.discarded)
    assert np.array_equal(drawn.about["success"], prepared.success)
    assert drawn.about["kind"] == "thermal" and drawn.about["resources"]["qubits"] == 5


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_batches_do_not_depend_on_what_is_drawn_with_them(small, draws):
    cells = small(backends=Aer(device="CPU", draws=draws)).cells
    together = work([piece_of(cell, 1, range(4)) for cell in cells])
    for cell, drawn in zip(cells, together, strict=True):
        for batch in (3, 0):
            (alone,) = work([piece_of(cell, 1, [batch])])
            assert alone.batches[0].counts == drawn.batches[batch].counts
    seen = {batch.counts for drawn in together for batch in drawn.batches}
    assert len(seen) == 16, "no two batches are alike"


@pytest.mark.parametrize("noise", ["none", "depolarizing=0.02"])
def test_batches_follow_softmax_or_show_the_noise(small, noise):
    """False-failure rate 1e-8; the planted faults are noise, and softmax at another beta."""
    cell = small(noise=noise, backends=Aer(device="CPU"), batch=500).cells[2]
    (drawn,) = work([piece_of(cell, 0, range(4))])
    counts = sum(table(batch, 4) for batch in drawn.batches)
    assert (counts.sum(axis=1) == 2000).all()
    tested = fit(counts[:, :5], np.pad(softmax(cell.block(0)), ((0, 0), (0, 1))), alpha=1e-8)
    assert tested.refuted == (noise != "none")
    other = np.pad(softmax(cell.block(0), beta=1.2), ((0, 0), (0, 1)))
    assert fit(counts[:, :5], other, alpha=1e-8).refuted


@pytest.mark.parametrize("method", [QSVT(error=1e-2), ImaginaryTime()])
def test_a_method_for_one_hamiltonian_takes_the_rows_one_by_one(method):
    """False-failure rate 1e-8; the planted fault is the rows in another order."""
    scores = np.array([[0.0, 0.7], [1.5, 0.0], [0.2, 0.1]])
    grid = Grid(scores, preparations=method, batch=2000, seed=1)
    (cell,) = grid.cells
    (drawn,) = work([piece_of(cell)])
    assert not drawn.error, drawn.error
    counts = table(drawn.batches[0], 2)
    laws = np.stack([method(Binary()(row), beta=1.0).distribution for row in scores])
    assert fit(counts[:, :2], laws, alpha=1e-8).overall() > 1e-8
    assert fit(counts[:, :2], laws[::-1], alpha=1e-8).refuted


def test_an_error_is_told_and_the_other_pieces_are_drawn(small):
    cells = small(preparations=[Amplitude(), QSVT(error=1e-2)], encodings=Rotated()).cells
    bad, good = piece_of(cells[0]), piece_of(small().cells[0])
    damaged = replace(good, rows=good.rows[:-3])
    first, second, third = work([bad, good, damaged])
    assert (
        first.error.startswith("ValueError: `encoding` must")
        and "Rotated" in first.error
        and not first.batches
    )
    assert not second.error and len(second.batches) == 1
    assert third.error and not third.batches
