"""The same numbers however a sweep is cut, ordered, interrupted or spread; failures stand apart."""

import json
import os
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from qcattn import fit, same
from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.errors import Interrupted
from qcattn.preparations import Amplitude, DetailedBalance, Heralded
from qcattn.sweeps import Certified, Grid, Part, jobs, load_sweep, running, sweep
from qcattn.sweeps.store import Store
from qcattn.sweeps.until import looks, share
from qcattn.sweeps.worker import Drawn


def test_a_sweep_gives_counts_expectations_and_verdicts(reference):
    """False-failure rate 1% by alpha, and the seed is fixed; other cells' counts are refuted."""
    assert reference.standing == "agrees" and len(reference) == 4
    for cell in reference:
        assert (cell.counts.shots == 400).all() and cell.shape == (70,)
        assert [verdict.name for verdict in cell.verdicts] == (
            ["fit", "acceptance"] if "Heralded" in cell.point["preparation"] else ["fit"]
        )
        assert sum(verdict.alpha for verdict in cell.verdicts) == pytest.approx(0.01 / 4)
    cold, warm = reference.where(beta=1.0).cells[0], reference.where(beta=0.5).cells[0]
    assert fit(cold.counts, warm.expected, alpha=1e-6).refuted
    assert reference.where(beta=0.5, preparation="Amplitude").varied == ()


class Backwards(Executor):
    """Of the jobs that wait, the last one is done first."""

    def __init__(self):
        self.jobs, self.order, self.thread = [], [], ThreadPoolExecutor(1)

    def submit(self, fn, /, *args):
        future = Future()
        self.jobs.append((len(self.order) + len(self.jobs), future, fn, args))
        self.thread.submit(self.work)
        return future

    def work(self):
        number, future, fn, args = self.jobs.pop()
        self.order.append(number)
        future.set_result(fn(*args))

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.thread.shutdown(wait, cancel_futures=cancel_futures)


@pytest.mark.parametrize("batches", [1, 3, 100])
def test_the_cut_into_jobs_changes_nothing(
    small, tables, reference, tmp_path, monkeypatch, batches, told
):
    monkeypatch.setattr(jobs, "MOST_BATCHES", batches)
    done = sweep(small(), store=tmp_path / "runs.sqlite", progress=told)
    assert tables(done) == tables(reference)
    assert len(told) > 32 // batches and told[-1].done == told[-1].total == 32
    assert told[-1].what == f"{4 * 70 * 400:,} shots"


def test_order_and_threads_change_nothing(small, tables, reference, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    with Backwards() as backwards:
        done = sweep(small(), store=tmp_path / "a.sqlite", executor=backwards)
    assert tables(done) == tables(reference) and backwards.order != sorted(backwards.order)
    turned = small(beta=[1.0, 0.5], preparations=[Heralded(), Amplitude()])
    with ThreadPoolExecutor(4) as threads:
        done = sweep(turned, store=tmp_path / "b.sqlite", executor=threads)
    assert {tuple(cell.point.values()) for cell in done} == set(tables(reference))
    for cell in done:
        assert tables([cell]).items() <= tables(reference).items()


def test_another_seed_gives_other_numbers(small, reference, tmp_path):
    """False-failure rate 1e-6 for `same`; equal numbers would fail always."""
    other = sweep(small(seed=6), store=tmp_path / "runs.sqlite")
    for mine, theirs in zip(other, reference, strict=True):
        assert not np.array_equal(mine.counts.keys, theirs.counts.keys)
        assert same(mine.counts, theirs.counts).overall > 1e-6


def test_more_shots_draw_the_missing_ones_only(small, tables, tmp_path, told, again):
    path = tmp_path / "runs.sqlite"
    sweep(small(shots=100), store=path)
    sweep(small(), store=path, shots=200, progress=told)
    assert told[0].done == 8 and told[-1].what == f"{4 * 70 * 100:,} shots"
    done = sweep(small(shots=200), store=path, progress=again)
    assert again[-1] == (16, 16, "0 shots")
    at_once = sweep(small(shots=200), store=tmp_path / "at-once.sqlite")
    assert tables(done) == tables(at_once)
    rounded = sweep(small(), store=path, shots=201)
    assert (rounded.cells[0].counts.shots == 300).all(), "whole batches"


def test_ctrl_c_keeps_what_is_drawn_and_the_same_call_goes_on(
    small, tables, reference, tmp_path, monkeypatch, told
):
    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    path = tmp_path / "runs.sqlite"

    def press(done, total, what):
        if done >= 11:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stop:
        sweep(small(), store=path, progress=press)
    part = stop.value.result
    assert sum(int(cell.counts.shots.sum()) for cell in part) >= 11 * 6 * 100
    assert part.standing == "undecided"
    assert tables(sweep(small(), store=path, progress=told)) == tables(reference)
    assert told[0].done == 11


def test_a_failing_cell_is_recorded_and_does_not_stop_the_others(
    small, tables, reference, tmp_path, told
):
    """`DetailedBalance` cannot take the masked key of row 3."""
    path = tmp_path / "runs.sqlite"
    grid = small(preparations=[DetailedBalance(), Amplitude(), Heralded()])
    done = sweep(grid, store=path, progress=told)
    assert told[-1].what.endswith("shots, 2 cells failed") and done.standing == "undecided"
    failed = done.where(preparation="DetailedBalance")
    assert [cell.standing for cell in failed] == ["failed"] * 2
    assert "masked keys" in failed.cells[0].failure
    good = [cell for cell in done if not cell.failure]
    assert tables(good) == tables(reference)


def test_failed_cells_are_tried_again_if_asked(small, tables, reference, tmp_path, monkeypatch):
    path, calls = tmp_path / "runs.sqlite", []

    def out_of_memory(pieces):
        calls.append(len(pieces))
        return [Drawn(piece, {}, (), "MemoryError: none left") for piece in pieces]

    monkeypatch.setattr(running, "work", out_of_memory)
    assert {cell.standing for cell in sweep(small(), store=path)} == {"failed"}
    tried = len(calls)
    sweep(small(), store=path)
    assert len(calls) == tried == 4, "each cell once, and not again unless asked"
    monkeypatch.undo()
    assert {cell.failure for cell in sweep(small(), store=path)} == {"MemoryError: none left"}
    assert tables(sweep(small(), store=path, retry_failed=True)) == tables(reference)


class Raising(Executor):
    """Loses every third job on the way."""

    calls = 0

    def submit(self, fn, /, *args):
        self.calls += 1
        future = Future()
        if self.calls % 3 == 0:
            future.set_exception(ConnectionError("a machine went away"))
        else:
            future.set_result(fn(*args))
        return future


def test_what_the_executor_loses_is_recorded_as_a_failure(
    small, tables, reference, tmp_path, monkeypatch
):
    path = tmp_path / "runs.sqlite"
    done = sweep(small(), store=path, executor=Raising())
    assert "ConnectionError: a machine went away" in {cell.failure for cell in done}
    assert tables(sweep(small(), store=path, retry_failed=True)) == tables(reference)


def test_a_rule_stops_each_cell_at_the_same_batch_however_it_is_reached(
    small, tables, tmp_path, told
):
    grid = small(shots=4000, beta=[0.5, 2.0])
    done = sweep(grid, store=tmp_path / "a.sqlite", until="width=0.25")
    stops = [int(cell.counts.shots.max()) for cell in done]
    assert len(set(stops)) > 1 and max(stops) < 4000, stops
    for cell in done:
        look = list(looks(40)).index(int(cell.counts.shots.max()) // 100) + 1
        assert (cell.looks, cell.met, cell.rule) == (look, True, "width=0.25")
        assert cell.verdicts[0].alpha <= grid.alpha / 4 * share(look)
    # With more shots there already, and with another cut: the same looks.
    path = tmp_path / "b.sqlite"
    sweep(grid, store=path, shots=500)
    again = sweep(grid, store=path, until="width=0.25")
    assert [cell.looks for cell in again] == [cell.looks for cell in done]
    sweep(grid, store=tmp_path / "a.sqlite", until="width=0.25", progress=told)
    assert told[-1].what == "0 shots", "a cell that has stopped stays so"


def test_until_certified_certifies_or_says_that_it_did_not(small, tmp_path):
    """The claim is wrong with probability at most alpha = 1%; here the true law is softmax, so
    none is. With readout errors beyond epsilon no cell may stop (each does at most at rate 1%)."""
    grid = small(shots=1600, preparations=Amplitude(), noise=["none", "readout=0.3"])
    done = sweep(grid, store=tmp_path / "runs.sqlite", until=Certified(0.2))
    for cell in done:
        noisy = cell.point["noise"] != "none"
        assert cell.met == (not noisy) == cell.certify(0.2).all_certified
        if noisy:
            assert cell.standing == "differs" and (cell.counts.shots == 1600).all()
        else:
            assert cell.standing == "agrees" and (cell.counts.shots < 1600).all()


def test_a_rule_met_at_one_alpha_need_not_be_at_another(small, tmp_path):
    path, options = tmp_path / "runs.sqlite", {"beta": [1.0], "preparations": Amplitude()}
    for alpha in (0.3, 1e-9, 0.3):
        grid = small(shots=200, alpha=alpha, **options)
        (cell,) = sweep(grid, store=path, until="certified=0.3")
        assert cell.met == (alpha == 0.3) == cell.certify(0.3).all_certified
        assert cell.standing == ("agrees" if cell.met else "undecided")


def test_a_sweep_of_nothing_left_to_do_starts_no_executor(small, reference):
    class Never(Executor):
        def submit(self, fn, /, *args):
            raise AssertionError

    assert sweep(small(), store=reference.store, executor=Never()).standing == "agrees"


def test_cells_of_one_content_share_what_is_drawn(tmp_path, told):
    scores = np.array([[0.0, 1.0]])
    grid = Grid([scores, scores], shots=100, batch=100, backends=Aer(device="CPU", draws="born"))
    done = sweep(grid, store=tmp_path / "runs.sqlite", progress=told)
    assert told[-1].what == "100 shots" and len(done) == 2
    assert [int(cell.counts.shots[0]) for cell in done] == [100, 100]
    assert done.axes["scores"] == ["scores 0", "scores 1"]
    renamed = Grid(Part(Scores(scores), {"scores": "mine"}), shots=100, batch=100,
                   backends=Aer(device="CPU", draws="born"))  # fmt: skip
    (cell,) = sweep(renamed, store=tmp_path / "runs.sqlite")
    assert cell.point["scores"] == "mine" and cell.among == 1, "the cells of the grid, no others"
    assert len(load_sweep(tmp_path / "runs.sqlite")) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shots": 0}, "`shots`"),
        ({"until": "certify=1"}, "did you mean 'certified'"),
    ],
)
def test_a_mistake_is_refused_before_the_store_is_made(small, tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        sweep(small(), store=tmp_path / "runs.sqlite", **options)
    assert not list(tmp_path.iterdir())


def test_a_store_is_read_as_it_was_swept(reference, tables):
    again = load_sweep(reference.store)
    assert tables(again) == tables(reference) and str(again) == str(reference)
    cell = again.cells[0]
    assert cell.axes == ("query",) and cell.tokens == ("a", "b", "c", "d")
    with pytest.raises(ValueError, match="did you mean 'beta'"):
        again.where(bta=1)
    with pytest.raises(ValueError, match=r"a cell must be at .* asked for at"):
        again.where(beta=7)


def test_cells_at_one_place_of_the_axes_are_told_apart(small, tmp_path):
    path = tmp_path / "runs.sqlite"
    options = {"beta": [1.0], "preparations": Amplitude(), "shots": 100}
    sweep(small(**options), store=path)
    sweep(small(seed=6, **options), store=path)
    both = load_sweep(path)
    assert both.varied == ("seed",) and both.axes["seed"] == [5, 6]
    assert not np.array_equal(both.cells[0].counts.keys, both.cells[1].counts.keys)
    sweep(small(**options, scores=np.zeros((2, 4)) + np.arange(4)), store=path)
    names = [cell.point["scores"] for cell in load_sweep(path)]
    assert len(names) == 3 and load_sweep(path).where(seed=6).cells[0].key == both.cells[1].key


KILLS = int(os.environ.get("QCATTN_KILLS", "5"))


def test_killed_at_random_moments_nothing_is_lost_or_counted_twice(tmp_path):
    """SIGKILL, again and again; QCATTN_KILLS=50 for more of them."""
    script = Path(__file__).with_name("killing.py")
    command = [sys.executable, str(script), str(tmp_path), "--kills", str(KILLS), "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == KILLS and found["lost"] == 0 and found["same as alone"]
    seen = found["at each kill"]
    assert sorted(seen) == seen and seen[-1] > 0, "it got on between the kills"


def test_two_writers_on_one_store_count_nothing_twice(
    small, tables, reference, tmp_path, monkeypatch
):
    """Two sweeps at once, each a thread with a connection of its own and jobs of one batch."""
    monkeypatch.setattr(jobs, "SECONDS", 0.0)
    path = tmp_path / "runs.sqlite"
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(sweep, small(), store=path) for _ in range(2)]
        results = [future.result() for future in both]
    assert tables(results[0]) == tables(results[1]) == tables(reference)
    with Store(path) as store:
        assert store.column("SELECT COUNT(*) FROM batches") == [32]
