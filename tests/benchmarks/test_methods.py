"""The table of preparations in the README says what their classes say."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import results

from qcattn.encodings import Binary
from qcattn.walking import classes


@pytest.fixture(scope="module")
def methods():
    path = Path(__file__).with_name("methods.py")
    spec = importlib.util.spec_from_file_location("methods_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def cells_of(lines):
    """Cells of the lines of a table by the name in the first one."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in rows if row[0].startswith("`")}


def test_every_method_has_a_line(methods):
    cells = cells_of(methods.lines(Binary()([0.0, 1.0])))
    assert list(cells) == list(classes("preparations"))
    assert cells["Amplitude"][:4] == ["told", "diagonal H", "1", "0"]


def test_the_readme_says_what_the_classes_say(methods, monkeypatch):
    text = results.README.read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- begin methods:.*?-->(.*)<!-- end methods -->", text, re.DOTALL)
    written = cells_of(table.splitlines())
    assert set(written) == set(classes("preparations"))
    for name, cls in classes("preparations").items():
        kind, takes, _, _, source = written[name]
        assert (kind, takes, source) == (cls.kind, f"{cls.takes} H", cls.source)
    cheap = ["Amplitude", "Purification", "Heralded", "Amplified", "ImaginaryTime"]
    chosen = tuple(classes("preparations")[name]() for name in cheap)
    monkeypatch.setattr(methods, "all_methods", lambda: chosen)
    assert cells_of(methods.lines(methods.row())) == {name: written[name] for name in cheap}
