"""Every piece of work tells its progress in one way: upwards, and to the end."""

import numpy as np
import pytest

from qcattn import prepare, run, run_claims, sweep
from qcattn.claims import MixedStates, RelativeEntropy
from qcattn.errors import Interrupted
from qcattn.preparations import DetailedBalance, Heralded, Purification
from qcattn.progress import hearing
from qcattn.sweeps import Grid
from qcattn.views.run.report import write_report

SCORES = np.array([[0.0, 1.0, 2.0], [0.5, -np.inf, 0.1]])


def running(progress, folder):
    run(np.tile(SCORES, (20, 1)), shots=50, seed=1, progress=progress)


def preparing(progress, folder):
    prepare([[0.0, 0.3], [0.3, 1.0]], shots=50, seed=1, progress=progress)


def sweeping(progress, folder):
    grid = Grid(SCORES, beta=[0.5, 1.0], preparations=[Purification(), Heralded()], batch=512)
    sweep(grid, store=folder / "a.sqlite", progress=progress)


def sweeping_what_fails(progress, folder):
    """`DetailedBalance` does not take the masked key."""
    grid = Grid(SCORES, preparations=[DetailedBalance(), Purification()], batch=512, shots=2048)
    sweep(grid, store=folder / "a.sqlite", progress=progress)


def sweeping_again_what_failed(progress, folder):
    sweeping_what_fails(lambda *told: None, folder)
    sweeping_what_fails(progress, folder)


def sweeping_until_a_rule_is_met(progress, folder):
    """One cell holds more batches than the rule asks for."""
    few = Grid(SCORES, beta=[0.5], batch=100, shots=700)
    sweep(few, store=folder / "a.sqlite")
    grid = Grid(SCORES, beta=[0.5, 1.0], batch=100, shots=2000)
    sweep(grid, store=folder / "a.sqlite", until="width=0.4", progress=progress)


def claiming(progress, folder):
    run_claims([MixedStates(), RelativeEntropy()], seed=1, progress=progress)


WORKS = [
    claiming,
    running,
    preparing,
    sweeping,
    sweeping_what_fails,
    sweeping_again_what_failed,
    sweeping_until_a_rule_is_met,
]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__)
def test_progress_rises_to_its_total(work, told, tmp_path):
    work(told, tmp_path)
    assert told and all(0 <= step.done <= step.total for step in told)
    done = [step.done for step in told]
    assert done == sorted(done) and done[-1] == told[-1].total > 0
    assert all(step.what for step in told)
    totals = [step.total for step in told]
    assert totals == sorted(totals, reverse=True), "less can be left to do, never more"


def test_failures_are_said_in_words(told, tmp_path):
    sweeping_what_fails(told, tmp_path)
    assert told[-1].what == "4,096 shots, 1 cell failed"


def test_a_page_tells_its_pictures(monkeypatch, told, tmp_path):
    """Twenty-three seconds of silence, before."""
    monkeypatch.setattr("qcattn.progress._PAUSE", 0.0)
    result = run(SCORES, shots=50, seed=1)
    with hearing(told):
        write_report(tmp_path / "report.html", [result])
    assert [step.what for step in told][:2] == ["picture 1 of the page", "picture 2 of the page"]


def test_parts_of_one_row_are_told_and_kept_on_ctrl_c(monkeypatch, told):
    """A billion shots in one row: parts of what Aer takes at once, here of a thousand."""
    monkeypatch.setattr("qcattn.backends.streams.MOST_SHOTS_OF_RUN", 1000)
    whole = run(SCORES[0], shots=10_000, seed=1, progress=told)
    assert [step.done for step in told] == pytest.approx(np.arange(1, 11) / 10)
    assert whole.complete and whole.counts.shots == 10_000

    def stop(done, total, what):
        if done >= 0.4:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        run(SCORES[0], shots=10_000, seed=1, progress=stop)
    part = stopped.value.result
    assert part.counts.shots == 4000 and not part.complete and part.standing == "undecided"
    assert (part.counts.keys <= whole.counts.keys).all(), "its shots are the first of all"
