"""The end of every experiment on a claim: what was found, with what, in how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol

from qcattn.evidence import Check, Finding, Number, Panel
from qcattn.experiment import package_versions
from qcattn.seeds import entropy

__all__ = ["Claim", "Progress", "conclude"]

#: Called with the share done, 0 to 1, and what is being done.
Progress = Callable[[float, str], None]


class Claim(Protocol):
    """A claim: a frozen dataclass whose fields are the premises of its experiment."""

    claim: ClassVar[str]
    title: ClassVar[str]
    statement: ClassVar[str]
    section: ClassVar[str]
    alpha: float

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment."""


def conclude(
    claim: Any,
    *,
    checks: Sequence[Check],
    numbers: Sequence[Number],
    words: str,
    panels: Sequence[Panel],
    shots: int,
    seed: Any,
    started: float,
    condition: str = "",
) -> Finding:
    """Put a finding together.

    Args:
        claim: The claim that was tested.
        checks: Tests, in the order of the argument.
        numbers: Measured; the first one goes into the table of all claims.
        words: What was found, plainly, made from what was measured.
        panels: Pictures.
        shots: Drawn altogether.
        seed: As it was given.
        started: ``time.perf_counter()`` at the beginning.
        condition: Under which the claim holds.
    """
    return Finding(
        claim=claim.claim,
        title=claim.title,
        statement=claim.statement,
        section=claim.section,
        checks=tuple(checks),
        numbers=tuple(numbers),
        condition=condition,
        words=words,
        panels=tuple(panels),
        shots=int(shots),
        alpha=claim.alpha,
        seed=entropy(seed),
        settings={item.name: str(getattr(claim, item.name)) for item in fields(claim)},
        versions=package_versions(),
        seconds=time.perf_counter() - started,
    )
