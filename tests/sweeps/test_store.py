"""The file: whole or refused, nothing counted twice, nothing unpickled."""

import ast
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import qcattn.sweeps
from qcattn.preparations import Amplitude, DetailedBalance
from qcattn.sweeps import jobs, load_sweep, merge, store, sweep
from qcattn.sweeps.rows import seal
from qcattn.sweeps.store import Store, is_store
from qcattn.sweeps.worker import Piece, work


@pytest.fixture
def copied(reference, tmp_path):
    """A copy of the reference store, to be spoiled."""
    return Path(shutil.copy(reference.store, tmp_path / "runs.sqlite"))


def change(path, query, values=()):
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(query, values).rowcount
    connection.close()


def refused(path, small, said):
    """Every way to open the file names what is wrong with it, and leaves it as it is."""
    before, beside = path.read_bytes(), set(path.parent.iterdir())
    other = path.parent / "other.sqlite"
    for attempt in (
        lambda: load_sweep(path),
        lambda: sweep(small(), store=path),
        lambda: merge([path], other),
    ):
        with pytest.raises(ValueError, match=said) as caught:
            attempt()
        assert path.name in str(caught.value)
        assert path.read_bytes() == before
        assert set(path.parent.iterdir()) == beside


def of_another(path):
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE a (b);")
    connection.close()


FOREIGN = {
    "text": lambda path: path.write_text("not a database\n" * 50),
    "empty": lambda path: path.write_bytes(b""),
    "short": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "sqlite of another": of_another,
    "pickle": lambda path: path.write_bytes(pickle.dumps({"cells": []})),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused_and_left_alone(tmp_path, small, kind):
    FOREIGN[kind](tmp_path / "runs.sqlite")
    assert not is_store(tmp_path / "runs.sqlite")
    refused(tmp_path / "runs.sqlite", small, "is not a store of qcattn and is left as it is")


def test_a_newer_file_is_refused_and_left_alone(copied, small):
    connection = sqlite3.connect(copied)
    connection.execute("PRAGMA user_version=3")
    connection.close()
    refused(copied, small, "has schema 3, but this qcattn knows 1 to 2")


@pytest.mark.parametrize("page", [1, 3, 9])
def test_a_corrupted_file_is_refused_and_left_alone(copied, small, page):
    content = bytearray(copied.read_bytes())
    start = 4096 * page
    content[start : start + 64] = bytes(range(64))
    copied.write_bytes(content)
    refused(copied, small, "is damaged")


@pytest.mark.parametrize("table", [b"CREATE TABLE blocks", b"CREATE TABLE points"])
def test_tables_in_bytes_that_are_no_text_are_damage(copied, small, table):
    """SQLite quotes them in its error, which Python could not decode: 2 of 540 flips."""
    content = copied.read_bytes()
    at = 1 + content.index(b"NULL", content.index(table))
    copied.write_bytes(content[:at] + b"\xcc" + content[at + 1 :])
    refused(copied, small, "in bytes that are not text")


def test_a_truncated_file_is_refused_and_left_alone(copied, small):
    copied.write_bytes(copied.read_bytes()[:-5000])
    refused(copied, small, "is damaged")


def test_a_missing_file_is_made_for_writing_only(tmp_path):
    with pytest.raises(ValueError, match="is missing"):
        load_sweep(tmp_path / "runs.sqlite")
    with pytest.raises(ValueError, match="is missing"):
        merge([tmp_path / "runs.sqlite"], tmp_path / "other.sqlite")
    assert not list(tmp_path.iterdir())
    Store(tmp_path / "deep" / "runs.sqlite", write=True).close()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["runs.sqlite"]
    assert is_store(tmp_path / "deep" / "runs.sqlite")


SPOILED = {
    "a count": "UPDATE batches SET counts = ? WHERE rowid = 3",
    "a place": "UPDATE batches SET batch = batch + 100 WHERE rowid = 3",
    "a block": "UPDATE batches SET block = 7 WHERE rowid = 3",
    "a description": "UPDATE cells SET spec = replace(spec, '0.5', '0.6')",
    "scores": "UPDATE arrays SET numbers = ?",
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_was_changed_by_another_hand_is_noticed(copied, small, what):
    packed = zlib.compress(b"\0" * 8 * 64 * 6)
    change(copied, SPOILED[what], (packed,) if "?" in SPOILED[what] else ())

    def look():
        for cell in load_sweep(copied):
            assert cell.counts.shots.min() == cell.counts.shots.max() == 400
            assert cell.expected.shape

    with pytest.raises(ValueError, match=r"is damaged: .* is not as it was written"):
        look()
    with pytest.raises(ValueError, match="is damaged"):
        merge([copied], copied.parent / "other.sqlite")


class Planted:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path(os.environ["PLANTED"]),)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "field", ["batches.counts", "arrays.numbers", "cells.spec", "blocks.about", "points.details"]
)
def test_a_planted_pickle_does_nothing(copied, tmp_path, monkeypatch, field, packed):
    left = tmp_path / "left"
    monkeypatch.setenv("PLANTED", str(left))
    planted = pickle.dumps(Planted())
    pickle.loads(planted)
    assert left.exists(), "the trap works"
    left.unlink()
    table, column = field.split(".")
    planted = zlib.compress(planted) if packed else planted
    change(copied, f"UPDATE {table} SET {column} = ?", [planted])
    with pytest.raises(ValueError, match="is damaged"):
        for cell in load_sweep(copied):
            cell.verdicts  # noqa: B018
    assert not left.exists()


def test_no_file_of_the_room_can_unpickle():
    forbidden = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    for path in Path(qcattn.sweeps.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {str(node.module).split(".")[0]}
            else:
                names = {getattr(node, "arg", "")} & {"allow_pickle"}
                assert not names, path
                assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "eval")
                continue
            assert not names & forbidden, path


def test_a_batch_is_recorded_once(small, tmp_path):
    grid = small()
    cell = grid.cells[0]
    drawn = work([Piece(cell.key, cell.spec, 0, cell.block(0).tobytes(), (0, 1))])
    with Store(tmp_path / "runs.sqlite", write=True) as one:
        one.register(grid.cells, {"alpha": 0.01, "shots": 200, "until": ""})
        with Store(tmp_path / "runs.sqlite", write=True) as other:
            assert one.record(drawn) == 0
            assert other.record(drawn) == 2
            assert other.recorded(cell.key) == {(0, 0), (0, 1)}
            assert one.table(cell.key, cell.spec).sum() == 64 * 200


def test_a_job_is_recorded_whole_or_not_at_all(small, tmp_path, monkeypatch):
    grid = small()
    cell = grid.cells[0]
    drawn = work([Piece(cell.key, cell.spec, 0, cell.block(0).tobytes(), (0, 1, 2))])
    seals = iter([store.seal_of_batch("", b""), KeyboardInterrupt()])

    def interrupted(task, counts):
        found = next(seals)
        if isinstance(found, BaseException):
            raise found
        return found

    with Store(tmp_path / "runs.sqlite", write=True) as opened:
        opened.register(grid.cells, {"alpha": 0.01, "shots": 200, "until": ""})
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(store, "seal_of_batch", interrupted)
            opened.record(drawn)
        assert not opened.recorded(cell.key)
        assert opened.record(drawn) == 0


def full(folder: Path) -> bool:
    """Mount a disk of 176 KiB, if that is allowed here."""
    command = ["mount", "-t", "tmpfs", "-o", "size=176k", "tmpfs", str(folder)]
    try:
        return not subprocess.run(command, capture_output=True, timeout=20).returncode
    except OSError:
        return False


@pytest.fixture(params=["disk", "file"])
def room(request, tmp_path, monkeypatch):
    """Little room, and a way to make more: a small disk, or a file that may not grow."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "file":
        usual = store.connect

        def small_file(path, mode):
            connection = usual(path, mode)
            connection.execute("PRAGMA max_page_count=26")
            return connection

        monkeypatch.setattr(store, "connect", small_file)
        yield folder, monkeypatch.undo
        return
    if sys.platform != "linux" or not full(folder):
        pytest.skip("no disk can be mounted here")
    more = ["mount", "-o", "remount,size=8m", str(folder)]
    yield folder, partial(subprocess.run, more, check=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_the_sweep_goes_on(
    room, small, tables, tmp_path, monkeypatch, again
):
    folder, enlarge = room
    path = folder / "runs.sqlite"
    scores = np.random.default_rng(2).normal(size=(64, 64))
    grid = small(scores=scores, beta=[1.0], preparations=Amplitude(), shots=3000)
    monkeypatch.setattr(jobs, "MOST_BATCHES", 4)
    with pytest.raises(OSError, match=r"runs.sqlite` cannot be written \(.*full.*\).*is kept"):
        sweep(grid, store=path)
    enlarge()
    (cell,) = load_sweep(path)
    assert 100 <= cell.counts.shots.min() == cell.counts.shots.max() < 3000
    done = sweep(grid, store=path, progress=again)
    assert again[0].done == cell.counts.shots[0] // 100, "what was kept is not drawn again"
    assert tables(done) == tables(sweep(grid, store=tmp_path / "whole.sqlite"))


def test_stores_that_overlap_are_merged_without_counting_twice(tmp_path, small, tables, reference):
    first = sweep(small(beta=[0.5], shots=300), store=tmp_path / "a.sqlite")
    sweep(small(beta=[1.0]), store=tmp_path / "b.sqlite")
    sweep(small(beta=[0.5, 1.0], shots=200), store=tmp_path / "c.sqlite")
    sources = [tmp_path / f"{name}.sqlite" for name in "abc"]
    before = [path.read_bytes() for path in sources]
    assert merge(sources, tmp_path / "all.sqlite") == (12 + 16, 16)
    assert [path.read_bytes() for path in sources] == before
    merged = load_sweep(tmp_path / "all.sqlite")
    for cell in merged:
        same = reference.where(**cell.point).cells[0]
        batches = 3 if cell.beta == 0.5 else 4
        assert (cell.counts.keys == same.counts_of(batches).keys).all()
    assert tables(merged.where(beta=0.5)) == tables(first)
    assert merge(sources, tmp_path / "all.sqlite") == (0, 12 + 16 + 16)
    done = sweep(small(), store=tmp_path / "all.sqlite")
    assert tables(done) == tables(reference)


@pytest.mark.parametrize(
    "spoil",
    ["UPDATE points SET details = 'x'", "UPDATE blocks SET about = 'x'"],
)
def test_what_is_damaged_is_not_taken_over(copied, tmp_path, small, spoil):
    into = tmp_path / "into.sqlite"
    whole = sweep(small(beta=[2.0]), store=into)
    change(copied, spoil)
    with pytest.raises(ValueError, match="is damaged"):
        merge([copied], into)
    assert [cell.blocks for cell in load_sweep(into)] == [cell.blocks for cell in whole]


def test_a_file_of_mine_in_a_folder_that_is_not_is_opened_for_reading(
    copied, reference, tables, monkeypatch
):
    """SQLite refuses to open it for writing, as root in this test would not see."""
    modes, connect = [], store.connect
    monkeypatch.setattr(os, "access", lambda place, _: Path(place).is_file())
    monkeypatch.setattr(
        store, "connect", lambda path, mode: modes.append(mode) or connect(path, mode)
    )
    assert tables(load_sweep(copied)) == tables(reference) and set(modes) == {"ro"}


def test_a_store_is_not_merged_into_itself(copied):
    with pytest.raises(ValueError, match="merged into itself"):
        merge([copied], copied.parent / "." / copied.name)


def test_failures_are_merged_unless_the_cell_was_drawn_elsewhere(tmp_path, small, monkeypatch):
    grid = small(preparations=[Amplitude(), DetailedBalance()], beta=[1.0])
    sweep(grid, store=tmp_path / "a.sqlite")
    with Store(tmp_path / "a.sqlite", write=True) as opened:
        opened._connection.execute(
            "INSERT INTO failures VALUES (?, 'planted', ?)",
            (grid.cells[0].key, seal("failures", (grid.cells[0].key, "planted"))),
        )
    sweep(grid, store=tmp_path / "b.sqlite")
    merge([tmp_path / "a.sqlite", tmp_path / "b.sqlite"], tmp_path / "c.sqlite")
    standings = [cell.standing for cell in load_sweep(tmp_path / "c.sqlite")]
    assert standings == ["agrees", "failed"]


def test_a_link_to_nothing_is_called_one(tmp_path, small):
    link = tmp_path / "runs.sqlite"
    link.symlink_to(tmp_path / "gone.sqlite")
    with pytest.raises(ValueError, match="is a link to a file that does not exist"):
        sweep(small(), store=link)
