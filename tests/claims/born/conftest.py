"""What holds for the claims of the first document."""

import numpy as np
import pytest

from qcattn.evidence import Check
from qcattn.progress import silent


@pytest.fixture
def checked():
    """Of a claim: its own checks by name, whatever the control of the backend says."""

    def check(claim, seed=1):
        measured = claim.measure(np.random.SeedSequence(seed), silent)
        return {check.name: check for check in claim.check(measured)}

    return check


@pytest.fixture
def described_twice():
    """Of a claim: its description from its checks, and from them turned round after another one."""

    def describe(claim):
        measured = claim.measure(np.random.SeedSequence(1), silent)
        checks = list(claim.check(measured))
        more = [Check("another", "Something else holds", True, ""), *reversed(checks)]
        return tuple(
            claim.describe(measured, {check.name: check for check in row}) for row in (checks, more)
        )

    return describe
