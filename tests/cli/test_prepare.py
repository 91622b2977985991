"""``qcattn prepare`` as people use it: each source of a Hamiltonian, bad input, Ctrl-C, show."""

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.encodings import Transverse
from qcattn.folders.trials import load_trials
from qcattn.models.spins import heisenberg, ising

# A perfect sampler is said to differ, and a test fails for it, once in a million such runs.
QUICK = ["--methods", "purification,Heralded", "--shots", "2000", "--alpha", "1e-6"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # one core: no process is started for so little
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(app, ["prepare", *map(str, arguments)])


def test_a_packaged_row_is_prepared_saved_and_shown_again(folder):
    done = invoke("--head", 7, "--beta", "0.5,1", *QUICK)
    assert done.exit_code == 0, done.output
    assert "All 4 trials are as claimed" in done.output.replace("\n", " ")
    trials = load_trials(folder / "qcattn-prepare")
    assert trials.hamiltonian.num_qubits == 4 and trials.standing == "agrees"
    assert "5 states of padding 10 above" in trials.source["text"]
    assert (folder / "qcattn-prepare" / "report.html").read_text().count("<svg") == 2
    shown = CliRunner().invoke(app, ["show", "qcattn-prepare"])
    assert shown.exit_code == 0 and "Heralded" in shown.output


@pytest.mark.parametrize(
    ("options", "matrix"),
    [
        (["--hamiltonian", "ising", "--field", 0], ising(3, field=0.0).matrix),
        (["--hamiltonian", "Ising", "--field", 0, "--open", "--qubits", 2],
         ising(2, field=0.0).matrix),
        (["--pauli", "ZZ=-1, IZ=0.5"], np.diag([-0.5, 0.5, 1.5, -1.5])),
    ],
)  # fmt: skip
def test_models_and_strings_are_what_they_say(folder, options, matrix):
    done = invoke(*options, *QUICK, "--out", "mine")
    assert done.exit_code == 0, done.output
    assert np.allclose(load_trials("mine").hamiltonian.matrix, matrix)


def test_the_seed_reaches_methods_that_are_named(folder):
    """A search begins elsewhere with another seed, and a bath draws other frequencies."""
    for seed in (1, 2):
        done = invoke("--hamiltonian", "ising", "--qubits", 2, "--methods", "variational",
                      "--shots", 100, "--seed", seed, "--out", str(seed))  # fmt: skip
        assert done.exit_code == 0, done.output
    one, other = (load_trials(folder / name).trials[0].method for name in "12")
    assert "seed=1" in one and "seed=2" in other


def test_strings_and_scores_are_read_from_files(folder):
    (folder / "h.csv").write_text("# two sites\nZZ,-1\nIZ,0.5\n\n")
    assert invoke("--pauli", "h.csv", *QUICK, "--out", "one").exit_code == 0
    assert np.allclose(load_trials("one").hamiltonian.energies, [-0.5, 0.5, 1.5, -1.5])
    np.save("s.npy", np.array([[0.0, 1.0, -np.inf], [0.5, 0.1, 0.2]]))
    assert invoke("--scores", "s.npy", "--query", 0, *QUICK, "--out", "two").exit_code == 0
    assert load_trials("two").hamiltonian.energies.tolist() == [0.0, -1.0]
    turned = invoke("--scores", "s.npy", "--encoding", "rotated", *QUICK, "--out", "three")
    assert turned.exit_code == 0, turned.output
    assert load_trials("three").hamiltonian.basis is not None


def test_the_field_and_the_gap_reach_the_encoding(folder):
    np.save("s.npy", [0.0, 1.0, 0.5])
    given = ["--scores", "s.npy", "--encoding", "Transverse", "--field", 0.25, "--gap", 3]
    done = invoke(*given, "--methods", "ImaginaryTime", "--shots", 500, "--alpha", "1e-6")
    assert done.exit_code == 0, done.output
    made = load_trials(folder / "qcattn-prepare").hamiltonian
    assert np.allclose(made.energies, [0.0, -1.0, -0.5, 3.0])
    assert np.allclose(made.matrix, Transverse(field=0.25, gap=3.0)([0.0, 1.0, 0.5]).matrix)


def test_terms_that_do_not_commute_go_to_methods_that_take_them(folder):
    some = ["--methods", "ImaginaryTime,Heralded", "--json"]
    done = invoke("--hamiltonian", "heisenberg", "--qubits", 2, *some)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [one["verdict"] for one in said["trials"]] == ["agrees", "does not fit"]
    assert "QSVT" in said["trials"][1]["refused"]
    assert np.allclose(load_trials("qcattn-prepare").hamiltonian.matrix, heisenberg(2).matrix)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hamiltonian", "isink"], "did you mean 'ising'"),
        (
            ["--hamiltonian", "ising", "--pauli", "Z=1"],
            "may be given, but `--hamiltonian` and `--pauli` are",
        ),
        (["--hamiltonian", "ising", "--qubits", 0], "num_qubits"),
        (["--hamiltonian", "ising", "--qubits", 40], "bytes"),
        (["--pauli", "ZZ"], "'ZZ', which is not a string and a weight; write ZZI=-0.5"),
        (["--pauli", "ZZ=x"], "'ZZ=x', which is not a string and a weight"),
        (["--pauli", "ZQ=1"], "letters"),
        (["--pauli", "ZZ=inf"], "`--pauli` has the weight 'inf'"),
        (["--hamiltonian", "ising", "--field", "inf"], "`field` must be a finite number"),
        (["--pauli", "ZZ=1,X=2"], "of lengths [1, 2]"),
        (["--pauli", "none.csv"], "No such file"),
        (["--beta", "0"], "`beta`"),
        (["--beta", "warm"], "`--beta`"),
        (["--methods", "heraldet"], "did you mean 'Heralded'"),
        (["--shots", 0], "`shots`"),
        (["--alpha", 2], "`alpha`"),
        (["--seed", -1], "`--seed`"),
        (["--workers", 0], "`--workers`"),
        (["--gap", 0], "`gap`"),
        (["--query", 99], "`--query`"),
        (["--encoding", "OneHot"], "OneHot"),
        (["--hamiltonian", "ising", "--encoding", "Rotated"], "`--encoding` says nothing"),
        (["--hamiltonian", "ising", "--head", 0], "`--head` says nothing"),
        (["--hamiltonian", "heisenberg", "--field", 2], "`--field` says nothing"),
        (["--pauli", "ZZ=1", "--qubits", 2], "`--qubits` says nothing"),
        (["--qubits", 2], "`--qubits` says nothing"),
        (["--open"], "`--open` says nothing"),
        (["--field", 2], "`--field` says nothing"),
        (["--hamiltonian", "ising", "--methods", "Heralded"], "not diagonal"),
        (["--scores", "none.npy"], "none.npy"),
    ],
)
def test_bad_input_exits_2_and_leaves_nothing(folder, options, message):
    methods = [] if "--methods" in options else ["--methods", "Heralded"]
    done = invoke(*options, *methods)
    assert done.exit_code == 2, done.output
    assert message in done.output.replace("\n", " ")
    assert "Traceback" not in done.output
    assert not list(folder.iterdir())


def test_a_temperature_that_keeps_no_shot_is_undecided_and_says_what_it_takes(folder):
    cold = ["--hamiltonian", "ising", "--qubits", 2, "--beta", 7, "--methods"]
    done = invoke(*cold, "ImaginaryTime,Heralded", "--shots", 40)
    said = " ".join(done.output.split())
    assert done.exit_code == 2, done.output
    assert "The trial remains undecided, for no shot was kept: ImaginaryTime; one" in said
    assert "Left out: Heralded: `hamiltonian` (Ising ring of 2) is not diagonal" in said
    assert load_trials("qcattn-prepare").standing == "undecided"
    colder = invoke(*cold[:-2], 40, "--methods", "ImaginaryTime", "--out", "colder")
    assert colder.exit_code == 2 and not (folder / "colder").exists()
    assert "one kept shot would take about" in " ".join(colder.output.split())


def test_a_taken_folder_is_refused_before_anything_is_done(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "file").touch()
    done = invoke("--out", "mine", *QUICK)
    assert done.exit_code == 2 and "exists" in done.output


STOPPED = """
import os, signal, sys
from qcattn import cli, trials

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
prepare = trials.prepare

def stopped(*arguments, progress, **options):
    def step(done, total, what):
        progress(done, total, what)
        if done == 1:
            os.kill(os.getpid(), signal.SIGINT)
    return prepare(*arguments, progress=step, **options)

trials.prepare = stopped
sys.argv[1:] = "prepare --methods Purification,Heralded,Amplitude --shots 500 --out mine".split()
cli.main()
"""


def test_ctrl_c_keeps_what_is_done(folder):
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Interrupted" in done.stdout
    trials = load_trials(folder / "mine")
    assert len(trials.trials) == 1 and not trials.complete
