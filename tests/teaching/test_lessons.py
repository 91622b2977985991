"""Lessons: the files that come along, words for wrong ones, and ticks at the stated error."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from qcattn.records import Counts
from qcattn.teaching.answers import answer_draw, answer_laws
from qcattn.teaching.lessons import built_in, read_lesson
from qcattn.teaching.marking import Mark, marked, totals_of

FOLDER = Path(str(files("qcattn.teaching") / "lessons"))
GUIDE = Path(str(files("qcattn.teaching") / "README.md"))
STEP = """
[[step]]
name = "a"
title = "A"
text = "t"
question = "q"
right = "x"
because = "b"
[step.choices]
x = "X"
y = "Y"
[step.setup]
scores = [0, 1]
[step.mark]
kind = "agrees"
"""


def written(tmp_path, text):
    path = tmp_path / "lesson.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.name)
def test_every_lesson_that_comes_along_can_be_read_and_its_circuits_prepared(path):
    for step in read_lesson(path).steps:
        assert answer_laws(step.setup.document())["circuit"]


def test_the_lesson_of_the_guide_is_one(tmp_path):
    _, _, rest = GUIDE.read_text(encoding="utf-8").partition("```toml\n")
    text, _, _ = rest.partition("```")
    (step,) = read_lesson(written(tmp_path, text)).steps
    assert step.needs == {"beta": [3.0, 100.0]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("", "=="), "it is not TOML"),
        (('title = "T"', ""), "`title` must be words"),
        (('title = "T"', 'title = "T"\ntitel = 1'), "did you mean 'title'?"),
        (('question = "q"', ""), "step 1: `question` must be words"),
        (('right = "x"', 'right = "z"'), "step 1: `right` must be one of x, y"),
        (('y = "Y"', ""), "step 1: `choices` must be two answers"),
        (('kind = "agrees"', 'kind = "maybe"'), "step 1: `kind` must be one of agrees, differs"),
        (("[0, 1]", "[]"), "step 1: `scores`"),
        (("[0, 1]", "[0, 1]\nbeta = 0"), "step 1: `beta` must be one positive, finite number"),
        (("[step.mark]", "[step.needs]\nbeta = [2, 1]\n[step.mark]"), "swap them"),
        (("[step.mark]", "[step.needs]\nbta = [2, 1]\n[step.mark]"), "did you mean 'beta'?"),
        (("[step.mark]", "[step.needs]\nreading = 'up'\n[step.mark]"), "one of keys, turned"),
        (("[0, 1]", "[0, 1]\nbeta = true"), "finite number, but is True"),
        (("[0, 1]", '[0, 1]\nbeta = "2"'), "finite number, but is '2'"),
        (("[0, 1]", "[0, 1]\npreparation = 'Amplitude'\nfield = 1"), "the methods that fit are"),
        (("[step.mark]", "[step.needs]\nbeta = [200, 300]\n[step.mark]"), "at most 100 here"),
        (("[step.mark]", "[step.needs]\nfield = [-3, -1]\n[step.mark]"), "no setting can have"),
        (("[step.mark]", "[step.needs]\nnoise = [0.6, 0.9]\n[step.mark]"), "no setting can have"),
        (('"agrees"', '"differs"\nwithin = 0.2'), "`mark.within` has no meaning where the kind is"),
        (("[[step]]", "[words]\ndrwa = 'Z'\n[[step]]"), "did you mean 'draw'?"),
        (("[[step]]", "[words]\nstep_of = 'Z'\n[[step]]"), "must be words with {number}, {total}"),
        (("[[step]]", "[words]\ndraw = 1\n[[step]]"), "`words.draw` must be words, but is 1"),
    ],
)
def test_what_is_no_lesson_is_refused_with_words(tmp_path, change, words):
    path = written(tmp_path, ('title = "T"' + STEP).replace(*change, 1))
    with pytest.raises(ValueError, match=r"lesson\.toml") as caught:
        read_lesson(path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "saved",
    [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), str.rstrip],
    ids=["byte order mark", "ends of Windows", "no final newline"],
)
def test_a_lesson_is_read_as_any_editor_saves_it(tmp_path, saved):
    path = tmp_path / "lesson.toml"
    path.write_bytes(saved('title = "T"' + STEP).encode())
    assert read_lesson(path).title == "T"


def test_a_lesson_nested_too_deeply_is_refused(tmp_path):
    path = tmp_path / "lesson.toml"
    path.write_text(f"title = {'[' * 5000}{']' * 5000}")
    with pytest.raises(ValueError, match="nested too deeply"):
        read_lesson(path)


def test_two_steps_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two steps have the name 'a'"):
        read_lesson(written(tmp_path, 'title = "T"' + STEP + STEP))


def shots_until_done(step, most=60, shots=5000):
    """Shots after which a step ticks, drawn as its page does; None if it does not."""
    setup = step.setup.document()
    for name, need in step.needs.items():
        setup[name] = need[0] if isinstance(need, list) else need
    before = twin = None
    for number in range(most):
        answer = answer_draw(
            {
                "setup": setup,
                "shots": shots,
                "seed": 5,
                "number": number,
                "before": before,
                "twin_before": twin,
                "mark": vars(step.mark),
            }
        )
        if answer["mark"]["passed"]:
            return answer["circuit"]["shots"]
        before, twin = answer["circuit"]["totals"], answer["twin"]["totals"]
    return None


def test_every_step_of_the_built_in_lesson_ticks_itself():
    found = {step.name: shots_until_done(step) for step in built_in().steps}
    assert None not in found.values(), found
    assert found["trust"] > found["noise"], "the lesson says that this takes more shots"


def false_ticks(mark, sampled, expected, runs=40, batches=12, shots=100):
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(runs):
        totals = totals_of(None, len(expected))
        for _ in range(batches):
            keys = rng.multinomial(shots, sampled)
            after = totals.later(Counts(keys, np.array(0), np.array(0)), expected)
            if marked(mark, totals, after, expected)["passed"]:
                found += 1
                break
            totals = after
    return found / runs


def test_ticks_are_false_no_more_often_than_stated():
    """Of 40 runs 20% may be wrong: more than 19 are seen in one of 40,000 seeds."""
    expected = np.array([0.5, 0.3, 0.2])
    assert false_ticks(Mark("differs", alpha=0.2), expected, expected) <= 19 / 40
    assert false_ticks(Mark("differs", alpha=0.2), [0.4, 0.4, 0.2], expected, runs=20) > 0.9
    edge = Mark("agrees", alpha=0.2, within=0.1, shots=300)
    assert false_ticks(edge, [0.4, 0.4, 0.2], expected) <= 19 / 40
    assert false_ticks(edge, expected, expected, runs=20) > 0.9
