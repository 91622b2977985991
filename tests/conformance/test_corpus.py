"""The corpus as it is stored: whole, and built again to the byte."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit import qpy
from qiskit.circuit.library import UCGate

import qcattn
from qcattn.conformance.build import files_of_one, recipes_of, topic_names
from qcattn.conformance.case import FEATURES, loaded
from qcattn.conformance.corpus import case, corpus, read_corpus
from qcattn.conformance.law import law_of
from qcattn.errors import NotWhole

CIRCUITS = Path(qcattn.__file__).parent.parent / "circuits"


@pytest.mark.parametrize("topic", topic_names())
def test_the_build_gives_the_stored_bytes(topic):
    """Every thirtieth circuit, and the names of all; the command of the README does all."""
    recipes = recipes_of(topic)
    stored = {f"{topic}/{path.name}": path.read_bytes() for path in (CIRCUITS / topic).iterdir()}
    assert {recipe.name for recipe in recipes} == {name.rsplit(".", 1)[0] for name in stored}
    for recipe in recipes[::30]:
        for name, content in files_of_one(recipe).items():
            assert content == stored[name], name


def test_the_manifest_has_each_file_and_nothing_else():
    files = json.loads((CIRCUITS / "manifest.json").read_text())["files"]
    found = {str(path.relative_to(CIRCUITS)) for path in CIRCUITS.glob("*/*")}
    assert set(files) == found
    for name, sha256 in files.items():
        assert hashlib.sha256((CIRCUITS / name).read_bytes()).hexdigest() == sha256


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in CIRCUITS.rglob("*.*")) < 4e6


@pytest.mark.parametrize("one", corpus(), ids=lambda one: one.name)
def test_a_case_is_of_one_piece(one):
    assert one.values.shape == (len(one.laws), len(one.parameters))
    assert one.features <= set(FEATURES)
    assert ("parameters" in one.features) == bool(one.parameters)
    assert ("noise" in one.features) == bool(one.noise)
    for law in one.laws:
        assert law.p.shape == (len(law.outcomes),)
        assert abs(law.p.sum() - 1) < 1e-12 and (law.p > 0).all()
        assert len(set(law.outcomes)) == len(law.outcomes)
        assert {len(outcome) for outcome in law.outcomes} == {one.clbits}
        assert len(law.outcomes) > 1 or "deterministic" in one.exercises
    if len(one.laws) > 1:
        first, second = (dict(zip(law.outcomes, law.p, strict=True)) for law in one.laws[:2])
        keys = first.keys() | second.keys()
        assert sum(abs(first.get(k, 0) - second.get(k, 0)) for k in keys) > 0.1


def test_a_misspelt_name_gets_the_nearest():
    assert case("gates/ry").name == "gates/ry"
    with pytest.raises(ValueError, match="did you mean 'gates/ry'"):
        case("gates/rry")
    with pytest.raises(ValueError, match="must be one of"):
        case("nowhere")


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(CIRCUITS, tmp_path / "circuits"))


def test_a_copy_reads_the_same(copy):
    assert [one.name for one in read_corpus(copy)] == [one.name for one in corpus()]


@pytest.mark.parametrize("name", ["gates/ry.qasm", "gates/ry.json", "gates/rxx.qpy"])
def test_a_damaged_or_missing_file_is_named(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(NotWhole, match=name):
        read_corpus(copy)
    (copy / name).unlink()
    with pytest.raises(NotWhole, match=name):
        read_corpus(copy)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 99}', '{"format": 1}'])
def test_a_foreign_manifest_is_refused(copy, content):
    (copy / "manifest.json").write_text(content)
    with pytest.raises(NotWhole, match=r"manifest\.json"):
        read_corpus(copy)


def test_circuits_are_parsed_only_when_asked_for():
    assert all("circuit" not in vars(one) for one in read_corpus(CIRCUITS))


def test_the_example_of_the_guide_runs_without_this_package():
    text = (CIRCUITS / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "qcattn" not in example
    code = f"import sys\n{example}\nprint('qcattn' in sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=CIRCUITS, text=True)
    *lines, ours = said.splitlines()
    rows = [line.split() for line in lines]
    assert ours == "False" and len(rows) == 8
    # Eight bins of 10,000 shots: five standard deviations in one of them is rarer than 1e-5.
    for _, count, expected in rows:
        assert abs(int(count) - float(expected)) < 5 * np.sqrt(float(expected))


def test_the_guide_names_each_topic():
    text = (CIRCUITS / "README.md").read_text()
    assert set(topic_names()) <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_without_the_reader_of_openqasm_3_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "qiskit_qasm3_import", None)
    with pytest.raises(ImportError, match=r"qcattn\[conformance\]"):
        loaded(case("gates/ry").text)
    assert loaded(case("gates/rxx").text).num_qubits == 2


def test_numbers_are_those_of_the_file():
    one = case("gates/ry")
    stored = json.loads((CIRCUITS / "gates/ry.json").read_text())
    assert np.array_equal(one.laws[0].p, stored["laws"][0]["p"])


def test_a_gate_with_a_definition_in_the_file_is_a_ucgate_here():
    """Its law is that of the definition, which whoever loads the file by Qiskit alone gets."""
    for name in ("arrays/multiplexer-2", "arrays/multiplexer-3"):
        one = case(name)
        (there,) = qpy.load(io.BytesIO(one.text))
        assert "multiplexed" in there.count_ops() and "multiplexer" in one.circuit.count_ops()
        assert any(isinstance(step.operation, UCGate) for step in one.circuit.data)
        defined = law_of(there)
        assert defined.outcomes == one.laws[0].outcomes
        assert np.allclose(defined.p, one.laws[0].p, rtol=0, atol=1e-14)
