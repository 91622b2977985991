"""What the options name: scores, one head of them, a strategy by the name of its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcattn.names import known
from qcattn.walking import classes, made

if TYPE_CHECKING:
    from qcattn.datasets import Scores

__all__ = ["check_alone", "encoding_of", "known", "read", "select", "strategy"]


def check_alone(given: dict[str, Any]) -> None:
    """Refuse options of which one excludes the others.

    Args:
        given: The value of each option, by the name of the option; None where it is left out.

    Raises:
        ValueError: If more than one is given.

    Example:
        >>> check_alone({"--workers": 2, "--dask": None})
        >>> check_alone({"--workers": 2, "--dask": "tcp://here"})
        Traceback (most recent call last):
        ValueError: one of `--workers` and `--dask` may be given, but `--workers` and `--dask` ...
    """
    options = [f"`{option}`" for option in given]
    chosen = [f"`{option}`" for option, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise ValueError(
            f"one of {', '.join(options[:-1])} and {options[-1]} may be given, but "
            f"{', '.join(chosen[:-1])} and {chosen[-1]} are; leave out all but one"
        )


def read(
    scores: Path | None,
    qk: Path | None,
    hf: Path | None,
    text: str | None,
    model: str | None,
    sentence: int | None,
    memory: int | None = None,
) -> Scores:
    """Read the scores that the options name, within this many bytes (None: half of the memory).

    Raises:
        ValueError: If several are named, or a file does not hold scores.
    """
    from qcattn import datasets
    from qcattn.datasets import files

    check_alone({"--scores": scores, "--qk": qk, "--hf": hf})
    if (hf is None) != (text is None):
        raise ValueError(
            "`--hf`, a model folder, and `--text`, which it reads, must be given together, but "
            f"`{'--text' if hf is None else '--hf'}` is given alone; give both, or leave it out"
        )
    own = any(value is not None for value in (scores, qk, hf))
    if own and (model is not None or sentence is not None):
        raise ValueError("`--model` and `--sentence` choose packaged scores; leave them out here")
    if scores is not None:
        return files.read_scores(scores, memory=memory)
    if qk is not None:
        return files.read_qk(qk, memory=memory)
    if hf is not None and text is not None:
        from qcattn.datasets.huggingface import scores as of_model

        return of_model(hf, text)
    return datasets.load_scores(model or "smollm2", sentence or 0)


def select(scores: Scores, layer: int | None, head: int | None) -> Scores:
    """Select one layer or head of the scores, by the model's own numbers."""
    from dataclasses import replace

    from qcattn.datasets.scores import only

    chosen = ""
    for name, number in (("head", head), ("layer", layer)):
        if number is not None:
            scores = only(scores, name, number, f"--{name}")
            chosen = f", {name} {number}{chosen}"
    return replace(scores, source=f"{scores.source}{chosen}".strip(", "))


def encoding_of(name: str, **given: Any) -> Any:
    """Make an encoding from the name of its class and its options.

    Args:
        name: The name of the class.
        **given: The fields of the encoding, None where an option was not given; couplings as text.

    Raises:
        ValueError: If an option was given that the encoding does not have.
    """
    from dataclasses import fields, replace

    encode = strategy("encodings", name)
    own = {item.name for item in fields(encode)}
    options = {option: value for option, value in given.items() if value is not None}
    for option in options:
        if option not in own:
            having = [one for one, cls in classes("encodings").items() if hasattr(cls, option)]
            raise ValueError(
                f"`--{option}` says nothing of `--encoding {type(encode).__name__}`; leave it out, "
                f"or take {' or '.join(having)}"
            )
    if options.get("mu") is not None and options.get("attended") is not None:
        raise ValueError("`--attended` finds what `--mu` sets; give one of them")
    if "couplings" in options:
        options["couplings"] = _couplings(options["couplings"])
    return replace(encode, **options)


def _couplings(text: str) -> Any:
    """A number, or the array in a file."""
    from qcattn.machine import memory_bytes
    from qcattn.opening import open_file
    from qcattn.parsing import read_npy

    try:
        return float(text)
    except ValueError:
        pass
    if not Path(text).is_file():
        raise ValueError(
            f"`--couplings` must be a number or a .npy file, but is {text!r}, which is neither"
        )
    try:
        with open_file(text) as file:
            return read_npy(file, memory_bytes() // 2)
    except (ValueError, OSError) as error:
        raise ValueError(f"`--couplings` is {text!r}, which is not a .npy file: {error}") from error


def strategy(folder: str, name: str) -> Any:
    """Make an object of a class in a folder, found by the name of the class."""
    option = {"encodings": "--encoding", "preparations": "--preparation"}[folder]
    return made(folder, name, option)
