"""Tables of named columns; pandas is an extra, which nothing here needs until it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["frame", "named_columns"]


def frame(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """Make a data frame of these columns, all of one length.

    Raises:
        ImportError: If pandas is not installed; the message says how to get it.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("`to_pandas` needs pandas: `pip install 'qcattn[pandas]'`") from error
    return pandas.DataFrame(dict(columns))


def named_columns(names: Iterable[str], taken: set[str], kind: str) -> dict[str, str]:
    """Make a column for each name, so that no two columns share a name.

    Args:
        names: What the columns are called if they can be.
        taken: Columns that there are; the new ones are added.
        kind: What is put behind a name that is taken.

    Example:
        >>> named_columns(["query", "key"], {"key", "count"}, "of scores")
        {'query': 'query', 'key': 'key of scores'}
    """
    out = {}
    for name in dict.fromkeys(names):
        column = name
        while column in taken:
            column = f"{column} {kind}"
        taken.add(column)
        out[name] = column
    return out
