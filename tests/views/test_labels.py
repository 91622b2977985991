import numpy as np
import pytest

from qcattn.views.labels import (
    axis_names,
    key_labels,
    number,
    p_text,
    place,
    query_labels,
    visible,
)


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (" the", "␣the"),
        ("a\nb", "a⏎b"),
        ("\t", "⇥"),
        ("\x00", "\\x00"),
        ("\ud800", "\\ud800"),
        ("\u202e", "\\u202e"),
        ("", '""'),
        ("日本 🙂", "日本␣🙂"),
        ("<b>", "<b>"),
    ],
)
def test_tokens_become_visible_and_stay_writable(token, shown):
    assert visible(token) == shown
    assert visible(token).encode("utf-8")


@pytest.mark.parametrize(
    ("shape", "names", "index", "name"),
    [
        ((3,), (), (), "the row"),
        ((4, 3), ("row",), (2,), "row 2"),
        ((2, 4, 3), ("head", "query"), (1, 2), "head 1, query 2"),
        ((2, 2, 4, 3), ("layer", "head", "query"), (1, 0, 3), "layer 1, head 0, query 3"),
        (
            (1, 2, 2, 4, 3),
            ("batch", "layer", "head", "query"),
            (0, 1, 0, 3),
            "batch 0, layer 1, head 0, query 3",
        ),
    ],
)
def test_rows_have_names_at_every_shape(make, shape, names, index, name):
    result = make(np.zeros(shape), shots=10)
    assert axis_names(result) == names
    assert place(result, index) == name
    assert key_labels(result) == ("0", "1", "2")


def test_queries_have_tokens_only_where_they_are_the_keys(make):
    square = make(make.causal((2, 3, 3)), tokens=["a", " b", "c"], shots=10)
    assert query_labels(square) == ("a", "␣b", "c")
    assert place(square, (1, 1)) == "head 1, query 1 '␣b'"
    assert place(square, (1,)) == "head 1"
    cached = make(np.zeros((2, 2, 3)), tokens=["a", " b", "c"], shots=10)
    assert query_labels(cached) == ("0", "1")
    assert axis_names(make(np.zeros((3, 3)), tokens="abc", shots=10)) == ("query",)


def test_numbers_and_p_values_are_short():
    assert [p_text(p) for p in (0.0, 1e-300, 0.00118, 0.156, 1.0)] == [
        "< 1e-300",
        "1e-300",
        "0.0012",
        "0.16",
        "1",
    ]
    assert [number(x) for x in (0, 4096, 4095.99, 0.00168387, 61.2)] == [
        "0",
        "4,096",
        "4,096",
        "0.00168",
        "61.2",
    ]
