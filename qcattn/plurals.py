"""How many there are of a thing, and how probable it is, in words."""

__all__ = ["p_is", "p_text", "plural", "whole_of"]


def plural(count: int, noun: str) -> str:
    """Write a number of things, in the singular or the plural.

    Example:
        >>> plural(1, "row"), plural(1234, "row")
        ('1 row', '1,234 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def whole_of(count: int, noun: str) -> str:
    """Write all of several things, or "both" of two.

    Example:
        >>> whole_of(2, "trial"), whole_of(12, "trial")
        ('Both trials', 'All 12 trials')
    """
    return f"Both {noun}s" if count == 2 else f"All {plural(count, noun)}"


def p_text(p: float) -> str:
    """Write a p-value to two digits; one too small for double precision is below 1e-300.

    Example:
        >>> p_text(0.4349), p_text(1.0), p_text(3.21e-7), p_text(0.0)
        ('0.43', '1', '3.2e-07', '< 1e-300')
    """
    return f"{p:.2g}" if p >= 1e-300 else "< 1e-300"


def p_is(p: float) -> str:
    """Write a p-value in a sentence.

    Example:
        >>> p_is(0.4349), p_is(0.0)
        ('p = 0.43', 'p < 1e-300')
    """
    return f"p = {p_text(p)}" if p >= 1e-300 else f"p {p_text(p)}"
