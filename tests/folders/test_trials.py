"""Trials on disk come back as they were, or not at all."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from qcattn import load, models
from qcattn.encodings import Binary, Rotated
from qcattn.errors import DoesNotFit, NotWhole
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


def test_trials_come_back_as_they_were(trials, tmp_path, same):
    save_trials(trials, tmp_path / "mine")
    assert is_trials(tmp_path / "mine") and not is_trials(tmp_path)
    again = load_trials(tmp_path / "mine")
    assert same(again, trials)
    assert not same(replace(again, shots=301), trials), "the comparison notices"
    assert again.hamiltonian.basis is not None
    assert load(tmp_path / "mine" / "00-Heralded").counts.keys.sum() > 0


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_byte_is_refused_or_harmless(trials, tmp_path, check_flips, seed):
    """In any of the files, those of the results inside too."""
    save_trials(trials, tmp_path / "mine")
    files = files_of(tmp_path / "mine")
    assert len(files) == 2 + 2 * 4
    for path in files:
        check_flips(path, lambda: load_trials(tmp_path / "mine"), number=15, seed=seed)


def test_a_file_that_is_missing_or_cut_is_named(trials, tmp_path):
    save_trials(trials, tmp_path / "mine")
    for path in files_of(tmp_path / "mine"):
        content = path.read_bytes()
        path.write_bytes(content[:-3])
        with pytest.raises(NotWhole, match=f"`{path}` is damaged"):
            load_trials(tmp_path / "mine")
        path.unlink()
        with pytest.raises(NotWhole, match=f"`{path}` is missing"):
            load_trials(tmp_path / "mine")
        path.write_bytes(content)


def test_a_whole_result_of_another_trial_is_refused(trials, tmp_path):
    """At beta 0.5 and at 1: each of them whole, but in the place of the other."""
    save_trials(trials, tmp_path / "mine")
    hot, cold = sorted((tmp_path / "mine").glob("*-Heralded"))
    hot.rename(tmp_path / "kept")
    cold.rename(hot)
    load(hot)
    with pytest.raises(NotWhole, match="is another than the folder around it states"):
        load_trials(tmp_path / "mine")


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format="other"), "no trials"),
        (lambda d: d.update(format_version=99), "format version 99"),
        (lambda d: d["files"].update({"hamiltonian.npz": "0"}), "damaged"),
        (lambda d: d.pop("seed"), "whole trials"),
        (lambda d: d["trials"][0]["result"].update(folder="../../etc"), "inside"),
        (lambda d: d["trials"][0]["result"].update(folder="absent"), "missing"),
        (lambda d: d["trials"][0]["result"].update(sha256=None), "another than"),
        (lambda d: d["trials"][0].pop("result"), "whole trials"),
        (lambda d: d["trials"][0].update(beta="x"), "whole trials"),
    ],
)
def test_forged_trials_are_refused(trials, tmp_path, forge, change, message):
    save_trials(trials, tmp_path / "mine")
    forge.change(tmp_path / "mine" / "trials.json", change)
    with pytest.raises(ValueError, match=message):
        load_trials(tmp_path / "mine")


def test_what_is_missing_or_torn_is_named(trials, tmp_path):
    with pytest.raises(ValueError, match=r"trials\.json"):
        load_trials(tmp_path)
    save_trials(trials, tmp_path / "mine")
    (tmp_path / "mine" / "trials.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        load_trials(tmp_path / "mine")
