"""What every claim must be, tested from the moment its file exists."""

import dataclasses
import inspect
import pkgutil
import re
from importlib import import_module

import pytest

from qcattn import claims

CLAIMS = [value for name in claims.__all__ if hasattr(value := getattr(claims, name), "statement")]


def test_the_room_exports_every_claim_in_it_one_a_file():
    found = []
    for entry in pkgutil.iter_modules(claims.__path__):
        module = import_module(f"{claims.__name__}.{entry.name}")
        here = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and value.__module__ == module.__name__
            and hasattr(value, "claim")
            and dataclasses.is_dataclass(value)
        ]
        assert len(here) <= 1, entry.name
        found += here
    assert set(found) == set(CLAIMS)


def test_claims_have_names_of_their_own_and_stand_in_order():
    names = [claim.claim for claim in CLAIMS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[AB]\d{1,2}", name) for name in names)
    assert names == sorted(names, key=lambda name: (name[0], int(name[1:])))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_a_documented_frozen_dataclass(claim):
    assert claim.__dataclass_params__.frozen
    assert "Example:" in claim.__doc__
    for name in ("title", "statement", "section"):
        assert isinstance(getattr(claim, name), str) and getattr(claim, name)
    assert set(inspect.signature(claim.__call__).parameters) == {"self", "seed", "progress"}
    assert 0 < claim().alpha <= 1e-3, "sixteen claims together err in 1.6% of runs at most"
