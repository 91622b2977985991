"""The fitted exponents are those of the work, and too steep a one is told."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def scaling():
    path = Path(__file__).with_name("scaling.py")
    spec = importlib.util.spec_from_file_location("scaling_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_an_exponent_is_that_of_the_values(scaling, power):
    sizes = [8, 16, 32, 64]
    assert scaling.exponent(sizes, [3e-3 * size**power for size in sizes]) == pytest.approx(power)


def test_too_steep_is_said(scaling, capsys):
    linear = scaling.Quantity("time: a", (10, 20, 40), lambda n: 2.0 * n)
    steep = scaling.Quantity("memory: b", (10, 20, 40), lambda n: 2.0 * n**1.2)
    assert scaling.main([], [linear]) == 0
    assert scaling.main([], [linear, steep]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].endswith("| 1.00 | 1.1 | met |")
    assert lines[-1].endswith("| 1.20 | 1.1 | missed |")
    assert scaling.main(["--only", "time"], [linear, steep]) == 0


def test_what_is_measured_is_drawn_and_compared(scaling, monkeypatch):
    """Shapes reach the backend and the comparison: each quantity at sizes of a few."""
    seen = []

    def noted(work, repeats=3):
        result = work()
        seen.append(np.shape(result.keys) if hasattr(result, "keys") else len(result))
        return 1.0

    monkeypatch.setattr(scaling, "seconds", noted)
    for each in scaling.QUANTITIES:
        if each.name.startswith("time"):
            assert each.measure(4) == 1.0
    assert seen == [(4, 16), (4, 16), (8, 16), (4,), (100, 4), 1, 1]
