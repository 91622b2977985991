"""The files of the page, and what the page is told when it begins."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from qcattn.teaching.answers import choices
from qcattn.teaching.lessons import Lesson
from qcattn.teaching.words import page_words

__all__ = ["PAGE", "lesson_document", "piece_of_page"]

#: The files in ``page/`` with their media types.
PAGE = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "widget.js": "text/javascript; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "words.json": "application/json",
}


def piece_of_page(name: str) -> str:
    """The text of a file of the page.

    Args:
        name: The name of a file, one of `PAGE`.

    Example:
        >>> piece_of_page("index.html")[:15]
        '<!doctype html>'
    """
    return (files("qcattn.teaching") / "page" / name).read_text(encoding="utf-8")


def lesson_document(lesson: Lesson) -> dict[str, Any]:
    """The lesson, what the page offers, and all of its words, as JSON.

    Args:
        lesson: The steps.
    """
    return {
        "lesson": lesson.document(),
        "choices": choices(),
        "words": {**page_words(), **lesson.words},
    }
