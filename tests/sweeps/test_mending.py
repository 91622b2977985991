"""Damage in a store: all of it is found and said, and what can be drawn again is."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from qcattn.errors import Damaged
from qcattn.sweeps import damages, load_sweep, merge, sweep
from qcattn.sweeps.rows import COLUMNS, seal
from qcattn.sweeps.store import Store
from qcattn.sweeps.strategies import canonical


@pytest.fixture(scope="module")
def looked(tmp_path_factory, small):
    """A store with rows in each table."""
    path = tmp_path_factory.mktemp("looked") / "runs.sqlite"
    done = sweep(small(), store=path, until="width=0.1")
    with Store(path, write=True) as opened:
        key = done.cells[3].key
        values = (key, "planted")
        opened.rows("INSERT INTO failures VALUES (?, ?, ?)", (*values, seal("failures", values)))
    return path


@pytest.fixture
def copied(looked, tmp_path):
    return Path(shutil.copy(looked, tmp_path / "runs.sqlite"))


def change(path, query, values=()):
    """Change rows, of which ``FIRST`` is the first of its table."""
    connection = sqlite3.connect(path)
    table = query.split()[1]
    with connection:
        (row,) = connection.execute(f"SELECT MIN(rowid) FROM {table}").fetchone()
        assert connection.execute(query.replace("FIRST", str(row)), values).rowcount
    connection.close()


def test_a_whole_store_has_no_damage(copied):
    assert damages(copied) == []
    with Store(copied) as opened:
        assert all(opened.stated(table) for table in COLUMNS), "each table holds something"


TEXTS = {
    "points": ("point", "details"),
    "blocks": ("about",),
    "failures": ("error",),
    "looks": ("rule",),
}
NUMBERS = {"looks": ("look", "batches", "met"), "batches": ("block", "batch"), "blocks": ("block",)}
CHANGES = [
    *(
        (table, f"UPDATE {table} SET {column} = {column} || ' ' WHERE rowid = FIRST")
        for table, columns in TEXTS.items()
        for column in columns
    ),
    *(
        (table, f"UPDATE {table} SET {column} = {column} + 1000 WHERE rowid = FIRST")
        for table, columns in NUMBERS.items()
        for column in columns
    ),
    *((table, f"UPDATE {table} SET cell = 'f' || cell WHERE rowid = FIRST") for table in COLUMNS),
    ("points", "UPDATE points SET point = replace(point, '0.5', '0.7') WHERE rowid = FIRST"),
    (
        "points",
        """UPDATE points SET details = replace(details, '"a"', '"b"') WHERE rowid = FIRST""",
    ),
    ("points", "UPDATE points SET details = replace(details, '0.01', '0.02') WHERE rowid = FIRST"),
    ("blocks", "UPDATE blocks SET about = replace(about, '0', '1') WHERE rowid = FIRST"),
    ("blocks", "UPDATE blocks SET about = CAST(X'ff00fe' AS TEXT) WHERE rowid = FIRST"),
    ("points", "UPDATE points SET details = CAST(X'ff' AS TEXT) WHERE rowid = FIRST"),
    ("batches", "UPDATE batches SET counts = X'00' WHERE rowid = FIRST"),
    ("batches", "UPDATE batches SET task = 'f' || task WHERE rowid = FIRST"),
    ("batches", "UPDATE batches SET sha256 = 'f' || sha256 WHERE rowid = FIRST"),
    ("cells", "UPDATE cells SET spec = replace(spec, '0.5', '0.6')"),
    ("cells", "UPDATE cells SET cell = 'f' || cell WHERE rowid = FIRST"),
    ("arrays", "UPDATE arrays SET numbers = X'00'"),
]


@pytest.mark.parametrize(("table", "query"), CHANGES)
def test_what_is_changed_is_refused_said_and_drawn_again(
    copied, looked, small, tables, table, query
):
    """A damaged row dropped out silently, or was shown; a damaged batch was never drawn again."""
    before = load_sweep(looked)
    change(copied, query)
    with pytest.raises(Damaged, match=r"is damaged: .* draws damaged batches again"):
        for cell in load_sweep(copied):
            assert cell.blocks and cell.expected.size and cell.counts.shots.size
    assert damages(copied)
    with pytest.raises(Damaged):
        merge([copied], copied.parent / "other.sqlite")
    assert not (copied.parent / "other.sqlite").exists() or not damages(
        copied.parent / "other.sqlite"
    )
    again = sweep(small(), store=copied, until="width=0.1", retry_failed=True)
    assert again.mended and damages(copied) == []
    assert tables(again) == tables(before), "to the same counts"
    assert [cell.point for cell in again] == [cell.point for cell in before]
    assert [(cell.looks, cell.met) for cell in again] == [(c.looks, c.met) for c in before]
    assert [cell.blocks for cell in again] == [cell.blocks for cell in before]


def resealed(path, table, column, value):
    """A forgery: a value changed, and the seal made to fit."""
    connection = sqlite3.connect(path)
    with connection:
        query = f"SELECT {', '.join(COLUMNS[table])} FROM {table} WHERE rowid = ?"
        (row,) = connection.execute(f"SELECT MIN(rowid) FROM {table}").fetchone()
        values = list(connection.execute(query, (row,)).fetchone())
        place = COLUMNS[table].index(column)
        values[place] = value(values[place])
        connection.execute(
            f"UPDATE {table} SET {column} = ?, sha256 = ? WHERE rowid = ?",
            (values[place], seal(table, values), row),
        )
    connection.close()


def altered(**entries):
    return lambda text: canonical({**json.loads(text), **entries})


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("points", "point", altered(beta=0.7)),
        ("points", "point", altered(preparation="QSVT")),
        ("points", "point", altered(noise="readout=0.1")),
        ("points", "point", lambda text: text.replace("{", '{"beta":0.5,', 1)),
        ("points", "details", altered(tokens=["a"])),
        ("points", "details", altered(axes=["a", "b"])),
        ("points", "details", altered(alpha=2)),
        ("points", "details", altered(shots="many")),
        ("points", "details", lambda text: "[]"),
        ("blocks", "about", altered(success=[0.5])),
        ("blocks", "about", altered(success=[2.0] * 64)),
        ("blocks", "about", altered(kind="guessed")),
        ("blocks", "about", altered(resources={})),
        ("looks", "look", lambda look: 0),
    ],
)
def test_what_does_not_fit_its_cell_is_refused_whatever_its_seal(copied, table, column, value):
    resealed(copied, table, column, value)
    with pytest.raises(Damaged, match="is damaged: "):
        for cell in load_sweep(copied):
            assert cell.blocks
    assert len(damages(copied)) == 1


def test_what_is_damaged_of_another_plan_is_left_to_that(small, tables, tmp_path):
    path = tmp_path / "runs.sqlite"
    mine, other = small(beta=[0.5]), small(beta=[2.0])
    before, also = sweep(mine, store=path), sweep(other, store=path)
    change(path, "UPDATE batches SET counts = X'00' WHERE cell = ?", (also.cells[0].key,))
    done = sweep(mine, store=path)
    assert not done.mended and tables(done) == tables(before)
    assert len(damages(path)) == 8
    with pytest.raises(Damaged):
        merge([shutil.copy(path, tmp_path / "copy.sqlite")], path)
    assert len(sweep(other, store=path).mended) == 8
    assert damages(path) == []
    assert tables(load_sweep(path).where(beta=2.0)) == tables(also)


def test_a_store_with_something_that_acts_at_each_writing_is_refused(copied, small):
    """A trigger of another's is neither a row nor damage of one."""
    connection = sqlite3.connect(copied)
    connection.executescript(
        "CREATE TRIGGER a AFTER INSERT ON batches BEGIN DELETE FROM cells; END;"
    )
    connection.close()
    for attempt in (lambda: load_sweep(copied), lambda: sweep(small(), store=copied)):
        with pytest.raises(Damaged, match="its tables are not those that were made"):
            attempt()
    assert len(damages(copied)) == 1


FLIPS = 8


def test_bytes_changed_at_random_change_nothing_silently(tmp_path):
    """Any number of flips: ``python tests/sweeps/flipping.py FOLDER --flips 540``."""
    script = Path(__file__).with_name("flipping.py")
    command = [sys.executable, str(script), str(tmp_path), "--flips", str(FLIPS), "--seed", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == [] and found["read"].get("changed", 0) == 0
    assert found["read"]["refused"] > 0, "some of them hit something"
