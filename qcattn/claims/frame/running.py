"""All claims, or some, one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module

from qcattn.claims.frame.claim import Claim, Progress, conclude
from qcattn.evidence import Check, Finding
from qcattn.experiment import Interrupted
from qcattn.names import known
from qcattn.seeds import entropy

__all__ = ["all_claims", "run_claims"]


def all_claims() -> list[Claim]:
    """One of every claim with its defaults, in the order of their names: A1, A2, ..., A10.

    Example:
        >>> all_claims()[0].title
        "Born's rule, pure states"
    """
    room = import_module("qcattn.claims")
    found: list[Claim] = [
        getattr(room, name)() for name in room.__all__ if hasattr(getattr(room, name), "statement")
    ]
    return sorted(found, key=lambda one: (one.claim[0], int(one.claim[1:])))


def run_claims(
    claims: Sequence[str | Claim] | None = None,
    *,
    seed: int | None = 0,
    progress: Progress | None = None,
) -> list[Finding]:
    """Run the experiments on claims.

    Each starts from the same seed, so that one claim alone is found as it is among all of them.

    Args:
        claims: Names, such as ``"A6"``, or objects with premises of their own, such as
            ``PureStates(qubits=2)``; None for all of them.
        seed: A whole number, 0 or more, or None for a fresh one.
        progress: Called with the share done, 0 to 1, and what is being done.

    Returns:
        One finding a claim, in the order given; `qcattn.save_findings` writes them.

    Raises:
        ValueError: If there is no such claim.
        Interrupted: On Ctrl-C. Its ``result`` holds the findings that are done; the others are
            there too, undecided and without shots.

    Example:
        >>> from qcattn.claims import PureStates
        >>> run_claims([PureStates(states=2)], seed=1)[0].verdict
        'exact'
    """
    everything = {one.claim: one for one in all_claims()}
    chosen = list(everything.values()) if claims is None else [
        everything[known("claims", one.upper(), everything)] if isinstance(one, str) else one
        for one in claims
    ]  # fmt: skip
    root = entropy(seed)
    findings: list[Finding] = []
    try:
        for i, one in enumerate(chosen):

            def report(share: float, what: str, i: int = i, one: Claim = one) -> None:
                if progress is not None:
                    done = (i + min(max(share, 0.0), 1.0)) / len(chosen)
                    progress(done, f"{one.claim} {one.title}: {what}" if what else one.title)

            report(0.0, "")
            findings.append(one(seed=root, progress=report))
    except KeyboardInterrupt:
        rest = [_not_run(one, root) for one in chosen[len(findings) :]]
        raise Interrupted(findings + rest) from None
    return findings


def _not_run(claim: Claim, seed: int) -> Finding:
    return conclude(
        claim,
        checks=[Check("The experiment was run to its end", None, "interrupted")],
        numbers=[],
        words="Not done: the run was interrupted before.",
        panels=[],
        shots=0,
        seed=seed,
        started=time.perf_counter(),
    )
