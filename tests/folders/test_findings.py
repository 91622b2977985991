"""Findings on disk: what is written is what is read, and nothing else is."""

import dataclasses
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


def test_what_is_written_is_what_is_read(tmp_path, same):
    save_findings(whole(), tmp_path / "f")
    assert is_findings(tmp_path / "f") and not is_findings(tmp_path)
    again = load_findings(tmp_path / "f")
    assert same(again, whole())
    first, _ = again
    assert not same(dataclasses.replace(first, shots=8), first), "the comparison notices"
    assert first.check("control").role == "control" and first.check("held").alpha == 0.001


def test_no_findings_are_findings(tmp_path):
    save_findings([], tmp_path / "f")
    assert load_findings(tmp_path / "f") == []


def test_the_document_says_the_standing_in_plain_json(tmp_path):
    save_findings(whole(), tmp_path / "f")
    text = (tmp_path / "f" / "findings.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=pytest.fail)
    assert document["format_version"] == 2 and document["sha256"]
    assert [entry["standing"] for entry in document["findings"]] == ["undecided", "untestable"]


@pytest.mark.parametrize("name", ["findings.json", "findings.npz"])
@pytest.mark.parametrize("seed", range(2))
def test_a_changed_byte_is_refused_or_harmless(tmp_path, check_flips, name, seed):
    save_findings(whole(), tmp_path / "f")
    check_flips(tmp_path / "f" / name, lambda: load_findings(tmp_path / "f"), 100, seed)


def test_a_standing_in_the_file_is_not_believed(tmp_path, forge):
    save_findings([refuted()], tmp_path / "f")
    path = tmp_path / "f" / "findings.json"
    forge.change(path, lambda d: d["findings"][0].update(standing="exact"))
    with pytest.raises(NotWhole, match="A0 is refuted by its checks, and is said to be 'exact'"):
        load_findings(tmp_path / "f")


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
        (altered("checks", 1, "name", to="held"), "twice"),
        (altered("checks", 0, "alpha", to=None), "a number is expected"),
        (altered("seed", to="x"), "no whole findings"),
        (lambda d: d.pop("findings"), "no whole findings"),
        (lambda d: d["findings"][0].pop("name"), "no whole findings"),
        (lambda d: d["findings"][0]["checks"][0].pop("name"), "no whole findings"),
        (lambda d: d.update(format_version=3), "format version 3"),
        (lambda d: d.update(format="qcattn trials"), "holds no findings"),
    ],
)
def test_a_forged_document_is_refused(tmp_path, forge, change, message):
    save_findings(whole(), tmp_path / "f")
    forge.change(tmp_path / "f" / "findings.json", change)
    with pytest.raises(NotWhole, match=message):
        load_findings(tmp_path / "f")


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "findings.npz").write_bytes(b"PK"), "npz` is damaged"),
        (lambda folder: (folder / "findings.npz").unlink(), "npz` is missing"),
        (lambda folder: (folder / "findings.json").write_text("[]"), "holds no findings"),
        (lambda folder: (folder / "findings.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "findings.json").unlink(), r"json` is missing; name a folder"),
        (lambda folder: cut(folder / "findings.json"), r"json` is damaged"),
        (lambda folder: cut(folder / "findings.npz"), r"npz` is damaged"),
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
