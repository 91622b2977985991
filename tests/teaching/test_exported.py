"""A lesson drawn beforehand: the record, and the file that is written whole or not at all."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from qcattn.cli import app
from qcattn.teaching.answers import answer_draw
from qcattn.teaching.exported import export_lesson, read_export
from qcattn.teaching.lessons import Lesson, built_in, read_lesson
from qcattn.teaching.recording import record_lesson, steps_left_open

BATCHES = (1, 99, 1900)


@pytest.fixture(scope="module")
def lesson():
    return Lesson(
        "T", tuple(one for one in built_in().steps if one.name in ("temperature", "noise"))
    )


@pytest.fixture(scope="module")
def record(lesson, told_of_record):
    return record_lesson(
        lesson, seed=4, betas=[], noises=[0.1], batches=BATCHES, progress=told_of_record
    )


@pytest.fixture(scope="module")
def told_of_record():
    told = []
    return lambda *step: told.append(step)


def test_the_grid_holds_what_the_steps_have_and_need(record):
    assert record["grid"] == {"beta": [0.2, 1.0, 3.0], "noise": [0.0, 0.05, 0.1]}
    assert len(record["entries"]) == 18 and record["shots"] == 2000


def test_a_record_holds_the_replies_of_the_server(record):
    entry = record["entries"][4]
    before = twin = None
    for number, (shots, reply) in enumerate(zip(BATCHES, entry["replies"], strict=True)):
        answer = answer_draw(
            {
                "setup": entry["laws"]["setup"],
                "shots": shots,
                "seed": 4,
                "number": number,
                "before": before,
                "twin_before": twin,
                "mark": entry["mark"],
            }
        )
        before, twin = answer["circuit"]["totals"], answer["twin"]["totals"]
        for name in ("circuit", "twin"):
            assert reply[name]["totals"]["keys"] == answer[name]["totals"]["keys"]
            assert reply[name]["p_value"] == pytest.approx(answer[name]["p_value"], rel=1e-5)
        assert (
            reply["batch"] == answer["batch"]
            and reply["mark"]["passed"] == answer["mark"]["passed"]
        )


def test_a_setting_is_found_again_by_all_the_digits_of_its_lesson(lesson):
    """A third has more digits than a page shows: rounded, it was not the page's setting."""
    (step, *_) = lesson.steps
    third = replace(step, setup=replace(step.setup, scores=(0.0, 1 / 3)))
    found = record_lesson(Lesson("T", (third,)), betas=[], noises=[], batches=(1,))
    assert [entry[of]["setup"]["scores"] for entry in found["entries"] for of in ("target", "laws")
            ] == [[0.0, 1 / 3]] * 4  # fmt: skip


def test_a_step_that_will_not_tick_is_told(lesson, record):
    assert steps_left_open(lesson, record) == []
    few = record_lesson(lesson, betas=[], noises=[], batches=[10])
    assert steps_left_open(lesson, few) == ["temperature", "noise"]


def test_a_step_that_needs_what_cannot_be_moved_is_refused(tmp_path, lesson):
    path = tmp_path / "lesson.toml"
    text = (
        'title = "T"\n[[step]]\nname = "a"\ntitle = "A"\ntext = "t"\nquestion = "q"\nright = "x"\n'
        'because = "b"\nchoices = {x = "X", y = "Y"}\nsetup = {scores = [0, 1]}\n'
        'needs = {reading = "turned"}\nmark = {kind = "differs"}\n'
    )
    path.write_text(text)
    with pytest.raises(ValueError, match="step 'a' needs `reading`, but beta and noise alone"):
        record_lesson(read_lesson(path))


def test_a_page_is_written_whole_or_not_at_all(tmp_path, lesson, record, monkeypatch):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="exists and is left as it is"):
        export_lesson(lesson, record, taken)
    assert [one.name for one in taken.iterdir()] == ["thesis.txt"]
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            export_lesson(lesson, record, tmp_path / "page")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]
    export_lesson(lesson, record, tmp_path / "page")
    told = read_export(tmp_path / "page")
    assert told["replay"]["entries"] == json.loads(json.dumps(record["entries"]))
    shown = CliRunner().invoke(app, ["show", str(tmp_path / "page")])
    assert shown.exit_code == 0 and "18 settings it replays 2,000 shots" in shown.output
    said = json.loads(CliRunner().invoke(app, ["show", str(tmp_path / "page"), "--json"]).stdout)
    assert said["shots"] == 2000 and len(said["lesson"]["steps"]) == 2
    page = tmp_path / "page" / "index.html"
    page.write_text(page.read_text().replace('"replay"', '"replay', 1))
    damaged = CliRunner().invoke(app, ["show", str(tmp_path / "page")])
    assert damaged.exit_code == 2 and "is not a whole page" in damaged.stderr


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("qcattn.teaching.recording.record_lesson", lambda *_, **__: 1 / 0)
    (tmp_path / "file").write_text("mine")
    found = CliRunner().invoke(app, ["teach", "--export", str(tmp_path / "file" / "page")])
    assert found.exit_code == 2 and "`--export` is" in found.stderr.replace("\n", " ")


@pytest.mark.parametrize("option", [["--port", "80"], ["--no-open"], ["--host", "0.0.0.0"]])
def test_options_of_the_server_are_refused_beside_an_export(tmp_path, option):
    found = CliRunner().invoke(app, ["teach", "--export", str(tmp_path / "page"), *option])
    assert found.exit_code == 2 and f"`{option[0]}` has no meaning" in found.stderr
