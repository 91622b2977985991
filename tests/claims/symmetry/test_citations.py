"""B13: what references are cited for, and what their titles say."""

import re

from qcattn.claims.symmetry.citations import Citations, references_of_document


def test_a_reference_is_cited_for_something_else():
    found = Citations()(seed=1)
    assert found.standing == "refuted" and found.shots == 0
    assert found.check("cited").holds is False and "number 7" in found.check("cited").by
    assert found.check("used").holds is False and found.check("once").holds is False
    assert "microtubule" in found.words


def test_the_verdict_follows_from_the_table():
    """Changed premises: with one unknown, with all right, and without those that none cites."""
    mended = [dict(one) | {"says_so": True} for one in references_of_document()]
    unknown = [one | {"says_so": None if one["number"] == 8 else True} for one in mended]
    assert Citations(references=unknown)(seed=1).standing == "undecided"
    assert Citations(references=mended)(seed=1).standing == "conditional"
    used = [one for one in mended if one["cited_for"]]
    assert Citations(references=used)(seed=1).standing == "exact"


def test_the_table_is_whole():
    every = references_of_document()
    assert [one["number"] for one in every] == list(range(1, 45))
    assert {one["title_from"] for one in every} == {"", "link", "looked up"}
    assert {one["number"] for one in every if one["cited_for"]} == {5, 7, 8, 10, 16}
    assert all(bool(one["title"]) == bool(one["title_from"]) for one in every)
    assert all(re.match(r"https?://", one["link"]) for one in every)
