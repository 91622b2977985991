"""`qcattn sweep`, `merge`, `export`, `show`: as people use them."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.sweeps import Grid, load_sweep, sweep

PLAN = """
beta = [0.5, 1.0]
preparations = ["Amplitude", "Heralded"]
backends = [{draws = "born"}]
shots = 1000
batch = 500
seed = 3
alpha = 1e-6

[[scores]]
model = "smollm2"
layers = [1]
heads = [0, 1]
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a plan and what came of it."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    done = invoke("sweep", folder / "plan.toml", "--store", folder / "runs.sqlite")
    assert done.exit_code == 0, done.output
    assert "The counts agree with softmax: 8 cells, 88 rows, 88,000 shots." in flat(done.output)
    return folder


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(text: str) -> str:
    return " ".join(text.split())


def plan_in(folder: Path, text: str) -> Path:
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


def test_a_sweep_again_draws_nothing_and_says_the_same(swept):
    before = (swept / "runs.sqlite").read_bytes()
    done = invoke("sweep", swept / "plan.toml", "--store", swept / "runs.sqlite", "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0 and said["verdict"] == "agrees" and len(said["cells"]) == 8
    first = said["cells"][0]
    assert first["point"]["layer"] == 1 and first["shots"] == [1000, 1000] == [first["asked"]] * 2
    assert first["resources"]["qubits"] == 4 and not first["error"]
    assert invoke("show", swept / "runs.sqlite").exit_code == 0
    assert len((swept / "runs.sqlite").read_bytes()) == len(before)


def test_noise_is_said_to_differ_and_exits_with_1(tmp_path):
    """The false-alarm rate of the noiseless cells is alpha = 1e-6."""
    plan = plan_in(tmp_path, 'noise = ["none", "readout=0.03"]\n' + PLAN)
    done = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite")
    assert done.exit_code == 1
    assert "differ from softmax in 8 of 16 cells" in flat(done.output)
    assert "noise readout=0.03" in flat(done.output)
    cells = json.loads(invoke("show", tmp_path / "runs.sqlite", "--json").stdout)["cells"]
    assert {(c["point"]["noise"], c["verdict"]) for c in cells} == {
        ("none", "agrees"),
        ("readout=0.03", "differs"),
    }


def test_failed_cells_are_shown_with_their_error_and_exit_with_2(tmp_path):
    plan = plan_in(tmp_path, PLAN.replace('"Heralded"', '"DetailedBalance"'))
    done = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite")
    assert done.exit_code == 2
    assert "4 cells failed; --retry-failed tries again" in flat(done.output)
    assert "masked" in done.output and "filled(gap=10)" in done.output, "the reason, wrapped anyhow"
    again = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite", "--retry-failed")
    assert again.exit_code == 2 and "4 cells failed" in flat(again.output)


def test_until_certified_says_what_was_reached(tmp_path):
    plan = plan_in(tmp_path, PLAN.replace("shots = 1000", "shots = 2000"))
    options = ("sweep", plan, "--store", tmp_path / "runs.sqlite", "--until", "certified=0.15")
    done = invoke(*options)
    words = flat(done.output)
    assert "verdict met differ p TV at most" in words and (
        '"met" says whether certified=0.15 was reached.' in words
    )
    assert " agrees yes " in words and " undecided no " in words
    assert {cell.met for cell in load_sweep(tmp_path / "runs.sqlite")} == {True, False}
    assert done.exit_code == 2 and "did not reach certified=0.15 within" in words
    more = invoke(*options, "--shots", "64000")
    assert more.exit_code == 0, more.output


def test_stores_are_merged_by_command(swept, tmp_path):
    plan = plan_in(tmp_path, PLAN.replace("beta = [0.5, 1.0]", "beta = [1.0, 2.0]"))
    assert invoke("sweep", plan, "--store", tmp_path / "other.sqlite").exit_code == 0
    both = tmp_path / "both.sqlite"
    done = invoke("merge", swept / "runs.sqlite", tmp_path / "other.sqlite", "--into", both)
    assert "24 batches added, 8 were there already" in done.output
    assert load_sweep(both).axes["beta"] == [0.5, 1.0, 2.0]
    added = invoke("merge", tmp_path / "other.sqlite", swept / "runs.sqlite")
    assert added.exit_code == 0 and "8 batches added, 8 were there" in added.output
    assert invoke("merge", both).exit_code == 2


def test_counts_are_exported_as_csv_line_by_line(swept, tmp_path):
    out = tmp_path / "counts.csv"
    done = invoke("export", swept / "runs.sqlite", "--csv", out)
    assert done.exit_code == 0 and "968 lines" in done.output
    lines = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(lines) == 8 * 11 * 11
    sweep = load_sweep(swept / "runs.sqlite")
    cell = sweep.where(head=1, beta=0.5, preparation="Heralded").cells[0]
    own = [line for line in lines if line["cell"] == cell.key]
    assert {line["preparation"] for line in own} == {"Heralded"} and len(own) == 121
    counted = np.array([int(line["count"]) for line in own]).reshape(11, 11)
    assert np.array_equal(counted, cell.counts.keys)
    expected = np.array([float(line["expected"]) for line in own]).reshape(11, 11)
    assert np.array_equal(expected, cell.expected)
    assert [line["token"] for line in own[:11]] == list(cell.tokens)
    assert int(own[14]["query"]) == 1 and int(own[14]["kept"]) == cell.counts.kept[1]
    again = invoke("export", swept / "runs.sqlite", "--csv", out)
    assert again.exit_code == 2 and "exists and is left as it is" in again.output
    assert invoke("export", swept / "runs.sqlite").exit_code == 2


def test_parquet_holds_the_same_or_names_the_extra(swept, tmp_path):
    out = tmp_path / "counts.parquet"
    done = invoke("export", swept / "runs.sqlite", "--parquet", out, "--csv", tmp_path / "c.csv")
    try:
        from pyarrow import parquet
    except ImportError:
        assert done.exit_code == 2 and "pip install 'qcattn[parquet]'" in done.output
        return
    assert done.exit_code == 0, done.output
    table = parquet.read_table(out).to_pydict()
    lines = list(csv.DictReader((tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()))
    for name in lines[0]:
        assert [str(value) for value in table[name]] == [line[name] for line in lines], name


def test_a_seed_beyond_64_bits_is_exported(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    store = tmp_path / "runs.sqlite"
    for seed in (1, 2**70):
        sweep(Grid([[0.0, 1.0]], seed=seed, shots=100, batch=100), store=store)
    done = invoke("export", store, "--parquet", tmp_path / "counts.parquet")
    assert done.exit_code == 0, done.output
    seeds = parquet.read_table(tmp_path / "counts.parquet").to_pydict()["seed"]
    assert seeds == ["1", "1", str(2**70), str(2**70)]


@pytest.mark.parametrize("options", [["beta"], ["shots", "--quantity", "distance"],
                                     ["preparation", "--by", "beta,head"],
                                     ["beta", "--quantity", "kept"]])  # fmt: skip
def test_a_plot_over_any_axis_is_written(swept, tmp_path, options):
    out = tmp_path / "plot.svg"
    done = invoke("show", swept / "runs.sqlite", "--plot", *options, "--out", out)
    assert done.exit_code == 0, done.output
    words = " ".join(ElementTree.parse(out).getroot().itertext())
    assert options[0] in words and "all together" in words
    assert invoke("show", swept / "runs.sqlite", "--plot", *options, "--out", out).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plot", "bta", "--out", "a.svg"], "did you mean 'beta'"),
        (["--plot", "beta", "--quantity", "tops", "--out", "a.svg"], "did you mean 'top'"),
        (["--plot", "beta", "--out", "a.gif"], "must be one of svg, png, pdf"),
        (["--plot", "beta", "--by", "hed", "--out", "a.svg"], "did you mean 'head'"),
        (["--plot", "beta", "--out", "gone/a.svg"], "`gone/a.svg` cannot be written"),
        (["--out", "a.svg"], "go with `--plot`"),
    ],
)
def test_a_plot_that_cannot_be_is_refused(swept, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = invoke("show", swept / "runs.sqlite", *arguments)
    assert done.exit_code == 2 and said in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "0"], "`--workers` must be a whole number, 1 or more"),
        (["--workers", "2", "--dask", "tcp://127.0.0.1:1"], "leave out all but one"),
        (["--until", "certfied=0.1"], "did you mean 'certified'"),
        (["--shots", "0"], "`shots` must be a whole number"),
        (["--shots", str(10**15)], "give fewer, or a larger `batch`"),
    ],
)
def test_misuse_is_named_with_exit_code_2(tmp_path, options, said):
    plan = plan_in(tmp_path, PLAN)
    done = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite", *options)
    assert done.exit_code == 2 and said in done.output
    assert not (tmp_path / "runs.sqlite").exists()
    (tmp_path / "runs.sqlite").write_text("mine")
    foreign = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite")
    assert foreign.exit_code == 2 and "is not a store of qcattn" in flat(foreign.output)
    assert (tmp_path / "runs.sqlite").read_text() == "mine"
    assert invoke("show", tmp_path / "runs.sqlite").exit_code == 2
    assert invoke("show", tmp_path, "--plot", "beta").exit_code == 2
    missing = invoke("show", tmp_path / "gone.sqlite")
    assert missing.exit_code == 2 and "or a store of `qcattn sweep`" in flat(missing.output)


def test_ctrl_c_with_workers_says_how_to_go_on(swept, tmp_path):
    """SIGINT to the whole group, as a terminal sends it; then the printed command goes on."""
    plan = plan_in(tmp_path, PLAN.replace("shots = 1000", "shots = 40000"))
    command = [sys.executable, "-m", "qcattn", "sweep", "plan.toml", "--store", "runs.sqlite"]
    process = subprocess.Popen(
        [*command, "--workers", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: drawn(tmp_path / "runs.sqlite") > 0, process)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "Traceback" not in said and "KeyboardInterrupt" not in said
    assert "are kept in runs.sqlite. Go on with" in flat(said)
    assert "qcattn sweep plan.toml --store runs.sqlite --workers 1" in flat(said)
    kept = drawn(tmp_path / "runs.sqlite")
    assert kept > 0
    done = invoke("sweep", plan, "--store", tmp_path / "runs.sqlite", "--shots", "1000")
    assert done.exit_code == 0 and drawn(tmp_path / "runs.sqlite") >= kept
    for mine, theirs in zip(
        load_sweep(tmp_path / "runs.sqlite"), load_sweep(swept / "runs.sqlite"), strict=True
    ):
        assert np.array_equal(mine.counts_of(2).keys, theirs.counts.keys)


def drawn(path: Path) -> int:
    if not path.exists():
        return 0
    return sum(int(cell.counts.shots.sum()) for cell in load_sweep(path))


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_damaged_store_is_said_row_by_row_and_drawn_again(swept, tmp_path):
    path = tmp_path / "runs.sqlite"
    path.write_bytes((swept / "runs.sqlite").read_bytes())
    done = invoke("sweep", "--check", path)
    assert done.exit_code == 0 and f"{path} is whole" in flat(done.output)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE batches SET counts = X'00' WHERE batch = 1")
    connection.close()
    done = invoke("sweep", "--check", path)
    assert done.exit_code == 2 and f"{path} is damaged:" in flat(done.output)
    assert done.output.count("batch 1 of block 0 of cell ") == 8
    as_json = invoke("sweep", "--check", path, "--json")
    assert len(json.loads(as_json.stdout)["damages"]) == 8 and as_json.exit_code == 2
    done = invoke("show", path)
    assert done.exit_code == 2 and "is damaged: batch 1 of block 0" in flat(done.output)
    done = invoke("sweep", swept / "plan.toml", "--store", path)
    assert done.exit_code == 0 and "was damaged, and this was written or drawn" in done.stderr
    again = load_sweep(path)
    for cell, before in zip(again, load_sweep(swept / "runs.sqlite"), strict=True):
        assert np.array_equal(cell.counts.keys, before.counts.keys)


def test_without_a_plan_or_a_store_to_check_the_plan_is_asked_for():
    done = invoke("sweep")
    assert done.exit_code == 2 and "`PLAN` is missing" in flat(done.output)
