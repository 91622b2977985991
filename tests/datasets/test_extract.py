"""Choosing the model, and writing scores whole or not at all."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from qcattn.datasets import Scores, extract, load_scores
from qcattn.datasets.files import read_scores

ODD = Scores(
    np.array([[0.1, -np.inf, 1e-300]]),
    tokens=(" a", "\x00", "日\n🙂"),
    sentence='quotes " and \\ and \x00',
    model="m",
    package="p",
    version="1",
    licence="l",
    sha256="0" * 64,
    source="s",
)


@pytest.mark.parametrize(
    "scores", [load_scores(), load_scores("minilm", 2), ODD, Scores(np.zeros((2, 1)))]
)
def test_what_is_written_is_read_back(scores: Scores, tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    extract.write(scores, path)
    found = read_scores(path)
    assert found.scores.dtype == scores.scores.dtype
    np.testing.assert_array_equal(found.scores, scores.scores)
    for field in dataclasses.fields(Scores):
        if field.name != "scores":
            assert getattr(found, field.name) == getattr(scores, field.name)
    assert os.listdir(tmp_path) == ["scores.npz"]


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    """Replaced by a rename, never written into: another name of the old file keeps the old."""
    path, other = tmp_path / "scores.npz", tmp_path / "other.npz"
    extract.write(load_scores("smollm2", 1), path)
    other.hardlink_to(path)
    extract.write(ODD, path)
    assert read_scores(path).model == "m"
    assert read_scores(other).model == "smollm2"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.npz"
    extract.write(ODD, path)
    before = path.read_bytes()

    def full(file: object, **arrays: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(extract.np, "savez", full)
    with pytest.raises(OSError, match=r"scores\.npz` cannot be written \(No space left"):
        extract.write(load_scores(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["scores.npz"]


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: object, **arrays: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(extract.np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract.write(ODD, tmp_path / "scores.npz")
    assert os.listdir(tmp_path) == []


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"x\.npz` cannot be written \(No such file or directory"):
        extract.write(ODD, tmp_path / "missing" / "x.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(OSError, match=r"folder\.npz` cannot be written \(Is a directory"):
        extract.write(ODD, tmp_path / "folder.npz")
    with pytest.raises(ValueError, match=r"`path` must end in .npz, .* but is '.*scores.csv'"):
        extract.write(ODD, "scores.csv")
    assert os.listdir(tmp_path) == ["folder.npz"]


def test_names_and_folders_choose_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        extract, "_MODELS", {name: lambda text, name=name: (name, text) for name in extract._MODELS}
    )
    monkeypatch.setattr(extract.huggingface, "scores", lambda folder, text: (folder, text))
    assert extract.extract("smollm2", "a") == ("smollm2", "a")
    assert extract.extract("minilm", "b") == ("minilm", "b")
    assert extract.extract(tmp_path, "c") == (tmp_path, "c")
    assert extract.extract(str(tmp_path), "c") == (str(tmp_path), "c")


@pytest.mark.parametrize(
    ("model", "nearest"), [("smollm", "smollm2"), ("mini-lm", "minilm"), ("no/folder", "minilm")]
)
def test_unknown_models_get_the_nearest(model: str, nearest: str) -> None:
    with pytest.raises(
        ValueError, match=rf"a model folder, but is '{model}'; did you mean '\w+'\?"
    ):
        extract.extract(model, "text")
    if model != "no/folder":
        with pytest.raises(ValueError, match=f"did you mean '{nearest}'"):
            extract.extract(model, "text")
