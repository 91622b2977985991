import json
from dataclasses import fields, replace

import numpy as np
import pytest
from qiskit_aer.noise import NoiseModel

from qcattn.backends import Aer
from qcattn.encodings import Rotated
from qcattn.preparations import Heralded
from qcattn.sweeps.strategies import canonical, described, digest, label, strategy
from qcattn.walking import classes

ALL = [(room, name) for room in ("encodings", "preparations") for name in classes(room)]
OTHER = {float: lambda usual: usual / 2 if usual else 0.5, int: lambda usual: abs(usual - 1)}


@pytest.mark.parametrize(("room", "name"), ALL)
def test_a_strategy_goes_through_json_and_back(room, name):
    usual = classes(room)[name]()
    assert described(usual, room) == {"name": name}
    assert strategy(room, **described(usual, room)) == usual
    for field in fields(usual):
        if type(field.default) in OTHER:
            other = replace(usual, **{field.name: OTHER[type(field.default)](field.default)})
            said = json.loads(canonical(described(other, room)))
            assert said == {"name": name, field.name: getattr(other, field.name)}
            assert strategy(room, **said) == other


def test_a_backend_and_arrays_go_through_json_too():
    said = described(Aer(device="CPU", draws="born"), "backends")
    assert said == {"name": "Aer", "device": "CPU", "draws": "born"}
    assert strategy("backends", **said).draws == "born"
    turned = Rotated(angles=np.array([[0.25, 1.5]]))
    again = strategy("encodings", **json.loads(canonical(described(turned, "encodings"))))
    scores = [0.0, 1.0, 2.0]
    assert np.array_equal(again(scores).basis, turned(scores).basis)


def test_names_are_found_in_small_letters_and_near_misses_are_helped():
    assert strategy("preparations", "heralded") == Heralded()
    with pytest.raises(ValueError, match="did you mean 'Heralded'"):
        strategy("preparations", "Herald")
    with pytest.raises(ValueError, match=r"QSVT.*'eror'; did you mean 'error'"):
        strategy("preparations", "QSVT", eror=1e-3)


def test_what_cannot_be_stored_is_refused():
    class Mine:
        pass

    with pytest.raises(ValueError, match=r"must be objects of .*Heralded.* but holds"):
        described(Mine(), "preparations")
    with pytest.raises(ValueError, match=r"noise_model.*goes into `noise`, as text"):
        described(Aer(noise_model=NoiseModel()), "backends")


def test_an_address_depends_on_the_content_and_on_nothing_else():
    assert digest({"a": 1.5, "b": [1]}) == digest({"b": [1], "a": 1.5})
    assert digest({"a": 1.5}) != digest({"a": 1.5000000000000002})
    assert label({"name": "QSVT", "error": 0.001}) == "QSVT(error=0.001)"
    with pytest.raises(ValueError):
        canonical({"a": float("nan")})
