"""Trials on disk come back as they were, or not at all."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pytest

from qcattn import load, models
from qcattn.encodings import Binary, Rotated
from qcattn.errors import DoesNotFit
from qcattn.folders.trials import is_trials, load_trials, save_trials
from qcattn.preparations import Heralded, Purification
from qcattn.trials import prepare


@dataclass(frozen=True)
class Picky:
    def __call__(self, hamiltonian, *, beta):
        raise DoesNotFit("not to my taste")


@pytest.fixture(scope="module")
def trials():
    row = Rotated(angles=[[0.4, 1.0]])([0.3, 1.1, -0.4])
    return prepare(row, beta=[0.5, 1.0], methods=[Heralded(), Picky()], shots=300, seed=4)


def test_trials_come_back_as_they_were(trials, tmp_path):
    save_trials(trials, tmp_path / "mine")
    assert is_trials(tmp_path / "mine") and not is_trials(tmp_path)
    again = load_trials(tmp_path / "mine")
    assert np.array_equal(again.hamiltonian.energies, trials.hamiltonian.energies)
    assert np.array_equal(again.hamiltonian.basis, trials.hamiltonian.basis)
    assert (again.shots, again.alpha, again.seed, again.complete) == (300, 0.01, 4, True)
    for new, old in zip(again.trials, trials.trials, strict=True):
        assert (new.name, new.method, new.beta) == (old.name, old.method, old.beta)
        assert (new.refused, new.seconds, new.standing) == (old.refused, old.seconds, old.standing)
        assert np.array_equal([new.trace_distance], [old.trace_distance], equal_nan=True)
        if old.result is not None:
            assert np.array_equal(new.result.counts.keys, old.result.counts.keys)
            assert np.array_equal(new.result.prepared.values, old.result.prepared.values)
    assert load(tmp_path / "mine" / "00-Heralded").counts.keys.sum() > 0


def test_terms_that_do_not_commute_come_back(tmp_path):
    chain = models.ising(2, field=0.3)

    @dataclass(frozen=True)
    class Mixed:
        def __call__(self, hamiltonian, *, beta):
            return Purification()(Binary()(np.zeros(4)), beta=beta)

    done = prepare(chain, methods=[Mixed()], shots=100, seed=1)
    assert done.trials[0].claim_broken, "the mixed state is not this one"
    save_trials(done, tmp_path / "mine")
    again = load_trials(tmp_path / "mine")
    assert np.array_equal(again.hamiltonian.matrix, chain.matrix)
    assert again.trials[0].standing == "differs"


def test_a_taken_folder_is_left_as_it_is(trials, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        save_trials(trials, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]


def forge(folder, change):
    """Change the document, and let it state the hash of what it says now."""
    document = json.loads((folder / "trials.json").read_text())
    change(document)
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "trials.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format="other"), "no trials"),
        (lambda d: d.update(format_version=99), "format version 99"),
        (lambda d: d["files"].update({"hamiltonian.npz": "0"}), "damaged"),
        (lambda d: d.pop("seed"), "whole trials"),
        (lambda d: d["trials"][0]["result"].update(folder="../../etc"), "inside"),
        (lambda d: d["trials"][0]["result"].update(folder="absent"), "missing"),
        (lambda d: d["trials"][0].update(beta="x"), "whole trials"),
    ],
)
def test_forged_trials_are_refused(trials, tmp_path, change, message):
    save_trials(trials, tmp_path / "mine")
    forge(tmp_path / "mine", change)
    with pytest.raises(ValueError, match=message):
        load_trials(tmp_path / "mine")


def test_what_is_missing_or_torn_is_named(trials, tmp_path):
    with pytest.raises(ValueError, match=r"trials\.json"):
        load_trials(tmp_path)
    save_trials(trials, tmp_path / "mine")
    (tmp_path / "mine" / "trials.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        load_trials(tmp_path / "mine")
