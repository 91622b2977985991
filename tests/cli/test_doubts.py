"""What may be meant otherwise is said on the command line, and masks are masks however written."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn import load
from qcattn.cli import app
from qcattn.folders.trials import load_trials
from qcattn.models.spins import ising
from qcattn.trials import prepare

ROWS = np.random.default_rng(1).normal(size=(4, 4)).astype("f4") * 2
MASKS = {
    "inf": -np.inf,
    "1e4": -1e4,
    "half": -65504.0,
    "1e9": -1e9,
    "single": float(np.finfo("f4").min),
    "double": float(np.finfo("f8").min),
}
#: One in a million of right runs is said to differ, and these are always the same ones.
STRICT = ("--alpha", "1e-6", "--seed", 1)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    from qcattn.views.run import report
    from qcattn.views.trials import page

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "write_report", lambda path, results: path.write_text("<p>"))
    monkeypatch.setattr(page, "write_page_of", lambda trials, path: path.write_text("<p>"))
    return tmp_path


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_a_mask_however_it_is_written(name, folder):
    """QITE missed the state by .45 to .91, and QSVT was left out; the number of keys is said."""
    causal = np.tril(np.ones((4, 4), bool))
    np.save("m.npy", np.where(causal, ROWS.astype("f8"), MASKS[name]))
    run = ("run", "--scores", "m.npy", "--draws", "born", "--shots", 500, *STRICT)
    said = invoke(*run, "--out", "r")
    assert said.exit_code == 0, said.output
    prepared = ("prepare", "--scores", "m.npy", "--query", 1, "--shots", 300, *STRICT)
    done = invoke(*prepared, "--methods", "QITE,QSVT", "--out", "p")
    assert done.exit_code == 0, done.output
    trials = load_trials("p").trials
    assert [trial.name for trial in trials if trial.result is not None] == ["QITE", "QSVT"]
    assert max(trial.trace_distance for trial in trials) < 0.02
    if name == "inf":
        assert "exactly 0" not in said.output + done.output
    else:
        assert "6 keys in 3 rows have scores so low" in said.output
        assert "2 keys in 1 row have scores so low" in done.output
        assert load("r").settings["masked"] == "6 keys of weight 0"
        assert "2 keys of weight 0 left out" in load_trials("p").source["text"]


def test_levels_of_a_cold_model_are_no_masks_and_energies_of_1e9_are():
    cold = prepare(ising(2, field=0.0), beta=300.0, methods="Purification", shots=10, seed=1)
    assert np.isfinite(cold.hamiltonian.energies).all()
    with pytest.warns(UserWarning, match="2 energies so high"):
        done = prepare(np.diag([0.0, 1.0, 1e9, 65504.0]), methods="Purification", shots=10, seed=1)
    assert np.isinf(done.hamiltonian.energies).tolist() == [False, False, True, True]


@pytest.mark.parametrize("command", ["run", "prepare"])
def test_weights_after_softmax_are_noticed_and_the_cure_is_named(command, folder):
    weights = np.exp(ROWS) / np.exp(ROWS).sum(axis=-1, keepdims=True)
    np.save("w.npy", weights)
    options = ["--methods", "Amplitude"] if command == "prepare" else ["--draws", "born"]
    said = invoke(command, "--scores", "w.npy", "--shots", 200, "--alpha", "1e-6", *options)
    assert said.output.count("look like attention weights, after softmax") == 1
    assert "logarithms (numpy.log)" in said.output.replace("\n", " ")
    np.save("w.npy", np.log(weights))
    again = invoke(command, "--scores", "w.npy", "--shots", 200, "--alpha", "1e-6", *options)
    assert "after softmax" not in again.output


def test_json_on_the_standard_output_is_not_disturbed_by_doubts(folder):
    np.save("w.npy", [[0.25, 0.75], [0.5, 0.5]])
    said = invoke("run", "--scores", "w.npy", "--draws", "born", "--shots", 200, "--json")
    assert json.loads(said.stdout) and "after softmax" in said.stderr


@pytest.mark.parametrize("option", ["--layer", "--head"])
def test_a_row_is_not_taken_for_a_layer(option, folder):
    np.save("s.npy", ROWS)
    said = invoke("run", "--scores", "s.npy", option, 2)
    assert said.exit_code == 2
    assert f"`{option}` needs an axis called {option[2:]}" in said.output
    np.save("s.npy", np.stack([ROWS, ROWS]))
    assert invoke("run", "--scores", "s.npy", "--head", 1).exit_code == 2


def test_layers_keep_the_models_own_numbers(folder):
    arrays = {"scores": np.stack([ROWS, ROWS]), "layers": np.array([3, 7])}
    np.savez("s.npz", axes=np.array(["layer", "query"]), **arrays)
    said = invoke("run", "--scores", "s.npz", "--draws", "born", "--shots", 200, "--alpha", "1e-6")
    lines = [line.split()[0] for line in said.output.splitlines() if line.split()]
    assert {"3", "7"} <= set(lines) and "0" not in lines
    assert "by layer" in said.output
    assert invoke("run", "--scores", "s.npz", "--layer", 1).exit_code == 2
    taken = invoke("run", "--scores", "s.npz", "--layer", 7, "--draws", "born", "--out", "seven")
    assert taken.exit_code == 0, taken.output
    assert load("seven").source["source"].endswith("layer 7")
