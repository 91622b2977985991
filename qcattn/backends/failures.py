"""What a job of Qiskit says that went wrong: which of its circuits failed, or gave no results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from qcattn.plurals import plural

__all__ = ["short_of", "what_failed"]

#: The most messages of a job that are shown, and the most letters of each.
_MESSAGES, _LETTERS = 3, 400


def what_failed(result: Any) -> str:
    """Say which circuits of a job failed and why; if none did, give the status of the whole job.

    The status of a job of which a part failed names neither. Circuits are counted from 0, as
    Aer counts its experiments, after its tables of values were bound.

    Args:
        result: The result of a job whose ``success`` is false.

    Example:
        >>> from types import SimpleNamespace as Result
        >>> done, lost = Result(success=True, status="DONE"), Result(success=False, status="lost")
        >>> what_failed(Result(status="PARTIAL COMPLETED", results=[done, lost, done]))
        '1 of 3 circuits of the job (PARTIAL COMPLETED), circuit 1: lost'
        >>> what_failed(Result(status="ERROR: no memory", results=[]))
        'ERROR: no memory'
    """
    told: dict[str, list[int]] = {}
    for place, one in enumerate(result.results):
        if not one.success:
            told.setdefault(str(one.status)[:_LETTERS], []).append(place)
    failed = sum(map(len, told.values()))
    if not failed:
        return str(result.status)[:_LETTERS]
    each = [f"circuit {places[0]}: {said}" for said, places in list(told.items())[:_MESSAGES]]
    if len(result.results) == 1:
        (said,) = told
        return said
    whole = str(result.status).partition("[")[0].strip()[:60]
    several = plural(len(result.results), "circuit")
    return f"{failed} of {several} of the job ({whole}), {'; '.join(each)}"


def short_of(name: str, results: Sequence[Any], names: Sequence[str], wanted: Sequence[int]) -> str:
    """Say that a job gave another number of results than was asked for, and where, if it is known.

    Args:
        name: The name of the backend.
        results: The results that came, with the names of their circuits in their headers.
        names: The names of the circuits.
        wanted: The number of results that was asked for from each circuit.

    Example:
        >>> from types import SimpleNamespace as Result
        >>> came = [Result(header={"name": name}) for name in ("h", "h", "crz")]
        >>> short_of("aer", came, ["h", "crz"], [2, 2])
        'aer gave 3 results, not 4: 1 for the 2 bindings of circuit 1 (crz)'
        >>> short_of("aer", came, ["h", "h"], [2, 2])
        'aer gave 3 results, not 4'
    """
    said = f"{name} gave {plural(len(results), 'result')}, not {sum(wanted):,}"
    came = Counter(_name_in(one) for one in results)
    if len(set(names)) < len(names) or not set(came) <= set(names):
        return said  # whose they are is not known
    other = [
        f"{came[one]} for the {plural(number, 'binding')} of circuit {i} ({one})"
        for i, (one, number) in enumerate(zip(names, wanted, strict=True))
        if came[one] != number
    ]
    return f"{said}: {', '.join(other[:_MESSAGES])}"


def _name_in(result: Any) -> str:
    """Name of the circuit of a result; the header is a dict since Qiskit 2."""
    header = getattr(result, "header", None)
    return str(header.get("name") if isinstance(header, dict) else getattr(header, "name", None))
