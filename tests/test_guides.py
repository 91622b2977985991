"""Every Python block of the README and the guides runs, and prints what stands below it.

A block of ``text`` right below a block of ``python`` is what that one prints, as in doctests: three
dots stand for anything, and white space may differ. Blocks of one file share their names.
"""

import doctest
import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "qcattn").rglob("*.md"))]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Printing(PythonEvaluator):
    """Runs a block, and keeps what it printed for the block below."""

    def __call__(self, example):
        example.namespace["__printed__"] = ""
        printed = io.StringIO()
        with redirect_stdout(printed):
            super().__call__(example)
        example.namespace["__printed__"] = printed.getvalue()


def printed(example):
    """What the block above printed must be this one; what is wrong, else nothing."""
    said = example.namespace.pop("__printed__", None)
    if said is None:
        return "no block of Python stands above this one: say which language it is, or none"
    wanted = doctest.Example("", example.parsed)
    checker = doctest.OutputChecker()
    if checker.check_output(wanted.want, said, OPTIONS):
        return None
    return checker.output_difference(wanted, said, OPTIONS)


PARSERS = [CodeBlockParser("python", Printing()), CodeBlockParser("text", printed)]


def run(path):
    """Run all blocks of a file, the first first; how many there are of each language."""
    examples = list(Document.parse(str(path), *PARSERS))
    for example in examples:
        example.evaluate()
    return len(examples)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_blocks_of_a_guide_run_and_print_what_stands_below_them(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    count = run(path)
    assert count or "```python" not in path.read_text(encoding="utf-8")


def test_the_readme_has_blocks_with_outputs():
    regions = [example.region for example in Document.parse(str(ROOT / "README.md"), *PARSERS)]
    assert len(regions) >= 5, "a block that is not found is not tested"
    assert sum(region.evaluator is printed for region in regions) >= 2


BLOCK = "```python\nx = 1\nprint(x, 'and so on')\n```\n\n```text\n{}\n```\n"


@pytest.mark.parametrize("below", ["1 and so on", "1 ..."])
def test_what_is_printed_may_be_cut_short(below, tmp_path):
    (tmp_path / "guide.md").write_text(BLOCK.format(below))
    assert run(tmp_path / "guide.md") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BLOCK.format("2 and so on"), "Expected"),
        ("```text\n1\n```\n", "no block of Python stands above"),
        (BLOCK.format("1 ...") + "```text\n1\n```\n", "no block of Python stands above"),
    ],
)
def test_what_is_not_printed_is_noticed(text, said, tmp_path):
    (tmp_path / "guide.md").write_text(text)
    with pytest.raises(SybilFailure, match=said):
        run(tmp_path / "guide.md")


def test_a_block_that_fails_is_noticed(tmp_path):
    (tmp_path / "guide.md").write_text("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        run(tmp_path / "guide.md")
