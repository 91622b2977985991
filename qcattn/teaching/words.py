"""The words of the page, which a lesson may say in another language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from qcattn.names import known
from qcattn.parsing import parse_json

__all__ = ["page_words", "words_in_place"]

_PLACE = re.compile(r"\{\w+\}")


@lru_cache
def page_words() -> Mapping[str, str]:
    """All words of the page by their names, as ``page/words.json`` has them.

    Example:
        >>> page_words()["draw"]
        'Draw shots'
    """
    return dict(parse_json((files("qcattn.teaching") / "page" / "words.json").read_bytes()))


def words_in_place(given: Any) -> dict[str, str]:
    """Read the words of a lesson that replace the page's own.

    Args:
        given: A mapping of names of `page_words` to words. What stands in braces there, such as
            ``{number}``, is filled in, and must stand in the words too.

    Raises:
        ValueError: If a name is unknown, or words lack what is filled in; the cure is named.

    Example:
        >>> words_in_place({"step_of": "Schritt {number} von {total}"})
        {'step_of': 'Schritt {number} von {total}'}
        >>> words_in_place({"step_of": "Schritt {nummer}"})
        Traceback (most recent call last):
        ValueError: `words.step_of` must be words with {number}, {total}, but is ...
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"`words` must be a table, but is {given!r:.80}; write it under [words]")
    for name, words in given.items():
        known("a name of `words`", name, page_words())
        places = sorted(set(_PLACE.findall(page_words()[name])))
        fits = isinstance(words, str) and words.strip()
        if not fits or sorted(set(_PLACE.findall(words))) != places:
            filled = f" with {', '.join(places)}" if places else ""
            raise ValueError(
                f"`words.{name}` must be words{filled}, but is {words!r:.80}; the page says "
                f"{page_words()[name]!r}"
            )
    return dict(given)
