"""Texts and tables as people's programs write them: encodings, separators, headings, numbers.

What cannot be told for sure is refused with its place, never guessed.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qcattn.legible import quoted
from qcattn.opening import open_file
from qcattn.plurals import plural

__all__ = [
    "CURE",
    "Cells",
    "Line",
    "Matrix",
    "decimal_mark",
    "lines_of",
    "matrix_of",
    "number_in",
    "parsed",
    "read_text",
    "split_table",
    "uncounted",
    "whole_written",
]  # fmt: skip

#: Number of a line, and its cells.
Line = tuple[int, list[str]]
#: Places and what is written there.
Cells = Iterable[tuple[str, str]]
#: A cell, its place and the mark before decimals to a number.
Reader = Callable[[str, str, str], float]

CURE = "write digits, a point before decimals, nothing between thousands and no %"
#: How programs write that there is no number.
_MISSING = {"", "na", "n/a", "null", "none", "#n/a", "<na>"}
#: Longest first: the mark of UTF-32 begins as that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile(
    r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?|[+-]?nan", re.IGNORECASE
)
_WITH_COMMA = re.compile(r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_SPACED = re.compile(r'"[^"]*"(?=\s|$)|\S+')
_SEPARATOR = re.compile(r'"?sep=(.)"?[ ]*(?:\n|$)', re.IGNORECASE)


def read_text(path: str | Path) -> str:
    """Read the text of a file: UTF-8, or UTF-16 and UTF-32 with a mark, which is removed.

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no such text, or no file but a pipe.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "as Excel writes it.txt")
        ...     _ = file.write_text("0.5", encoding="utf-16")
        ...     read_text(file)
        '0.5'
    """
    with open_file(path) as file:
        content = file.read()
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ValueError(
            f"it is not {encoding.upper()} text: line {line:,} holds the byte "
            f"0x{content[error.start]:02x}; save it as UTF-8, which Excel calls CSV UTF-8"
        ) from error
    if "\0" in text:
        raise ValueError(
            "it holds zero bytes, which UTF-8 text does not, and no mark of UTF-16; save it as "
            "UTF-8"
        )
    return text


def lines_of(text: str, *, comments: bool = False) -> list[Line]:
    r"""Split the lines that are not empty where all split alike: at tabs, ; and , or at spaces.

    Args:
        text: A table; a first line ``sep=;`` names the separator, as Excel has it.
        comments: Whether to leave out lines that begin with ``#``.

    Raises:
        ValueError: If the text is no table at all, such as one with a quote that never ends.

    Example:
        >>> lines_of("00;0,5\n11;0,5")
        [(1, ['00', '0,5']), (2, ['11', '0,5'])]
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if comments:
        text = re.sub(r"(?m)^#.*$", "", text)
    named = _SEPARATOR.match(text)
    if named:
        return _split("\n" + text[named.end() :], named.group(1))
    tried = [_split(text, separator) for separator in "\t;," if separator in text]
    for lines in tried:
        lengths = {len(cells) for _, cells in lines}
        if len(lengths) == 1 and max(lengths) > 1:
            return lines
    # None splits all lines alike: one that splits every line tells best which is ragged.
    for lines in tried:
        if lines and min(len(cells) for _, cells in lines) > 1:
            return lines
    spaced = [(number, _at_spaces(line)) for number, line in enumerate(text.split("\n"), 1)]
    spaced = [(number, cells) for number, cells in spaced if cells]
    if not tried and _alike([len(cells) for _, cells in spaced]):
        return spaced
    return _split(text, ",")


def _alike(lengths: Sequence[int]) -> bool:
    """Whether lines are of one length; R leaves the corner above the names of rows out."""
    below = set(lengths[1:])
    return bool(lengths) and len(below) < 2 and below <= {lengths[0], lengths[0] + 1}


def _at_spaces(line: str) -> list[str]:
    """The cells of a line between spaces, which may be inside of quotes."""
    return [cell[1:-1] if cell[0] == '"' else cell for cell in _SPACED.findall(line)]


def _split(text: str, separator: str) -> list[Line]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != "\t"
    )
    lines: list[Line] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        if separator == ",":
            raise ValueError(
                f"line {reader.line_num} is not CSV ({error}); close each quote"
            ) from error
        return []  # one endless cell, because this is not the separator
    return lines


def number_in(cell: str, mark: str = ".") -> float | None:
    """The number that is written in a cell, or None if there is none.

    Args:
        cell: The cell as it is written; a minus sign may be the typographic one.
        mark: The mark before decimals, a point or a comma.

    Example:
        >>> number_in("-1e-3"), number_in("0,5", ","), number_in("1_000"), number_in("O.5")
        (-0.001, 0.5, None, None)
    """
    text = _plain(cell)
    if mark == "," and _WITH_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif mark == "," and "." in text:
        return None
    return float(text) if _NUMBER.fullmatch(text) else None


def whole_written(cell: str) -> bool:
    """Whether the text is a whole number, in digits alone.

    Example:
        >>> whole_written("12"), whole_written("12.0")
        (True, False)
    """
    return _plain(cell).lstrip("+-").isdecimal()


def _plain(cell: str) -> str:
    return cell.strip().replace("\N{MINUS SIGN}", "-").replace("\N{INFINITY}", "inf")


def decimal_mark(cells: Cells) -> str:
    """The decimal mark of a table, a point or a comma.

    Args:
        cells: Places and numbers as they are written.

    Raises:
        ValueError: If commas may stand between thousands as well.

    Example:
        >>> decimal_mark([("line 1, column 1", "1,234"), ("line 1, column 2", "0,5")])
        ','
        >>> decimal_mark([("line 1, column 1", "1,234")])
        Traceback (most recent call last):
        ValueError: line 1, column 1 is '1,234', which may be 1.234 or 1234; write ...
    """
    with_commas = [(place, _plain(cell)) for place, cell in cells if "," in cell]
    with_commas = [(place, cell) for place, cell in with_commas if _WITH_COMMA.fullmatch(cell)
                   or _THOUSANDS.fullmatch(cell)]  # fmt: skip
    if not with_commas:
        return "."
    if all(_THOUSANDS.fullmatch(cell) for _, cell in with_commas):
        place, cell = with_commas[0]
        raise ValueError(
            f"{place} is {cell!r}, which may be {cell.replace(',', '.')} or "
            f"{cell.replace(',', '')}; {CURE}"
        )
    return ","


def parsed(cell: str, place: str, mark: str = ".") -> float:
    """Read the number in a cell.

    Raises:
        ValueError: If there is no number, or it is beyond float64; the message names the place.

    Example:
        >>> parsed("O.5", "line 2, column 1")
        Traceback (most recent call last):
        ValueError: line 2, column 1 is 'O.5', which is not a number; write digits, ...
    """
    number = number_in(cell, mark)
    if number is None:
        missing = cell.strip().lower() in _MISSING
        cure = (
            "write -inf if the key is masked, else the number that is missing" if missing else CURE
        )
        raise ValueError(f"{place} is {quoted(cell.strip(), 40)}, which is not a number; {cure}")
    if math.isinf(number) and "inf" not in _plain(cell).lower():
        raise ValueError(
            f"{place} is {cell.strip()[:40]}, which is beyond float64; "
            "write a smaller number, or -inf if it stands for a masked key"
        )
    return number


@dataclass(frozen=True)
class Matrix:
    """Rows of numbers, with their headings and labels.

    Attributes:
        values: The numbers, one list a row, all of one length.
        heading: The headings, one label a column, or () without a heading.
        beside: The labels of the rows, or () without a column of labels.
    """

    values: list[list[float]]
    heading: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def uncounted(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels, unless they only count 0, 1, 2, ..., as they do for rows without names.

    Example:
        >>> uncounted(["the", "cat"]), uncounted(["0", "1"]), uncounted(["1", "2"])
        (('the', 'cat'), (), ('1', '2'))
    """
    return () if _counts(labels) else tuple(labels)


def split_table(content: Any) -> Matrix | None:
    """Read a table from JSON that ``to_json(orient="split")`` of pandas wrote; else None.

    Example:
        >>> split_table({"columns": ["a", "b"], "index": [0], "data": [[1, 2]]})
        Matrix(values=[[1, 2]], heading=('a', 'b'), beside=('0',))
    """
    if not isinstance(content, dict) or set(content) != {"columns", "index", "data"}:
        return None
    if not all(isinstance(part, list) for part in content.values()):
        return None
    above, beside = (tuple(map(str, content[name])) for name in ("columns", "index"))
    return Matrix(content["data"], heading=above, beside=beside)


def _counts(labels: Sequence[str]) -> bool:
    """Whether labels count 0, 1, 2 ..."""
    return all(label == str(i) for i, label in enumerate(labels))


def matrix_of(lines: Sequence[Line], read: Reader = parsed) -> Matrix:
    r"""Read a table of numbers, with or without a heading and labels, as pandas writes it.

    A heading is a first line of words, or one with an empty corner; a column of labels stands below
    an empty corner, or holds words. A first line or column that only counts 0, 1, 2 ... may be
    either labels or numbers, and is refused.

    Args:
        lines: The lines, as `lines_of` gives them.
        read: A function that makes a number of a cell, its place and the mark before decimals.

    Raises:
        ValueError: If lines differ in length, a cell is not a number, or labels cannot be told from
            numbers; the place is named.

    Example:
        >>> matrix_of(lines_of(",the,cat\n0,0.5,1.5\n1,0.25,-inf"))
        Matrix(values=[[0.5, 1.5], [0.25, -inf]], heading=('the', 'cat'), beside=('0', '1'))
    """
    (first, top), body = lines[0], list(lines[1:])
    # The index may have a name; beside columns that are counted it is none of them.
    counted = _no_number(top[0]) and _counts(top[1:]) and not _no_number((body or lines)[0][1][0])
    corner = top[0] in ("", "Unnamed: 0") or counted
    corner = corner and len(top) > 1 and _labels(top[1:], lines[1:])
    # R leaves the corner out.
    short = (
        (_words(top) or _outcomes(top))
        and bool(body)
        and all(len(cells) == len(top) + 1 for _, cells in body)
    )
    # A column of words, the first of which stands above the others, such as the name of the index.
    beside = len(top) > 2 and all(cells and _no_number(cells[0]) for _, cells in lines)
    headed = corner or short or _words(top) or (beside and _outcomes(top[1:]))
    if headed and not body:
        raise ValueError(
            f"line {first} is a heading without lines below it; write the numbers below it"
        )
    body = body if headed else list(lines)
    width = len(top) + short
    for number, cells in body:
        if len(cells) != width:
            raise ValueError(
                f"line {number} has {plural(len(cells), 'column')}, but line {first} has {width}; "
                "give every row one number for each column, -inf for a masked key"
            )
    labelled = corner or short or (width > 1 and all(_no_number(cells[0]) for _, cells in body))
    if not headed:
        _check_counting(lines[0], body[1:], labelled=labelled)
    if not labelled:
        _check_counted(body, headed=headed)
    heading = top if headed else []
    values = _values([(number, cells[labelled:]) for number, cells in body], int(labelled), read)
    return Matrix(
        values,
        heading=tuple(heading[1:] if labelled and not short else heading),
        beside=tuple(cells[0] for _, cells in body) if labelled else (),
    )


def _values(body: Sequence[Line], left_out: int, read: Reader) -> list[list[float]]:
    """The numbers of lines whose first columns are left out."""
    placed = [
        [(f"line {number}, column {i}", cell) for i, cell in enumerate(cells, 1 + left_out)]
        for number, cells in body
    ]
    mark = decimal_mark(pair for row in placed for pair in row)
    return [[read(cell, place, mark) for place, cell in row] for row in placed]


def _labels(heading: Sequence[str], body: Sequence[Line]) -> bool:
    """Whether what stands beside an empty corner, and below it, can be labels."""
    beside = [*heading, *(cells[0] for _, cells in body)]
    return all(cell and (_no_number(cell) or whole_written(cell)) for cell in beside)


def _no_number(cell: str) -> bool:
    """Whether a cell is a word: it neither is a number nor begins as one."""
    return not re.match(r"[+-]?[.,]?\d", _plain(cell)) and number_in(cell) is None


def _words(cells: Sequence[str]) -> bool:
    """Whether a first line is a heading: words, or outcomes such as 00 and 01."""
    return (len(cells) > 2 and _outcomes(cells)) or all(_no_number(cell) for cell in cells)


def _outcomes(cells: Sequence[str]) -> bool:
    """Whether all are bitstrings of one length, and one of them is not written as a number is."""
    alike = len({len(cell) for cell in cells}) == 1 < len(cells[0])
    bits = all(set(cell) <= {"0", "1"} for cell in cells)
    return alike and bits and any(cell[0] == "0" for cell in cells)


def _check_counting(first: Line, others: Sequence[Line], *, labelled: bool) -> None:
    """Refuse a first line that counts 0, 1, 2 ... above numbers: pandas heads tables so."""
    number, cells = first[0], first[1][labelled:]
    counts = len(cells) > 1 and _counts(cells)
    whole = all(whole_written(cell) for _, line in others for cell in line)
    if counts and others and (len(cells) > 2 or labelled or not whole):
        raise ValueError(
            f"line {number} counts from 0 to {len(cells) - 1}, as a heading does; delete it, or "
            "write 0.0 for 0 if these are numbers"
        )


def _check_counted(body: Sequence[Line], *, headed: bool) -> None:
    """Refuse a first column that counts lines beside fractions: pandas writes its index so.

    The first of three columns with words above them, all whole, is refused too: it is a named
    index.
    """
    counts = _counts([cells[0] for _, cells in body])
    others = [cell for _, cells in body for cell in cells[1:]]
    wide = headed and len(body[0][1]) > 2
    if counts and len(body) > 1 and others and (wide or not any(map(whole_written, others))):
        raise ValueError(
            f"column 1 counts from 0 to {len(body) - 1}, as an index does; delete it, or write 0.0 "
            "for 0 if these are numbers"
        )
