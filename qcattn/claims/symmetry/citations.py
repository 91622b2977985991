"""B13: what the references of the document are cited for, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np

from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.evidence import Check, Curve, Panel
from qcattn.parsing import parse_json
from qcattn.progress import Progress

__all__ = ["Citations", "references_of_document"]


def references_of_document() -> list[dict[str, Any]]:
    """The 44 references: number, link, title, its source, and what each is cited for.

    ``title_from`` is ``"looked up"`` where the page itself was found, ``"link"`` where its address
    spells the title, and "" where neither could be. ``says_so`` is whether the title bears out
    ``cited_for``, None where that is not known or the text cites it for nothing.

    Example:
        >>> references = {one["number"]: one for one in references_of_document()}
        >>> len(references), references[7]["title"]
        (44, 'Breaking Symmetry When Training Transformers')
        >>> references[7]["cited_for"], references[7]["says_so"]
        ('Orch-OR microtubule dynamics', False)
    """
    path = files("qcattn.claims.symmetry") / "references.json"
    found: list[dict[str, Any]] = parse_json(path.read_bytes())
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class _Read(Measured):
    """References by what is known of them.

    Attributes:
        cited: References that the text cites.
        unknown: Those of the cited references whose content could not be looked up.
        wrong: Those of the cited references whose title says something else.
        titled: The number of references whose title is known.
        repeated: Titles that are listed more than once.
        number: The number of all references.
    """

    cited: list[dict[str, Any]]
    unknown: list[dict[str, Any]]
    wrong: list[dict[str, Any]]
    titled: int
    repeated: list[str]
    number: int


@dataclass(frozen=True, kw_only=True)
class Citations(Claim[_Read]):
    """B13: do the references say what the text cites them for?

    The 44 references of the document are a table that is stored with the package: the title of
    each as far as it could be looked up or its address spells it, and what the text cites it for.
    No circuit can speak here, and nothing is drawn.

    Attributes:
        references: The references, as `references_of_document` gives them.

    Example:
        >>> Citations()(seed=1).standing
        'refuted'
    """

    name: ClassVar[str] = "B13"
    title: ClassVar[str] = "The references"
    statement: ClassVar[str] = (
        "The SE(3)-Transformer[5] demonstrates …; Quantum Error Correction Decoding[16]; Orch-OR "
        "microtubule dynamics[7]; Topological quantum memories[10]; Criticality-aware training[8]"
    )
    section: ClassVar[str] = "References 1 to 44"
    draws: ClassVar[bool] = False

    references: Sequence[Mapping[str, Any]] = field(
        default_factory=references_of_document, repr=False
    )

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Read:
        """Sort the references by what is known about them."""
        every = [dict(one) for one in self.references]
        cited = [one for one in every if one["cited_for"]]
        titles = Counter(one["title"] for one in every if one["title"])
        return _Read(
            shots=0,
            numbers=(),
            cited=cited,
            unknown=[one for one in cited if one["says_so"] is None],
            wrong=[one for one in cited if one["says_so"] is False],
            titled=sum(titles.values()),
            repeated=[title for title, number in titles.items() if number > 1],
            number=len(every),
        )

    def check(self, measured: _Read) -> Iterable[Check]:
        """Compare titles with what they are cited for."""
        wrong = "; ".join(
            f"number {one['number']}, cited for {one['cited_for']}, is “{one['title']}”"
            for one in measured.wrong
        )
        unknown = ", ".join(str(one["number"]) for one in measured.unknown)
        yield Check(
            "cited",
            "Every reference that the text cites says what it is cited for",
            False if measured.wrong else None if measured.unknown else True,
            f"{wrong or 'none says something else'}; not looked up: {unknown or 'none'}",
        )
        yield Check(
            "used",
            "Every reference that is listed is cited by the text",
            len(measured.cited) == measured.number,
            f"{len(measured.cited)} of {measured.number} are",
            "beyond",
        )
        yield Check(
            "once",
            "Every reference is listed once",
            not measured.repeated,
            f"listed twice: {'; '.join(f'“{title}”' for title in measured.repeated) or 'none'}",
            "beyond",
        )

    def describe(self, measured: _Read, checks: Mapping[str, Check]) -> Description:
        """Say which references support what they are cited for."""
        right = len(measured.cited) - len(measured.wrong) - len(measured.unknown)
        listed = (
            f"Of {measured.number} references the text cites {len(measured.cited)}, and "
            f"{measured.number - len(measured.cited)} stand in the list alone"
        )
        twice = f"; {len(measured.repeated)} are listed twice" if measured.repeated else ""
        wrong = "; ".join(
            f"number {one['number']}, cited for {one['cited_for']}, is “{one['title']}”"
            for one in measured.wrong
        )
        unknown = (
            f", and {len(measured.unknown)} could not be looked up" if measured.unknown else ""
        )
        return Description(
            f"{listed}{twice}; {right} of the cited ones have titles on their subject{unknown}."
            + (f" Other titles do not speak of what they are cited for: {wrong}." if wrong else ""),
            "" if measured.wrong else "most of the list is left out, which the text does not use",
        )

    def picture(self, measured: _Read) -> Sequence[Panel]:
        """Plot the number of references of each kind."""
        right = len(measured.cited) - len(measured.wrong) - len(measured.unknown)
        shown = {
            "fit": right,
            "do not": len(measured.wrong),
            "unknown": len(measured.unknown),
            "not cited": measured.number - len(measured.cited),
        }
        heights = np.array(list(shown.values()), dtype=float)
        return [
            Panel(
                "What the references are to the text",
                "what their titles are to what they are cited for",
                "references",
                (Curve("references", np.arange(len(shown), dtype=float), heights, style="bars"),),
                ticks=tuple(shown),
            )
        ]
