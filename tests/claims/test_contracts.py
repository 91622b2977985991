"""What every claim must be, tested from the moment its file exists."""

import dataclasses
import inspect
import re

import numpy as np
import pytest

from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.frame.running import all_claims
from qcattn.evidence import Check
from qcattn.walking import classes

CLAIMS = [type(claim) for claim in all_claims()]


def test_claims_are_found_by_walking_and_stand_one_a_file():
    assert set(CLAIMS) == {one for one in classes("claims").values() if issubclass(one, Claim)}
    assert set(CLAIMS) == set(classes("claims").values()), "nothing else there can be called"
    assert len({claim.__module__ for claim in CLAIMS}) == len(CLAIMS) >= 16


def test_claims_have_names_of_their_own_and_stand_in_order():
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[AB]\d{1,2}", name) for name in names)
    assert names == sorted(names, key=lambda name: (name[0], int(name[1:])))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_a_documented_frozen_dataclass_of_four_methods(claim):
    assert claim.__dataclass_params__.frozen
    assert "Example:" in claim.__doc__
    for name in ("title", "statement", "section"):
        assert isinstance(getattr(claim, name), str) and getattr(claim, name)
    assert claim.__call__ is Claim.__call__, "clock, seed and budget are those of all claims"
    for method in ("measure", "check", "describe", "picture"):
        assert method in vars(claim) and inspect.getdoc(vars(claim)[method])
    assert 0 < claim().alpha <= 1e-3, "sixteen claims together err in 1.6% of runs at most"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coin(Claim[Measured]):
    """A claim that spends what it is told to."""

    name = "A99"
    title = "coin"
    statement = "A coin is fair"
    section = "none"

    spends: tuple[float, ...] = (5e-4, 5e-4)
    names: tuple[str, ...] = ("heads", "tails")

    def measure(self, root, progress):
        progress(0.5, 1.0, "tossing")
        return Measured(shots=int(np.random.default_rng(root).integers(1, 9)), numbers=())

    def check(self, measured):
        for name, alpha in zip(self.names, self.spends, strict=True):
            yield Check(name, f"It shows {name}", True, "by looking", alpha=alpha)

    def describe(self, measured, checks):
        return Description(" and ".join(checks), "it has two sides")

    def picture(self, measured):
        return []


def test_the_frame_owns_seed_progress_clock_and_conclusion():
    told = []
    found = Coin()(seed=3, progress=lambda done, total, what: told.append((done, total, what)))
    assert found.standing == "exact" and found.words == "heads and tails"
    assert found.condition == "it has two sides" and found.seed == 3
    assert told == [(0.5, 1.0, "tossing")]
    assert found.shots == Coin()(seed=3).shots and found.seconds > 0
    assert found.settings["spends"] == "(0.0005, 0.0005)" and "qcattn" in found.versions


def test_a_claim_cannot_spend_more_than_its_error_rate():
    with pytest.raises(RuntimeError, match=r"spend an error rate of 0\.0012, but it has 0\.001"):
        Coin(spends=(6e-4, 6e-4))(seed=1)


def test_two_checks_of_one_name_are_refused():
    with pytest.raises(ValueError, match="twice"):
        Coin(names=("heads", "heads"))(seed=1)


def test_a_claim_that_was_not_run_is_undecided():
    found = Coin().not_run(seed=1)
    assert found.standing == "undecided" and found.check("run").role == "control"
