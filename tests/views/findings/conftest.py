"""Findings made by hand: one that holds, one that fails, one that is open, one without a check."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel

X = np.array([1.0, 2.0, 4.0])
PANEL = Panel(
    "A law <b>",
    "beta",
    "S, in nats",
    (
        Curve("law", X, 1 / X, style="line"),
        Curve("shots", X, 1 / X, 1 / X - 0.1, np.array([np.inf, 0.6, 0.35])),
    ),
)
GOOD = Finding(
    name="A1",
    title="A <b>title</b>",
    statement="p = |⟨n|ψ⟩|²",
    section="Born's rule",
    checks=(Check("same law", "p is q", True, "by algebra"),),
    numbers=(
        Number("distance", Estimate(0.0123456, 0.0, 0.02), 0.0),
        Number("beta", Estimate(2, 1, np.inf)),
    ),
    words="The counts agree.",
    panels=(PANEL,),
    shots=1000,
    alpha=1e-3,
    seed=7,
    settings={"num_states": "3"},
    versions={"numpy": "2"},
    seconds=0.5,
)
WRONG = replace(
    GOOD,
    name="A12",
    checks=(
        Check("same law", "p is q", False, "p = 1e-9"),
        Check("everywhere", "p is q everywhere", None, "few shots", "beyond"),
    ),
    condition="only below <1>",
)
OPEN = replace(GOOD, name="A13", checks=(Check("same law", "p is q", None, "few shots"),))
NOTHING = replace(GOOD, name="A14", checks=(), numbers=(), panels=(), condition="needs a field")


@pytest.fixture
def findings():
    """All four of them."""
    return [GOOD, WRONG, OPEN, NOTHING]
