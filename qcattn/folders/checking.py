"""What a stored result must hold: kinds, ranges, and a verdict that follows from its counts.

A hash shows that nobody changed a file by accident. Whoever changes it on purpose writes the hash
anew, so nothing that follows from something else in the folder is believed: probabilities are
computed from the scores again, and verdicts from the counts.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, check_betas, check_distributions, whole_number
from qcattn.attention import check_scores, softmax
from qcattn.comparisons import same_numbers
from qcattn.plurals import plural
from qcattn.records import Prepared, Result, Verdict
from qcattn.stages import compare

__all__ = ["VERDICT_ARRAYS", "check_alike", "checked"]

VERDICT_ARRAYS = ("statistic", "p_values", "refuted", "resolution", "undecided")
#: Tolerances of stored numbers against the same computed again, on another machine for example.
_CLOSE = {"rtol": 1e-6, "atol": 1e-9}
#: Largest difference of a probability from the softmax of the scores.
_ROUNDING = 1e-6


def checked(result: Result, *, old: bool) -> Result:
    """Check that the verdicts of a result are those that its counts give.

    Args:
        result: The result as it was read.
        old: Whether it was written when the statistics were others; then its verdicts are those of
            today, whatever is stored.

    Raises:
        ValueError: If something is of a wrong kind, out of range, or contradicts the rest.
    """
    _check_kinds(result)
    _check_shapes(result)
    _check_ranges(result)
    _check_expected(result)
    _check_counts(result)
    heralded = result.prepared.herald_register is not None
    success = result.prepared.success if heralded else None
    verdicts = compare(result.counts, result.expected, success, result.alpha)
    alike = same_numbers(result.counts, result.prepared.distribution, result.prepared.success)
    if old:
        return replace(result, verdicts=verdicts, same_numbers=alike)
    check_alike(result.same_numbers, alike)
    wrong = [
        f"{field.name} of the verdict {now.name}"
        for before, now in zip(result.verdicts, verdicts, strict=True)
        for field in fields(Verdict)
        if not _alike(getattr(before, field.name), getattr(now, field.name))
    ]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: the counts give another")
    return result


def check_alike(stored: float, computed: float) -> None:
    """Refuse a p-value of shared random numbers above that of the counts alone.

    The order of the shots, which is not stored, can only have made it smaller.
    """
    if not 0 <= stored <= computed * (1 + _CLOSE["rtol"]):
        raise ValueError(f"`same_numbers` is {stored:g}, but the counts give {computed:g} at most")


def _alike(stored: Any, computed: Any) -> bool:
    """Whether a part of a verdict is what it is when it is computed again."""
    if isinstance(computed, str):
        return bool(stored == computed)
    if np.asarray(computed).dtype == bool:
        return bool(np.array_equal(stored, computed))
    return bool(np.allclose(stored, computed, **_CLOSE, equal_nan=True))


def _check_kinds(result: Result) -> None:
    """Every array is of the kind that it was when it was written, every text a text."""
    prepared, counts = result.prepared, result.counts
    numbers = {name: getattr(result, name) for name in ("scores", "beta", "expected")}
    arrays = ("values", "distribution", "success", "error")
    numbers |= {name: getattr(prepared, name) for name in arrays}
    whole = {name: getattr(counts, name) for name in ("keys", "stray", "discarded")}
    truths = {"codewords": prepared.codewords}
    for verdict in result.verdicts:
        for name in VERDICT_ARRAYS:
            kind = truths if name in ("refuted", "undecided") else numbers
            kind[f"{name} of the verdict {verdict.name}"] = getattr(verdict, name)
    kinds = [(numbers, "f"), (whole, "i"), (truths, "b")]
    wrong = [
        name
        for named, kind in kinds
        for name, array in named.items()
        if array.dtype.kind != kind or (kind == "i" and array.dtype != np.int64)
    ]
    texts = {name: getattr(result, name) for name in ("tokens", "axes", "row_names")}
    texts["method"] = (prepared.method,)
    for name in ("settings", "versions", "source"):
        entries: dict[str, str] = dict(getattr(result, name))
        texts[name] = tuple(entries.values())
    wrong += [name for name, held in texts.items() if not all(isinstance(x, str) for x in held)]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} are of another type than was written")


def _check_shapes(result: Result) -> None:
    """Every array has the rows and keys of the others, and what is one of a few is one of them."""
    keys, rows = result.expected.shape, result.shape
    prepared, counts = result.prepared, result.counts
    bits = {register.name: register.size for register in prepared.circuit.cregs}
    of_rows = {"stray": counts.stray, "discarded": counts.discarded}
    of_rows |= {"success": prepared.success, "error": prepared.error}
    for i, verdict in enumerate(result.verdicts):
        of_rows |= {f"{name} of verdict {i}": getattr(verdict, name) for name in VERDICT_ARRAYS}
    of_keys = {"scores": result.scores, "counts": counts.keys, "expected": prepared.distribution}
    names = [verdict.name for verdict in result.verdicts]
    fits = {
        **{name: array.shape == rows for name, array in of_rows.items()},
        **{name: array.shape == keys for name, array in of_keys.items()},
        "keys": bool(keys) and keys[-1] > 0,
        "beta": result.beta.shape in ((), rows),
        "values": prepared.values.shape == (*rows, prepared.circuit.num_parameters),
        "codewords": prepared.codewords.ndim == 2
        and prepared.codewords.shape == (keys[-1], bits.get(prepared.key_register))
        and len(np.unique(prepared.codewords, axis=0)) == keys[-1],
        "herald": prepared.herald_register is None or prepared.herald_register in bits,
        "tokens": len(result.tokens)
        in (0, prepared.codewords.shape[-1] if prepared.subsets else keys[-1]),
        "subsets": not prepared.subsets
        or len(prepared.codewords) == 2 ** prepared.codewords[0].size,
        "axes": len(result.axes) in (0, len(rows)),
        "row_names": len(result.row_names) in (0, *rows[-1:]),
        "verdicts": names == ["fit", *["acceptance"] * (prepared.herald_register is not None)],
        "kind": prepared.kind in ("told", "thermal"),
        "state": prepared.state in ("gibbs", "qsample"),
    }
    wrong = [name for name, fitting in fits.items() if not fitting]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} do not match the rest")


def _check_ranges(result: Result) -> None:
    """Numbers are what such numbers can be."""
    prepared = result.prepared
    check_scores(result.scores)
    check_betas(result.beta)
    whole_number(result.shots)
    whole_number(result.seed, "seed", least=0)
    whole_number(prepared.spent, "spent", least=0)
    for name, cost in vars(result.resources).items():
        whole_number(cost, name, least=0)
    for verdict in result.verdicts:
        check_alpha(verdict.alpha)
    check_alpha(result.alpha)
    check_distributions(result.expected, "expected")
    _check_prepared(prepared)
    if not all(np.isfinite(value) and value >= 0 for value in result.seconds.values()):
        raise ValueError("`seconds` are not durations")


def _check_prepared(prepared: Prepared) -> None:
    """A preparation claims probabilities, a chance of success, and no negative error."""
    law, chance = prepared.distribution, prepared.success
    check_distributions(law, "distribution", slack=_ROUNDING)
    if not ((chance >= -_ROUNDING) & (chance <= 1 + _ROUNDING)).all():
        raise ValueError("`success` is not a probability")
    if (prepared.error < 0).any() or not np.isfinite(prepared.values).all():
        raise ValueError("`error` is negative, or `values` are not angles")


def _check_expected(result: Result) -> None:
    """What is expected is the softmax of the scores; of a trial, what its method claims."""
    trial = "hamiltonian" in result.settings
    law = result.prepared.distribution if trial else softmax(result.scores, beta=result.beta)
    if np.abs(result.expected - law).max() > _ROUNDING:
        given = "the method claims" if trial else "the scores and beta give"
        raise ValueError(f"`expected` is not what {given}")


def _check_counts(result: Result) -> None:
    """Counts are none below zero, and each row has the shots that were asked for, or fewer."""
    counts = result.counts
    parts = [counts.keys, counts.stray, counts.discarded]
    if any(((part < 0) | (part > result.shots)).any() for part in parts):
        raise ValueError(f"`counts` must be between 0 and {plural(result.shots, 'shot')}")
    shots = counts.shots
    if (shots > result.shots).any() or (result.complete and (shots != result.shots).any()):
        raise ValueError(f"`counts` must sum to the {plural(result.shots, 'shot')} of a row")
    if result.prepared.herald_register is None and counts.discarded.any():
        raise ValueError("`discarded` counts shots, but nothing heralds")
