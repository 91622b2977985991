"""The public names of the package: written once, found by people and by type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import qcattn

STUB = Path(qcattn.__file__).with_suffix(".pyi")


def written() -> list[tuple[str, str]]:
    """Names and their homes, as the stub gives them."""
    imports = [node for node in ast.parse(STUB.read_text()).body if not isinstance(node, ast.Expr)]
    assert all(isinstance(node, ast.ImportFrom) and node.level == 1 for node in imports)
    return [(alias.name, node.module) for node in imports for alias in node.names]


def test_each_name_is_written_once_and_exported_to_type_checkers():
    names = [name for name, _ in written()]
    assert sorted(names) == sorted(set(names)) == sorted(qcattn.__all__)
    for node in ast.walk(ast.parse(STUB.read_text())):
        if isinstance(node, ast.alias):
            assert node.asname == node.name, "a stub exports what it renames to itself"


@pytest.mark.parametrize(("name", "home"), written())
def test_a_public_name_is_the_object_of_its_home(name, home):
    module = __import__(f"qcattn.{home}", fromlist=[name])
    assert getattr(qcattn, name) is getattr(module, name)
    assert getattr(qcattn, name).__doc__


def test_dir_lists_public_names_only_even_when_rooms_have_been_imported():
    code = "import qcattn, qcattn.datasets, qcattn.cli; print(*dir(qcattn))"
    said = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert said == sorted(qcattn.__all__)
    assert not {name for name in said if name.startswith("_")}


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match=r"qcattn.*Herald"):
        _ = qcattn.Herald


ROOMS = ["certification", "claims", "comparisons", "datasets", "models", "sweeps", "preparations"]


@pytest.mark.parametrize("room", ROOMS)
def test_tab_completion_in_a_room_shows_what_is_public(room):
    module = __import__(f"qcattn.{room}", fromlist=["a"])
    shown = dir(module)
    assert shown and set(getattr(module, "__all__", ())) <= set(shown)
    for name in shown:
        assert not name.startswith("_")
        assert callable(getattr(module, name)), f"{name} is a file or a module of another's"
