"""Pages of a store that are damaged: what they do not hold is kept, in a new file."""

import json
import random
import shutil
import sqlite3

import numpy as np
import pytest
from typer.testing import CliRunner

import qcattn
from qcattn.cli import app
from qcattn.errors import Damaged
from qcattn.sweeps import damages, load_sweep, salvage, sweep
from qcattn.sweeps.store import Store

PAGE = 4096
SCORES = np.linspace(0, 3, 16 * 300).reshape(16, 300)  # a batch goes on over several pages
BATCHES = 2 * 4


@pytest.fixture(scope="module")
def grid():
    born = qcattn.Aer(draws="born", device="CPU")
    options = {"preparations": [qcattn.Amplitude()], "backends": [born]}
    return qcattn.Grid(SCORES, beta=[0.5, 1.0], shots=4000, batch=1000, seed=3, **options)


@pytest.fixture(scope="module")
def made(grid, tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "runs.sqlite"
    return path, sweep(grid, store=path)


def batches(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT task, counts, sha256 FROM batches ORDER BY task").fetchall()
    connection.close()
    return set(found)


def spoil(path, page, how):
    """The content of a store, one page of it zeros, noise, or not there with all that follow."""
    content = path.read_bytes()
    before, after = content[: page * PAGE], content[(page + 1) * PAGE :]
    noise = random.Random(page).randbytes(PAGE)
    return {"zeros": before + bytes(PAGE) + after, "noise": before + noise + after, "cut": before}[
        how
    ]


@pytest.mark.parametrize("how", ["zeros", "noise", "cut"])
def test_whatever_page_is_lost_the_batches_on_others_are_kept(how, made, tmp_path):
    """SQLite refuses nearly all of these files; nothing that is kept was changed."""
    whole, _ = made
    there = batches(whole)
    assert len(there) == BATCHES
    pages = whole.stat().st_size // PAGE
    assert pages > 15
    kept = {}
    for page in range(0, pages, 2):
        path = tmp_path / f"{page}.sqlite"
        path.write_bytes(spoil(whole, page, how))
        content = path.read_bytes()
        try:
            found = salvage(path)
        except ValueError as error:
            assert how == "cut" and "no batch" in str(error), page
            continue
        assert path.read_bytes() == content
        if found is None:  # a page that nothing is on
            continue
        kept[page] = batches(found.store)
        assert kept[page] <= there and len(kept[page]) == found.batches
    assert kept, how
    if how != "cut":
        assert kept[0] == there
        # A page may hold where several batches begin; each of most pages holds a part of one.
        sizes = sorted(map(len, kept.values()))
        assert sizes[0] < BATCHES and sizes[len(sizes) // 3] >= BATCHES - 1, sizes


def test_the_plan_goes_on_from_what_is_kept_to_the_same_counts(made, grid, tmp_path):
    whole, done = made
    counts = max((counts for _, counts, _ in batches(whole)), key=len)
    inside = max(whole.read_bytes().find(counts[-at : 60 - at]) for at in (4300, 4500))
    lost = inside // PAGE  # the longest one goes on after it
    path = tmp_path / "runs.sqlite"
    path.write_bytes(spoil(whole, lost, "zeros"))
    with pytest.raises(Damaged, match="qcattn sweep --check"):
        load_sweep(path)
    found = salvage(path)
    assert found.store == tmp_path / "runs.salvaged.sqlite" and 0 < found.batches < BATCHES
    told = []
    again = sweep(grid, store=found.store, progress=lambda *one: told.append(one))
    assert told[0][0] >= 1, "what was kept is not drawn again"
    for one, other in zip(again.cells, done.cells, strict=True):
        assert (one.counts.keys == other.counts.keys).all()
    assert damages(found.store) == []
    assert salvage(path).store.name == "runs.salvaged-2.sqlite", "no file is replaced"


def test_a_row_that_was_changed_is_not_kept(made, tmp_path):
    """Its seal does not fit; the file of one that is whole otherwise is left to its plan."""
    whole, _ = made
    path = tmp_path / "runs.sqlite"
    shutil.copy(whole, path)
    with Store(path, write=True) as store:
        store.rows("UPDATE batches SET sha256 = 'a' WHERE rowid = 1")
    assert salvage(path) is None
    path.write_bytes(bytes(PAGE) + path.read_bytes()[PAGE:])
    assert salvage(path).batches == BATCHES - 1


@pytest.mark.parametrize("content", [b"", b"no store", bytes(10 * PAGE), b"\x0d" * 5 * PAGE])
def test_a_file_that_is_no_store_is_refused_and_nothing_is_made(content, tmp_path):
    path = tmp_path / "runs.sqlite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"no batch of a store .* is not a store of qcattn"):
        salvage(path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_says_where_it_is_now(made, tmp_path):
    path = tmp_path / "runs.sqlite"
    path.write_bytes(spoil(made[0], 0, "zeros"))
    done = CliRunner().invoke(app, ["sweep", "--check", str(path)])
    said = " ".join(done.output.split())
    assert done.exit_code == 2 and "is left as it is" in said
    assert f"{BATCHES} batches of 2 cells" in said and "runs.salvaged.sqlite" in said
    done = CliRunner().invoke(app, ["sweep", "--json", "--check", str(path)])
    salvaged = json.loads(done.output)["salvaged"]
    assert salvaged == {"store": str(tmp_path / "runs.salvaged-2.sqlite"), "batches": BATCHES}
