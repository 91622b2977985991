"""The page's picture inside a notebook: the same module, with the kernel in place of a server."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from qcattn.names import known
from qcattn.teaching.answers import answer_draw, answer_laws, answer_target
from qcattn.teaching.lessons import Lesson, built_in, read_lesson
from qcattn.teaching.pieces import lesson_document, piece_of_page

__all__ = ["widget"]

_CALLS = {"target": answer_target, "laws": answer_laws, "draw": answer_draw}


def widget(lesson: Lesson | str | Path | None = None) -> Any:
    """The page of ``qcattn teach`` as a widget for Jupyter and marimo (extra ``notebook``).

    It is shown as the last line of a cell; in marimo ``mo.ui.anywidget(widget())`` is. Shots are
    drawn by the kernel, with the bounds and the words of the server.

    Args:
        lesson: The steps, the path of a lesson's TOML file, or None for the built-in lesson.

    Returns:
        An `anywidget.AnyWidget`.

    Raises:
        ImportError: If anywidget is missing; the extra is named.
        OSError: If the file cannot be read.
        ValueError: If it is not a lesson.
    """
    if lesson is None:
        lesson = built_in()
    elif not isinstance(lesson, Lesson):
        lesson = read_lesson(Path(lesson))
    return _class()(**lesson_document(lesson))


@cache
def _class() -> Any:
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            f"the widget is shown by anywidget, of which {error.name} is missing; install it with "
            "`pip install 'qcattn[notebook]'`"
        ) from error

    class LessonWidget(anywidget.AnyWidget):
        _esm = piece_of_page("widget.js")
        _css = piece_of_page("style.css")
        lesson = traitlets.Dict().tag(sync=True)
        choices = traitlets.Dict().tag(sync=True)
        words = traitlets.Dict().tag(sync=True)

        def __init__(self, **state: Any) -> None:
            super().__init__(**state)
            self.on_msg(_answer)

    return LessonWidget


def _answer(of: Any, message: Any, buffers: Any) -> None:
    """Reply to one message of the picture, under its id."""
    reply: dict[str, Any] = {"id": message.get("id")}
    try:
        call = known("call", str(message.get("call")), _CALLS)
        reply["answer"] = _CALLS[call](message.get("content"))
    except ValueError as error:
        reply["error"] = str(error)
    of.send(reply)
