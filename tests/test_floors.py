"""The house's rules: a file imports from lower floors or its own room, and in no circle there."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qcattn

HOUSE = Path(qcattn.__file__).parent
FLOORS = {
    room: floor
    for floor, rooms in enumerate(
        [
            ("legible", "opening", "plurals"),
            (
                "errors",
                "frames",
                "machine",
                "markup",
                "names",
                "progress",
                "seeds",
                "texts",
                "versions",
            ),
            ("apart", "arguments", "forecast", "parsing", "walking"),
            ("attention", "processes", "thermal"),
            ("records", "datasets"),
            ("chains", "evidence", "models", "encodings"),
            ("dense_state", "readings"),
            ("backends", "comparisons"),
            ("preparations",),
            ("certification",),
            ("stages",),
            ("experiment", "own_circuit", "reading_chains"),
            ("trials",),
            ("sweeps",),
            ("folders",),
            ("claims",),
            ("conformance",),
            ("teaching",),
            ("views",),
            ("cli",),
            ("__main__",),
        ]
    )
    for room in rooms
}
FILES = [path for path in sorted(HOUSE.rglob("*.py")) if path != HOUSE / "__init__.py"]


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).with_suffix("").parts[0]


def imported(source: str) -> set[str]:
    """All that a file imports of the house: names after ``qcattn.``, wherever the line stands."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("qcattn.") for name in found if name.startswith("qcattn.")}


def rooms_imported(source: str) -> set[str]:
    return {name.split(".")[0] for name in imported(source)}


def wrong_imports(room: str, source: str) -> set[str]:
    return {other for other in rooms_imported(source) - {room} if FLOORS[other] >= FLOORS[room]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_file_imports_from_lower_floors_only(path):
    assert not wrong_imports(room_of(path), path.read_text(encoding="utf-8"))


def test_an_import_from_above_is_noticed():
    assert wrong_imports("records", "from qcattn.backends import Aer") == {"backends"}
    assert wrong_imports("views", "import qcattn.cli") == {"cli"}
    assert wrong_imports("preparations", "from qcattn import certification") == {"certification"}


def circle(sources: dict[str, str]) -> list[str]:
    """Files of one room that import each other in a circle, [] if there is none.

    Args:
        sources: For each file its module, such as ``"sweeps.grid"``, and its text.
    """
    graph = {}
    for module, source in sources.items():
        # ``from qcattn.sweeps.grid import Grid`` is of the file; ``from qcattn.sweeps import Grid``
        # is of the room itself, which imports its files.
        names = imported(source)
        files = {name if name in sources else name.rpartition(".")[0] for name in names}
        graph[module] = (files & set(sources)) - {module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        _, found = error.args
        return found
    return []


def module_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


ROOMS = sorted({room_of(path) for path in FILES if path.parent != HOUSE})


@pytest.mark.parametrize("room", ROOMS)
def test_files_of_a_room_import_each_other_in_no_circle(room):
    files = [path for path in FILES if room_of(path) == room]
    assert not circle({module_of(path): path.read_text(encoding="utf-8") for path in files})


def test_a_circle_is_noticed():
    a, b = "from qcattn.room.b import x", "def f():\n    import qcattn.room.a"
    assert set(circle({"room.a": a, "room.b": b})) == {"room.a", "room.b"}
    assert not circle({"room.a": a, "room.b": "from qcattn.other.a import y"})
    whole = {"room": "from qcattn.room.a import x", "room.a": "from qcattn.room import x"}
    assert set(circle(whole)) == {"room", "room.a"}
