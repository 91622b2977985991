"""What every strategy of every folder must be, and that a new file is one everywhere at once."""

import dataclasses
import inspect
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from qcattn import Grid, preparations, walking
from qcattn.cli import app
from qcattn.sweeps import read_plan
from qcattn.trials import all_methods
from qcattn.walking import class_of, classes, names

ROOMS = ["encodings", "preparations", "backends"]
ALL = [(room, cls) for room in ROOMS for cls in classes(room).values()]


@pytest.mark.parametrize(("room", "cls"), ALL)
def test_a_strategy_is_a_documented_frozen_dataclass(room, cls):
    assert dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen
    assert "Example:" in cls.__doc__
    assert inspect.getdoc(cls.__call__)
    if room == "preparations":
        assert "References:" in cls.__doc__
    if room != "backends":
        cls()


@pytest.mark.parametrize("room", ROOMS)
def test_the_names_in_the_source_are_the_classes(room):
    assert names(room) == list(classes(room))
    assert dir(sys.modules[f"qcattn.{room}"]) == sorted(names(room))
    assert len(names(room)) >= 2


def test_names_are_found_without_importing_what_they_name():
    code = "import sys; from qcattn.walking import names; print(len(names('preparations')), "
    code += "{'qiskit', 'numpy', 'qcattn.preparations.heralded'} & set(sys.modules))"
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.split() == [str(len(classes("preparations"))), "set()"]


# A new preparation is one new file.

TOY = '''
"""A toy."""

from dataclasses import dataclass
from typing import ClassVar

from qcattn.preparations.amplitude import Amplitude


class Helper:
    """No strategy: it is no dataclass."""

    def __call__(self):
        """Do nothing."""


@dataclass(frozen=True)
class _Hidden(Amplitude):
    """No strategy: it is not public."""


@dataclass(frozen=True)
class Toy(Amplitude):
    """The method of `Amplitude`, in a file of its own.

    Example:
        >>> Toy().kind
        'told'

    References:
        [1] None.
    """

    source: ClassVar[str] = "nobody"

    def __call__(self, hamiltonian, *, beta):
        """Prepare."""
        return super().__call__(hamiltonian, beta=beta)
'''


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A folder in which preparations are looked for too, with one new file in it."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY, encoding="utf-8")

    def forget():
        walking.names.cache_clear()
        walking.classes.cache_clear()

    monkeypatch.setattr(preparations, "__path__", [*preparations.__path__, str(folder)])
    forget()
    monkeypatch.chdir(tmp_path)
    yield folder
    monkeypatch.undo()
    sys.modules.pop("qcattn.preparations.toy", None)
    vars(preparations).pop("toy", None)
    forget()


def test_a_new_preparation_is_one_new_file(planted):
    """The command line, plans and the comparison of all methods know it from its file alone."""
    assert "Toy" in names("preparations") and "Toy" in dir(preparations)
    assert names("preparations") == list(classes("preparations"))
    assert not {"Helper", "_Hidden"} & set(classes("preparations"))
    toy = preparations.Toy
    assert class_of("preparations", "toy", "--preparation") is toy
    assert toy() in all_methods()
    (planted.parent / "plan.toml").write_text(
        'preparations = ["toy"]\nshots = 100\n[[scores]]\nmodel = "smollm2"\nlayers = [0]\n'
    )
    grid = read_plan(planted.parent / "plan.toml")
    assert isinstance(grid, Grid) and "Toy" in str(grid.cells[0].point)
    run = CliRunner().invoke(
        app, ["run", "--layer", "0", "--head", "0", "--preparation", "toy", "--alpha", "1e-6"]
    )
    assert run.exit_code == 0 and "Toy" in run.output, run.output
    missed = CliRunner().invoke(app, ["run", "--preparation", "tooy"])
    assert missed.exit_code == 2 and "did you mean 'Toy'" in " ".join(missed.output.split())


def test_the_contracts_test_a_new_preparation_and_the_help_names_it(planted):
    contracts = "tests/preparations/test_contracts.py"
    root = str(__file__).removesuffix("/tests/test_contracts.py")
    code = f"""
import sys
from qcattn import preparations
preparations.__path__.append({str(planted)!r})
if sys.argv[1] == "help":
    from qcattn.cli import main
    sys.argv = ["qcattn", "run", "--help"]
    main()
import os, pytest
os.chdir({root!r})
sys.exit(pytest.main(["-q", "-W", "ignore::pytest.PytestAssertRewriteWarning",
    "-p", "no:cacheprovider", "-k", "Toy and documented or Toy and kind",
                      {contracts!r}, "tests/test_contracts.py"]))
"""
    said, tested = (
        subprocess.run([sys.executable, "-c", code, what], capture_output=True, text=True)
        for what in ("help", "test")
    )
    assert "Toy" in said.stdout, said.stderr
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout, "two Hamiltonians, and its documentation"
