"""The table of published numbers: it runs, and says so where one is not reached."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def published():
    path = Path(__file__).with_name("published.py")
    spec = importlib.util.spec_from_file_location("published_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_exact_numbers_are_reached(published, capsys):
    assert published.main(["--only", "1,5,8"]) == 0
    said = capsys.readouterr().out
    assert said.count("| yes |\n") == 20 and "NO" not in said
    assert "arXiv:2501.01412" in said and "-16.0010066690" in said


def test_a_number_that_is_not_reached_is_said(published, monkeypatch, capsys):
    monkeypatch.setattr(published, "heisenberg", lambda n: published.ising(n))
    assert published.main(["--only", "8"]) == 1
    assert "NO" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("published_value", "ours", "relation", "reached"),
    [
        (0.5, 0.50004, "=", True),
        (0.5, 0.50006, "=", False),
        (1.0, 0.99996, ">=", True),
        (0.9999, 0.99989, ">=", False),
        (0.004, 0.0041, "<=", False),
    ],
)
def test_what_is_reached(published, published_value, ours, relation, reached):
    assert published.Figure("", published_value, ours, relation).reached == reached


@pytest.mark.parametrize("only", ["10", "x", "1,,2"])
def test_numbers_that_are_none_are_refused(published, only, capsys):
    with pytest.raises(SystemExit) as stop:
        published.main(["--only", only])
    assert stop.value.code == 2 and "--only" in capsys.readouterr().err
