"""The table of the claims: what a finding says, as Markdown."""

import importlib.util
import sys
from pathlib import Path

import pytest

from qcattn.errors import Interrupted
from qcattn.evidence import Check, Estimate, Finding, Number


@pytest.fixture(scope="module")
def claims():
    path = Path(__file__).with_name("claims.py")
    spec = importlib.util.spec_from_file_location("claims_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def finding(holds):
    return Finding(
        name="A99",
        title="Coins",
        checks=(Check("fair", "A coin is fair", holds, "by tossing"),),
        numbers=(Number("|share - 1/2|", Estimate(0.25, 0.125, 0.5), 0.0),),
        words="The share <x> was found.",
        condition="a|b",
        shots=1234,
        alpha=1e-3,
        seed=5,
    )


@pytest.mark.parametrize(
    ("holds", "standing", "code"), [(True, "exact", 0), (None, "undecided", 2)]
)
def test_a_finding_is_one_line_and_one_paragraph(
    claims, capsys, monkeypatch, holds, standing, code
):
    asked = []
    monkeypatch.setattr(
        claims,
        "run_claims",
        lambda names, seed, workers: asked.append((names, seed)) or [finding(holds)],
    )
    assert claims.main(["A99", "--seed", "5"]) == code
    assert asked == [(["A99"], 5)]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 claims, 1,234 shots, seed 5."
    assert said[2] == "| claim | verdict | number | measured | interval | exact | condition |"
    cells = ["A99 Coins", standing, r"\|share - 1/2\|", "0.25", "[0.125, 0.5]", "0", r"a\|b"]
    assert said[4] == f"| {' | '.join(cells)} |"
    assert said[6] == f"**A99 Coins: {standing}.** The share &lt;x> was found."


def test_a_run_that_is_interrupted_writes_nothing(claims, monkeypatch):
    def stopped(names, seed, workers):
        raise Interrupted([finding(None)])

    monkeypatch.setattr(claims, "run_claims", stopped)
    with pytest.raises(Interrupted):
        claims.main([])
