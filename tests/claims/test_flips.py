"""Every claim has a test in which a changed premise turns its verdict round.

That a fault of the backend decides nothing is held for each in test_contracts.py.
"""

import re
from pathlib import Path

import pytest

from qcattn.claims.frame.running import all_claims, folder_of

_DECIDED = {"exact", "conditional", "analogy", "refuted", "untestable"}
#: Words that no observable is defined for have no premise to change.
_NOTHING_TO_CHANGE = {"A20"}


def verdicts_in(claim):
    """Verdicts other than undecided that the test file of a claim asserts."""
    *_, name = type(claim).__module__.split(".")
    path = Path(__file__).parent / folder_of(claim) / f"test_{name}.py"
    found = re.findall(r'\.standing == "(\w+)"', path.read_text(encoding="utf-8"))
    return set(found) & _DECIDED


@pytest.mark.parametrize(
    "claim",
    [one for one in all_claims() if one.name not in _NOTHING_TO_CHANGE],
    ids=lambda one: one.name,
)
def test_two_verdicts_of_a_claim_are_asserted(claim):
    assert len(verdicts_in(claim)) >= 2
