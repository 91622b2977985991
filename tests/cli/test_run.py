"""The command line as people use it: in a process of its own, in a folder of its own."""

import errno
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from qiskit.exceptions import QiskitError
from qiskit_aer import AerError
from typer.testing import CliRunner

from qcattn import Aer, Heralded, cli, load, softmax
from qcattn.cli import app
from qcattn.walking import classes

# A perfect sampler is said to differ, and a test fails for it, once in a million such runs.
FAST = ["--draws", "born", "--shots", "500", "--alpha", "1e-6"]
HEAD = ["--layer", 1, "--head", 1]
QCATTN = [sys.executable, "-m", "qcattn"]


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A folder of its own, with reports as they are; each takes seconds."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(drawn, monkeypatch):
    """A folder of its own; reports are left empty."""
    from qcattn.views.run import report

    monkeypatch.setattr(report, "write_report", lambda path, results: path.write_text("<p>"))
    return drawn


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def text_of(path: Path) -> str:
    class Text(HTMLParser):
        words = ""

        def handle_data(self, data):
            self.words += data

    parser = Text()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.words


def test_help_does_not_import_qiskit():
    code = "import sys; from qcattn.cli import app; app(['--help'], standalone_mode=False);"
    code += "print([name for name in ('qiskit', 'qiskit_aer', 'scipy', 'numpy', 'matplotlib') "
    code += "if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout and done.stdout.strip().endswith("[]")


def test_importing_qcattn_brings_nothing_slow():
    """What takes long to import comes when it is used: Qiskit with the first name, and the plots,
    SciPy's statistics and the command line not even with all of them."""
    code = """
import sys
import qcattn
print(sorted({"qiskit", "scipy", "matplotlib"} & set(sys.modules)))
[getattr(qcattn, name) for name in qcattn.__all__]
print(sorted({"qiskit", "scipy.stats", "matplotlib", "typer", "rich"} & set(sys.modules)))
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.splitlines() == ["[]", "['qiskit']"]


def test_a_run_leaves_a_report_a_result_and_the_template(drawn):
    folder = drawn
    done = invoke("run", "--layer", "3", *FAST)
    assert done.exit_code == 0, done.output
    assert "agree" in done.output and "99 rows" in " ".join(done.output.split())
    out = folder / "qcattn-run"
    assert {path.name for path in out.iterdir()} == {
        "01-Heralded",
        "report.html",
        "result.json",
        "result.npz",
        "template.qasm",
        "template.qpy",
    }
    result = load(out)
    assert result.axes == ("head", "query") and result.shape == (9, 11)
    assert result.source["source"].endswith(", layer 3")
    heralded = load(out / "01-Heralded")
    assert heralded.prepared.kind == "thermal" and heralded.shape == (11,)
    assert heralded.seed != result.seed
    assert np.isclose(sum(v.alpha for r in (result, heralded) for v in r.verdicts), 1e-6, rtol=1e-9)
    words = text_of(out / "report.html")
    assert "The cat sat on the mat" in words and "Heralded" in words


def test_beta_reaches_the_circuit_and_softmax(folder):
    """False-failure rate 1e-6; against softmax at beta 1 the same counts are refuted."""
    from qcattn import fit

    done = invoke("run", *HEAD, *FAST, "--beta", "0.5")
    assert done.exit_code == 0, done.output
    for part in ("qcattn-run", "qcattn-run/01-Heralded"):
        result = load(folder / part)
        assert result.beta == 0.5
        assert np.array_equal(result.expected, softmax(result.scores, beta=0.5))
        assert fit(result.counts, softmax(result.scores), alpha=1e-6).refuted


@pytest.mark.parametrize(
    ("options", "axes", "shape"),
    [
        ([], ("layer", "head", "query"), (30, 9, 11)),
        (["--layer", 2], ("head", "query"), (9, 11)),
        (["--head", 3], ("layer", "query"), (30, 11)),
        (["--layer", 2, "--head", 3], ("query",), (11,)),
    ],
)
def test_what_is_left_of_the_axes_keeps_their_names(folder, options, axes, shape):
    from qcattn.datasets import load_scores as stored

    done = invoke("run", *options, "--draws", "born", "--shots", 1000, "--alpha", "1e-6")
    assert done.exit_code == 0, done.output
    result = load(folder / "qcattn-run")
    assert (result.axes, result.shape) == (axes, shape)
    index = (dict(zip(options[::2], options[1::2], strict=True)).get(name) for name in OF_AXES)
    part = tuple(slice(None) if number is None else number for number in index)
    assert np.array_equal(result.scores, stored().scores[part])
    heralded = load(folder / "qcattn-run" / "01-Heralded")
    assert (heralded.axes, heralded.shape) == (("query",), (11,))


OF_AXES = ("--layer", "--head")


@dataclass(frozen=True)
class TooCold:
    """Heralded at twice the beta, and sure of it."""

    def __call__(self, hamiltonian, *, beta):
        return Heralded()(hamiltonian, beta=2 * np.asarray(beta))


def test_a_second_part_that_differs_alone_is_enough(folder, monkeypatch):
    """The planted fault is in the heralded part; the main one, with the same seed, agrees above."""
    monkeypatch.setitem(classes("preparations"), "Heralded", TooCold)
    done = invoke("run", *HEAD, *FAST, "--shots", 4096)
    assert done.exit_code == 1, done.output
    assert load(folder / "qcattn-run").agrees
    assert load(folder / "qcattn-run" / "01-Heralded").differs
    assert invoke("show", "qcattn-run").exit_code == 1


def uneven(folder):
    np.save(folder / "s.npy", np.tile([0.0, 3.0], (20, 1)))
    return ["run", "--scores", "s.npy", "--preparation", "heralded", "--draws", "born"]


def test_a_complete_run_can_be_undecided_and_is_no_success(folder):
    """One shot a row, let through half of the time: some rows keep none (all 20 keep theirs with
    probability 1e-6), and one that keeps its shot cannot differ."""
    done = invoke(*uneven(folder), "--shots", 1)
    assert done.exit_code == 2, done.output
    assert "undecided" in done.output.lower()
    result = load(folder / "qcattn-run")
    assert result.complete and result.standing == "undecided"
    assert result.fit.undecided.any() and not result.fit.undecided.all()
    assert invoke("show", "qcattn-run").exit_code == 2
    assert invoke(*uneven(folder), "--shots", 1000, "--alpha", "1e-6").exit_code == 0


def while_drawing(monkeypatch, happens, kind="told"):
    """Something happens before rows of that kind of preparation are drawn."""
    stream = Aer.stream

    def disturbed(backend, prepared, shots, seed=None):
        if prepared.kind == kind:
            happens()
        return stream(backend, prepared, shots, seed)

    monkeypatch.setattr(Aer, "stream", disturbed)


def raising(error):
    def happens():
        raise error

    return happens


def while_writing(monkeypatch, happens):
    """Something happens before each of the files is written."""
    write = Path.write_bytes

    def disturbed(path, content):
        happens()
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", disturbed)


@pytest.mark.parametrize(
    "error", [KeyError("planted"), ZeroDivisionError("planted"), AssertionError("planted")]
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_fault_of_the_program_is_not_a_verdict(folder, monkeypatch, error, options):
    while_drawing(monkeypatch, raising(error))
    done = invoke("run", *HEAD, *FAST, *options)
    assert done.exit_code == 3
    assert "Traceback" in done.stderr and type(error).__name__ in done.stderr
    assert "planted" in done.stderr
    assert list(folder.iterdir()) == []


def test_a_fault_of_the_program_is_not_a_verdict_in_any_command(folder, monkeypatch):
    from qcattn.comparisons import files
    from qcattn.folders import runs

    def planted(*arguments):
        raise KeyError("planted")

    (folder / "x").mkdir()
    (folder / "x" / "result.json").write_text("{}")
    monkeypatch.setattr(runs, "load_run", planted)
    monkeypatch.setattr(files, "read_outcomes", planted)
    for command in (["show", "x"], ["compare", "c.json", "p.json"], ["plan", "p.json"]):
        done = invoke(*command)
        assert done.exit_code == 3 and "Traceback" in done.stderr


@pytest.mark.parametrize("kind", [QiskitError, AerError])
def test_what_qiskit_refuses_is_said_with_exit_2(folder, monkeypatch, kind):
    while_drawing(monkeypatch, raising(kind("no such gate")))
    done = invoke("run", *HEAD, *FAST)
    assert done.exit_code == 2 and "no such gate" in done.stderr
    assert "Traceback" not in done.output and list(folder.iterdir()) == []


def test_the_hidden_folder_is_there_only_while_files_are_written(folder, monkeypatch):
    drawing, writing = [], []
    for kind in ("told", "thermal"):
        while_drawing(monkeypatch, lambda: drawing.append(os.listdir()), kind)
    while_writing(monkeypatch, lambda: writing.append(os.listdir()))
    assert invoke("run", *HEAD, *FAST, "--out", "mine").exit_code == 0
    assert drawing == [[], []]
    assert writing and all(len(names) == 1 for names in writing)
    assert all(names[0].startswith(".") and "mine" in names[0] for names in writing)
    assert os.listdir() == ["mine"]


def test_tables_are_printed_even_if_they_cannot_be_written(folder, monkeypatch):
    while_writing(monkeypatch, raising(OSError(errno.ENOSPC, "No space left on device")))
    done = invoke("run", *HEAD, *FAST)
    assert done.exit_code == 2
    assert "The counts agree with softmax: 11 rows" in " ".join(done.stdout.split())
    said = " ".join(done.stderr.split())
    assert "No space left on device" in said and "`qcattn-run`" in said
    assert "Traceback" not in said
    assert list(folder.iterdir()) == []


def somebody(name):
    """Another run, that takes a name and is done."""

    def happens():
        Path(name).mkdir(exist_ok=True)
        Path(name, "result.json").write_text("theirs")

    return happens


@pytest.mark.parametrize("moment", [while_drawing, while_writing])
def test_a_free_name_taken_meanwhile_gives_way_to_the_next(folder, monkeypatch, moment):
    moment(monkeypatch, somebody("qcattn-run"))
    done = invoke("run", *HEAD, *FAST)
    assert done.exit_code == 0, done.output
    assert sorted(os.listdir()) == ["qcattn-run", "qcattn-run-2"]
    assert os.listdir("qcattn-run") == ["result.json"]
    assert Path("qcattn-run", "result.json").read_text() == "theirs"
    assert load("qcattn-run-2").complete and "qcattn-run-2" in done.output


@pytest.mark.parametrize("moment", [while_drawing, while_writing])
def test_a_name_that_was_asked_for_and_is_taken_meanwhile_is_left_alone(
    folder, monkeypatch, moment
):
    moment(monkeypatch, somebody("mine"))
    done = invoke("run", *HEAD, *FAST, "--out", "mine")
    assert done.exit_code == 2 and "mine" in done.stderr
    assert os.listdir() == ["mine"] and os.listdir("mine") == ["result.json"]
    assert Path("mine", "result.json").read_text() == "theirs"
    assert "agree" in done.stdout, "what was drawn has been said"


def test_the_folder_one_is_in_is_filled(folder):
    before = folder.stat()
    done = invoke("run", *HEAD, *FAST, "--out", ".")
    assert done.exit_code == 0, done.output
    assert folder.stat().st_ino == before.st_ino
    assert load(".").complete and load("01-Heralded").complete and Path("report.html").exists()


def stopped_while(monkeypatch, moment):
    """Ctrl-C while the heralded part is prepared, before its first row, or after it."""
    if moment == "preparing":

        class Stopped(Heralded):
            def __call__(self, hamiltonian, *, beta):
                if hamiltonian.shape:
                    raise KeyboardInterrupt
                return super().__call__(hamiltonian, beta=beta)

        monkeypatch.setitem(classes("preparations"), "Heralded", Stopped)
        return
    stream = Aer.stream

    def interrupted(backend, prepared, shots, seed=None):
        for rows, counts in stream(backend, prepared, shots, seed):
            if prepared.kind == "thermal" and moment == "before the first row":
                raise KeyboardInterrupt
            yield rows, counts
            if prepared.kind == "thermal":
                raise KeyboardInterrupt

    monkeypatch.setattr(Aer, "stream", interrupted)


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("moment", ["preparing", "before the first row", "after the first row"])
def test_ctrl_c_in_the_second_part_keeps_the_whole_first(folder, monkeypatch, moment, options):
    command = ["run", *HEAD, "--shots", 200, "--alpha", "1e-6", *options, "--out"]
    assert invoke(*command, "whole").exit_code == 0
    stopped_while(monkeypatch, moment)
    done = invoke(*command, "mine")
    assert done.exit_code == 2, done.output
    said = [line for line in done.output.splitlines() if "interrupted" in line.lower()][-1]
    assert re.search("second|herald", said.lower()), "says which part"
    main = load("mine")
    assert main.complete and main.agrees
    assert np.array_equal(main.counts.keys, load("whole").counts.keys)
    assert Path("mine", "report.html").exists()
    assert Path("mine", "01-Heralded").exists() == (moment == "after the first row")
    if moment == "after the first row":
        part = load("mine/01-Heralded")
        assert not part.complete
        assert (part.counts.shots > 0).tolist() == [True] + [False] * 10
    if options:
        assert len(json.loads(done.stdout)["parts"]) == 1 + (moment == "after the first row")


def test_names_are_not_taken_twice(folder):
    for name in ("qcattn-run", "qcattn-run-2"):
        assert invoke("run", "--layer", 0, "--head", 0, *FAST).exit_code == 0
        assert (folder / name / "report.html").exists()
    before = (folder / "qcattn-run" / "result.json").read_bytes()
    again = invoke("run", "--layer", 0, "--head", 0, *FAST, "--out", "qcattn-run")
    assert again.exit_code == 2 and "exists and is left as it is" in again.output
    assert (folder / "qcattn-run" / "result.json").read_bytes() == before


def test_show_prints_a_result_again(folder):
    done = invoke("run", "--layer", 1, "--head", 1, *FAST, "--out", "mine")
    shown = invoke("show", "mine")
    assert shown.exit_code == 0
    assert shown.output.strip() == done.output.strip()


def test_json_is_for_programs(folder):
    done = invoke("run", "--layer", 1, "--head", 1, *FAST, "--json", "--seed", 5)
    said = json.loads(done.stdout)
    main, heralded = said["parts"]
    assert main["verdict"] == "agrees" and main["seed"] == "5" and main["rows"] == 11
    assert main["kind"] == "told" and heralded["kind"] == "thermal"
    assert [part["name"] for part in heralded["comparisons"]] == ["fit", "acceptance"]
    assert json.loads(invoke("show", "qcattn-run", "--json").stdout) == said


@pytest.mark.parametrize("noise", ["depolarizing=0.02", "readout", "thermal=5", "GenericBackendV2"])
def test_noise_makes_it_differ_and_says_how(folder, noise):
    np.save("s.npy", np.random.default_rng(0).normal(0, 2, (3, 4)))
    one = ["--scores", "s.npy", "--preparation", "Amplitude", "--shots", 100_000]
    done = invoke("run", *one, "--noise", noise, "--draws", "born")
    assert done.exit_code == 1, done.output
    words = " ".join(done.output.split())
    assert "The counts differ from softmax: 3 of 3 rows are refuted" in words
    assert f"The simulator was told to be noisy ({noise})" in words
    assert "of 100,000 shots" in words, "says how: which outcome came, and how often"
    assert load(folder / "qcattn-run").settings["noise"] == noise


def test_any_number_of_workers_draws_the_same_counts(folder):
    for number in (1, 2):
        assert invoke("run", *HEAD, "--workers", number, "--out", f"by-{number}").exit_code == 0
    one, two = (load(folder / f"by-{number}") for number in (1, 2))
    assert (one.counts.keys == two.counts.keys).all()
    refused = invoke("run", *HEAD, "--workers", 0)
    assert refused.exit_code == 2 and "`--workers` must be a whole number" in refused.stderr


def test_the_report_states_the_noise(drawn):
    assert invoke("run", *HEAD, *FAST, "--noise", "readout=0.2").exit_code == 1
    assert "readout=0.2" in text_of(drawn / "qcattn-run" / "report.html")


@pytest.mark.parametrize("preparation", ["amplitude", "Purification", "HERALDED"])
@pytest.mark.parametrize("encoding", ["binary", "OneHot"])
def test_preparations_and_encodings_are_found_by_name(folder, preparation, encoding):
    np.save("s.npy", np.random.default_rng(0).normal(size=(3, 4)))
    done = invoke(
        "run", "--scores", "s.npy", "--preparation", preparation, "--encoding", encoding, *FAST
    )
    assert done.exit_code == 0, done.output
    assert not (folder / "qcattn-run" / "01-Heralded").exists()
    assert load(folder / "qcattn-run").prepared.method.lower() == preparation.lower()


def test_own_queries_and_keys(folder):
    rng = np.random.default_rng(1)
    np.savez("qk.npz", queries=rng.normal(size=(2, 5, 8)), keys=rng.normal(size=(2, 5, 8)))
    done = invoke("run", "--qk", "qk.npz", *FAST)
    assert done.exit_code == 0, done.output
    assert load(folder / "qcattn-run").shape == (2, 5)


def scores_file(folder: Path, name: str, content) -> Path:
    path = folder / name
    if isinstance(content, str | bytes):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        np.save(path, content)
    return path


BAD_FILES = {
    "NaN": ("s.npy", np.array([[0.0, 1.0], [0.0, np.nan]]), "scores[1], key 1"),
    "+inf": ("s.npy", np.array([[0.0, np.inf]]), "key 1"),
    "all masked": ("s.npy", np.array([[0.0, 1.0], [-np.inf, -np.inf]]), "scores[1]"),
    "no axis": ("s.npy", np.array(3.0), "shape"),
    "no rows": ("s.npy", np.zeros((0, 4)), "s.npy"),
    "no keys": ("s.npy", np.zeros((4, 0)), "s.npy"),
    "empty": ("s.npy", b"", "s.npy"),
    "empty csv": ("s.csv", "", "s.csv"),
    "words": ("s.csv", "1,2\n3,four\n", "line 2"),
    "ragged": ("s.csv", "1,2\n3\n", "line 2"),
    "not json": ("s.json", "{", "s.json"),
    "suffix": ("s.pkl", "1 2", ".npy"),
    "pickle": ("s.npy", np.array([{"a": 1}], dtype=object), "s.npy"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_named_with_place_and_exit_2(folder, case):
    name, content, message = BAD_FILES[case]
    path = scores_file(folder, name, content)
    done = invoke("run", "--scores", path.name)
    assert done.exit_code == 2
    assert message in done.output, done.output
    assert [entry.name for entry in folder.iterdir()] == [name], "nothing is left behind"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beta", "0"], "beta"),
        (["--beta", "-1"], "beta"),
        (["--beta", "nan"], "beta"),
        (["--shots", "-5"], "`shots` must be a whole number, 1 or more, but is -5"),
        (["--shots", "0"], "`shots`"),
        (["--seed", "-1"], "`--seed`"),
        (["--alpha", "1.5"], "`--alpha`"),
        (["--preparation", "Purificaton"], "did you mean 'Purification'"),
        (["--encoding", "binari"], "did you mean 'Binary'"),
        (["--method", "statevektor"], "did you mean 'statevector'"),
        (["--device", "gpux"], "did you mean 'GPU'"),
        (["--draws", "bron"], "did you mean 'born'"),
        (["--noise", "readuot"], "did you mean 'readout'"),
        (["--backend", "qulaks"], "`--backend` must be one of Aer, "),
        (["--backend", "os:getcwd"], "`--backend` must be an object such as `Aer()`"),
        (["--backend", "qulacs", "--noise", "readout"], "`--noise` can be given for Aer only"),
        (["--backend", "qulacs", "--method", "automatic"], "in brackets"),
        (["--backend", "qulacs", "--device", "CPU", "--draws", "born"], "`--device` and `--draws`"),
        (["--backend", "qulacs", "--memory", "4GiB"], "`--memory`"),
        (["--model", "smolm2"], "smollm2"),
        (["--sentence", "7"], "sentence"),
        (["--layer", "30"], "`--layer` must be one of 0 to 29, but is 30"),
        (["--head", "-1"], "`--head` must be one of 0 to 8, but is -1"),
        (["--scores", "nowhere.npy"], "nowhere.npy"),
        (["--scores", "a.npy", "--qk", "b.npz"], "one of"),
        (["--scores", "a.npy", "--sentence", "0"], "choose packaged scores"),
        (["--qk", "b.npz", "--model", "minilm"], "choose packaged scores"),
        (["--hf", "folder"], "`--text`"),
        (["--text", "hello"], "`--hf`"),
        (["--hf", "nowhere", "--text", "hello"], "nowhere"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_options_are_named_with_exit_2(folder, options, message):
    done = invoke("run", *options)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split()), done.output
    assert list(folder.iterdir()) == []


def test_another_simulator_draws_and_the_record_names_it(folder):
    """A perfect sampler is said to differ once in a million runs."""
    pytest.importorskip("qulacs", reason="qulacs is an extra of its own")
    options = ["--backend", "qulacs", "--shots", 500, "--alpha", "1e-6", "--seed", 4]
    done = invoke("run", *options)
    assert done.exit_code == 0, done.output
    (folder / "qcattn-run").rename(folder / "first")
    assert invoke("run", *options).exit_code == 0
    one, again = load(folder / "first"), load(folder / "qcattn-run")
    assert one.settings["backend"] == "Qulacs" and one.settings["version"]
    assert np.array_equal(one.counts.keys, again.counts.keys)
    aer = invoke("run", *HEAD, *FAST, "--backend", "Aer", "--out", "aer")
    assert aer.exit_code == 0 and load(folder / "aer").settings["backend"] == "Aer", aer.output


def test_an_axis_that_is_not_there_is_said(folder):
    np.save("s.npy", np.zeros((2, 3)))
    done = invoke("run", "--scores", "s.npy", "--head", "0")
    assert done.exit_code == 2 and "of shape (2, 3)" in done.output


@pytest.mark.parametrize("content", ["{}", "nonsense", '{"format": "tensor"}'])
def test_a_foreign_result_is_refused_by_name(folder, content):
    (folder / "result.json").write_text(content)
    done = invoke("show", folder)
    assert done.exit_code == 2 and "result.json" in done.output


def test_a_missing_result_is_refused_by_name(folder):
    done = invoke("show", "nowhere")
    assert done.exit_code == 2 and "nowhere" in done.output


def test_a_full_disk_leaves_nothing_half_written(folder, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    done = invoke("run", "--layer", 0, "--head", 0, *FAST)
    assert done.exit_code == 2 and "No space left on device" in done.output
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(folder):
    (folder / "file").write_text("x")
    done = invoke("run", "--layer", 0, "--head", 0, *FAST, "--out", "file/run")
    assert done.exit_code == 2 and "file" in done.output


def test_extract_without_the_model_names_the_cure(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    done = invoke("extract", "--model", "smollm2", "--text", "hello", "--out", "x.npz")
    assert done.exit_code == 2 and "pip install" in done.output
    done = invoke("extract", "--model", "smolm", "--text", "hello")
    assert done.exit_code == 2 and "smollm2" in done.output


FAIR = {"00": 0.5, "11": 0.5}


@pytest.mark.parametrize(
    ("counts", "options", "code", "said"),
    [
        ({"00": 5050, "11": 4950}, [], 0, "do not differ"),
        ({"00": 5050, "11": 4950}, ["--epsilon", "0.05"], 0, "within 0.05, certified"),
        ({"00": 5050, "11": 4950}, ["--epsilon", "0.001"], 2, "undecided"),
        ({"00": 5500, "11": 4500}, [], 1, "differ from the probabilities"),
        ({"00": 5000, "11": 4999, "01": 1}, [], 1, "01"),
        ([{"00": 0}, {"00": 1000, "11": 4000}], [], 1, "counts differ"),
        ([{"00": 0}, {"00": 1000, "11": 4000}], [], 1, "1 of 2 rows has no shots"),
        ([{"00": 0}, {"00": 1000, "11": 1000}], [], 2, "Undecided: 1 of 2 rows has no shots"),
        ({"00": 1e9, "11": 4e9}, [], 1, "counts differ"),
    ],
)
def test_counts_from_anywhere_are_compared(folder, counts, options, code, said):
    """No chance in it: the counts are given."""
    (folder / "c.json").write_text(json.dumps(counts))
    (folder / "p.json").write_text(json.dumps(FAIR))
    done = invoke("compare", "c.json", "p.json", *options)
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.split())
    brief = json.loads(invoke("compare", "c.json", "p.json", *options, "--json").stdout)
    assert brief["refuted"] == ("counts differ" in done.output)
    asked = {"0.05": [True], "0.001": [False]}
    assert brief["certified"] == (asked[options[1]] if options else None)


@pytest.mark.parametrize(
    ("counts", "law", "message"),
    [
        ({"00": 0.5}, FAIR, "`c.json` must hold integers"),
        ({"00": -1}, FAIR, "`c.json` must not be negative"),
        ({"00": 5}, {"00": 0.5, "11": 0.6}, "`p.json` must sum to one"),
        ({"000": 5}, FAIR, "outcomes of 3 bits"),
        ({"cat": 5}, FAIR, "name outcomes differently"),
    ],
)
def test_bad_comparisons_exit_2(folder, counts, law, message):
    (folder / "c.json").write_text(json.dumps(counts))
    (folder / "p.json").write_text(json.dumps(law))
    done = invoke("compare", "c.json", "p.json")
    assert done.exit_code == 2 and message in done.output
    assert invoke("compare", "nowhere.json", "p.json").exit_code == 2


def test_a_refuted_row_is_named_beside_one_without_shots(folder):
    """Alone, either was told; of both, only the one without shots."""
    rows = [{"00": 0}, {"00": 1000, "11": 4000}, {"00": 1000, "11": 1000}, {"00": 0}]
    (folder / "c.json").write_text(json.dumps(rows))
    (folder / "p.json").write_text(json.dumps(FAIR))
    done = invoke("compare", "c.json", "p.json")
    said = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "1 of 4 rows refuted (row 1). Undecided: 2 of 4 rows have no shots (rows 0, 3)." in said
    bound = re.search(r"at most ([\d.]+) in every row with shots", said)
    assert 0.3 < float(bound[1]) < 0.4, "rows without shots, of which nothing is known, left out"


def test_a_dropped_first_line_was_agreement(folder):
    (folder / "c.csv").write_text("01,30O\n00,500\n")
    (folder / "p.json").write_text(json.dumps({"00": 1, "01": 0}))
    done = invoke("compare", "c.csv", "p.json")
    assert done.exit_code == 2 and "`c.csv`: line 1, column 2 is '30O'" in done.output
    (folder / "c.csv").write_text("01,30\n00,500\n")
    assert invoke("compare", "c.csv", "p.json").exit_code == 1
    (folder / "p.csv").write_text("00,0.5O\n01,1.0\n")
    done = invoke("plan", "p.csv")
    assert done.exit_code == 2 and "line 1, column 2 is '0.5O'" in done.output


def test_how_outcomes_were_read_is_said(folder):
    (folder / "c.json").write_text(json.dumps({"10": 498, "11": 502}))
    (folder / "p.json").write_text(json.dumps({"10": 0.5, "11": 0.5, "5": 0}))
    (folder / "q.json").write_text(json.dumps([0, 0, 0.5, 0.5]))
    for law, kind in (
        ("p.json", "decimals"),
        ("q.json", "bitstrings, in the probabilities as positions"),
    ):
        done = invoke("compare", "c.json", law)
        assert done.exit_code == 0
        assert f"Outcomes are read as {kind}." in " ".join(done.output.split())
        assert json.loads(invoke("compare", "c.json", law, "--json").stdout)["outcomes"] == kind


def test_json_is_strict(folder, monkeypatch):
    """NaN and infinity are not JSON; other programs stop at them."""
    from dataclasses import replace

    from qcattn import comparisons

    certify, plan = comparisons.certify, comparisons.plan

    def certified(counts, *arguments):
        found = certify(counts, *arguments)
        fit = replace(found.fit, p_values=np.array([np.nan]))
        return replace(found, upper=np.array([np.nan]), fit=fit)

    def planned(*arguments):
        return replace(plan(*arguments), detect=np.array([np.inf]), floor=np.array([np.nan]))

    monkeypatch.setattr(comparisons, "certify", certified)
    monkeypatch.setattr(comparisons, "plan", planned)
    (folder / "c.json").write_text(json.dumps({"00": 5, "11": 5}))
    (folder / "p.json").write_text(json.dumps(FAIR))
    compared, shots = (
        json.loads(invoke(*command, "--json").stdout, parse_constant=pytest.fail)
        for command in (("compare", "c.json", "p.json"), ("plan", "p.json"))
    )
    assert compared["upper"] == compared["p_values"] == [None] and compared["p_value"] is None
    assert shots["detect"] == shots["floor"] == [None]


def test_what_the_library_refuses_is_said_with_exit_2(folder, monkeypatch):
    """Numbers reach its checks as they are written."""
    from qcattn.comparisons import _rows

    def refuse(counts, name):
        raise ValueError(f"Argument `{name}` holds {counts.max()}")

    monkeypatch.setattr(_rows, "check_counts", refuse)
    (folder / "c.json").write_text(json.dumps({"00": 2**53 + 1, "11": 5}))
    (folder / "p.json").write_text(json.dumps(FAIR))
    done = invoke("compare", "c.json", "p.json")
    assert done.exit_code == 2 and "`c.json` holds 9007199254740993" in done.output


def test_a_plan_says_shots_beside_the_floor(folder):
    (folder / "p.csv").write_text("0.4,0.3,0.2,0.1\n1,0,0,0\n")
    done = invoke("plan", "p.csv", "--epsilon", "0.05")
    assert done.exit_code == 0, done.output
    planned = json.loads(invoke("plan", "p.csv", "--epsilon", "0.05", "--json").stdout)
    assert planned["floor"][0] <= min(planned["detect"][0], planned["certify"][0])
    for name in ("floor", "detect", "certify"):
        assert f"{planned[name][0]:,.0f}" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epsilon", "0"], "epsilon"),
        (["--alpha", "2"], "alpha"),
        (["--power", "0.001"], "power"),
    ],
)
def test_a_plan_for_nothing_is_refused(folder, options, message):
    (folder / "p.csv").write_text("0.4,0.3,0.2,0.1\n")
    done = invoke("plan", "p.csv", *options)
    assert done.exit_code == 2 and message in done.output
    (folder / "p.csv").write_text("0.4,0.3,0.2,0.2\n")
    assert invoke("plan", "p.csv").exit_code == 2


INTERRUPTED = """
import os, signal, sys
from qcattn import cli, experiment

draw = experiment.run

def run(*arguments, progress, **options):
    def step(done, total, what):
        progress(done, total, what)
        if done > 1:
            os.kill(os.getpid(), signal.SIGINT)
    return draw(*arguments, progress=step, **options)

experiment.run = run
sys.argv[1:] = ["run", "--model", "minilm", "--shots", "60000", "--out", "mine"]
cli.main()
"""


def test_ctrl_c_keeps_what_was_drawn_and_marks_it(folder):
    """A real signal to a real process, at the moment when its second chunk is done."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Interrupted" in done.stdout and "mine" in done.stdout
    result = load(folder / "mine")
    assert not result.complete and not result.agrees
    drawn = result.counts.shots > 0
    assert drawn.any() and not drawn.all()
    assert set(np.unique(result.counts.shots)) == {0, 60000}
    assert "interrupted" in text_of(folder / "mine" / "report.html").lower()


IMPATIENT = """
import os, signal, sys
from pathlib import Path
from qcattn import cli

write = Path.write_bytes

def impatient(path, content):
    os.kill(os.getpid(), signal.SIGINT)
    write(path, content[:100])
    os.kill(os.getpid(), signal.SIGINT)
    return write(path, content)

Path.write_bytes = impatient
sys.argv[1:] = "run --layer 0 --head 0 --draws born --alpha 1e-6 --out mine".split()
cli.main()
"""


def test_ctrl_c_waits_while_files_are_written(folder):
    """Real signals, before each file and in the middle of it."""
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert load(folder / "mine").agrees and load(folder / "mine" / "01-Heralded").agrees
    assert "Heralded" in text_of(folder / "mine" / "report.html")


def test_ctrl_c_works_again_after_files_are_written(folder):
    import signal

    before = signal.getsignal(signal.SIGINT)
    assert invoke("run", *HEAD, *FAST).exit_code == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_the_module_is_the_command(folder):
    done = subprocess.run(
        [*QCATTN, "--version"], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout.strip() == "0.1.0"


def test_the_example_of_main_is_the_entry_point():
    from importlib.metadata import entry_points

    (point,) = entry_points(group="console_scripts", name="qcattn")
    assert point.load() is cli.main
