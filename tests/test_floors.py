"""The house's one rule: a file imports from lower floors, or from its own room."""

import ast
from pathlib import Path

import pytest

import qcattn

HOUSE = Path(qcattn.__file__).parent
FLOORS = {
    room: floor
    for floor, rooms in enumerate(
        [
            ("errors", "markup", "names", "progress", "seeds", "versions"),
            ("arguments", "walking"),
            ("attention", "thermal"),
            ("records", "datasets"),
            ("evidence", "models", "encodings"),
            ("dense_state", "readings"),
            ("backends", "comparisons"),
            ("preparations",),
            ("certification",),
            ("stages",),
            ("experiment",),
            ("trials",),
            ("sweeps",),
            ("folders",),
            ("claims",),
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


def rooms_imported(source: str) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("qcattn.")}
    return rooms


def wrong_imports(room: str, source: str) -> set[str]:
    return {other for other in rooms_imported(source) - {room} if FLOORS[other] >= FLOORS[room]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_file_imports_from_lower_floors_only(path):
    assert not wrong_imports(room_of(path), path.read_text(encoding="utf-8"))


def test_an_import_from_above_is_noticed():
    assert wrong_imports("records", "from qcattn.backends import Aer") == {"backends"}
    assert wrong_imports("views", "import qcattn.cli") == {"cli"}
    assert wrong_imports("preparations", "from qcattn import certification") == {"certification"}
