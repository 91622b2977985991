"""Docstrings say what a thing is: no first line, entry or comment lacks its noun."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import qcattn

HOUSE = Path(qcattn.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
#: Words that leave out the noun, as in "name: Of the method."
BARE = re.compile(
    r"(Above|After|Against|Among|As|Asked|At|Before|Below|Beside|Between|By|Called|During|For|From|"
    r"In|Into|Likewise|Naming|Of|On|Over|Per|Such|That|Through|To|Told|Too|Towards?|Under|Upon|"
    r"Whose|With|Within|Without)\b"
)
SECTION = re.compile(r" *(Args|Attributes|Raises|Returns|Warns|Yields):")
ENTRY = re.compile(r"[*\w`., |]+(?: \([^)]*\))?: +")


def bare(source: str) -> list[str]:
    """The places, as ``line: text``, at which a docstring or a ``#:`` comment lacks its noun."""
    return [f"{line}: {text}" for line, text in texts(source) if BARE.match(text)]


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Where each first line, entry of a section and ``#:`` comment stands, and how it begins."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text is not None:
                yield from begins(text.splitlines(), node.body[0].lineno)
    lines = source.splitlines()
    for i, line in enumerate(lines):
        if line.lstrip().startswith("#: ") and not lines[i - 1].lstrip().startswith("#: "):
            yield i + 1, line.lstrip()[3:]


def begins(lines: list[str], first: int) -> Iterator[tuple[int, str]]:
    """The first line of one docstring, and the beginning of each entry of its sections."""
    yield first, lines[0]
    section, margin, inner, name = 0, -1, -1, ""
    for i, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if found := SECTION.fullmatch(line):
            margin, inner, section, name = depth, -1, i, found[1]
        elif margin >= 0 and line.strip():
            if depth <= margin:
                margin = -1
                continue
            inner = depth if inner < 0 else inner
            whole = name in ("Returns", "Yields")
            if depth == inner and (i == section + 1 if whole else ENTRY.match(line.strip())):
                yield first + i, line.strip() if whole else ENTRY.sub("", line.strip(), count=1)


@pytest.mark.parametrize(
    "entry",
    [
        "Args:\n    name: Of the method.",
        "Attributes:\n    y (str): Likewise.",
        "Returns:\n    In K.",
    ],
)
def test_an_entry_without_its_noun_is_noticed(entry):
    lines = "\n".join("    " + line for line in entry.splitlines())
    source = f'def f():\n    """Do it.\n\n{lines}\n    """\n'
    assert len(bare(source)) == 1
    assert (
        bare(source.replace(": Of", ": The name of").replace("Like", "Al").replace("In", "J")) == []
    )


def test_a_comment_and_a_first_line_without_their_noun_are_noticed():
    assert bare('#: Of shots.\nX = 1\n"""Of it."""\n') == ["1: Of shots."]
    assert bare('"""Of it."""\n') == ["1: Of it."]


def test_docstrings_say_what_a_thing_is():
    found = {str(file.relative_to(HOUSE)): bare(file.read_text()) for file in FILES}
    assert len(found) > 400
    assert {file: places for file, places in found.items() if places} == {}
