"""A lesson: steps that ask for a prediction first and tick themselves; one TOML file each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from qcattn.names import known
from qcattn.teaching.drawing import preparation_for, target_of
from qcattn.teaching.marking import Mark, mark_of
from qcattn.teaching.setups import Setup, real, setup_of
from qcattn.teaching.words import words_in_place

__all__ = ["Lesson", "LessonStep", "built_in", "read_lesson"]

#: The most bytes of a lesson.
_MOST_BYTES = 256 * 1024
_MOST_STEPS = 40
_OF_STEP = ("name", "title", "text", "question", "choices", "right", "because", "setup", "needs",
            "mark")  # fmt: skip
_WORDS = ("name", "title", "text", "question", "right", "because")


@dataclass(frozen=True)
class LessonStep:
    """One step of a lesson.

    Attributes:
        name: The name of the step, in letters, unique in its lesson.
        title: The heading of the step.
        text: What the student reads first.
        question: What is to be predicted.
        choices: Answers by their names.
        right: The name of the right answer.
        because: Why, said once the step is done.
        setup: What the page is set to.
        needs: What the setting must be for the step to tick: a word, or a pair of bounds for a
            number. All of `setup` that is not named here must be as it was set.
        mark: The test that ticks it.
    """

    name: str
    title: str
    text: str
    question: str
    choices: dict[str, str]
    right: str
    because: str
    setup: Setup
    needs: dict[str, Any]
    mark: Mark


@dataclass(frozen=True)
class Lesson:
    """A lesson: its steps in order.

    Attributes:
        title: The title of the lesson.
        steps: The steps, at least one.
        words: Words that stand in place of the page's own, in the lesson's language.
    """

    title: str
    steps: tuple[LessonStep, ...]
    words: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        steps = [{**asdict(step), "setup": step.setup.document()} for step in self.steps]
        return {"title": self.title, "steps": steps}


def built_in() -> Lesson:
    """The lesson that comes with qcattn.

    Example:
        >>> [step.name for step in built_in().steps][:2]
        ['one-coin', 'two-keys']
    """
    text = (files("qcattn.teaching") / "lessons" / "born.toml").read_text(encoding="utf-8")
    return _lesson(text)


def read_lesson(path: Path) -> Lesson:
    """Read a lesson from a TOML file.

    Args:
        path: The file, as ``qcattn/teaching/README.md`` describes it.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not a lesson; the message names the file, the step and the cure.
    """
    content = path.read_bytes()
    if len(content) > _MOST_BYTES:
        raise ValueError(
            f"`{path}`: a lesson must be of at most {_MOST_BYTES:,} bytes, but is of "
            f"{len(content):,}; make two of it"
        )
    try:
        return _lesson(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"`{path}`: it is not UTF-8 text ({error}); save it as UTF-8") from error
    except ValueError as error:
        raise ValueError(f"`{path}`: {error}") from error


def _lesson(text: str) -> Lesson:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML ({error}); correct that place") from error
    except RecursionError as error:
        raise ValueError(
            "it cannot be read as a lesson: its lists are nested too deeply; nest them less"
        ) from error
    for name in document:
        known("a name of a lesson", name, ["title", "step", "words"])
    title, steps = document.get("title"), document.get("step")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"`title` must be words, but is {title!r:.80}; name the lesson")
    if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS:
        raise ValueError(
            f"a lesson must have 1 to {_MOST_STEPS} steps; write each under a line [[step]]"
        )
    made = []
    for number, step in enumerate(steps, start=1):
        try:
            made.append(_step(step))
        except ValueError as error:
            raise ValueError(f"step {number}: {error}") from error
    twice = sorted({one.name for one in made if sum(o.name == one.name for o in made) > 1})
    if twice:
        raise ValueError(f"two steps have the name {twice[0]!r}; give each its own")
    return Lesson(title, tuple(made), words_in_place(document.get("words", {})))


def _step(given: Any) -> LessonStep:
    if not isinstance(given, Mapping):
        raise ValueError(f"a step must be a table, but is {given!r:.80}; write it under [[step]]")
    for name in given:
        known("a name of a step", name, _OF_STEP)
    for name in _WORDS:
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise ValueError(f"`{name}` must be words, but is {given.get(name)!r:.80}")
    choices = given.get("choices")
    if (
        not isinstance(choices, Mapping)
        or len(choices) < 2
        or not all(isinstance(words, str) and words.strip() for words in choices.values())
    ):
        raise ValueError(
            f"`choices` must be two answers or more, each a name and its words, but is "
            f"{choices!r:.80}"
        )
    right = known("right", given["right"], choices)
    for name in ("setup", "mark"):
        if name not in given:
            raise ValueError(f"`{name}` must be given; write it under [step.{name}]")
    setup = setup_of(given["setup"])
    preparation_for(setup, target_of(setup).hamiltonian)
    words = {name: given[name] for name in _WORDS}
    return LessonStep(
        **{**words, "right": right},
        choices=dict(choices),
        setup=setup,
        needs=_needs(given.get("needs", {}), setup),
        mark=_mark(given["mark"]),
    )


def _mark(given: Any) -> Mark:
    mark = mark_of(given)
    idle = [name for name in ("within", "shots") if name in given]
    if mark.kind == "differs" and idle:
        raise ValueError(
            f"`mark.{idle[0]}` has no meaning where the kind is 'differs', which is looked at "
            "after every batch; leave it out"
        )
    return mark


def _needs(given: Any, setup: Setup) -> dict[str, Any]:
    """What the setting must be: words as they are, numbers between two bounds."""
    if not isinstance(given, Mapping):
        raise ValueError(f"`needs` must be a table, but is {given!r:.80}")
    numbers, words = ("beta", "field", "phase", "noise"), ("preparation", "reading")
    out: dict[str, Any] = {}
    for name, value in given.items():
        known("a name of `needs`", name, [*numbers, *words])
        if name in words:
            out[name] = getattr(setup_of({**setup.document(), "field": 0, name: value}), name)
            continue
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"`needs.{name}` must be [lowest, highest], but is {value!r:.80}")
        low, high = (real(one, f"needs.{name}") for one in value)
        if low > high:
            raise ValueError(
                f"`needs.{name}` must be [lowest, highest], but is [{low:g}, {high:g}]; swap them"
            )
        _check_reached(setup, name, low, high)
        out[name] = [low, high]
    return out


def _check_reached(setup: Setup, name: str, *bounds: float) -> None:
    """Refuse bounds of which no setting can have either: no student could bring that about."""
    for bound in bounds:
        try:
            setup_of({**setup.document(), name: bound})
            return
        except ValueError as error:
            why = error
    raise ValueError(f"`needs.{name}` has two bounds of which no setting can have either: {why}")
