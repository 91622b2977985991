"""The page as one file that needs no server: its shots were drawn beforehand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qcattn.errors import NotWhole
from qcattn.folders.whole import whole_folder
from qcattn.parsing import parse_json
from qcattn.teaching.lessons import Lesson
from qcattn.teaching.pieces import lesson_document, piece_of_page

__all__ = ["export_lesson", "is_export", "read_export"]

#: The policy of the page: nothing comes from outside, as where the page is served.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src blob: data:; base-uri 'none'; form-action 'none'"
)
#: What stands before and behind the lesson and its record in the page.
_RECORDED = ('<script type="application/json" id="recorded">', "</script>")


def export_lesson(lesson: Lesson, record: Mapping[str, Any], folder: str | Path) -> None:
    """Write ``index.html``, which a browser opens from a disk, a stick or any web server.

    A browser loads no module and no JSON beside a page that is a file, so that all is in it.

    Args:
        lesson: The steps.
        record: What `qcattn.teaching.recording.record_lesson` drew of it.
        folder: The folder to make; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder holds something.
        OSError: If it cannot be written; nothing is left there.
    """
    told = json.dumps({**lesson_document(lesson), "replay": record}, separators=(",", ":"))
    program = _put(piece_of_page("widget.js"), "export default { render };", "")
    program += _put(
        piece_of_page("page.js"),
        'import widget from "./widget.js";',
        "const widget = { render };",
    )
    page = _put(
        piece_of_page("index.html"),
        '<link rel="stylesheet" href="style.css">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<style>\n{piece_of_page('style.css')}</style>",
    )
    # What a lesson says must not end the element that holds it.
    data = told.replace("<", "\\u003c")
    page = _put(
        page,
        '<script type="module" src="page.js"></script>',
        f'{data.join(_RECORDED)}\n<script type="module">\n{program}</script>',
    )
    with whole_folder(folder) as fresh:
        (fresh / "index.html").write_text(page, encoding="utf-8")


def is_export(folder: str | Path) -> bool:
    """Whether a folder holds a page that `export_lesson` wrote."""
    path = Path(folder) / "index.html"
    return path.is_file() and _RECORDED[0] in path.read_text(encoding="utf-8", errors="replace")


def read_export(folder: str | Path) -> dict[str, Any]:
    """Read what a page holds that `export_lesson` wrote.

    Args:
        folder: The folder in which the page lies.

    Returns:
        ``lesson``, ``choices`` and ``words``, as `lesson_document` gives them, and ``replay``,
        the record.

    Raises:
        OSError: If it cannot be read.
        NotWhole: If it is no such page, or damaged.
    """
    path = Path(folder) / "index.html"
    before, behind = _RECORDED
    _, _, rest = path.read_text(encoding="utf-8", errors="replace").partition(before)
    data, end, _ = rest.partition(behind)
    try:
        told = parse_json(data.encode())
        if end and {"lesson", "replay"} <= set(told):
            return dict(told)
    except (ValueError, TypeError):
        pass
    raise NotWhole(f"`{path}` is not a whole page of `qcattn teach --export`; write it again")


def _put(text: str, old: str, new: str) -> str:
    """Another piece in the place of one that stands in a text once."""
    before, _, after = text.partition(old)
    if not after or old in after:
        raise RuntimeError(f"{old!r} must stand in the page once; mend the page")
    return before + new + after
