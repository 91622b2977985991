"""``qcattn show`` knows everything that a command leaves behind, and says what is nothing of it."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import qcattn
from qcattn.cli import app
from qcattn.conformance import stored
from qcattn.folders import findings, results, trials
from qcattn.folders.sealed import Kind


def shown(*words):
    return CliRunner().invoke(app, ["show", *map(str, words)])


def kinds():
    """The sealed folders of all rooms that have some, those that a command writes."""
    rooms = (findings, results, stored, trials)
    every = [one for room in rooms for one in vars(room).values() if isinstance(one, Kind)]
    return {one.name: one for one in every}


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_of_folder_is_known_and_a_foreign_document_refused_by_its_name(tmp_path, name):
    (tmp_path / f"{name}.json").write_text("{}")
    done = shown(tmp_path)
    assert done.exit_code == 2 and f"{name}.json` holds no {name} of qcattn" in done.stderr


def test_these_are_all_kinds_that_there_are():
    files = (path.read_text() for path in Path(qcattn.__file__).parent.rglob("*.py"))
    written = {name for text in files for name in re.findall(r'Kind\(\s*"(\w+)"', text)}
    assert set(kinds()) == written


def test_a_folder_of_something_else_is_refused_with_what_to_name(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = shown(tmp_path, "--json")
    assert done.exit_code == 2 and "holds no result of qcattn; name a folder that" in done.stderr


def test_a_setting_that_the_page_saved_is_shown(tmp_path):
    path = tmp_path / "qcattn-setting.json"
    saved = {"scores": [0, 1, 2], "beta": 2, "tokens": None, "seed": 1, "rate": 200, "step": "a"}
    path.write_text(json.dumps(saved))
    done = shown(path)
    assert done.exit_code == 0 and "0.867" in done.stdout, done.output
    target = json.loads(shown(path, "--json").stdout)
    assert target["expected"][2] == pytest.approx(0.8668, abs=1e-4)
    path.write_text(json.dumps({**saved, "field": 1}))
    assert "padding" in shown(path).stdout
    path.write_text(json.dumps({**saved, "reading": "turned"}))
    assert "0.25" in shown(path).stdout
    path.write_text(json.dumps({**saved, "beta": -1}))
    broken = shown(path)
    assert broken.exit_code == 2 and "holds no setting of `qcattn teach`: `beta`" in broken.stderr
