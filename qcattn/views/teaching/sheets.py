"""The tables of an exported page and of a saved setting."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from qcattn.teaching.setups import Setup
from qcattn.views.labels import number
from qcattn.views.sheet import Column, Sheet

__all__ = ["lesson_steps", "outcomes"]


def lesson_steps(told: Mapping[str, Any]) -> Sheet:
    """One line for each step of an exported page.

    Args:
        told: What `qcattn.teaching.exported.read_export` read.
    """
    lines = tuple(
        (str(place), step["title"], step["setup"]["preparation"])
        for place, step in enumerate(told["lesson"]["steps"], start=1)
    )
    columns = (Column("step", "r"), Column("title"), Column("preparation"))
    return Sheet(told["lesson"]["title"], columns, lines)


def outcomes(setup: Setup, target: Mapping[str, Any]) -> Sheet:
    """One line for each outcome of a setting: the score of its key, and what counts follow.

    Args:
        setup: The setting as it was saved.
        target: What `qcattn.teaching.answers.answer_target` gives.
    """
    law = [number(one) for one in target["expected"]]
    if setup.reading == "turned":
        columns = (Column("outcome"), Column("the die, turned", "r"))
        return Sheet("Outcomes", columns, tuple(zip(target["outcomes"], law, strict=True)))
    scores = [number(one) for one in setup.scores]
    return Sheet(
        "Outcomes",
        (Column("outcome"), Column("score", "r"), Column("softmax", "r")),
        tuple(zip_longest(target["outcomes"], scores, law, fillvalue="")),
        "An outcome without a score is padding." if len(scores) < len(law) else "",
    )
