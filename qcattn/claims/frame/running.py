"""All claims, or some, one after the other.

A claim is found by walking the folders of qcattn.claims: its file is all that it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from importlib import import_module
from typing import Any

from qcattn.arguments import check_object, whole_number
from qcattn.claims.frame.claim import Claim
from qcattn.errors import Interrupted
from qcattn.evidence import Finding
from qcattn.names import known
from qcattn.processes import Processes
from qcattn.progress import Progress, silent
from qcattn.seeds import entropy
from qcattn.walking import classes

__all__ = ["all_claims", "document_of", "folder_of", "run_claims"]


def all_claims() -> list[Claim[Any]]:
    """One object of every claim, with its defaults, in the order of their names: A1, A2, ..., A10.

    Example:
        >>> all_claims()[0].title
        "Born's rule, pure states"
    """
    return sorted((cls() for cls in classes("claims").values()), key=_place)


def document_of(name: str) -> str:
    """The document that makes a claim's statement, as its folder names it; "" if it names none.

    Example:
        >>> document_of("A6").startswith("Softmax ≡ Born Rule")
        True
    """
    homes = {claim.name: type(claim).__module__.rpartition(".")[0] for claim in all_claims()}
    return str(getattr(import_module(homes[name]), "DOCUMENT", "")) if name in homes else ""


def folder_of(claim: Claim[Any]) -> str:
    """The folder of qcattn.claims that holds a claim, one for each document; "" for your own claim.

    Example:
        >>> folder_of(all_claims()[0])
        'born'
    """
    house, _, place = type(claim).__module__.partition(".claims.")
    return place.partition(".")[0] if house == "qcattn" else ""


def _place(claim: Claim[Any]) -> tuple[str, int]:
    letter, number = claim.name[:1], claim.name[1:]
    return letter, int(number)


def run_claims(
    names: Sequence[str | Claim[Any]] | None = None,
    *,
    seed: int | None = 0,
    progress: Progress = silent,
    workers: int = 1,
) -> list[Finding]:
    """Run the experiments on claims.

    Each starts from the same seed, so that one claim alone is found as it is among all of them.

    Args:
        names: The claims by their names, such as ``"A6"``, or objects with premises of their own,
            such as ``PureStates(qubits=2)``; None for all of them.
        seed: A whole number, 0 or more, or None for a fresh one.
        progress: A function that is called with the claims done, how many there are, and what is
            being done.
        workers: Processes that the claims are spread over; the findings are the same for any
            number. One is this process.

    Returns:
        One finding a claim, in the order given; `qcattn.save_findings` writes them.

    Raises:
        ValueError: If there is no such claim, or one is no object of a `Claim`, or workers is no
            whole number, 1 or more.
        Interrupted: If Ctrl-C is pressed. Its ``result`` holds the findings that are done; the
            others are there too, undecided and without shots.

    Example:
        >>> from qcattn.claims import PureStates
        >>> run_claims([PureStates(states=2)], seed=1)[0].standing
        'exact'
    """
    everything = {one.name: one for one in all_claims()}
    chosen = list(everything.values()) if names is None else [
        everything[known("claims", one.upper(), everything)] if isinstance(one, str) else one
        for one in names
    ]  # fmt: skip
    for one in chosen:
        check_object(one, "names", "PureStates()", "title", "not_run")
    root = entropy(seed)
    found: dict[int, Finding] = {}
    one_by_one = min(whole_number(workers, "workers"), len(chosen)) == 1
    try:
        (_in_turn if one_by_one else _spread(workers))(chosen, root, progress, found)
    except KeyboardInterrupt:
        rest = {i: one.not_run(seed=root) for i, one in enumerate(chosen) if i not in found}
        raise Interrupted([(found | rest)[i] for i in range(len(chosen))]) from None
    progress(len(chosen), len(chosen), "all claims")
    return [found[i] for i in range(len(chosen))]


_Runner = Callable[[Sequence[Claim[Any]], int, Progress, dict[int, Finding]], None]


def _in_turn(
    chosen: Sequence[Claim[Any]], root: int, progress: Progress, found: dict[int, Finding]
) -> None:
    """Run the claims here, one after the other, into ``found``."""
    for i, one in enumerate(chosen):

        def report(done: float, total: float, what: str, i: int = i, one: Claim[Any] = one) -> None:
            share = min(max(done / total, 0.0), 1.0)
            said = f"{one.name} {one.title}: {what}" if what else one.title
            progress(i + share, len(chosen), said)

        report(0.0, 1.0, "")
        found[i] = one(seed=root, progress=report)


def _spread(workers: int) -> _Runner:
    """A way to run the claims in processes, each as soon as one is free, into ``found``."""

    def run(
        chosen: Sequence[Claim[Any]], root: int, progress: Progress, found: dict[int, Finding]
    ) -> None:
        with Processes(min(workers, len(chosen))) as pool:
            try:
                places: dict[Future[Finding], int] = {
                    pool.submit(_run_one, one, root): i for i, one in enumerate(chosen)
                }
                progress(0, len(chosen), f"{len(chosen)} claims")
                for done in as_completed(places):
                    i = places[done]
                    found[i] = done.result()
                    progress(len(found), len(chosen), f"{chosen[i].name} {chosen[i].title}")
            except BaseException:
                pool.kill()
                raise

    return run


def _run_one(claim: Claim[Any], root: int) -> Finding:
    return claim(seed=root)
