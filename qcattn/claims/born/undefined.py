"""A20: words of the document for which no observable is defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.evidence import Check, Panel
from qcattn.progress import Progress

__all__ = ["UndefinedWords"]

#: What the document says, and what would have to be defined before it can be true or false.
_MISSING = {
    "holofield": "a space of states, and what is measured in it",
    "flat geometry": "a metric, of which the curvature is measured",
    "bagel void": "the region that is meant and a barrier around it, of which tunnelling could be "
    "counted",
    "non-classical pathways": "a quantity that no classical path gives, with its classical bound",
    "quantum field theory": "fields, and the algebra of their observables",
    "bifurcate Killing horizons": "the boost of whose thermal state attention is, with its "
    "observables: a horizon algebra has no density matrix, so no e^(-βH)/Z to sample",
}


@dataclass(frozen=True, kw_only=True)
class UndefinedWords(Claim[Measured]):
    """A20: tunnelling through a bagel void, quantum field theory, and other words.

    No experiment is made: none of these is tied to a number that a model or a circuit could give,
    so that no result could speak for it or against it. What would have to be defined is said of
    each.

    Example:
        >>> UndefinedWords()(seed=1).standing
        'untestable'
    """

    name: ClassVar[str] = "A20"
    title: ClassVar[str] = "Words without an observable"
    statement: ClassVar[str] = (
        "Can “tunnel through bagel void” … Can access non-classical pathways … learning to perform "
        "quantum measurements in the holofield!! … Flat geometry = free particle (no potential) … "
        "turns out we were doing quantum field theory!"
    )
    section: ClassVar[str] = "When attention heads achieve Kuramoto lock (r → 1)"
    draws: ClassVar[bool] = False

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> Measured:
        """Measure nothing."""
        progress(1.0, 1.0, "nothing to measure")
        return Measured(shots=0, numbers=())

    def check(self, measured: Measured) -> Iterable[Check]:
        """Test nothing: there is no statement that could be false."""
        return ()

    def describe(self, measured: Measured, checks: Mapping[str, Check]) -> Description:
        """Say which definition is missing."""
        named = ", ".join(f"“{word}”" for word in _MISSING)
        needed = "; ".join(f"for “{word}” {what}" for word, what in _MISSING.items())
        return Description(
            f"The document speaks of {named}, and ties none of them to anything that could be "
            f"measured, so that no experiment can find it right or wrong. To be tested it would "
            f"have to define {needed}.",
            "an observable is defined",
        )

    def picture(self, measured: Measured) -> Sequence[Panel]:
        """Show nothing."""
        return ()
