"""The widget: it shows the page's own module, and its kernel answers as the server does."""

import sys

import pytest

pytest.importorskip("anywidget", reason="anywidget of the extra `notebook` is not installed")

from qcattn.teaching.answers import answer_draw, answer_laws, answer_target
from qcattn.teaching.lessons import Lesson, built_in
from qcattn.teaching.notebook import _class, widget
from qcattn.teaching.pieces import lesson_document, piece_of_page

SETUP = {"scores": [0, 1, 2], "noise": 0.01}
DRAW = {"setup": SETUP, "shots": 500, "seed": 9, "number": 3}


@pytest.fixture
def shown(monkeypatch):
    made = widget()
    made.sent = []
    monkeypatch.setattr(made, "send", made.sent.append)
    return made


def asked(shown, **message):
    """What the kernel sends when the picture's message arrives, as ipywidgets hands it over."""
    shown._handle_custom_msg(message, [])
    return shown.sent.pop()


def test_it_shows_the_module_and_the_lesson_of_the_page(shown):
    assert shown._esm == piece_of_page("widget.js") and shown._css == piece_of_page("style.css")
    state = shown.get_state()
    told = lesson_document(built_in())
    assert {name: state[name] for name in told} == told


def test_a_message_gets_the_counts_that_the_endpoint_draws_of_the_same_seed(shown):
    assert asked(shown, id="7", call="draw", content=DRAW) == {
        "id": "7",
        "answer": answer_draw(DRAW),
    }
    other = asked(shown, id="8", call="draw", content={**DRAW, "seed": 10})
    assert other["answer"]["batch"] != answer_draw(DRAW)["batch"]
    assert asked(shown, id="9", call="laws", content=SETUP)["answer"] == answer_laws(SETUP)
    assert asked(shown, id="10", call="target", content=SETUP)["answer"] == answer_target(SETUP)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"call": "draw", "content": {**DRAW, "shots": 0}}, "`shots` must be a whole number"),
        (
            {"call": "laws", "content": {"scores": [0, 1], "beta": -1}},
            "`beta` must be one positive",
        ),
        ({"call": "lawz", "content": SETUP}, "did you mean 'laws'?"),
        ({}, "`call` must be one of"),
    ],
)
def test_what_is_wrong_gets_the_words_of_the_server(shown, message, words):
    reply = asked(shown, id="1", **message)
    assert set(reply) == {"id", "error"} and words in reply["error"]


def test_it_takes_a_lesson_and_the_path_of_one(tmp_path):
    one = Lesson("Mine", built_in().steps[:1])
    assert widget(one).lesson["title"] == "Mine"
    with pytest.raises(OSError, match=r"none\.toml"):
        widget(tmp_path / "none.toml")


def test_the_extra_is_named_where_anywidget_is_missing(monkeypatch):
    _class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install 'qcattn\[notebook\]'"):
        widget()
    _class.cache_clear()
