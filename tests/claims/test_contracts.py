"""What every claim must be, tested from the moment its file exists."""

import dataclasses
import inspect
import re

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.frame.running import all_claims
from qcattn.claims.frame.sampler import check_sampler
from qcattn.evidence import Check
from qcattn.records import Counts
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
    assert 0 < claim().alpha <= 1e-3, "all claims together err in a few per cent of runs at most"


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


def _swapped(counts):
    """The first two keys change places."""
    keys = counts.keys.copy()
    keys[..., [0, 1]] = keys[..., [1, 0]]
    return Counts(keys, counts.stray, counts.discarded)


def _leaked(counts):
    """A tenth of all shots, and of those that a herald discards, is read as key 0."""
    moved, kept_too = counts.keys // 10, counts.discarded // 10
    keys = counts.keys - moved
    keys[..., 0] += moved.sum(axis=-1) + kept_too
    return Counts(keys, counts.stray, counts.discarded - kept_too)


def _sharpened(counts):
    """The likeliest key takes a tenth of the shots of all others: what is certain stays so."""
    moved = counts.keys // 10
    keys = counts.keys - moved
    best = counts.keys.argmax(axis=-1)[..., None]
    more = np.take_along_axis(keys, best, -1) + moved.sum(axis=-1, keepdims=True)
    np.put_along_axis(keys, best, more, -1)
    return Counts(keys, counts.stray, counts.discarded)


@pytest.mark.parametrize("fault", [_swapped, _leaked, _sharpened], ids=lambda one: one.__name__)
@pytest.mark.parametrize("claim", [one for one in CLAIMS if one.draws])
def test_a_fault_of_the_backend_leaves_a_claim_undecided_and_refutes_nothing(claim, fault):
    """The circuits that show it have outcomes that are certain, or alike, under any rule."""
    found = claim(backend=lambda prepared, shots, seed: fault(Aer()(prepared, shots, seed)))(seed=1)
    assert found.standing == "undecided" and "Nothing is decided" in found.words
    assert found.check("sampler").holds is False and found.check("sampler").role == "control"


def test_a_backend_without_fault_passes_the_control_of_all_claims():
    """False-failure rate 1e-15 for each of 20 seeds."""
    for backend in (Aer(), Aer(draws="born")):
        for seed in np.random.SeedSequence(5).spawn(10):
            assert check_sampler(backend, seed).holds


def test_a_control_that_fails_is_what_the_words_say():
    """A planted control; without it the same coin is exact."""

    class Bent(Coin):
        def check(self, measured):
            yield from super().check(measured)
            yield Check("scale", "The scale is level", False, "by eye", "control")

    found = Bent()(seed=1)
    assert found.standing == "undecided" and "The scale is level (by eye)" in found.words
