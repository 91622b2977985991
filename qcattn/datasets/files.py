"""Scores, or queries and keys, out of files of numbers. Nothing is unpickled."""

import dataclasses
import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.arguments import no_numbers
from qcattn.attention import check_scores, scaled_dot_product_scores
from qcattn.datasets.packages import file_sha256
from qcattn.datasets.scores import Scores, warn_of_weights
from qcattn.errors import TooLarge
from qcattn.legible import listed, quoted, shortened
from qcattn.machine import memory_bytes
from qcattn.opening import open_file
from qcattn.parsing import parse_json, read_npy, read_npz
from qcattn.plurals import plural
from qcattn.texts import Matrix, lines_of, matrix_of, read_text, split_table, uncounted

__all__ = ["read_qk", "read_scores"]

#: What an archive may hold beside its numbers.
_LABELS = ("tokens", "axes", "row_names", "layers", "sentence", "about")
#: Bytes of memory for a byte of text, and for a number or word in it, while it is read as numbers;
#: how much of a text is looked at to see how many there are.
_OF_TEXT, _OF_CELL, _LOOKED_AT = 6, 480, 2**16
#: Copies of scores while queries and keys are multiplied, about.
_COPIES = 3


def read_scores(path: str | Path, *, memory: int | None = None) -> Scores:
    r"""Read attention scores of any shape (..., keys) from a file.

    - ``.npy``: one array; ``.npz``: the array ``scores``, or the only array;
    - ``.csv``, ``.tsv``, ``.txt``: one row a line, as pandas, R, NumPy and spreadsheets write it,
      in UTF-8 or UTF-16: commas, semicolons, tabs or spaces, points or commas before decimals; a
      heading names the keys, and a column of labels names the rows;
    - ``.json``: nested lists, or an object with ``scores``.

    An ``.npz`` and a JSON object may also hold ``tokens``, one label for each key, ``axes``, one
    name for each axis before the keys, ``row_names``, one label for each entry of the last of
    these axes, ``layers``, the model's own numbers of the layers, and ``sentence``, the text. A
    masked key is ``-inf``; in JSON write ``"-inf"`` or ``-Infinity``. Files that
    :func:`qcattn.datasets.extract.write` wrote keep their provenance.

    Args:
        path: The file.
        memory: Bytes that reading may take; half of the memory there is if None. What a file will
            take is seen from its size, and from the headers of its arrays, before it is read.

    Returns:
        Scores of the shape in the file: float32 stays float32, other types become float64.

    Raises:
        ValueError: If the file is missing, empty, damaged, of an unknown kind, ragged, or not
            numeric (line and column are named), if it holds complex numbers or pickled objects,
            or if a row cannot be used (see :func:`qcattn.attention.check_scores`).

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "scores.csv")
        ...     size = file.write_text("0.5, 1.5, -inf\n2, 0, 1\n")
        ...     read_scores(file).scores
        array([[ 0.5,  1.5, -inf],
               [ 2. ,  0. ,  1. ]])
    """
    path = Path(path)
    with _naming(path):
        content = _read(path, lambda names: {_scores_name(names), *_LABELS}, memory)
        values = _real(content[_scores_name(content)], "scores")
        check_scores(values)
        warn_of_weights(values)
        return Scores(values, **_about(content, path))


def read_qk(path: str | Path, *, memory: int | None = None) -> Scores:
    r"""Read queries and keys from a file and return their scores :math:`q \cdot k / \sqrt{d}`.

    The file is an ``.npz``, or a ``.json`` object, with ``queries`` (or ``q``) of shape
    (..., q, d) and ``keys`` (or ``k``) of shape (..., k, d), and optionally ``mask``, ``causal``
    and ``scale`` as :func:`qcattn.attention.scaled_dot_product_scores` takes them, and ``tokens``
    and ``axes`` as in :func:`read_scores`.

    Args:
        path: The file.
        memory: Bytes that reading may take, as in :func:`read_scores`; the scores are counted too.

    Returns:
        Scores of shape (..., q, k), float64.

    Raises:
        TooLarge: If reading or the scores would take more than ``memory``.
        ValueError: If :func:`read_scores` raises it, or if queries or keys are missing or do not
            fit.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "qk.json")
        ...     size = file.write_text('{"q": [[2, 0]], "k": [[1, 0], [0, 1]], "scale": 1}')
        ...     read_qk(file).scores
        array([[2., 0.]])
    """
    path = Path(path)
    with _naming(path):
        content = _read(path, _names_of_qk, memory)
        queries = _real(content[_either(content, "queries", "q")], "queries")
        keys = _real(content[_either(content, "keys", "k")], "keys")
        _check_product(queries, keys, memory)
        values = scaled_dot_product_scores(
            queries,
            keys,
            mask=_array(content["mask"], "mask") if "mask" in content else None,
            causal=_scalar(content, "causal", "b", False),
            scale=_scalar(content, "scale", "iuf", None),
        )
        check_scores(values)
        return Scores(values, **_about(content, path))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the name of the file in front of whatever is wrong with it."""
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"`{path}` cannot be read ({error.strerror or error}); name another file"
        ) from error
    except TooLarge as error:
        raise TooLarge(f"`{path}`: {error}") from error
    except ValueError as error:
        raise ValueError(f"`{path}`: {shortened(str(error))}") from error


def _names_of_qk(content: Collection[str]) -> set[str]:
    numbers = (_either(content, "queries", "q"), _either(content, "keys", "k"))
    return {*numbers, "mask", "causal", "scale", *_LABELS}


def _check_product(
    queries: NDArray[np.floating], keys: NDArray[np.floating], memory: int | None
) -> None:
    """Refuse scores that do not fit into memory before they are computed.

    Raises:
        TooLarge: If the scores do not fit; the message names their shape.
    """
    if min(queries.ndim, keys.ndim) < 2:
        return  # which is refused where they are multiplied
    batch = max(math.prod(queries.shape[:-2]), math.prod(keys.shape[:-2]))
    rows, columns = queries.shape[-2], keys.shape[-2]
    needed = _COPIES * 8 * batch * rows * columns
    allowed = memory_bytes() // 2 if memory is None else memory
    if needed > allowed:
        raise TooLarge(
            f"`queries` and `keys` make {plural(batch, 'table')} of {rows:,} x {columns:,} scores, "
            f"which take {needed:,} bytes ({needed / 2**30:,.3g} GiB) while they are computed, but "
            f"{allowed:,} bytes may be taken; take fewer queries, or more memory"
        )


def _read(
    path: Path, names: Callable[[Collection[str]], Collection[str]], memory: int | None
) -> dict[str, Any]:
    """What the file holds by name; a lone array is named `scores`.

    Args:
        path: The file.
        names: A function that chooses among the arrays of an archive those that are read.
        memory: Bytes that may be taken; half of the memory there is if None.
    """
    texts = {".json": _read_json} | dict.fromkeys((".csv", ".tsv", ".txt"), _read_table)
    kind, kinds = path.suffix.lower(), [".npy", ".npz", *texts]
    if path.is_dir():
        raise ValueError(f"it is a folder; name a file in it, such as '{path / 'scores.csv'}'")
    if kind not in kinds:
        raise ValueError(
            f"its name must end in {', '.join(kinds)}, but it ends in '{path.suffix}'; write such "
            "a file (in PyTorch numpy.save('scores.npy', scores.float().numpy()), in pandas "
            "frame.to_csv('scores.csv')), and unpack what is compressed"
        )
    if not path.exists():
        raise ValueError("it is missing; check the name and the folder")
    if path.is_file() and path.stat().st_size == 0:
        raise ValueError("it is empty; write the scores again")
    allowed = memory_bytes() // 2 if memory is None else memory
    if kind not in texts:
        content = _read_numpy(path, names, allowed)
    else:
        _check_text(path, allowed)
        content = texts[kind](path)
    return content if isinstance(content, dict) else {"scores": content}


def _check_text(path: Path, allowed: int) -> None:
    """Refuse a text whose numbers would not fit into memory.

    Raises:
        TooLarge: If the numbers do not fit; the message names the bytes.
    """
    size = path.stat().st_size
    with open_file(path) as file:
        begins = file.read(_LOOKED_AT)
    cells = len(re.findall(rb"[^\s,;\[\]\0]+", begins)) * size / max(1, len(begins))
    needed = round(_OF_TEXT * size + _OF_CELL * cells)
    if needed > allowed:
        raise TooLarge(
            f"it takes about {needed:,} bytes ({needed / 2**30:,.3g} GiB) to read as text, but "
            f"{allowed:,} bytes may be taken; write the numbers with numpy.save"
        )


def _read_numpy(
    path: Path, names: Callable[[Collection[str]], Collection[str]], allowed: int
) -> Any:
    with open_file(path) as file:
        archived = file.read(2) == b"PK"  # whatever its name says
        file.seek(0)
        return read_npz(file, names, allowed) if archived else read_npy(file, allowed)


def _read_table(path: Path) -> dict[str, Any]:
    """Rows of numbers, their labels and the heading, unless these only count rows or columns."""
    lines = lines_of(read_text(path), comments=True)
    if not lines:
        return {"scores": np.empty(0)}
    table = matrix_of(lines)
    if len(table.values) > 1 and len(table.values[0]) == 1:
        raise ValueError(
            f"it has {plural(len(table.values), 'row')} of one key each, which has probability 1; "
            f"write all keys of a row on one line, as {_on_one_line(table)}, in NumPy by "
            "numpy.savetxt(path, scores[None])"
        )
    return _with_labels(np.array(table.values, dtype=np.float64), table)


def _on_one_line(table: Matrix) -> str:
    """How a column begins as a row."""
    shown = [f"{float(row[0]):g}" for row in table.values[:3]]
    return ",".join([*shown, "..."] if len(table.values) > 3 else shown)


def _with_labels(scores: Any, table: Matrix) -> dict[str, Any]:
    """Scores with what stands above and beside them, unless that only counts."""
    content = {"scores": scores}
    for name, labels in (("tokens", table.heading), ("row_names", table.beside)):
        if uncounted(labels):
            content[name] = list(labels)
    return content


def _within_range(number: float, written: str, place: str) -> float:
    """The number, unless it was written as finite and overflowed."""
    if math.isinf(number) and "inf" not in written.lower():
        raise ValueError(
            f"{place} is {written.strip()[:40]}, which is beyond float64; "
            "write a smaller number, or -inf if it stands for a masked key"
        )
    return number


def _read_json(path: Path) -> Any:
    with open_file(path) as file:
        content = parse_json(
            file.read(),
            parse_float=lambda text: _within_range(float(text), text, "a number"),
        )
    table = split_table(content)
    if table is not None:
        return _with_labels(table.values, table)
    inside = list(content.values()) if isinstance(content, dict) else content
    if isinstance(inside, list) and inside and isinstance(inside[0], dict):
        raise ValueError(
            "it holds objects in an object or a list, and nothing says which are rows and which "
            'are keys; write lists of numbers, in pandas by frame.to_json(path, orient="split") '
            "or frame.to_csv(path)"
        )
    return content


def _scores_name(content: Collection[str]) -> str:
    """Which entry holds the scores: `scores`, or the only one that is not a label."""
    if "scores" in content:
        return "scores"
    others = [name for name in content if name not in _LABELS]
    if len(others) != 1:
        raise ValueError(
            f"it must hold an array called `scores`, but it holds {listed(others) or 'nothing'}; "
            "call the array of scores so"
        )
    return others[0]


def _either(content: Collection[str], name: str, short: str) -> str:
    found = [each for each in (name, short) if each in content]
    if len(found) != 1:
        raise ValueError(
            f"it must hold either `{name}` or `{short}`, but it holds "
            f"{listed(content) or 'nothing'}; write one of them"
        )
    return found[0]


def _real(value: Any, name: str) -> NDArray[np.floating]:
    """A float array, float32 kept and everything else real made float64."""
    array = _array(value, name)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"`{name}` must hold real numbers, but {no_numbers(array.dtype)}")
    if array.size == 0:
        raise ValueError(f"`{name}` of shape {array.shape} is empty; pass at least one number")
    if array.dtype.kind == "f" and array.dtype.itemsize == 4:
        return array.astype(np.float32, copy=False)  # in the byte order of this machine
    with np.errstate(over="ignore"):
        converted = array.astype(np.float64)
    if np.any(np.isinf(converted) & np.isfinite(array)):
        raise ValueError(
            f"`{name}` of type {array.dtype} holds numbers beyond float64; take smaller units"
        )
    return converted


def _scalar(content: dict[str, Any], name: str, kinds: str, missing: Any) -> Any:
    """One bool or number by name, or what stands for a missing one."""
    if name not in content:
        return missing
    value = np.asarray(content[name])
    if value.ndim != 0 or value.dtype.kind not in kinds:
        expected = "true or false" if kinds == "b" else "one number"
        raise ValueError(f"`{name}` must be {expected}, but it is {quoted(content[name])}")
    return value.item()


def _array(value: Any, name: str) -> NDArray[Any]:
    """An array as it is, or nested lists as one; what does not fit is named by its indices."""
    if isinstance(value, np.ndarray):
        return value
    shape = _shape(value)
    leaves: list[bool | float] = []
    _collect(value, shape, name, leaves)
    kinds = {type(leaf) for leaf in leaves}
    if bool in kinds and len(kinds) > 1:
        raise ValueError(f"`{name}` mixes true or false with numbers; use one or the other")
    dtype = np.float64 if float in kinds or not kinds else np.dtype(kinds.pop())
    try:
        return np.array(leaves, dtype=dtype).reshape(shape)
    except OverflowError as error:
        raise ValueError(
            f"`{name}` holds a whole number that is too large ({error}); take smaller units"
        ) from error


def _shape(value: Any) -> tuple[int, ...]:
    """Shape of nested lists, judged by the first entry at each depth."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    if len(shape) > 32:
        raise ValueError(
            f"its lists must be nested at most 32 deep, but they are {len(shape)} deep; write "
            "one array (..., keys)"
        )
    return tuple(shape)


def _collect(value: Any, shape: tuple[int, ...], place: str, leaves: list[bool | float]) -> None:
    """Append the numbers of nested lists in order, or say where they leave the shape."""
    if shape:
        if not isinstance(value, list) or len(value) != shape[0]:
            found = f"of length {len(value)}" if isinstance(value, list) else quoted(value, 40)
            raise ValueError(
                f"{place} must be a list of length {shape[0]}, as the first of its kind is, but "
                f'is {found}; give every row one score for each key, "-inf" if masked'
            )
        for index, entry in enumerate(value):
            _collect(entry, shape[1:], f"{place}[{index}]", leaves)
    elif isinstance(value, str) and value.strip().lower() in ("-inf", "-infinity"):
        leaves.append(-math.inf)
    elif isinstance(value, (bool, int, float)):
        leaves.append(value)
    else:
        raise ValueError(
            f"{place} is {json.dumps(value)[:40]}, which is not a number; write numbers, and "
            '"-inf" for a masked key'
        )


def _about(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Tokens and provenance: what the file says, else its own name and SHA-256."""
    about: dict[str, Any] = {"source": str(path), "sha256": file_sha256(path)}
    if "about" in content:
        stated = _stated(content["about"])
        known = [field.name for field in dataclasses.fields(Scores) if field.type is str]
        about |= {name: str(stated[name]) for name in known if name in stated}
        lists = ("tokens", "axes", "row_names", "layers")
        content = {name: stated.get(name) for name in lists} | content
    about["tokens"] = _texts(content, "tokens", "one label for each key")
    about["axes"] = _texts(content, "axes", "one name for each axis before the keys")
    about["row_names"] = _texts(content, "row_names", "one label for each row")
    about["layers"] = _whole_numbers(content, "layers")
    if "sentence" in content:
        about["sentence"] = _text(content["sentence"], "sentence")
    return about


def _text(value: Any, name: str) -> str:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be a text, but it is {quoted(value)}; write it in quotes")
    return value


def _whole_numbers(content: dict[str, Any], name: str) -> tuple[int, ...]:
    """A list of whole numbers by name; nothing where it is missing."""
    numbers = content.get(name)
    if isinstance(numbers, np.ndarray):
        numbers = numbers.tolist()
    if numbers is None:
        return ()
    listed = isinstance(numbers, list) and all(type(number) is int for number in numbers)
    if not listed or len(set(numbers)) < len(numbers) or min(numbers, default=0) < 0:
        raise ValueError(
            f"`{name}` must be a list of different whole numbers, the model's own, but it is "
            f"{quoted(content[name])}"
        )
    return tuple(numbers)


def _texts(content: dict[str, Any], name: str, meaning: str) -> tuple[str, ...]:
    """A list of strings by name; nothing where it is missing."""
    texts = content.get(name)
    if isinstance(texts, np.ndarray):
        texts = texts.tolist()
    if texts is None:
        return ()
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(
            f"`{name}` must be a list of strings, {meaning}, but it is {quoted(content[name])}"
        )
    return tuple(texts)


def _stated(about: Any) -> dict[str, Any]:
    try:
        stated = parse_json(str(about))
    except ValueError:
        stated = None
    if not isinstance(stated, dict):
        raise ValueError(
            f"`about` must be the provenance that qcattn writes, but it is {quoted(about)}; "
            "leave it out"
        )
    return stated
