"""How to get the same counts again from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from qcattn.records import Result

__all__ = ["command"]

_USUAL = {"draws": "shots", "method": "automatic", "device": "CPU"}


def command(results: Sequence[Result]) -> str:
    """The ``qcattn run`` that gives the same counts.

    Args:
        results: The results of one run, the main one first.

    Returns:
        One command. ``FILE`` stands for scores that are not the package's own, and ``SAME`` for
        what a result does not hold word for word: a noise description, several temperatures.
    """
    main = results[0]
    settings = main.settings
    options = [*_scores(main), "--shots", str(main.shots), "--seed", str(main.seed)]
    beta = np.unique(main.beta)
    if beta.size > 1:
        options += ["--beta", "SAME"]
    elif beta[0] != 1:
        options += ["--beta", repr(float(beta[0]))]
    if (encoding := settings.get("encoding", "Binary").partition("(")[0]) != "Binary":
        options += ["--encoding", encoding]
    if main.prepared.subsets:
        options += ["--couplings", "SAME"]
    if len(results) == 1:
        options += ["--preparation", main.prepared.method.split(",")[0]]
    for name, usual in _USUAL.items():
        if settings.get(name, usual) != usual:
            options += [f"--{name}", settings[name]]
    noise = settings.get("noise", "none")
    if noise != "none":
        # A description of a noise model, and not the option that made it, is two words.
        options += ["--noise", "SAME" if " " in noise else noise]
    alpha = sum(result.alpha for result in results)
    if not np.isclose(alpha, 0.01):
        options += ["--alpha", f"{alpha:.6g}"]
    return shlex.join(["qcattn", "run", *options])


def _scores(result: Result) -> list[str]:
    """Options that choose these scores."""
    from qcattn.datasets import load_scores, packaged_models

    model, sentence = result.source.get("model", ""), result.source.get("sentence", "")
    if sentence not in packaged_models().get(model, ()):
        return ["--scores", "FILE"]
    number = packaged_models()[model].index(sentence)
    everything = load_scores(model, number).scores
    chosen = [] if model == "smollm2" else ["--model", model]
    chosen += ["--sentence", str(number)] if number else []
    selection = _selection(np.asarray(result.scores), everything)
    return ["--scores", "FILE"] if selection is None else chosen + selection


def _selection(scores: np.ndarray, everything: np.ndarray) -> list[str] | None:
    """Which part of (layers, heads, queries, keys) the scores are; None if they are not."""
    if np.array_equal(scores, everything):
        return []
    for layer, of_layer in enumerate(everything):
        if np.array_equal(scores, of_layer):
            return ["--layer", str(layer)]
        for head, of_head in enumerate(of_layer):
            if np.array_equal(scores, of_head):
                return ["--layer", str(layer), "--head", str(head)]
    for head in range(everything.shape[1]):
        if np.array_equal(scores, everything[:, head]):
            return ["--head", str(head)]
    return None
