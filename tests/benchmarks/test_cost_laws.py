"""The benchmark's fits on laws that are known, and its table and figure whole."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="module")
def laws():
    path = Path(__file__).with_name("cost_laws.py")
    spec = importlib.util.spec_from_file_location("cost_laws_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.5, 2.3])
def test_planted_laws_are_found_and_others_are_not(laws, exponent):
    x = np.array([2.0, 4.0, 8.0, 16.0, 32.0])
    planted = {
        "power": 7 * x**exponent,
        "log": 7 * np.log(x) ** exponent,
        "rate": 7 * np.exp(exponent * x / 10),
    }
    for scale, y in planted.items():
        found, error = laws.exponent(x, y, scale)
        assert found == pytest.approx(exponent / (10 if scale == "rate" else 1), abs=1e-9)
        assert error < 1e-9
    bent, error = laws.exponent(x, planted["power"] * np.exp(0.03 * x), "power")
    assert abs(bent - exponent) > 0.1 and error > 0.01, "what is no power does not pass for one"


def test_the_standard_error_covers_the_planted_exponent_as_often_as_it_says(laws):
    """400 fits of 8 noisy points: misses of 4.9 standard errors have probability 0.27% each.

    Student's t of 6 degrees of freedom; 12 or more misses of 400 come once in a million.
    """
    random, x = np.random.default_rng(5), 2.0 ** np.arange(1, 9)
    noisy = x**1.5 * np.exp(random.normal(scale=0.2, size=(400, 8)))
    found = np.array([laws.exponent(x, y) for y in noisy])
    off = np.abs(found[:, 0] - 1.5) / found[:, 1]
    assert (off > 4.9).sum() < 12
    assert 0.5 < np.median(off) < 1.0, "and it is no larger than it must be: 0.72"
    assert (np.abs(found[:, 0] - 2.0) / found[:, 1] > 4.9).mean() > 0.5, "a law off by 1/2 shows"


def test_medians_and_the_points_that_are_left_out(laws):
    x, y = laws.medians([4, 2, 4, 4, 2], [1.0, 5.0, 9.0, 2.0, 7.0])
    assert x.tolist() == [2, 4] and y.tolist() == [6.0, 2.0]
    series = laws.Series("M", "ring", "keys", (1.0, 2.0, 4.0), ({"gates": 9},) * 3)
    assert series.medians("gates", 2.0)[0].tolist() == [2.0, 4.0]
    assert np.isnan(laws.slope(np.array([1.0]), np.array([2.0]))).all()


@dataclass(frozen=True)
class Planted:
    """Costs keys^1.5 gates, keeps one shot in keys, and takes 1/error calls; refuses beta 4."""

    error: float = 0.1

    def __call__(self, hamiltonian, *, beta):
        if beta == 4:
            raise ValueError("`beta` is 4")
        keys = 2**hamiltonian.num_qubits
        return SimpleNamespace(
            resources=SimpleNamespace(two_qubit_gates=keys**1.5),
            success=1 / keys,
            error=self.error,
            spent=0,
            circuit=SimpleNamespace(metadata={"calls": 3 / self.error}),
        )


def test_a_method_with_known_laws_comes_out_as_planted(laws, tmp_path):
    law = laws.Law
    plan = laws.Plan(
        rows=(2, 3, 4),
        ring=(2, 3, 4),
        betas=(1.0, 2.0, 4.0),
        accuracies=[{"error": error} for error in (0.1, 0.01, 0.001)],
        laws=(
            law("rows", "keys", "gates", "", (1.5, 1.5), ""),
            law("ring", "keys", "gates per kept shot", "", (2.5, 2.5), ""),
            law("rows", "keys", "shots per kept shot", "", (1, 1), ""),
            law("ring", "beta", "gates", "", (0, 0), ""),
            law("ring", "1/error", "calls", "", (1, np.inf), ""),
        ),
    )
    series = laws.measure(Planted, plan, seed=1)
    refused = [each for each in series if each.refused]
    assert {each.against for each in refused} == {"beta"} and len(refused) == 2
    found = laws.fitted(series, {"Planted": plan})
    assert len(found) == len(plan.laws)
    for each in found:
        assert each.exponent == pytest.approx(each.law.paper[0], abs=1e-9)
    lines = laws.table(found)
    assert len(lines) == 2 + len(found) and all(line.count("|") == 10 for line in lines)
    assert any("1 or more" in line for line in lines)
    (unknown,) = [
        each for each in laws.fitted(series, {}) if (each.law.where, each.law.against)
        == ("ring", "keys")
    ]  # fmt: skip
    assert unknown.exponent == pytest.approx(2.5) and unknown.law.paper is None
    laws.draw(series, found, str(tmp_path / "laws.svg"))
    drawn = (tmp_path / "laws.svg").read_text(encoding="utf-8")
    assert drawn.count("<svg") == 1 and len(drawn) > 10_000


def test_every_plan_is_of_a_method(laws):
    """A method without a plan of its own is taken as far as `Plan()` says."""
    from qcattn.walking import names

    assert set(laws.PLANS) <= set(names("preparations"))
    for plan in laws.PLANS.values():
        for law in plan.laws:
            assert law.paper is None or law.paper[0] <= law.paper[1]


def test_the_script_prints_real_laws(laws, capsys):
    """Purification takes keys - 1 gates, whatever beta."""
    assert laws.main(["--methods", "Purification"]) == 0
    printed = capsys.readouterr().out
    (keys,) = [line for line in printed.splitlines() if "| keys |" in line]
    assert "1.01 +- 0.00" in keys and "keys - 1" in keys
