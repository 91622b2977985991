"""Package data: shapes, masks, fingerprints, size, and what is said about a wrong name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from qcattn.datasets import Scores, load_scores, packaged_models, stored

DATA = Path(stored.__file__).parent / "data"
SHAPES = {
    ("smollm2", 0): (30, 9, 11, 11),
    ("smollm2", 1): (30, 9, 5, 5),
    ("smollm2", 2): (30, 9, 16, 16),
    ("minilm", 0): (6, 12, 13, 13),
    ("minilm", 1): (6, 12, 9, 9),
    ("minilm", 2): (6, 12, 16, 16),
}
ALL = pytest.mark.parametrize(("model", "sentence"), SHAPES)


def softmax(rows: np.ndarray) -> np.ndarray:
    weights = np.exp(np.float64(rows) - rows.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@ALL
def test_shape_type_and_provenance(model: str, sentence: int) -> None:
    found = load_scores(model, sentence)
    assert isinstance(found, Scores)
    assert found.scores.shape == SHAPES[model, sentence]
    assert found.scores.dtype == np.float32
    assert len(found.tokens) == found.scores.shape[-1]
    assert found.axes == ("layer", "head", "query")
    assert found.model == model
    assert len(found.sha256) == 64
    assert found.source.split("/")[0] in ("HuggingFaceTB", "sentence-transformers")
    assert "apache-2.0" in found.licence.lower()
    assert found.version in {"0.1.2", "0.1.0"}


@ALL
def test_tokens_spell_the_sentence(model: str, sentence: int) -> None:
    found = load_scores(model, sentence)
    if model == "smollm2":
        assert "".join(found.tokens) == found.sentence
    else:
        assert found.tokens[0] == "[CLS]"
        assert found.tokens[-1] == "[SEP]"
        spelt = "".join(found.tokens[1:-1]).replace("##", "")
        assert spelt == found.sentence.lower().replace(" ", "")


@ALL
def test_rows_give_probabilities_and_only_the_future_is_masked(model: str, sentence: int) -> None:
    found = load_scores(model, sentence).scores
    tokens = found.shape[-1]
    probabilities = softmax(found)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-14)
    future = ~np.tri(tokens, dtype=bool) if model == "smollm2" else np.zeros((tokens, tokens), bool)
    assert np.all(probabilities[..., future] == 0)
    assert np.all(np.isneginf(found) == future)
    assert np.all(np.isfinite(found[..., ~future]))


def test_the_default_is_the_sentence_of_2970_rows() -> None:
    found = load_scores()
    assert found.model == "smollm2"
    assert found.scores[..., 0].size == 2970
    np.testing.assert_array_equal(found.scores, load_scores("smollm2", 0).scores)


def test_a_sentence_may_be_given_by_its_text() -> None:
    by_text = load_scores("smollm2", "The capital of France is")
    np.testing.assert_array_equal(by_text.scores, load_scores("smollm2", 1).scores)


def test_names_lists_every_stored_sentence() -> None:
    listed = packaged_models()
    assert {(model, i) for model in listed for i in range(len(listed[model]))} == set(SHAPES)
    for model, sentences in listed.items():
        assert [load_scores(model, i).sentence for i in range(len(sentences))] == list(sentences)


def test_degenerate_head_copies_the_token_before() -> None:
    for sentence in range(3):
        probabilities = softmax(load_scores("minilm", sentence).scores[0, 2])
        before = np.maximum(np.arange(len(probabilities)) - 1, 0)
        assert np.all(probabilities.argmax(axis=-1) == before)
        assert probabilities.max(axis=-1).min() > 0.996
    spread = np.ptp(load_scores("minilm", 2).scores[0, 2], axis=-1).max()
    assert 50 < spread < 51
    assert softmax(load_scores("minilm", 2).scores[0, 2]).min() < 2e-22


def test_data_are_under_one_megabyte() -> None:
    files = list(DATA.iterdir())
    stems = {"smollm2.npz", "minilm.npz", "values.npz", "provenance.json"}
    assert {path.name for path in files} >= stems
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_changed_numbers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    with np.load(folder / "minilm.npz") as file:
        arrays = dict(file)
    arrays["1"][3, 4, 5] = np.nextafter(arrays["1"][3, 4, 5], np.float32(np.inf))
    np.savez(folder / "minilm.npz", **arrays)
    monkeypatch.setattr(stored, "_FOLDER", folder)
    assert load_scores("minilm", 0).scores.shape == (6, 12, 13, 13)
    with pytest.raises(ValueError, match=r"'minilm', sentence 1, do not match.*; install"):
        load_scores("minilm", 1)


def test_changed_fingerprint_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    about = json.loads((folder / "provenance.json").read_text())
    about["smollm2"]["sentences"][0]["scores_sha256"] = "0" * 64
    (folder / "provenance.json").write_text(json.dumps(about))
    monkeypatch.setattr(stored, "_FOLDER", folder)
    with pytest.raises(ValueError, match="do not match their SHA-256"):
        load_scores()


@pytest.mark.parametrize(
    ("model", "sentence", "message"),
    [
        ("smolm2", 0, r"`model` must be one of .*, but is 'smolm2'; did you mean 'smollm2'\?"),
        ("MiniLM", 0, r"did you mean 'minilm'\?"),
        ("", 0, r"one of 'smollm2', 'minilm', but is ''"),
        ("smollm2", 3, r"`sentence` must be a text or a number from 0 to 2.* but is 3"),
        ("smollm2", -1, r"`sentence` must .* but is -1"),
        ("smollm2", "The capital of france", r"did you mean 'The capital of France is'\?"),
    ],
)
def test_unknown_names_get_the_nearest(model: str, sentence: int | str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_scores(model, sentence)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("tokens", [1, 2, 5, 16, 33])
def test_unpack_inverts_pack(tokens: int, causal: bool) -> None:
    scores = np.random.default_rng(tokens).normal(size=(2, 3, tokens, tokens)).astype(np.float32)
    if causal:
        scores[..., ~np.tri(tokens, dtype=bool)] = -np.inf
    packed = stored.pack(scores, causal=causal)
    assert packed.shape == (2, 3, tokens * (tokens + 1) // 2 if causal else tokens**2)
    np.testing.assert_array_equal(stored.unpack(packed, causal=causal), scores)


def test_fingerprint_does_not_depend_on_byte_order() -> None:
    array = np.arange(6, dtype="<f4")
    assert stored.fingerprint(array) == stored.fingerprint(array.astype(">f4"))
    assert stored.fingerprint(array) != stored.fingerprint(array[::-1])
