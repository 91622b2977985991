"""`qcattn run --encoding Interacting`: sets of keys on the command line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import qcattn
from qcattn.cli import app

TOKENS = ["the", "cat", "sat", "on"]


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"scores": [[0.3, 1.1, -0.4, "-inf"]], "tokens": TOKENS}))
    return path


def ran(*options):
    return CliRunner().invoke(app, ["run", "--encoding", "interacting", *map(str, options)])


def test_the_likeliest_sets_are_named_and_keys_have_their_weights(scores, tmp_path):
    """False-failure rate 1e-6, the level of the comparison."""
    matrix = 2.0 * (1 - np.eye(4))
    np.save(tmp_path / "couplings.npy", matrix)
    said = ran("--scores", scores, "--couplings", tmp_path / "couplings.npy", "--mu", 0.5,
               "--alpha", 1e-6, "--out", tmp_path / "out")  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "{the, cat}" in said.output and "Attention weights" in said.output
    assert "agree with the Boltzmann law of subsets" in " ".join(said.output.split())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "{the, cat}" in page and "Likeliest subsets" in page and "is softmax" not in page
    result = qcattn.load(tmp_path / "out")
    energies = qcattn.Interacting(couplings=matrix, mu=0.5)([0.3, 1.1, -0.4, -np.inf]).energies
    assert np.array_equal(result.scores[0], -energies)


def test_json_holds_the_weights_and_a_number_couples_all_pairs(scores, tmp_path):
    said = ran("--scores", scores, "--couplings", 0.7, "--attended", 1.5, "--json", "--alpha", 1e-6,
               "--preparation", "Heralded", "--out", tmp_path / "out")  # fmt: skip
    assert said.exit_code == 0, said.output
    (part,) = json.loads(said.output)["parts"]
    weights = part["attention_weights"]
    assert part["subsets"] == 16 and abs(np.sum(weights["expected"]) - 1.5) < 1e-8
    assert weights["counted"][0][3] == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--couplings", "nowhere.npy"], "neither"),
        (["--couplings", "nan"], "finite"),
        (["--couplings", __file__], "not a .npy file"),
        (["--mu", "1", "--attended", "1"], "one of them"),
        (["--attended", "3"], "3 keys"),
        (["--encoding", "Binary", "--couplings", "1"], "take Interacting"),
    ],
)
def test_options_that_are_none_end_with_two(scores, tmp_path, options, word):
    said = ran("--scores", scores, "--out", tmp_path / "out", *options)
    assert said.exit_code == 2 and word in " ".join(said.output.split()), said.output
