"""Findings on disk: what is written is what is read, and nothing else is."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest

from qcattn.errors import NotWhole
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.folders.findings import is_findings, load_findings, save_findings

HELD = Check("held", "It holds", True, "dense", "claim", 0.001)
FAILED = Check("failed", "It fails", False, "shots", "beyond")
OPEN = Check("open", "Nobody knows", None, "", "mechanism")
CONTROL = Check("control", "The sampler works", True, "", "control")


def finding(*checks, **more):
    given = {
        "name": "A0",
        "title": "A title",
        "statement": "⟨n|ρ|n⟩ is p",
        "section": "Somewhere",
        "checks": checks,
        "numbers": (Number("x", Estimate(1.5, 1.0, 2.0), 1.4),),
        "words": "Two words.",
        "shots": 7,
        "alpha": 0.01,
        "seed": 2**100,
    }
    return Finding(**{**given, **more})


def refuted():
    return finding(dataclasses.replace(HELD, holds=False))


def whole():
    bars = Curve("bars", np.arange(2.0), np.array([0.5, np.nan]), style="bars")
    band = Curve("band", np.arange(3.0), np.ones(3), np.zeros(3), np.full(3, np.inf))
    return [
        finding(
            HELD,
            FAILED,
            OPEN,
            CONTROL,
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


def rewritten(folder, change):
    """Change the document, and let it state the hash of what it says now, as a forger would."""
    path = folder / "findings.json"
    document = json.loads(path.read_text())
    change(document)
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document))


def test_a_standing_in_the_file_is_not_believed(tmp_path):
    save_findings([refuted()], tmp_path / "f")
    rewritten(tmp_path / "f", lambda d: d["findings"][0].update(standing="exact"))
    (again,) = load_findings(tmp_path / "f")
    assert again.standing == "refuted"


def altered(*path, to):
    """What sets one entry of the first finding."""

    def change(document):
        place = document["findings"][0]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # A failed check of a role that the standing does not know would make any claim exact.
        (altered("checks", 1, "role", to="judge"), "`role` .* 'judge'"),
        (altered("checks", 1, "holds", to=1), "neither holds nor fails: 1"),
        (altered("checks", 0, "holds", to="yes"), "'yes'"),
        (altered("panels", 0, "x_scale", to="cube"), "`x_scale` .* 'cube'"),
        (altered("panels", 0, "curves", 0, "style", to="pie"), "`style` .* 'pie'"),
        (lambda d: d.update(format_version=3), "format version 3"),
        (lambda d: d.update(format="qcattn trials"), "holds no findings"),
    ],
)
def test_a_forged_document_is_refused(tmp_path, change, message):
    save_findings(whole(), tmp_path / "f")
    rewritten(tmp_path / "f", change)
    with pytest.raises(NotWhole, match=message):
        load_findings(tmp_path / "f")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "findings.npz").write_bytes(b"PK"), "npz` is damaged"),
        (lambda folder: (folder / "findings.npz").unlink(), "npz` is missing"),
        (lambda folder: (folder / "findings.json").write_text("[]"), "holds no findings"),
        (lambda folder: (folder / "findings.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "findings.json").unlink(), "is missing"),
    ],
)
def test_files_that_are_not_whole_are_refused(tmp_path, harm, message):
    save_findings(whole(), tmp_path / "f")
    harm(tmp_path / "f")
    with pytest.raises(NotWhole, match=message):
        load_findings(tmp_path / "f")


def test_a_taken_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        save_findings(whole(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
