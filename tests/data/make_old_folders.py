"""Write old_folders: this ran once, with qcattn 0.1.0 at commit 3366f03, and cannot run with this.

There results, trials and findings each had a writer of their own (`qcattn.storage`,
`qcattn.archive`, `qcattn.findings`) and format version 1. What it printed is what
tests/folders/test_old_folders.py expects.
"""

# ruff: noqa: I001 (some of these modules are no more)

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "old_folders"
ROWS = [[0.5, -1.0, 0.25, 1.5], [1.0, float("-inf"), 0.0, float("-inf")]]


def a_result():
    """Two rows, one of them masked, with names of everything."""
    from qcattn.datasets import Scores
    from qcattn.experiment import run
    from qcattn.storage import save

    scores = Scores(
        np.array(ROWS),
        axes=("query",),
        tokens=("the", "cat", "sät", "."),
        sentence="the cat sät .",
    )
    result = run(scores, beta=[0.5, 2.0], shots=200, seed=2**70)
    save(result, HERE / "result")
    print(result, result.counts, result.seed, sep="\n")


def a_result_without_shots():
    """Ctrl-C came first, so that its resolution is infinite."""
    from qcattn import Interrupted
    from qcattn.backends import Aer
    from qcattn.experiment import run
    from qcattn.preparations import Heralded
    from qcattn.storage import save

    class Stopped(Aer):
        def stream(self, prepared, shots, seed):
            raise KeyboardInterrupt
            yield

    try:
        run(ROWS[0], shots=200, seed=3, preparation=Heralded(), backend=Stopped())
    except Interrupted as stop:
        save(stop.result, HERE / "empty_result")
        print(stop.result, stop.result.verdicts[1].overall_resolution, sep="\n")


def a_result_of_two_parts():
    """The rows by Purification, and again by Heralded until Ctrl-C before the second row, as
    `qcattn run` laid them down."""
    from qcattn import Interrupted
    from qcattn.backends import Aer
    from qcattn.experiment import run
    from qcattn.preparations import Heralded
    from qcattn.storage import whole_folder, write_files

    class Stopped(Aer):
        def stream(self, prepared, shots, seed):
            yield slice(0, 1), Aer()(prepared[:1], shots, seed)
            raise KeyboardInterrupt

    main = run(ROWS, shots=200, seed=3, alpha=0.005)
    try:
        run(ROWS, shots=200, seed=3, alpha=0.005, preparation=Heralded(), backend=Stopped())
    except Interrupted as stop:
        again = stop.result
    with whole_folder(HERE / "heralded_result") as folder:
        (folder / "heralded").mkdir()
        write_files(main, folder)
        write_files(again, folder / "heralded")
    print(main, main.counts, again, again.counts, sep="\n")


def some_trials():
    """Of a row with a masked key, which two methods fit and one does not, and of a row that is not
    diagonal."""
    from qcattn.archive import save_trials
    from qcattn.encodings import Binary, Transverse
    from qcattn.methods import prepare
    from qcattn.preparations import QITE, QSVT, Heralded, Purification

    masked, mixed = Binary()(ROWS[1]), Transverse()(ROWS[0])
    for row, methods, name in (
        (masked, [Purification(), Heralded(), QITE()], "trials"),
        (mixed, [Purification(), QSVT()], "transverse_trials"),
    ):
        trials = prepare(row, beta=0.5, methods=methods, shots=300, seed=4)
        save_trials(trials, HERE / name)
        print(trials, *(trial.result and trial.result.counts for trial in trials.trials), sep="\n")


def some_findings():
    """An exact one, two refuted ones, and by hand one with everything that is seldom: two checks
    of one statement, an undecided one, numbers that are none, a picture with intervals and names.
    """
    from qcattn.certification import Estimate
    from qcattn.claims import KuramotoLocking, MixedStates, PureStates
    from qcattn.findings import Check, Curve, Finding, Number, Panel, save_findings

    same = "Counts follow the rule"
    seldom = Finding(
        claim="A0",
        title="By hand",
        statement="⟨n|ρ|n⟩ is p",
        section="Nowhere",
        checks=(
            Check(same, True, "p = 0.5"),
            Check(same, True, "p = 0.7"),
            Check(f"{same} (2)", True, "p = 0.9"),
            Check("In any basis", None, "p = 0.01", "beyond"),
        ),
        numbers=(Number("x", Estimate(np.nan, -np.inf, np.inf)),),
        condition="Some day",
        words="A few words.",
        panels=(
            Panel(
                "Bars",
                "key",
                "p",
                (Curve("b", [0, 1], [0.5, np.nan], [0, 0], [1, np.inf], "bars"),),
                y_scale="log",
                ticks=("ä", "b"),
            ),
        ),
        shots=7,
        alpha=0.01,
        seed=2**100,
        settings={"rows": "2"},
        versions={"numpy": "2"},
        seconds=1.25,
    )
    findings = [
        seldom,
        PureStates(states=3, shots=2_000, epsilon=0.1)(seed=5),
        MixedStates(partner=False, shots=2_000, epsilon=0.1)(seed=5),
        KuramotoLocking(oscillators=64, shots=2_000, epsilon=0.1)(seed=5),
    ]
    save_findings(findings, HERE / "findings")
    print(*findings, *((finding.shots, finding.alpha) for finding in findings), sep="\n")


if __name__ == "__main__":
    a_result()
    a_result_without_shots()
    a_result_of_two_parts()
    some_trials()
    some_findings()
