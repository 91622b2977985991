"""Numbers for named outcomes, as Qiskit and others give them, and two of them brought together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from qcattn.legible import legible, quoted
from qcattn.plurals import plural
from qcattn.texts import CURE, number_in

__all__ = [
    "Outcomes",
    "counted",
    "kind_of",
    "labelled",
    "number_of",
    "outcomes_of",
    "role_in",
    "together",
]

#: The integers from here on are kept as floats, since int64 would wrap.
_MOST = 2**63
#: The most characters of the name of a row.
_LONGEST = 48
_BASES = {"hexadecimals": 16, "binary numbers": 2, "bitstrings": 2, "decimals": 10, "texts": 0}
#: Digits written as no number is, but as bitstrings are.
_PADDED = re.compile(r"0\d+")
#: What other programs call the dictionary that holds them.
_NAMES = {
    "counts": ("counts", "measurementCounts", "measurement_counts", "histogram"),
    "probabilities": (
        "probabilities",
        "measurementProbabilities",
        "measurement_probabilities",
        "histogram",
    ),
}


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Numbers for outcomes, with one table for each row of the experiment.

    Attributes:
        labels: The outcomes: integers where they are written in binary, hexadecimal or decimal,
            texts else; or the positions 0, 1, ... of an array without labels.
        values: Shape (rows, outcomes).
        bits: Length of the bitstrings, 0 if there are none.
        source: Where the outcomes come from, as a message names it.
        kind: What the outcomes are read as: bitstrings, binary numbers, hexadecimals, decimals,
            texts or positions.
        single: Whether there is one row that stands for itself, and no axis of rows.
        row_names: One label for each row, or ().

    Raises:
        ValueError: If there are names of rows, and not one for each.
    """

    labels: tuple[int | str, ...]
    values: np.ndarray
    bits: int
    source: str
    kind: str
    single: bool = False
    row_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Names of rows are legible from here on."""
        object.__setattr__(self, "row_names", tuple(map(legible, self.row_names)))
        if self.row_names and len(self.row_names) != len(self.values):
            raise ValueError(
                f"it holds {len(self.row_names)} `row_names` for "
                f"{plural(len(self.values), 'row')}; name each of them, or none"
            )

    def name(self, column: int) -> str:
        """The outcome of a column, as it is written."""
        label = self.labels[column]
        if self.bits and isinstance(label, int):
            return f"{label:0{self.bits}b}"
        return legible(str(label))

    def row(self, number: int) -> str:
        """A row by its number, and by its name if it has one."""
        named = f" {quoted(self.row_names[number], _LONGEST)}" if self.row_names else ""
        return f"{number}{named}"

    @property
    def names(self) -> list[str]:
        """All outcomes, as they are written."""
        return [self.name(column) for column in range(len(self.labels))]

    @property
    def open(self) -> bool:
        """Whether the bitstrings may be decimals too, such as 10 and 11."""
        return self.bits > 0 and all(name == "0" or name[0] != "0" for name in self.names)


def outcomes_of(value: Any, source: str, role: str) -> Outcomes | None:
    """Read what Qiskit and others return as outcomes; None for an array, which has no labels.

    Args:
        value: A dictionary of outcomes and numbers (of Qiskit's ``Counts`` too), a list of those,
            one a row, a ``BitArray``, or a result of a primitive or of ``backend.run``.
        source: What a message calls it.
        role: ``"counts"`` or ``"probabilities"``: which of a dictionary's dictionaries is meant.

    Raises:
        ValueError: If it holds something else, or names an outcome twice.

    Example:
        >>> outcomes_of({"0b00": 3, "0b11": 5}, "`counts`", "counts").names
        ['00', '11']
        >>> outcomes_of([3, 0, 0, 5], "`counts`", "counts") is None
        True
    """
    if hasattr(value, "keys") and hasattr(value, "stray"):
        return None
    found = _tables(value, role)
    if found is None:
        return None
    rows, single = found
    try:
        return replace(labelled(rows, source), single=single)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None


def _tables(value: Any, role: str) -> tuple[list[Mapping[Any, Any]], bool] | None:
    """Dictionaries, one a row, and whether there is no axis of rows; None for anything else."""
    if isinstance(value, Mapping):
        inner = role_in(value, role)
        return ([inner], True) if isinstance(inner, Mapping) else _tables(inner, role)
    if hasattr(value, "get_int_counts") and hasattr(value, "num_bits"):  # BitArray
        if value.shape == ():
            return [value.get_counts()], True
        places = product(*map(range, value.shape))
        return [value.get_counts(place) for place in places], False
    if hasattr(value, "join_data"):  # one PUB of a primitive's result
        return _tables(value.join_data(), role)
    if hasattr(value, "get_counts"):  # Result
        return _tables(value.get_counts(), role)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        whole = value
    elif hasattr(value, "metadata") and hasattr(value, "__getitem__"):  # PrimitiveResult
        whole = list(value)
    else:
        return None
    parts = [_tables(one, role) for one in whole if not isinstance(one, list | tuple | int | float)]
    if not whole or len(parts) < len(whole) or None in parts:
        return None
    return [row for part in parts if part for row in part[0]], False


def role_in(content: Mapping[Any, Any], role: str) -> Any:
    """Find the counts or probabilities in a dictionary, itself or what it holds under their name.

    Args:
        content: ``{outcome: number}``, or ``{"measurementCounts": {outcome: number}, ...}``.
        role: ``"counts"`` or ``"probabilities"``.

    Raises:
        ValueError: If it holds neither.

    Example:
        >>> role_in({"histogram": {"0": 0.5, "3": 0.5}, "shots": 100}, "probabilities")
        {'0': 0.5, '3': 0.5}
    """
    if not any(isinstance(one, Mapping | list | tuple) for one in content.values()):
        return content
    for name in _NAMES[role]:
        if isinstance(content.get(name), Mapping | list | tuple):
            return content[name]
    raise ValueError(
        f"it holds {', '.join(map(repr, list(content)[:6]))} and no dictionary called "
        f"{' or '.join(map(repr, _NAMES[role]))}; give the dictionary {{outcome: number}}"
    )


def counted(shots: Iterable[Any]) -> dict[str, int]:
    """Count shots that come one by one, as ``get_memory`` gives them.

    Raises:
        ValueError: If they are decimals, which may be counts as well.

    Example:
        >>> counted(["00", "11", "00"])
        {'00': 2, '11': 1}
    """
    texts = [str(shot) for shot in shots]
    if kind_of(texts) == "decimals":
        raise ValueError(
            f"it holds {texts[0]!r} in quotes, which may be an outcome or a number of shots; write "
            "outcomes in binary, or numbers without quotes"
        )
    found: dict[str, int] = {}
    for text in texts:
        found[text] = found.get(text, 0) + 1
    return found


def together(counts: Outcomes, probabilities: Outcomes) -> tuple[np.ndarray, np.ndarray, Outcomes]:
    """Put two tables over the same outcomes; an outcome that one lacks is 0 there.

    Outcomes such as 10 and 11, bitstrings or decimals, are what goes with the other table.

    Args:
        counts: Outcomes that are counts most often.
        probabilities: Outcomes that are probabilities most often; they may be one row for all.
            Where rows have names in both, they are those of the same name.

    Returns:
        Counts (rows, outcomes), probabilities (rows or 1, outcomes), and how outcomes and rows are
        called, with what outcomes were read as in either. Positions stay where they are.

    Raises:
        ValueError: If the two do not name outcomes alike or the rows do not match.
    """
    counts, probabilities = _beside(counts, probabilities), _beside(probabilities, counts)
    if (counts.kind == "texts") != (probabilities.kind == "texts"):
        called = " and ".join(
            # A text that could be nothing else, if there is one.
            f"by {one.kind} such as "
            f"{quoted(max(one.names, key=lambda name: kind_of([name]) == 'texts'))}"
            for one in (counts, probabilities)
        )
        raise ValueError(
            f"{counts.source} and {probabilities.source} name outcomes differently, {called}; "
            "write both alike"
        )
    _check_decimals(counts, probabilities)
    _check_decimals(probabilities, counts)
    _check_room(counts, probabilities)
    if 0 < min(counts.bits, probabilities.bits) < max(counts.bits, probabilities.bits):
        raise ValueError(
            f"{counts.source} has outcomes of {plural(counts.bits, 'bit')}, but "
            f"{probabilities.source} of {probabilities.bits}; write both with all bits"
        )
    rows = {len(counts.values), len(probabilities.values)}
    if len(rows) > 1 and len(probabilities.values) != 1:
        raise ValueError(
            f"{counts.source} has {plural(len(counts.values), 'row')}, but {probabilities.source} "
            f"has {len(probabilities.values)}; give one row of probabilities for each, or one for "
            "all"
        )
    probabilities = _in_order(probabilities, counts)
    first = (probabilities, counts) if counts.kind != "positions" else (counts, probabilities)
    labels = tuple(dict.fromkeys(label for one in first for label in one.labels))
    bits = max(counts.bits, probabilities.bits)
    spread = [_spread(one, labels) for one in (counts, probabilities)]
    kind = counts.kind
    if probabilities.kind != kind:
        kind += f", in the probabilities as {probabilities.kind}"
    rows_called = counts.row_names or (probabilities.row_names if len(rows) == 1 else ())
    outcomes = Outcomes(labels, spread[0], bits, counts.source, kind, row_names=rows_called)
    return spread[0], spread[1], outcomes


def _in_order(one: Outcomes, other: Outcomes) -> Outcomes:
    """The one with its rows in the order of the other's, if rows have names in both."""
    if not one.row_names or not other.row_names or len(one.values) != len(other.values):
        return one  # where the numbers differ, one row stands for all
    if one.row_names == other.row_names:
        return one
    for names, lacking in ((other, one), (one, other)):
        strange = [name for name in names.row_names if name not in lacking.row_names]
        if strange:
            raise ValueError(
                f"{names.source} has a row called {quoted(strange[0])}, but {lacking.source} has "
                "none; call the rows alike in both, or leave the names out of one"
            )
    place = {name: row for row, name in enumerate(one.row_names)}
    if len(place) < len(one.row_names):
        raise ValueError(
            f"{one.source} and {other.source} have the same names of rows in another order, and "
            "some twice; give each row a name of its own"
        )
    order = [place[name] for name in other.row_names]
    return replace(one, values=one.values[order], row_names=other.row_names)


def _beside(one: Outcomes, other: Outcomes) -> Outcomes:
    """The one with its outcomes read as what goes with the other."""
    names = one.names
    if other.kind == "texts":
        if one.kind == "decimals" and set(names) & set(other.labels):
            return replace(one, labels=tuple(names), kind="texts")
        return one
    if not one.open or other.open:
        return one
    if other.bits:
        # A lone bit is rather one of several than a decimal, and is refused.
        decimal = 1 < one.bits != other.bits
    else:
        decimal = max(map(int, other.labels)) >= 2**one.bits
    return replace(one, labels=tuple(map(int, names)), bits=0, kind="decimals") if decimal else one


def _check_decimals(one: Outcomes, other: Outcomes) -> None:
    """Refuse decimals that the other's bits or positions have no room for."""
    if one.kind != "decimals" or not (other.bits or other.kind == "positions"):
        return
    most = max(map(int, one.labels))
    if most >= (2**other.bits if other.bits else len(other.labels)):
        cure = "write bitstrings with all bits (spreadsheets drop leading zeros)"
        room = f"{other.bits} bits"
        if not other.bits:
            number = len(other.labels)
            room = f"{number} positions"
            cure += f", count decimals from 0 to {number - 1}, or name the outcomes in both"
        raise ValueError(
            f"{one.source} has outcome '{most}', read as a decimal, but {other.source} has {room}; "
            f"{cure}"
        )


def _check_room(counts: Outcomes, law: Outcomes) -> None:
    """Refuse numbers without labels that are not as many as the other's outcomes."""
    plain = [one.kind == "positions" for one in (counts, law)]
    if not any(plain) or "texts" in (counts.kind, law.kind):
        return
    held, other = (counts, law) if plain[0] else (law, counts)
    number, most = len(held.labels), max(map(int, other.labels))
    if all(plain):
        fits, room = number == len(other.labels), f"{len(other.labels)}"
    elif other.bits:
        # Both may leave out the last readings, those that stand for no key.
        least = 2**other.bits // 2 + (other.bits > 1)
        exact = number in (most + 1, 2**other.bits)
        fits = exact if plain[0] else least <= number <= 2**other.bits
        room = f"outcomes of {other.bits} bits"
    else:
        # Counts are as many as it takes, or all readings of the bits that this takes.
        exact = number in (most + 1, 2 ** max(1, most.bit_length()))
        fits, room = exact if plain[0] else most < number, f"outcomes up to {most}"
    if not fits:
        raise ValueError(
            f"{held.source} holds {plural(number, 'number')} a row, but {other.source} has "
            f"{room}; give one "
            'number for each outcome, shots one by one as texts such as "01", or a dictionary '
            "{outcome: number}"
        )


def _spread(one: Outcomes, labels: tuple[int | str, ...]) -> np.ndarray:
    column = {label: i for i, label in enumerate(labels)}
    out = np.zeros((len(one.values), len(labels)), one.values.dtype)
    out[:, [column[label] for label in one.labels]] = one.values
    return out


def number_of(written: Any, place: str, mark: str = ".") -> float:
    """Read a number, or its text; whole numbers keep every digit.

    Raises:
        ValueError: If it is none; the place is named.

    Example:
        >>> number_of("9007199254740993", "outcome '0'"), number_of("0,5", "line 1", ",")
        (9007199254740993, 0.5)
    """
    number: float | None = None
    if isinstance(written, str):
        if _PADDED.fullmatch(written.strip()):
            raise ValueError(
                f"{place} is {written!r}, an outcome rather than a number; give outcome and number "
                "alone, or a column of numbers for each outcome"
            )
        number = number_in(written, mark)
        if number is not None and written.strip().lstrip("+-").isdecimal():
            number = int(written)  # not by way of a float, which holds no odd number beyond 2**53
    elif isinstance(written, int | float | np.number) and not isinstance(written, bool):
        number = written.item() if isinstance(written, np.generic) else written
    if number is None or isinstance(number, complex):
        raise ValueError(f"{place} is {written!r}, which is not a number; {CURE}")
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return number if abs(number) < _MOST else float(str(number))


def kind_of(texts: Iterable[str]) -> str:
    """How outcomes are read if nothing else says it: as bitstrings, decimals or others.

    Example:
        >>> kind_of(["00", "11"]), kind_of(["0", "3"]), kind_of(["0x0", "0x3"]), kind_of(["cat"])
        ('bitstrings', 'decimals', 'hexadecimals', 'texts')
    """
    texts = [text.replace(" ", "").lower() for text in texts]
    if all(text.startswith("0x") for text in texts):
        return "hexadecimals"
    if all(text.startswith("0b") for text in texts):
        return "bitstrings" if len({len(text) for text in texts}) == 1 else "binary numbers"
    if not all(text.isdecimal() for text in texts):
        return "texts"
    alike = len({len(text) for text in texts}) == 1
    return "bitstrings" if alike and set("".join(texts)) <= {"0", "1"} else "decimals"


def labelled(rows: Sequence[Mapping[Any, Any]], source: str) -> Outcomes:
    """Read dictionaries of outcomes and numbers, one for each row, as outcomes.

    Args:
        rows: Outcomes are texts, or whole numbers.
        source: What a message calls them.

    Raises:
        ValueError: If an outcome is there twice, is written unlike the others, or has no number;
            the message goes on where the source ends.

    Example:
        >>> labelled([{"0x0": 5, "0x3": 7}], "`counts`").labels
        (0, 3)
    """
    numbered = all(isinstance(label, int | np.integer) for row in rows for label in row)
    rows = [{str(label): value for label, value in row.items()} for row in rows]
    if not all(rows):
        raise ValueError("it holds a row without outcomes; leave it out")
    kind = "decimals" if numbered else kind_of(text for row in rows for text in row)
    base = _BASES[kind]
    bits = 0
    if kind == "bitstrings":
        first = next(text for row in rows for text in row).replace(" ", "").lower()
        bits = len(first.removeprefix("0b"))
    labels: dict[int | str, int] = {}
    entries = []
    for i, row in enumerate(rows):
        seen = set()
        for text, value in row.items():
            try:
                label = int(text.replace(" ", ""), base) if base else text
            except ValueError:
                raise ValueError(
                    f"it has outcome {text!r}, which is not {kind[:-1]}; write all alike"
                ) from None
            if label in seen:
                raise ValueError(f"it has outcome {text!r} twice; keep one, or their sum")
            seen.add(label)
            column = labels.setdefault(label, len(labels))
            entries.append((i, column, number_of(value, f"outcome {text!r}")))
    whole = all(isinstance(value, int) for *_, value in entries)
    values = np.zeros((len(rows), len(labels)), np.int64 if whole else np.float64)
    for i, column, value in entries:
        values[i, column] = value
    return Outcomes(tuple(labels), values, bits, source, kind)
