"""Stored value vectors: they belong to the stored scores, and come from the models."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from qcattn.attention import attention_output, softmax
from qcattn.datasets import load_scores, minilm, stored, values

MODELS = {"smollm2": ((9, 11, 64), 3), "minilm": ((12, 13, 32), 1)}
EVERY = pytest.mark.parametrize("model", MODELS)


@EVERY
def test_values_fit_the_scores_of_their_layer(model):
    found = values(model)
    assert found.values.shape == MODELS[model][0]
    assert found.values.dtype == np.float32 and np.isfinite(found.values).all()
    scores = load_scores(model, found.sentence).scores[found.layer]
    assert scores.shape[:1] == found.values.shape[:1]
    assert scores.shape[-1] == found.values.shape[1]
    shared = MODELS[model][1]
    groups = found.values.reshape(-1, shared, *found.values.shape[1:])
    assert (groups == groups[:, :1]).all()
    assert np.abs(np.diff(groups[:, 0], axis=0)).max() > 0.1  # heads differ


def test_minilm_gives_these_values_and_with_them_its_output():
    """Recomputed where the packages are installed; SmolLM2 is in test_smollm2.py."""
    for name in ("tokenizers", "safetensors"):
        pytest.importorskip(name, reason=f"{name} is not installed (extra extract)")
    stored_values, scores = values("minilm"), load_scores("minilm", 0)
    try:
        q, k, v, tokens = minilm.queries_keys_values(scores.sentence, stored_values.layer)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    assert tokens == scores.tokens
    np.testing.assert_allclose(stored_values.values, v, rtol=0, atol=1e-6)
    output = attention_output(q, k, v, causal=False)
    mixed = softmax(scores.scores[stored_values.layer]) @ stored_values.values
    np.testing.assert_allclose(mixed, output, rtol=0, atol=1e-5)
    assert np.abs(mixed[::-1] - output).max() > 0.1  # heads are not interchangeable


def test_minilm_knows_its_layers():
    pytest.importorskip("safetensors")
    try:
        with pytest.raises(ValueError, match="`layer` must be from 0 to 5, but is 6"):
            minilm.queries_keys_values("hello", 6)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


def test_changed_values_and_unknown_models_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "data"
    shutil.copytree(Path(stored.__file__).parent / "data", folder)
    with np.load(folder / "values.npz") as file:
        arrays = dict(file)
    arrays["minilm"][3, 4, 5] += 1e-3
    np.savez(folder / "values.npz", **arrays)
    monkeypatch.setattr(stored, "_FOLDER", folder)
    assert values("smollm2").values.shape == (9, 11, 64)
    with pytest.raises(ValueError, match=r"values of model 'minilm' do not match.*; install"):
        values("minilm")
    with pytest.raises(ValueError, match=r"did you mean 'smollm2'\?"):
        values("smolm2")
