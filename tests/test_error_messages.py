"""One dialect of error: what must be, what is, and the cure after a semicolon, in one sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import qcattn

HOUSE = Path(qcattn.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
#: What stands in a message for a value that is put in, with the expression that gives it.
VALUE = "\0{}\0"
#: A second sentence, or a full stop at the end (but not dots, as in ``(..., keys)``).
SECOND_SENTENCE = re.compile(r"(?<!\.\.)[.!?] +[A-Z]|[^.\s]\.$")
#: Things that are counted, of which there may be one: `plurals.plural` writes them.
COUNTED = (
    "axes|bits|columns|entries|gates|indices|keys|labels|layers|letters|lines|"
    "names|numbers|outcomes|parameters|parts|qubits|queries|results|rows|runs|shots|spins|steps|"
    "sweeps|times|tokens|trainings|values|weights"
)
PLURAL = re.compile(rf"\0([^\0]*)\0 (?:{COUNTED})\b")
#: A constant of the house, which is more than one, or a number of shots that is too large to draw.
MORE_THAN_ONE = re.compile(r"_?[A-Z][A-Z_]*|shots")


def messages(source: str) -> Iterator[tuple[int, str]]:
    """The texts that errors of a module may show, each with its line.

    They stand in a `raise`, in a function of the module that is called in one, or in a constant or
    variable that is called a cure.
    """
    tree = ast.parse(source)
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    called = {
        part.func.id
        for node in raised
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in called and node.name.startswith("_"):
            raised += [part for part in ast.walk(node) if isinstance(part, ast.Return)]
        elif isinstance(node, ast.Assign):
            names = [name.id for name in node.targets if isinstance(name, ast.Name)]
            raised += [node.value for name in names if "cure" in name.lower()]
    for node in raised:
        inside = {part for text in ast.walk(node) if isinstance(text, ast.JoinedStr)
                  for part in text.values}  # fmt: skip
        for part in ast.walk(node):
            if isinstance(part, ast.JoinedStr):
                yield part.lineno, "".join(map(written, part.values))
            elif isinstance(part, ast.Constant) and part not in inside:
                yield part.lineno, str(part.value)


def written(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return VALUE.format(ast.unparse(part.value))


def second_sentences(source: str) -> list[int]:
    """Lines of messages that are more than one sentence, or end in a full stop."""
    return sorted(line for line, text in messages(source) if SECOND_SENTENCE.search(text))


def wrong_of_one(source: str) -> list[int]:
    """Lines of messages with a number before a plural, which is wrong where the number is one."""
    return sorted(
        line
        for line, text in messages(source)
        for value in PLURAL.findall(text)
        if not MORE_THAN_ONE.fullmatch(value)
    )


@pytest.mark.parametrize("faults", [second_sentences, wrong_of_one])
def test_an_error_is_one_sentence_that_is_right_of_one_thing(faults):
    found = {
        str(path.relative_to(HOUSE)): faults(path.read_text(encoding="utf-8")) for path in FILES
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_second_sentence_is_noticed():
    raised = "raise ValueError({})\n"
    for text in (
        "'it is empty. Write it again'",
        "f'it is {x}. Write it again'",
        "f'it is {x}.'",
        "'did you mean x? Pass it'",
    ):
        assert second_sentences(raised.format(text)) == [1]
    for text in ("'(..., N) must be'", "f'it is {x}; write it'", "'a, b ...'", "f'{x}.{y} is no'"):
        assert second_sentences(raised.format(text)) == []
    away = "def _why():\n    return 'It is so. Mend it'\nraise ValueError(_why())\n"
    assert second_sentences(away) == [2]
    assert second_sentences("_CURE = 'mend it.'\n") == [1]


def test_a_plural_of_one_is_noticed():
    assert wrong_of_one("raise ValueError(f'has {len(x)} rows')") == [1]
    assert wrong_of_one("raise ValueError(f'has {n:,} qubits')") == [1]
    assert not wrong_of_one("raise ValueError(f'has {plural(n, \"row\")}, at most {_MOST} rows')")
