"""The Python blocks of the documents run, and the documents keep to their size."""

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "tests/benchmarks/RESULTS.md",
    "qcattn/claims/RESULTS.md",
]


def blocks(name):
    """The Python blocks of a document, in order."""
    sybil = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT))
    return list(sybil.parse(ROOT / name).examples())


EXAMPLES = [
    pytest.param(example, id=f"{name}:{example.line}")
    for name in DOCUMENTS
    for example in blocks(name)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_python_block_runs_by_itself(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example.namespace.clear()
    example.evaluate()


def test_a_block_that_fails_is_noticed(tmp_path):
    (tmp_path / "bad.md").write_text("```python\nassert 1 == 2\n```\n")
    sybil = Sybil(parsers=[PythonCodeBlockParser()], path=str(tmp_path))
    (example,) = sybil.parse(tmp_path / "bad.md").examples()
    with pytest.raises(AssertionError):
        example.evaluate()


def test_the_readme_has_blocks_and_is_short():
    assert len(blocks("README.md")) >= 3
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_and_headings(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, heading = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles}
            assert heading in slugs, target
