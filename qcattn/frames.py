"""Tables for pandas, which is an extra: nothing here needs it until it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["frame"]


def frame(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """A data frame of these columns, all of one length.

    Raises:
        ImportError: If pandas is not installed; the message says how to get it.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("`to_pandas` needs pandas: `pip install 'qcattn[pandas]'`") from error
    return pandas.DataFrame(dict(columns))
