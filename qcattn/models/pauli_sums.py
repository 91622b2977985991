"""A sum of Pauli strings as people and programs write it: text, tables, JSON, Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcattn.parsing import parse_json
from qcattn.plurals import plural
from qcattn.texts import decimal_mark, lines_of, number_in, read_text

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

__all__ = ["read_pauli_sum"]

_TERM = re.compile(
    r"\s*(?P<sign>[+-]?)\s*"
    r"(?:(?P<weight>\([^()]*\)|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*)?"
    r"(?P<label>[A-Za-z]+)\s*"
)


def read_pauli_sum(written: str) -> SparsePauliOp:
    """Read a sum of Pauli strings from a text or from the file that it names.

    - ``ZZI=-1, XII=0.5``, in one line or one a line;
    - ``-1*ZZI + 0.5*XII - ZIZ``, a sum as on paper;
    - ``{"ZZI": -1, "XII": 0.5}``, or pairs ``[["ZZI", -1], ["XII", 0.5]]``, as JSON or as Python
      prints them (``SparsePauliOp.to_list()``);
    - in a file also a table of strings and weights: commas, semicolons, tabs or spaces between
      them, with or without a heading, quotes, and comments that begin with ``#``.

    Weights may be complex numbers whose imaginary part is zero. A string that comes again adds up.

    Args:
        written: The sum, or the name of a file that holds it.

    Returns:
        The operator on as many qubits as the strings have letters; qubit 0 is the rightmost.

    Raises:
        ValueError: If there is no such file, or it holds something else; the place is named.

    Example:
        >>> read_pauli_sum("ZI=-1, IX=0.5").to_list()
        [('ZI', (-1+0j)), ('IX', (0.5+0j))]
        >>> read_pauli_sum("1*ZI - 0.5*IX + ZZ").to_list()
        [('ZI', (1+0j)), ('IX', (-0.5+0j)), ('ZZ', (1+0j))]
    """
    from qiskit.quantum_info import SparsePauliOp

    text, path = written, _file(written)
    if path is not None:
        try:
            text = read_text(path)
        except (OSError, ValueError) as error:
            raise ValueError(f"`--pauli` names '{path}', but {_why(error)}") from error
    return SparsePauliOp.from_list(_checked(_terms(text, in_file=path is not None)))


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"that cannot be read ({error.strerror}); check the name and the folder"
    return str(error)


def _file(written: str) -> Path | None:
    """The file that is named; None where the sum itself is written."""
    path = Path(written)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # a sum may be longer than the name of a file
        return None
    plain = not set("=*[{(+\n") & set(written)
    return path if path.suffix and plain else None


def _terms(text: str, *, in_file: bool) -> list[tuple[str, str, Any]]:
    """Place, string and weight of each term, as they are written."""
    text = "\n".join(line.partition("#")[0].rstrip() for line in text.splitlines())
    if not text.strip():
        raise ValueError("`--pauli` holds no term; give one such as ZZI=-0.5")
    if text.lstrip()[0] in "[{":
        return _of_literal(text)
    if "=" in text:
        return [(part, *_halves(part, "=")) for part in re.split(r"[,;\n]", text) if part.strip()]
    if in_file and "*" not in text:
        return _of_table(text)
    return list(_of_sum(text.replace("\n", " ")))


def _halves(part: str, mark: str) -> tuple[str, str]:
    label, _, weight = part.partition(mark)
    return label, weight


def _of_literal(text: str) -> list[tuple[str, str, Any]]:
    """Terms of a dictionary or a list of pairs, as JSON or Python."""
    pairs: Any
    try:
        pairs = parse_json(text)
    except ValueError:
        pairs = _of_python(text)
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    listed = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in pairs
    )
    if not listed or not pairs:
        raise ValueError(
            "`--pauli` is neither a dictionary of strings and weights nor a list of such pairs; "
            'write {"ZZI": -0.5} or [["ZZI", -0.5]]'
        )
    return [(f"{label}: {weight!r}", label, weight) for label, weight in pairs]


def _of_python(text: str) -> Any:
    """A dictionary or a list as Python prints it; None if it is none."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        names = (
            [ast.literal_eval(key) for key in tree.keys if key]
            if isinstance(tree, ast.Dict)
            else []
        )
        found = ast.literal_eval(tree)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    if len(set(names)) < len(names):
        raise ValueError(
            f"`--pauli` has {max(names, key=names.count)!r} twice in one dictionary; keep one"
        )
    return found


def _of_table(text: str) -> list[tuple[str, str, Any]]:
    lines = lines_of(text)
    wrong = next(((number, cells) for number, cells in lines if len(cells) != 2), None)
    if wrong:
        raise ValueError(
            f"`--pauli`, line {wrong[0]} has {plural(len(wrong[1]), 'column')}, but must be a "
            "string and its weight, for example ZZI,-0.5"
        )
    if not set(lines[0][1][0].upper()) <= set("IXYZ") and _weight(lines[0][1][1]) is None:
        lines = lines[1:]  # a heading
    mark = decimal_mark((f"line {number}, column 2", weight) for number, (_, weight) in lines)
    return [
        (f"line {number}: {label}, {weight}", label, weight.replace(",", ".") if mark == "," else
         weight)
        for number, (label, weight) in lines
    ]  # fmt: skip


def _of_sum(text: str) -> Iterator[tuple[str, str, Any]]:
    """Terms such as ``-0.5*ZZI`` and ``ZZI`` joined by signs."""
    place = 0
    while text[place:].strip(" ,"):
        found = _TERM.match(text, place)
        rest = text[place:].strip()
        # A lone string is rather one whose weight was forgotten.
        if found is None or (place and not found["sign"]) or not set("*+-") & set(text):
            yield rest, "", ""
            return
        sign = -1 if found["sign"] == "-" else 1
        weight = _weight(found["weight"] or "1")
        yield rest, found["label"], None if weight is None else sign * weight
        place = found.end()


def _weight(written: Any) -> complex | None:
    """The number that is written, or None."""
    if isinstance(written, bool) or not isinstance(written, str | int | float | complex):
        return None
    if not isinstance(written, str):
        return complex(written)
    number = number_in(written)
    if number is not None:
        return complex(number)
    try:
        return complex(written.strip().replace(" ", "").strip("()")) if "_" not in written else None
    except ValueError:
        return None


def _checked(terms: list[tuple[str, str, Any]]) -> list[tuple[str, complex]]:
    out = []
    for place, written, weight in terms:
        label, value = re.sub(r"\s", "", written).strip("'\"").upper(), _weight(weight)
        if not label or value is None:
            raise ValueError(
                f"`--pauli` has {place.strip()[:60]!r}, which is not a string and a weight; write "
                "ZZI=-0.5 or -0.5*ZZI"
            )
        if set(label) - set("IXYZ"):
            raise ValueError(
                f"`--pauli` has the string {label[:60]!r}; use the letters I, X, Y, Z, one for "
                "each qubit, the last one for qubit 0: Z on qubit 1 of 3 is IZI"
            )
        if not abs(value) < float("inf"):
            raise ValueError(f"`--pauli` has the weight {weight!r}; give a finite number")
        if value.imag:
            raise ValueError(
                f"`--pauli` has {place.strip()[:60]!r}, but a Hamiltonian has real weights; leave "
                "out the imaginary part"
            )
        out.append((label, value))
    lengths = {len(label) for label, _ in out}
    if len(lengths) != 1:
        raise ValueError(
            f"`--pauli` has strings of lengths {sorted(lengths)}; give each a letter for every "
            "qubit, I where it does nothing"
        )
    return out
