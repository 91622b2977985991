"""The house's size: no function is longer than a screen, not counting its docstring."""

import ast
from pathlib import Path

import qcattn

HOUSE = Path(qcattn.__file__).parent
LONGEST = 70
#: Functions that may be longer, as "room/file.py:function", each with the reason why.
EXCEPTIONS: dict[str, str] = {}


def lengths(source: str) -> dict[str, int]:
    """Lines of each function and method, from its decorators to its end, without its docstring."""
    found: dict[str, int] = {}

    def walk(node: ast.AST, inside: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = inside
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{inside}.{child.name}".lstrip(".")
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                assert child.end_lineno is not None
                start = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                found[name] = child.end_lineno - start + 1 - docstring_lines(child)
            walk(child, name)

    walk(ast.parse(source), "")
    return found


def docstring_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(function) is None:
        return 0
    said = function.body[0]
    assert said.end_lineno is not None
    return said.end_lineno - said.lineno + 1


def too_long() -> dict[str, int]:
    return {
        f"{path.relative_to(HOUSE)}:{name}": lines
        for path in sorted(HOUSE.rglob("*.py"))
        for name, lines in lengths(path.read_text(encoding="utf-8")).items()
        if lines > LONGEST
    }


def test_no_function_is_longer_than_a_screen():
    unexpected = {name: lines for name, lines in too_long().items() if name not in EXCEPTIONS}
    assert unexpected == {}


def test_each_exception_is_needed_and_has_a_reason():
    assert all(EXCEPTIONS.values())
    assert set(EXCEPTIONS) <= set(too_long()), "an exception that is no longer needed goes"


def test_a_long_function_is_noticed_and_its_docstring_is_not_counted():
    body = "    x = 1\n" * 69
    assert lengths(f"def f():\n{body}") == {"f": 70}
    assert lengths(f'def f():\n    """One.\n\n    Two.\n    """\n{body}') == {"f": 70}
    nested = "class A:\n    @property\n    def g(self):\n        def h():\n            pass\n"
    assert lengths(nested) == {"A.g": 4, "A.g.h": 2}


def checks_by_place(source: str) -> list[int]:
    """Lines that read checks by a place: ``checks[5]``, ``list(checks.values())[1]``."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript) and is_checks(node.value) and is_place(node.slice)
    ]


def is_checks(value: ast.expr) -> bool:
    while isinstance(value, ast.Call):  # list(checks), checks.values()
        called = value.func
        if isinstance(called, ast.Attribute) and called.attr in ("values", "items"):
            value = called.value
        elif isinstance(called, ast.Name) and called.id in ("list", "tuple") and value.args:
            value = value.args[0]
        else:
            return False
    name = getattr(value, "id", None) or getattr(value, "attr", None)
    return name == "checks"


def is_place(index: ast.expr) -> bool:
    if isinstance(index, ast.UnaryOp):
        index = index.operand
    number = isinstance(index, ast.Constant) and isinstance(index.value, int)
    return number or isinstance(index, ast.Slice)


def test_checks_are_found_by_name_never_by_their_place():
    tests = Path(__file__).parent
    files = [*sorted(HOUSE.rglob("*.py")), *sorted(tests.rglob("*.py"))]
    found = {str(path): checks_by_place(path.read_text(encoding="utf-8")) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_check_read_by_its_place_is_noticed():
    assert checks_by_place("checks[5]\nfinding.checks[1:4]\nchecks[-1]") == [1, 2, 3]
    assert checks_by_place("list(checks.values())[1]\ntuple(x.checks)[0]\nf()[0]") == [1, 2]
    assert not checks_by_place("checks['born']\nfinding.check('born')\nvalues[0]")
