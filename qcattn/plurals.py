"""So many of a thing, in words."""

__all__ = ["plural", "whole_of"]


def plural(count: int, noun: str) -> str:
    """So many of a thing.

    Example:
        >>> plural(1, "row"), plural(1234, "row")
        ('1 row', '1,234 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def whole_of(count: int, noun: str) -> str:
    """All of several things, which are both of two.

    Example:
        >>> whole_of(2, "trial"), whole_of(12, "trial")
        ('Both trials', 'All 12 trials')
    """
    return f"Both {noun}s" if count == 2 else f"All {plural(count, noun)}"
