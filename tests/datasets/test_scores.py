"""The record of scores and provenance."""

import dataclasses

import numpy as np
import pytest

from qcattn.datasets import Scores


def test_labels_must_match_the_keys() -> None:
    with pytest.raises(ValueError, match=r"`tokens` holds 2 labels.*\(4, 3\) has 3 keys"):
        Scores(np.zeros((4, 3)), tokens=("a", "b"))


def test_names_must_match_the_axes_before_the_keys() -> None:
    with pytest.raises(ValueError, match=r"`axes` names 1 axes.*\(2, 4, 3\) has 2 before the keys"):
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
    with pytest.raises(ValueError, match=r"`scores` is the single number 3\.0"):
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
