"""What commands print is said in words of the command line, in the singular and in the plural."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn.claims import all_claims
from qcattn.cli import app


def invoke(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def flat(done):
    return " ".join(done.output.split())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("one.npy", np.array([[0.0, 1.0]]))
    np.save("two.npy", np.array([[0.0, 1.0], [1.0, 0.0]]))
    return tmp_path


#: One of a thing is no plural.
SINGULAR = re.compile(r"(?<![\d.,])1 (rows|shots|keys|qubits|cells|trials|methods|batches|lines)\b")


def test_one_of_a_thing_is_no_plural(folder):
    (folder / "plan.toml").write_text(
        'shots = 1\nbatch = 1\npreparations = ["Amplitude"]\n[[scores]]\nfile = "one.npy"\n'
    )
    (folder / "counts.json").write_text('{"0": 1}')
    (folder / "law.json").write_text('{"0": 0.5, "1": 0.5}')
    for command in (
        ["run", "--scores", "one.npy", "--shots", 1, "--preparation", "Amplitude"],
        ["run", "--scores", "two.npy", "--shots", 1, "--preparation", "Heralded"],
        ["prepare", "--scores", "one.npy", "--shots", 1, "--methods", "Amplitude"],
        ["sweep", "plan.toml", "--store", "runs.sqlite"],
        ["show", "runs.sqlite"],
        ["export", "runs.sqlite", "--csv", "counts.csv"],
        ["compare", "counts.json", "law.json"],
    ):
        done = invoke(*command)
        assert done.exit_code in (0, 1, 2) and done.output
        assert not SINGULAR.search(flat(done)), flat(done)
    for page in folder.glob("*/report.html"):
        text = re.sub(r"<[^>]*>", " | ", page.read_text(encoding="utf-8"))
        assert not SINGULAR.search(" ".join(text.split()))


def test_a_plural_of_one_is_noticed():
    assert SINGULAR.search("agree: 1 rows of 11 keys") and SINGULAR.search("of 1 shots")
    assert not SINGULAR.search("11 rows, 1 row, 2.1 shots, 2,001 shots")


def test_two_trials_are_both(folder):
    done = invoke("prepare", "--scores", "two.npy", "--methods", "Amplitude,Heralded")
    assert "Both trials" in flat(done) and "All 2" not in flat(done)


def test_prepare_says_which_row_it_takes(folder):
    done = invoke("prepare", "--layer", 3, "--query", 5, "--methods", "Amplitude")
    assert "layer 3, head 0, query 5 '␣mat'" in flat(done).split("Cost:")[0]
    done = invoke("prepare", "--scores", "two.npy", "--query", 1, "--methods", "Amplitude")
    assert "row 1" in flat(done).split("Cost:")[0]


def test_words_of_the_trade_are_explained_where_they_are_used(folder):
    said = flat(invoke("run", "--scores", "two.npy", "--preparation", "Heralded"))
    for word, meaning in (
        ("herald", "a bit that says which shots count"),
        ("family-wise", "even one of them, in the whole run, is by chance no likelier"),
        ("thermal", "A preparation is thermal if its circuit knows the energies and beta only"),
    ):
        assert word in said and meaning in said
    assert "told if its angles come from Boltzmann weights" in flat(
        invoke("run", "--scores", "two.npy")
    )


@pytest.mark.parametrize("command", [[], ["run"], ["prepare"], ["claims"], ["show"]])
def test_h_is_help(command):
    short, long = invoke(*command, "-h"), invoke(*command, "--help")
    assert short.exit_code == 0 and short.output == long.output


def test_claims_are_listed_without_being_run(folder):
    done = invoke("claims", "--list")
    assert done.exit_code == 0 and not list(folder.glob("qcattn-claims*"))
    for claim in all_claims():
        assert claim.title in flat(done)
    some = json.loads(invoke("claims", "A6", "--list", "--json").output)
    assert [one["name"] for one in some["claims"]] == ["A6"]
    wrong = invoke("claims", "A66", "--list")
    assert wrong.exit_code == 2 and "did you mean" in wrong.output


@pytest.mark.parametrize(
    ("command", "cure"),
    [
        (["run", "--preparation", "QITE", "--layer", 1], "`qcattn prepare --query 0`"),
        (["run", "--encoding", "Transverse", "--layer", 1], "`qcattn prepare`"),
    ],
)
def test_an_error_names_a_cure_of_the_command_line(folder, command, cure):
    done = invoke(*command)
    assert done.exit_code == 2 and cure in flat(done)
