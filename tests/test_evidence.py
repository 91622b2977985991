"""Evidence: which standing follows from which checks, and what is found by which name."""

import dataclasses

import pytest

from qcattn.evidence import Check, Estimate, Finding, Number

NAMES = {"c": "claim", "b": "beyond", "m": "mechanism", "i": "control"}


def finding(*checks, **more):
    given = {
        "name": "A0",
        "title": "A title",
        "statement": "⟨n|ρ|n⟩ is p",
        "section": "Somewhere",
        "checks": checks,
        "numbers": (Number("x", Estimate(1.5, 1.0, 2.0), 1.4),),
        "condition": "",
        "words": "Two words.",
        "panels": (),
        "shots": 7,
        "alpha": 0.01,
        "seed": 2**100,
    }
    return Finding(**{**given, **more})


def checks_of(text):
    """'c+ b- m?' to checks."""
    signs = {"+": True, "-": False, "?": None}
    return [
        Check(f"{word} {i}", word, signs[word[1]], "", NAMES[word[0]])
        for i, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ("", "untestable"),
        ("c+", "exact"),
        ("c+ b+ m+", "exact"),
        ("c+ c-", "refuted"),
        ("c? c-", "refuted"),
        ("c- m- b-", "refuted"),
        ("c+ m- b-", "analogy"),
        ("c+ m+ b-", "conditional"),
        ("c+ b? b-", "conditional"),
        ("c+ b?", "undecided"),
        ("c+ m?", "undecided"),
        ("c+ m? b-", "undecided"),
        ("c? b-", "undecided"),
        ("c+ i+", "exact"),
        ("c+ i-", "undecided"),
        ("c- i-", "undecided"),
        ("c- i?", "undecided"),
        ("c- i+", "refuted"),
    ],
)
def test_the_verdict_follows_from_the_checks(checks, verdict):
    assert finding(*checks_of(checks)).standing == verdict
    assert finding(*checks_of(checks)[::-1]).standing == verdict, "whatever their order"


def test_a_verdict_cannot_be_given():
    assert not {"verdict", "standing"} & {item.name for item in dataclasses.fields(Finding)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding(*checks_of("c-")).standing = "exact"


def test_checks_and_numbers_are_found_by_their_names():
    found = finding(*checks_of("c+ b-"))
    assert found.check("b- 1").holds is False and found.number("x").reference == 1.4
    assert found.held("claim") == {True} and found.held("control") == set()
    with pytest.raises(ValueError, match="b- 1"):
        found.check("b- 2")
    with pytest.raises(ValueError, match="one of x, but is 'y'"):
        found.number("y")


def test_two_checks_of_one_name_are_refused():
    twice = Check("a", "it is so", True, "")
    with pytest.raises(ValueError, match="twice"):
        finding(twice, twice)


def test_it_prints_every_check_and_number():
    text = str(finding(*checks_of("c+ b- m?")))
    assert "A0 A title: undecided" in text
    assert "holds     c+" in text and "fails     b-" in text and "undecided m?" in text
    assert "x: 1.5 [1, 2], exact 1.4" in text


def test_a_notebook_shows_it_without_believing_its_text():
    html = finding(Check("a", "<script>", True, "<b>"))._repr_html_()
    assert "exact" in html and "<script>" not in html and "&lt;script&gt;" in html
