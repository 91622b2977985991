"""What the house decides in one place stays there: no message is read, no bit table rewritten."""

import ast
import re
from pathlib import Path

import pytest

import qcattn

HOUSE = Path(qcattn.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
ERRORS = {"error", "exc", "exception", "fault", "stop", "why"}


def reads_a_message(source: str) -> list[int]:
    """Lines that take the text of an error apart, or look for something in it."""
    tree = ast.parse(source)
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)} | ERRORS
    texts = {node for node in ast.walk(tree) if is_message(node, caught)}
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.Attribute | ast.Subscript | ast.Call)
        for part in read_by(node)
        if part in texts
    )


def is_message(node: ast.AST, caught: set[str | None]) -> bool:
    """``str(error)``, ``repr(error)``, ``f"{error}"`` or ``error.args``."""
    if isinstance(node, ast.Attribute):
        return node.attr == "args" and is_error(node.value, caught)
    if isinstance(node, ast.JoinedStr):
        parts = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        return len(parts) == len(node.values) == 1 and is_error(parts[0].value, caught)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return (
        called
        and node.func.id in ("str", "repr")
        and len(node.args) == 1
        and is_error(node.args[0], caught)
    )


def is_error(node: ast.AST, caught: set[str | None]) -> bool:
    return isinstance(node, ast.Name) and node.id in caught


def read_by(node: ast.AST) -> list[ast.AST]:
    """What a comparison, a method, a subscript or a regular expression looks at."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Attribute | ast.Subscript):
        return [node.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        named = getattr(node.func.value, "id", "")
        return list(node.args) if named == "re" else []
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_nothing_is_decided_by_the_text_of_a_message(path):
    assert not reads_a_message(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        'big = " bytes" in str(error)',
        'raise ValueError(str(error).replace("a", "b"))',
        "raise ValueError(error.args[0])",
        'known = str(error) == "no"',
        'found = re.search("no", str(error))',
        'known = repr(error).startswith("No")',
        'known = f"{error}".endswith("no")',
    ],
)
def test_a_message_that_is_read_is_noticed(line):
    assert reads_a_message(f"try:\n    f()\nexcept ValueError as error:\n    {line}\n") == [4]
    other = line.replace("error", "fault")
    assert reads_a_message(f"def f(fault):\n    {other}\n") == [2]


def test_a_message_that_is_passed_on_is_none():
    body = 'try:\n    f()\nexcept ValueError as e:\n    raise OSError(f"{path}: {e}") from e\n'
    assert not reads_a_message(body)
    assert not reads_a_message("refused = str(error)")
    assert not reads_a_message("refused = Trial(refused=str(error))")


BIT_TABLE = re.compile(r">>\s*np\.arange|1\s*<<\s*np\.arange")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_the_order_of_bits_stands_in_records_alone(path):
    if path.relative_to(HOUSE) == Path("records.py"):
        return
    assert not BIT_TABLE.search(path.read_text(encoding="utf-8"))


def test_a_bit_table_is_noticed():
    records = (HOUSE / "records.py").read_text(encoding="utf-8")
    assert len(BIT_TABLE.findall(records)) == 2
    assert BIT_TABLE.search("(np.arange(2**n)[:, None] >> np.arange(n)) & 1")
