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
