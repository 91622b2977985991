"""The record of scores and provenance."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from qcattn.datasets import Scores
from qcattn.datasets.scores import axis_of, only, scores_of, warn_of_masks, warn_of_weights
from qcattn.errors import Doubtful


def test_labels_must_match_the_keys() -> None:
    with pytest.raises(ValueError, match=r"`tokens` holds 2 labels.*\(4, 3\) has 3 keys"):
        Scores(np.zeros((4, 3)), tokens=("a", "b"))


def test_names_must_match_the_axes_before_the_keys() -> None:
    with pytest.raises(
        ValueError, match=r"`axes` must name each of the 2 .*\(2, 4, 3\), but names 1"
    ):
        Scores(np.zeros((2, 4, 3)), axes=("head",))
    assert Scores(np.zeros((2, 4, 3)), axes=("head", "query")).axes == ("head", "query")


def test_labels_may_be_left_out() -> None:
    found = Scores(np.zeros((4, 3)))
    assert found.tokens == ()
    assert repr(found) == "Scores(shape=(4, 3))"


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Scores(np.zeros(3)).model = "other"  # type: ignore[misc]


def test_a_single_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"an array \(.*\), but is the single value 3\.0"):
        Scores(np.array(3.0))


@pytest.mark.parametrize("mark", ["\ud800", "\udfff", "cat\udc80"])
def test_text_that_is_not_unicode_is_refused(mark: str) -> None:
    """Lone surrogates cannot be written to a file; pairs of them never occur in Python."""
    with pytest.raises(ValueError, match="`tokens`"):
        Scores(np.zeros(2), tokens=("a", mark))
    with pytest.raises(ValueError, match="`sentence`"):
        Scores(np.zeros(2), sentence=mark)


@pytest.mark.parametrize("mark", ["", "\n", "\x00", "\u00e9", "\U0001f600", "\ufffd", "\u200b"])
def test_odd_text_is_taken(mark: str) -> None:
    assert Scores(np.zeros(1), tokens=(mark,), sentence=mark).tokens == (mark,)


@pytest.mark.parametrize(
    ("shape", "axes", "name"),
    [
        ((4, 4), (), "layer"),  # queries and keys: its third row was taken
        ((4, 4), (), "head"),
        ((3, 4, 4), (), "head"),
        ((3, 4, 4), ("head", "query"), "layer"),
        ((5,), (), "layer"),
    ],
)
def test_a_layer_or_head_is_not_taken_from_another_axis(
    shape: tuple[int, ...], axes: tuple[str, ...], name: str
) -> None:
    with pytest.raises(ValueError, match=f"`--{name}` needs an axis called {name}"):
        only(Scores(np.zeros(shape), axes=axes), name, 2, f"--{name}")


def test_axes_are_found_by_their_names_and_layers_by_the_models_own_numbers() -> None:
    array = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    scores = Scores(array, axes=("head", "layer", "query"), layers=(3, 7, 11))
    assert axis_of(scores, "layer") == 1
    taken = only(scores, "layer", 11)
    np.testing.assert_array_equal(taken.scores, array[:, 2])
    assert (taken.axes, taken.layers) == (("head", "query"), ())
    assert only(scores, "head", 1).layers == (3, 7, 11)
    with pytest.raises(ValueError, match="`layer` must be one of 3, 7, 11, but is 2"):
        only(scores, "layer", 2)
    with pytest.raises(ValueError, match="`layers` holds 1 number,"):
        Scores(array, axes=("layer", "head", "query"), layers=(3,))
    with pytest.raises(ValueError, match="no axis is called so; name the axes"):
        Scores(array, layers=(3, 7))


WEIGHTS = np.random.default_rng(2).dirichlet(np.ones(5), size=(2, 3))


@pytest.mark.parametrize(
    "weights",
    [
        WEIGHTS,
        WEIGHTS.astype("f2"),
        WEIGHTS.round(3),
        np.tril(WEIGHTS[0][:, :3]) / np.tril(WEIGHTS[0][:, :3]).sum(-1, keepdims=True),
    ],
    ids=["double", "half", "three digits", "causal"],
)
def test_weights_after_softmax_are_noticed(weights: np.ndarray) -> None:
    with pytest.warns(Doubtful, match=r"after softmax.*logarithms \(numpy.log\)"):
        scores_of(weights)


@pytest.mark.parametrize(
    "scores",
    [
        np.log(WEIGHTS),
        WEIGHTS - 0.01,
        WEIGHTS * 1.02,
        np.where(WEIGHTS < 0.05, -np.inf, WEIGHTS),
        np.vstack([WEIGHTS[0], np.full(5, 0.3)]),
        [[0.0, 1.0], [1.0, 0.0]],
        [[1.0]],
        ["a"],
        np.zeros((0, 3)),
    ],
    ids=str,
)
def test_scores_are_taken_in_silence(scores: Any) -> None:
    """Every warning is an error here; rows that sum to one by chance are no reason for one."""
    warn_of_weights(scores)


def test_one_key_of_weight_zero_is_said_in_the_singular() -> None:
    with pytest.warns(Doubtful, match="^1 key in 1 row has a score so low that its weight is"):
        assert warn_of_masks([0.0, -1e9], np.array([1.0, 0.0])) == 1
    with pytest.warns(Doubtful, match="^2 keys in 1 row have scores so low that their weight is"):
        assert warn_of_masks([0.0, -1e9, -1e9], np.array([1.0, 0.0, 0.0])) == 2
