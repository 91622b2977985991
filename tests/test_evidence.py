"""Findings: what verdict follows from which checks, and what is written is what is read."""

import dataclasses
import json

import numpy as np
import pytest

from qcattn.evidence import (
    Check,
    Curve,
    Estimate,
    Finding,
    Number,
    Panel,
    is_findings,
    load_findings,
    save_findings,
)

NAMES = {"c": "claim", "b": "beyond", "m": "mechanism"}


def finding(*checks, **more):
    given = {
        "claim": "A0",
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
    return [Check(word, signs[word[1]], "", NAMES[word[0]]) for word in text.split()]


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
    ],
)
def test_the_verdict_follows_from_the_checks(checks, verdict):
    assert finding(*checks_of(checks)).standing == verdict
    assert finding(*checks_of(checks)[::-1]).standing == verdict, "whatever their order"


def test_a_verdict_cannot_be_given():
    assert "verdict" not in {item.name for item in dataclasses.fields(Finding)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding(*checks_of("c-")).standing = "exact"


def whole():
    bars = Curve("bars", np.arange(2.0), np.array([0.5, np.nan]), style="bars")
    band = Curve("band", np.arange(3.0), np.ones(3), np.zeros(3), np.full(3, np.inf))
    return [
        finding(
            *checks_of("c+ b- m?"),
            panels=(
                Panel("one", "x", "y", (band, bars), "log", ticks=("ä", "b")),
                Panel("two", "x", "y", (band,), y_scale="log"),
            ),
            settings={"beta": "1"},
            versions={"numpy": "2"},
            seconds=1.25,
        ),
        finding(numbers=(Number("y", Estimate(np.nan, -np.inf, np.inf)),), condition="a word"),
    ]


def test_what_is_written_is_what_is_read(tmp_path):
    save_findings(whole(), tmp_path / "f")
    assert is_findings(tmp_path / "f") and not is_findings(tmp_path)
    for one, again in zip(whole(), load_findings(tmp_path / "f"), strict=True):
        for item in dataclasses.fields(Finding):
            if item.name not in ("panels", "numbers"):
                assert getattr(one, item.name) == getattr(again, item.name), item.name
        assert repr(one.numbers) == repr(again.numbers)
        for panel, other in zip(one.panels, again.panels, strict=True):
            assert panel.ticks == other.ticks and panel.x_scale == other.x_scale
            for curve, mate in zip(panel.curves, other.curves, strict=True):
                assert (curve.name, curve.style) == (mate.name, mate.style)
                for name in ("x", "y", "low", "high"):
                    a, b = getattr(curve, name), getattr(mate, name)
                    assert (a is None) == (b is None)
                    assert a is None or np.array_equal(a, b, equal_nan=True)


def test_a_verdict_in_the_file_is_not_believed(tmp_path):
    save_findings([finding(*checks_of("c-"))], tmp_path / "f")
    path = tmp_path / "f" / "findings.json"
    path.write_text(path.read_text().replace('"verdict": "refuted"', '"verdict": "exact"'))
    assert load_findings(tmp_path / "f")[0].standing == "refuted"


def damage_arrays(folder):
    (folder / "findings.npz").write_bytes(b"PK")


def foreign(folder):
    (folder / "findings.json").write_text("[]")


def newer(folder):
    document = json.loads((folder / "findings.json").read_text())
    (folder / "findings.json").write_text(json.dumps(document | {"format_version": 2}))


def forged(folder):
    document = json.loads((folder / "findings.json").read_text())
    document["findings"][0]["checks"][0]["holds"] = "yes"
    (folder / "findings.json").write_text(json.dumps(document))


def altered(*path, to):
    """What sets one entry of the first finding."""

    def harm(folder):
        document = json.loads((folder / "findings.json").read_text())
        place = document["findings"][0]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to
        (folder / "findings.json").write_text(json.dumps(document))

    return harm


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        # A failed check of a role that the verdict does not know would make any claim exact.
        (altered("checks", 1, "role", to="judge"), "`role` is 'judge'"),
        (altered("checks", 1, "holds", to=1), "neither holds nor fails: 1"),
        (altered("panels", 0, "x_scale", to="cube"), "`x_scale` is 'cube'"),
        (altered("panels", 0, "curves", 0, "style", to="pie"), "`style` is 'pie'"),
        (damage_arrays, "npz` is damaged"),
        (foreign, "holds no findings"),
        (newer, "format version 2"),
        (forged, "'yes'"),
        (lambda folder: (folder / "findings.npz").unlink(), "npz` is missing"),
        (lambda folder: (folder / "findings.json").write_text("{"), "is damaged"),
    ],
)
def test_files_that_are_not_whole_are_refused(tmp_path, harm, message):
    save_findings(whole(), tmp_path / "f")
    harm(tmp_path / "f")
    with pytest.raises(ValueError, match=message):
        load_findings(tmp_path / "f")


def test_a_taken_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        save_findings(whole(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_it_prints_every_check_and_number():
    text = str(whole()[0])
    assert "A0 A title: undecided" in text
    assert "holds     c+" in text and "fails     b-" in text and "undecided m?" in text
    assert "x: 1.5 [1, 2], exact 1.4" in text
