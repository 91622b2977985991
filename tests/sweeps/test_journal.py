"""What lies beside a store: a journal of its own undoes a write that was cut off, others nothing.

Journals are written here as SQLite writes them, and SQLite itself shows that they are obeyed.
"""

import errno
import os
import shutil
import signal
import sqlite3
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from qcattn.sweeps import file as file_of_store
from qcattn.sweeps import load_sweep, merge, store, sweep
from qcattn.sweeps.store import Store

PAGE = 4096


def journal(before: bytes, after: bytes, records: int | None = None) -> bytes:
    """What SQLite leaves of a write that was cut off: the changed pages as they were before."""
    nonce, pages = 12345, len(before) // PAGE
    changed = [
        number
        for number in range(pages)
        if before[number * PAGE : (number + 1) * PAGE] != after[number * PAGE : (number + 1) * PAGE]
    ]
    count = len(changed) if records is None else records
    out = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", count, nonce, pages, 512, PAGE)
    out = out.ljust(512, b"\0")
    for number in changed:
        page = before[number * PAGE : (number + 1) * PAGE]
        check = (nonce + sum(page[PAGE - 200 : 0 : -200])) % 2**32
        out += struct.pack(">I", number + 1) + page + struct.pack(">I", check)
    return out


@pytest.fixture
def states(small, tmp_path):
    """The file at three times: old, before the last write, and after it."""
    path, found = tmp_path / "states.sqlite", []
    sweep(small(shots=100), store=path)
    found.append(path.read_bytes())
    sweep(small(shots=200), store=path)
    found.append(path.read_bytes())
    with Store(path, write=True) as opened, opened.transaction() as connection:
        connection.execute("DELETE FROM batches")
    found.append(path.read_bytes())
    path.unlink()
    return found


def shots_of(path) -> set[int]:
    return {int(cell.counts.shots.min()) for cell in load_sweep(path)}


def put(path: Path, content: bytes, beside: bytes) -> Path:
    path.write_bytes(content)
    path.with_name(path.name + "-journal").write_bytes(beside)
    return path


def test_a_write_that_was_cut_off_is_undone(states, tmp_path):
    """Cut off before it touched the file, after its first page, and after all of them."""
    _, before, after = states
    for place, cut in enumerate((before, after[:PAGE] + before[PAGE:], after)):
        path = put(tmp_path / f"{place}.sqlite", cut, journal(before, after))
        assert shots_of(path) == {200}
        assert path.read_bytes()[PAGE:] == before[PAGE:]
        assert not path.with_name(path.name + "-journal").exists()


@pytest.mark.parametrize("records", [None, 0])
def test_the_journal_of_another_state_is_refused_and_nothing_touched(
    states, small, tmp_path, monkeypatch, records
):
    """Planted fault: SQLite without the check takes the file apart."""
    old, before, after = states
    assert len(old) != len(before)
    path = put(tmp_path / "runs.sqlite", old, journal(before, after, records))
    for attempt in (
        lambda: load_sweep(path),
        lambda: sweep(small(), store=path),
        lambda: merge([path], tmp_path / "other.sqlite"),
    ):
        with pytest.raises(ValueError, match=r"runs.sqlite-journal` lies beside .*; put back the"):
            attempt()
        assert path.read_bytes() == old
    monkeypatch.setattr(file_of_store, "check_beside", lambda path: None)
    with suppress(ValueError):
        load_sweep(path)
    assert path.read_bytes() != old


def test_the_journal_of_another_store_is_refused(states, small, tmp_path):
    """Two stores of the same writes are told apart."""
    _, before, after = states
    other = tmp_path / "other.sqlite"
    for shots in (100, 200):
        sweep(small(shots=shots), store=other)
    mine = other.read_bytes()
    assert mine[24:28] == before[24:28] and len(mine) == len(before), "as many writes, as large"
    put(other, mine, journal(before, after))
    with pytest.raises(ValueError, match="is the journal of another store"):
        load_sweep(other)
    assert other.read_bytes() == mine


@pytest.mark.parametrize("content", [b"", b"\0" * 600, bytes.fromhex("d9d505f920a163d7")])
def test_a_journal_without_anything_in_it_is_no_matter(states, tmp_path, content):
    assert shots_of(put(tmp_path / "runs.sqlite", states[1], content)) == {200}


def log_of_another(folder: Path) -> bytes:
    """A log that holds something and belongs to another file."""
    path = folder / "logged.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript("CREATE TABLE a (b); INSERT INTO a VALUES (1);")
    content = path.with_name(path.name + "-wal").read_bytes()
    connection.close()
    return content


def test_a_log_beside_a_store_is_refused_and_nothing_touched(reference, tmp_path):
    """Planted fault: SQLite itself takes the log for one of this file."""
    path = Path(shutil.copy(reference.store, tmp_path / "runs.sqlite"))
    whole, beside = path.read_bytes(), tmp_path / "runs.sqlite-wal"
    log = log_of_another(tmp_path)
    beside.write_bytes(log)
    with pytest.raises(ValueError, match=r"runs.sqlite-wal` lies beside .*; put back .* move the"):
        load_sweep(path)
    assert path.read_bytes() == whole and beside.read_bytes() == log
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT * FROM batches").fetchall()
    connection.close()


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_no_store_is_made_where_the_log_or_journal_of_another_lies(small, states, tmp_path, end):
    """Removing the file alone brought old cells back."""
    beside = tmp_path / f"runs.sqlite{end}"
    beside.write_bytes(journal(*states[1:]) if end == "-journal" else log_of_another(tmp_path))
    there = set(tmp_path.iterdir())
    with pytest.raises(ValueError, match=rf"cannot be made, because `.*{end}` is left"):
        sweep(small(), store=tmp_path / "runs.sqlite")
    assert set(tmp_path.iterdir()) == there


def test_after_a_kill_the_file_alone_holds_all_that_was_recorded(small, tmp_path):
    """Of a store with a log beside it a copy held nothing."""
    path, copy = tmp_path / "runs.sqlite", tmp_path / "copy.sqlite"
    child = os.fork()
    if not child:

        def killed(done, total, what):
            if done == total:
                os.kill(os.getpid(), signal.SIGKILL)

        sweep(small(), store=path, progress=killed)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    shutil.copy(path, copy)
    assert shots_of(copy) == {400}
    assert not [one for one in tmp_path.iterdir() if one.name.startswith("runs.sqlite-")]


def test_the_first_page_holds_what_tells_stores_apart(reference):
    """Else a journal could not be told from that of another store."""
    with Store(reference.store) as opened:
        ((identity,),) = opened.rows("SELECT store FROM identity")
    assert len(identity) == 32
    assert identity.encode() in Path(reference.store).read_bytes()[:PAGE]


def test_where_nothing_can_be_written_a_cut_off_write_is_said(states, tmp_path, monkeypatch):
    _, before, after = states
    path = put(tmp_path / "runs.sqlite", after, journal(before, after))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="a write was cut off and must be undone"):
        load_sweep(path)
    assert path.read_bytes() == after


OLD = Path(__file__).parents[1] / "data" / "old_store.sqlite"
OLD_COUNTS = [[[61, 17, 44, 178]], [[39, 8, 26, 103]]]


def test_a_store_of_schema_1_is_read_as_it_lies_and_merged_into_a_new_one(tmp_path):
    """What qcattn 0.1.0 printed of it; tests/data/make_old_store.py made it."""
    path = Path(shutil.copy(OLD, tmp_path / "old.sqlite"))
    done = load_sweep(path)
    assert [cell.counts.keys.tolist() for cell in done] == OLD_COUNTS
    assert [cell.standing for cell in done] == ["agrees", "undecided"]
    assert [cell.looks for cell in done] == [3, 4]
    assert [one.name for one in tmp_path.iterdir()] == ["old.sqlite"]
    assert path.read_bytes() == OLD.read_bytes()
    assert merge([path], tmp_path / "new.sqlite") == (7, 0)
    again = load_sweep(tmp_path / "new.sqlite")
    assert [cell.counts.keys.tolist() for cell in again] == OLD_COUNTS
    assert [cell.looks for cell in again] == [3, 4] and again.cells[0].tokens == tuple("abcd")
    with pytest.raises(ValueError, match=r"earlier qcattn .* and is only read; make a new store"):
        Store(path, write=True)
    path.with_name("old.sqlite-wal").write_bytes(log_of_another(tmp_path))
    with pytest.raises(ValueError, match="or of an earlier qcattn"):
        load_sweep(path)


def test_a_store_of_schema_1_says_so_by_its_tables_too(reference, tmp_path):
    """The header alone does not take the seals away."""
    path = Path(shutil.copy(reference.store, tmp_path / "runs.sqlite"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=1")
    connection.close()
    with pytest.raises(ValueError, match="another schema than its tables"):
        load_sweep(path)


@pytest.mark.parametrize("error", ["ENOSYS", "EOPNOTSUPP", "EINVAL", "EPERM"])
def test_a_disk_without_hard_links_holds_a_store(
    small, tables, reference, tmp_path, monkeypatch, error
):
    def refuse(*_):
        raise OSError(getattr(errno, error), os.strerror(getattr(errno, error)))

    monkeypatch.setattr(os, "link", refuse)
    assert tables(sweep(small(), store=tmp_path / "runs.sqlite")) == tables(reference)
    assert [one.name for one in tmp_path.iterdir()] == ["runs.sqlite"]


def test_of_two_that_make_a_store_without_hard_links_one_does(tmp_path, monkeypatch):
    """The second finds the first's, and does not replace it."""
    path = tmp_path / "runs.sqlite"
    replace = os.replace

    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "link", refuse)
    made = []

    def meanwhile(source, target):
        monkeypatch.setattr(os, "replace", replace)
        file_of_store.create(path)  # another process, at the worst moment
        made.append(path.stat().st_size)
        replace(source, target)

    monkeypatch.setattr(os, "replace", meanwhile)
    file_of_store.create(path)
    assert made == [0], "the name was taken, so nothing was put there"
    with Store(path) as opened:
        before = opened.rows("SELECT store FROM identity")
    file_of_store.create(path)
    with Store(path) as opened:
        assert opened.rows("SELECT store FROM identity") == before


def test_a_failure_on_the_way_leaves_no_name_behind(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="cannot be made"):
        store.create(tmp_path / "runs.sqlite")
    assert not list(tmp_path.iterdir())
