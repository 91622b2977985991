"""Attention scores of any local Hugging Face model folder, through transformers and torch."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.datasets.packages import require
from qcattn.datasets.scores import Scores
from qcattn.legible import quoted
from qcattn.parsing import parse_json
from qcattn.plurals import plural

__all__ = ["scores"]

#: The file of weights where there is only one.
_WHOLE = "model.safetensors"
#: How the entries of a configuration end that count layers.
_LAYERS = ("layers", "n_layer", "num_layer")
_CURE = "download or save the model again, whole"
_TOLERANCE = 1e-5  # of a probability in float32


def scores(folder: str | Path, text: str) -> Scores:
    r"""Compute the scores before softmax of every layer and head of a model on the disk.

    The model runs once, in float32 on the CPU, with the plain ("eager") attention of its own
    code, and what that code hands to softmax is recorded: the scaled product, with
    whatever the architecture adds (position bias, soft cap) and the mask. The softmax of the
    record must then be the attention that the model itself reports, in each layer, so that a
    model that does anything else (extra "sink" columns, no softmax) is refused and not misread.

    Nothing is downloaded, no code from the folder is run, and only ``.safetensors`` weights are
    read: pickled ``.bin`` files are refused. It needs the extra ``hf``.

    Args:
        folder: Model folder with ``config.json``, a tokeniser and ``.safetensors`` weights.
        text: Any text of at least one token. Special tokens are added as the tokeniser does.

    Returns:
        Scores of shape (layers, heads, tokens, tokens), float32, ``-inf`` where masked. The
        ``layers`` are the model's own numbers, where some layers have no attention, and the
        ``sha256`` covers the weights files that are loaded, one after another, in the order of
        their names.

    Raises:
        ModuleNotFoundError: If transformers or torch is missing; the message names the pip
            command.
        ValueError: If the folder is not a usable model, names weights outside of it or more layers
            than it holds, the text is empty or too long, or the
            architecture is not supported.
    """
    folder = Path(folder)
    files = _weight_files(folder)
    torch, transformers = require("torch"), require("transformers")
    tokeniser, model = _load(transformers, torch, folder)
    inputs = tokeniser(text, return_tensors="pt")
    ids = inputs["input_ids"]
    longest = getattr(model.config, "max_position_embeddings", None)
    if ids.shape[-1] == 0 or (longest and ids.shape[-1] > longest):
        raise ValueError(
            f"`text` has {plural(ids.shape[-1], 'token')}, but the model in `{folder}` takes 1 to "
            f"{longest or 'any number'}; pass a {'shorter' if ids.shape[-1] else 'longer'} text"
        )
    recorded, reported, layers = _run(torch, model, folder, ids, inputs["attention_mask"])
    return Scores(
        _checked(recorded, reported, folder),
        axes=("layer", "head", "query"),
        layers=layers,
        tokens=tuple(tokeniser.decode([number]) for number in ids[0].tolist()),
        sentence=text,
        model=folder.resolve().name,
        sha256=_sha256(files),
        source=str(folder),
    )


def _weight_files(folder: Path) -> list[Path]:
    """The weights that transformers will load from the folder, or why it must not load any.

    That is ``model.safetensors``, or else what ``model.safetensors.index.json`` names, unless the
    configuration, or an adapter, names others.
    """
    if not (folder / "config.json").is_file():
        raise ValueError(
            f"`{folder}` must be a model folder, but it holds no config.json; "
            "pass a folder written by `save_pretrained` or downloaded whole"
        )
    config = _document(folder / "config.json")
    if "transformers_weights" in config or (folder / "adapter_config.json").exists():
        raise ValueError(
            f"`{folder}` names weights that may lie elsewhere (`transformers_weights` of "
            "config.json, or an adapter); save the whole model again with `save_pretrained`"
        )
    whole, index = folder / _WHOLE, folder / f"{_WHOLE}.index.json"
    if whole.is_file():
        files = [whole]
    elif index.is_file():
        files = _shards(index)
    else:
        raise ValueError(
            f"`{folder}` must hold {_WHOLE}, or an index of .safetensors files, but it holds "
            "neither, and pickled weights (.bin, .pt) are never loaded; save the model again with "
            "`save_pretrained`, which writes safetensors"
        )
    _check_layers(folder, config, sum(_tensors(file) for file in files))
    return files


def _shards(index: Path) -> list[Path]:
    """The files that an index names, all of them in its own folder."""
    named = _document(index).get("weight_map")
    names = sorted(set(map(str, named.values()))) if isinstance(named, dict) else []
    if not names:
        raise ValueError(f"`{index}` must name files of weights, but it names none; {_CURE}")
    for name in names:
        plain = Path(name).name == name and name not in ("", ".", "..") and "\\" not in name
        if not plain or not name.endswith(".safetensors"):
            raise ValueError(
                f"`{index}` names {quoted(name)}, which is not a .safetensors file in this folder, "
                f"and weights from elsewhere are never loaded; {_CURE}"
            )
        if not index.with_name(name).is_file():
            raise ValueError(f"`{index}` names {quoted(name)}, which is missing; {_CURE}")
    return [index.with_name(name) for name in names]


def _document(path: Path) -> dict[str, Any]:
    """What a JSON file of the folder says."""
    try:
        document = parse_json(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"`{path}`: {error}; {_CURE}") from error
    if not isinstance(document, dict):
        raise ValueError(f"`{path}` must hold a JSON object, but holds {quoted(document)}; {_CURE}")
    return document


def _tensors(path: Path) -> int:
    """How many tensors a file of weights says that it holds."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > path.stat().st_size:
            raise ValueError(f"`{path}` is damaged: its header ends after it; {_CURE}")
        try:
            header = parse_json(file.read(size))
        except ValueError as error:
            raise ValueError(f"`{path}` is damaged ({error}); {_CURE}") from error
    return len(header) if isinstance(header, dict) else 0


def _check_layers(folder: Path, config: dict[str, Any], tensors: int) -> None:
    """Refuse more layers than there are weights, which transformers would first make at random."""
    for name, value in config.items():
        if isinstance(value, dict):
            _check_layers(folder, value, tensors)
        elif name.endswith(_LAYERS) and type(value) is int and value > tensors:
            raise ValueError(
                f"`{name}` in the config.json of `{folder}` must be at most the number of arrays "
                f"of weights, {tensors:,}, but is {value:,}; {_CURE}"
            )


def _load(transformers: Any, torch: Any, folder: Path) -> tuple[Any, Any]:
    """Tokeniser and model in float32, from the folder alone."""
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokeniser = transformers.AutoTokenizer.from_pretrained(folder, **local)
        model, report = transformers.AutoModel.from_pretrained(
            folder,
            **local,
            use_safetensors=True,
            attn_implementation="eager",
            output_loading_info=True,
        )
    except Exception as error:  # whatever transformers raises, the folder is the matter
        raise ValueError(f"`{folder}` cannot be loaded as a model ({error}); {_CURE}") from error
    lacking = [name for name in report["missing_keys"] if "pooler" not in name]
    if lacking:
        raise ValueError(
            f"`{folder}` lacks {plural(len(lacking), 'weight')} of its model, such as "
            f"{min(lacking)!r}, which would be random; {_CURE}"
        )
    if model.config.is_encoder_decoder:
        raise ValueError(
            f"`{folder}` must hold an encoder or a decoder, but holds both as one model "
            f"({model.config.model_type}); pass another model"
        )
    return tokeniser, model.to(torch.float32).eval()


def _run(
    torch: Any, model: Any, folder: Path, ids: Any, attention_mask: Any
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]], tuple[int, ...]]:
    """What went into each softmax over four axes, the attention that the model reports, and layers.

    The layers are the model's own numbers, () if they are 0, 1, 2 ...: in a hybrid model only some
    layers have attention. Each part of a layer knows its number, ``layer_idx``, or lies in a layer
    of the model's list of layers, where several of them share one attention.
    """
    recorded: list[NDArray[np.float32]] = []
    numbers: list[int | None] = []
    inside: list[int | None] = [None]

    def noting(number: int) -> Any:
        def entered(module: Any, _: Any) -> None:
            inside[0] = number

        return entered

    layers = getattr(model.config, "num_hidden_layers", None)
    places = [
        (layer, number)
        for several in model.modules()
        if isinstance(several, torch.nn.ModuleList) and len(several) == layers
        for number, layer in enumerate(several)
    ]
    parts = [(module, getattr(module, "layer_idx", None)) for module in model.modules()]
    places += [(module, own) for module, own in parts if isinstance(own, int) and own >= 0]
    hooks = [module.register_forward_pre_hook(noting(number)) for module, number in places]

    class Recorder(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, arguments: Any = (), options: Any = None
        ) -> Any:
            options = options or {}
            if getattr(function, "__name__", "") == "softmax":
                given = arguments[0] if arguments else options["input"]
                if given.ndim == 4:
                    recorded.append(given.detach().float().numpy().copy())
                    numbers.append(inside[0])
            return function(*arguments, **options)

    try:
        with torch.no_grad(), Recorder():
            output = model(input_ids=ids, attention_mask=attention_mask, output_attentions=True)
    except Exception as error:
        raise ValueError(
            f"the model in `{folder}` cannot be run ({error}); compute its scores yourself and "
            "pass them as an array or a file"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    reported = getattr(output, "attentions", None) or ()
    attentions = [layer.float().numpy() for layer in reported if layer is not None]
    return recorded, attentions, _own_numbers(numbers, len(attentions))


def _own_numbers(numbers: list[int | None], layers: int) -> tuple[int, ...]:
    """The model's own numbers of the layers that have attention; () where they are 0, 1, 2 ...

    Args:
        numbers: The layer in which each softmax was taken, None where the model does not say.
        layers: The number of layers that report attention.
    """
    known = [number for number in numbers if number is not None]
    counted = known == list(range(layers))
    if len(known) != layers or len(set(known)) < layers or counted:
        return ()
    return tuple(known)


def _checked(
    recorded: list[NDArray[np.float32]], reported: list[NDArray[np.float32]], folder: Path
) -> NDArray[np.float32]:
    """The recorded scores as one array, if their softmax is what the model reports."""
    unsupported = (
        f"the model in `{folder}` is of an unsupported architecture: {{}}; compute its scores "
        "yourself and pass them as an array or a file"
    )
    if not reported:
        raise ValueError(unsupported.format("it reports no attention"))
    if [layer.shape for layer in recorded] != [layer.shape for layer in reported]:
        raise ValueError(
            unsupported.format(
                f"the softmaxes over four axes are {len(recorded)}, and the layers that report "
                f"attention are {len(reported)}, or their shapes differ"
            )
        )
    if len({layer.shape for layer in recorded}) > 1:
        raise ValueError(unsupported.format("its layers have different numbers of heads"))
    stacked = np.concatenate(recorded)
    weights = np.exp(stacked - stacked.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    deviation = float(np.abs(weights - np.concatenate(reported)).max())
    if not deviation <= _TOLERANCE:
        raise ValueError(
            unsupported.format(f"its attention differs from softmax by up to {deviation:.2g}")
        )
    # A mask is the lowest number of the type, added to a score.
    stacked[stacked < np.finfo(np.float32).min / 2] = -np.inf
    return stacked


def _sha256(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
