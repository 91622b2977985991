"""Names of rows come with counts and probabilities, and bring rows of one name together."""

import json

import numpy as np
import pytest

from qcattn.comparisons import certify
from qcattn.comparisons.files import normalised, read_outcomes
from qcattn.comparisons.outcomes import together
from qcattn.views.comparison.brief import brief
from qcattn.views.comparison.sheets import offenders
from qcattn.views.comparison.words import words

NAMED = "row,00,11\nfair,500,500\nbent,400,600\n"
LAW = ",00,11\nbent,0.5,0.5\nfair,0.5,0.5\n"


def read(folder, content, name="c.csv", role="counts"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_outcomes(path, role)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.csv", NAMED),  # pandas, whose index has a name: its heading was read as a row
        ("c.csv", ",00,11\nfair,500,500\nbent,400,600\n"),
        ("c.csv", "00\t11\nfair\t500\t500\nbent\t400\t600\n"),  # R's write.table
        ("c.csv", ",up,down\nfair,500,500\nbent,400,600\n"),  # was read as outcomes 500 and 400
        ("c.csv", "fair,500,500\nbent,400,600\n"),
        (
            "c.json",
            {
                "counts": [{"00": 500, "11": 500}, {"00": 400, "11": 600}],
                "row_names": ["fair", "bent"],
            },
        ),
        ("c.json", {"counts": [[500, 500], [400, 600]], "row_names": ["fair", "bent"]}),
        (
            "c.json",  # pandas' to_json(orient="split")
            {"columns": ["00", "11"], "index": ["fair", "bent"], "data": [[500, 500], [400, 600]]},
        ),
    ],
)
def test_names_are_read_with_the_numbers(tmp_path, name, content):
    found = read(tmp_path, content, name)
    assert found.values.tolist() == [[500, 500], [400, 600]]
    assert found.row_names == ("fair", "bent")
    assert (found.row(0), found.row(1)) == ("0 'fair'", "1 'bent'")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.csv", ",00,11\n0,500,500\n1,400,600\n"),
        ("c.json", {"counts": [[500, 500], [400, 600]], "row_names": ["0", "1"]}),
    ],
)
def test_rows_that_are_only_counted_have_no_name(tmp_path, name, content):
    assert read(tmp_path, content, name).row_names == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("row,0,1\nfair,500,500\n", "line 1 counts from 0 to 1, as a heading does"),
        ("row,0,1,2\nfair,500,5,5\n", "line 1 counts from 0 to 2, as a heading does"),
        ("row,up,down\n0,500,500\n1,400,600\n", "column 1 counts from 0 to 1, as an index does"),
    ],
)
def test_what_may_be_a_heading_or_an_index_is_refused(tmp_path, content, message):
    """All were read as counts, one row or one outcome too many."""
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content)


def test_as_many_names_as_rows(tmp_path):
    with pytest.raises(ValueError, match=r"c\.json`: it holds 1 `row_names` for 2 rows"):
        read(tmp_path, {"counts": [[1, 2], [3, 4]], "row_names": ["a"]}, "c.json")
    with pytest.raises(ValueError, match="`row_names` that are not texts"):
        read(tmp_path, {"counts": [[1, 2]], "row_names": [3]}, "c.json")


def test_rows_of_one_name_are_compared_in_whatever_order(tmp_path):
    counts = read(tmp_path, NAMED)
    law = read(tmp_path, ",00,11\nbent,0.4,0.6\nfair,0.5,0.5\n", "p.csv", "probabilities")
    drawn, p, outcomes = together(counts, law)
    assert (drawn / 1000 == p).all() and outcomes.row_names == ("fair", "bent")
    one = read(tmp_path, ",00,11\nany,0.5,0.5\n", "p.csv", "probabilities")
    assert together(counts, one)[2].row_names == ("fair", "bent"), "one row for all"
    bare = read(tmp_path, {"counts": [[5, 5], [4, 6]]}, "c.json")
    lines = read(tmp_path, "fair,0.5,0.5\nbent,0.5,0.5\n", "p.csv", "probabilities")
    assert together(bare, lines)[2].row_names == ("fair", "bent")


def test_rows_of_other_names_are_no_pair(tmp_path):
    counts = read(tmp_path, NAMED)
    law = read(tmp_path, LAW.replace("fair", "fare"), "p.csv", "probabilities")
    with pytest.raises(
        ValueError, match=r"c\.csv` has a row called 'fair', but .*p\.csv` has none"
    ):
        together(counts, law)


def test_names_that_come_twice_fit_in_the_same_order_only(tmp_path):
    twice = read(tmp_path, "a,1,2\na,3,4\nb,5,6\n")
    assert together(twice, twice)[1].tolist() == [[1, 2], [3, 4], [5, 6]]
    moved = read(tmp_path, "b,.5,.5\na,.5,.5\na,.2,.8\n", "p.csv", "probabilities")
    with pytest.raises(ValueError, match="in another order, and some twice"):
        together(twice, moved)


def test_what_differs_is_called_by_its_name(tmp_path):
    """No chance: the counts are given, 100 of 1,000 on the wrong outcome."""
    counts = read(tmp_path, NAMED + "none,0,0\n")
    law = read(tmp_path, LAW + "none,0.5,0.5\n", "p.csv", "probabilities")
    drawn, p, outcomes = together(counts, law)
    certificate = certify(drawn, p, 0.05)
    said = words(certificate, outcomes, epsilon=None)
    assert "refuted (row 1 'bent')" in said and "no shots (row 2 'none')" in said
    assert {line[0] for line in offenders(certificate, outcomes).lines} == {"1 'bent'"}
    assert brief(certificate, drawn, outcomes, epsilon=None)["row_names"] == [
        "fair",
        "bent",
        "none",
    ]
    off = read(tmp_path, "fair,0.5,0.5\nbent,0.5,0.4\n", "p.csv", "probabilities")
    with pytest.raises(ValueError, match=r"row 1 'bent' sums to 0\.9"):
        normalised(off)


def test_a_long_or_hostile_name_is_shown_legible_and_cut(tmp_path):
    long = {"counts": [[1, 2]], "row_names": ["\x1b[31m" + "x" * 10**5]}
    found = read(tmp_path, long, "c.json")
    assert len(found.row(0)) < 80 and "\x1b" not in found.row(0)
    assert np.all(found.values == [1, 2])
