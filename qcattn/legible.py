r"""Text that comes from a file or a user, as it may be shown: one way for the whole house.

Names, labels and messages pass here where they are read, and all that a terminal is given passes
once more, so that no escape sequence reaches it, whatever a file holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["legible", "listed", "name_of", "quoted", "shortened", "spelt"]


def legible(text: str) -> str:
    r"""Write out every character that is not visible; spaces of any width stay.

    Args:
        text: A text of any origin; control characters, escape sequences, marks that turn the
            direction of writing, and halves of characters (lone surrogates) are written out.

    Example:
        >>> legible("caf\u00e9 \x1b[31m"), legible("\udce9"), legible("a\nb")
        ('café \\x1b[31m', '\\udce9', 'a\\nb')
    """
    if text.isprintable():
        return text
    return "".join(
        mark
        if mark.isprintable() or (mark.isspace() and mark > "\x7f" and len(mark.splitlines()) < 2)
        else mark.encode("unicode_escape").decode("ascii")
        for mark in text
    )


def shortened(text: str, most: int = 1000) -> str:
    """Shorten a long text to its beginning and end, and say how much is left out between them.

    Example:
        >>> shortened("0123456789" * 10, 40)
        '01234567890 ... 79 characters ... 0123456789'
    """
    if len(text) <= most:
        return text
    end = most // 4
    begin = most - end - 19
    return f"{text[:begin]} ... {len(text) - begin - end:,} characters ... {text[-end:]}"


def spelt(value: object) -> str:
    """Describe an object for a record in its own words, without its address in this process.

    Example:
        >>> spelt(Ellipsis), spelt(listed) == "<function listed>"
        ('Ellipsis', True)
    """
    return re.sub(r" at 0x[0-9a-fA-F]+(?=>)", "", str(value))


def name_of(value: object) -> str:
    """Name an object that can be called: by its class, or as the function that it is.

    Example:
        >>> from functools import partial
        >>> name_of(partial(listed, most=3)), name_of(Exception("one"))
        ('listed', 'Exception')
    """
    inner = getattr(value, "func", value)  # of a partial
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return str(name).rpartition("<locals>.")[2]


def quoted(value: object, most: int = 80) -> str:
    """Write a value for an error, on one line.

    Example:
        >>> quoted("layer"), len(quoted("x" * 10**6)) < 100
        ("'layer'", True)
    """
    # Not all of a long text is written out first.
    text = repr(value[: 2 * most] if isinstance(value, str) else value)
    if isinstance(value, str) and len(value) > 2 * most:
        return f"{text[: most // 2]}' ... of {len(value):,} characters"
    return shortened(legible(text), most)


def listed(values: Iterable[object], most: int = 8) -> str:
    """Join values by commas; of many, only the first ones.

    Example:
        >>> listed(["a", "b"]), listed(range(100), 3)
        ("'a', 'b'", '0, 1, 2 and 97 more')
    """
    values = list(values)
    said = ", ".join(quoted(value) for value in values[:most])
    return f"{said} and {len(values) - most:,} more" if len(values) > most else said
