"""What a claim is: four short methods, and everything that all claims share around them."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from qcattn.backends.choosing import backend_of
from qcattn.backends.protocol import Backend
from qcattn.claims.frame.sampler import check_sampler
from qcattn.evidence import Check, Finding, Number, Panel
from qcattn.legible import spelt
from qcattn.progress import Progress, silent
from qcattn.seeds import entropy
from qcattn.versions import package_versions

__all__ = ["Claim", "Description", "Measured"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """What `Claim.measure` found; each claim adds fields of its own.

    Attributes:
        shots: The number of shots drawn altogether.
        numbers: Measured numbers, with intervals; the first one goes into the table of all claims.
    """

    shots: int
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Description:
    """The finding in words that follow from the checks.

    Attributes:
        words: The finding in plain sentences.
        condition: The condition under which the claim holds; "" if none was found.
    """

    words: str
    condition: str = ""


M = TypeVar("M", bound=Measured)


@dataclass(frozen=True, kw_only=True)
class Claim(ABC, Generic[M]):
    """A statement of a document, put to the test by an experiment that can come out either way.

    A claim is a frozen dataclass: its fields are the premises of the experiment. It says what is
    drawn (`measure`), what that shows (`check`), in which words (`describe`) and in which pictures
    (`picture`). Clock, seed, progress, the default backend, the error budget and the conclusion
    are here, once; so is a control of the backend, without which nothing is measured. Where a
    control does not hold, nothing is decided, and the words say so.

    Attributes:
        alpha: Error rate of the verdict: what all checks may spend together, between 0 and 1.
        backend: Circuit, shots and seed to counts; the claim's own choice if None, mostly `Aer()`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    statement: ClassVar[str]
    section: ClassVar[str]
    #: Whether the experiment draws from the backend, which is put to the test then.
    draws: ClassVar[bool] = True

    alpha: float = 1e-3
    backend: Backend | None = None

    @abstractmethod
    def measure(self, root: np.random.SeedSequence, progress: Progress) -> M:
        """Draw what the experiment needs.

        Args:
            root: The seed from whose children all random numbers come.
            progress: A function that is called with the share done, of 1.0.
        """

    @abstractmethod
    def check(self, measured: M) -> Iterable[Check]:
        """Say which statements hold for what was measured, each at its share of ``alpha``."""

    @abstractmethod
    def describe(self, measured: M, checks: Mapping[str, Check]) -> Description:
        """Say in plain words what was found, reading checks by their names."""

    @abstractmethod
    def picture(self, measured: M) -> Sequence[Panel]:
        """Show what was measured."""

    def sampler(self) -> Backend:
        """The backend that was given, or the claim's own choice."""
        return backend_of(self.backend)

    def __call__(self, *, seed: Any = 0, progress: Progress = silent) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: A function that is called with the share done, of 1.0, and what is done.

        Returns:
            The finding.

        Raises:
            RuntimeError: If the checks spend more than ``alpha``, which is a fault of the claim.
        """
        started = time.perf_counter()
        root = np.random.SeedSequence(entropy(seed))
        controls = tuple(self._controls(root))
        if not all(check.holds for check in controls):
            return self._finding(
                checks=controls,
                words=_undecided(controls),
                seed=entropy(seed),
                seconds=time.perf_counter() - started,
            )
        measured = self.measure(root, progress)
        own = tuple(self.check(measured))
        spent = sum(check.alpha for check in own)
        if spent > self.alpha * (1 + 1e-9):
            raise RuntimeError(
                f"the checks of {self.name} spend an error rate of {spent:.3g}, but it has "
                f"{self.alpha:.3g}; cut their shares"
            )
        said = self.describe(measured, {check.name: check for check in own})
        checks = (*controls, *own) if own else ()
        if not all(check.holds for check in checks if check.role == "control"):
            said = Description(_undecided(checks))
        return self._finding(
            checks=checks,
            numbers=measured.numbers,
            words=said.words,
            condition=said.condition,
            panels=tuple(self.picture(measured)),
            shots=int(measured.shots),
            seed=entropy(seed),
            seconds=time.perf_counter() - started,
        )

    def _controls(self, root: np.random.SeedSequence) -> Iterable[Check]:
        """The checks of the backend, with a seed of which the experiment has no part."""
        if self.draws:
            apart = np.random.SeedSequence(root.entropy, spawn_key=(2**32 - 1,))
            yield check_sampler(self.sampler(), apart)

    def not_run(self, *, seed: int) -> Finding:
        """The finding of an experiment that was interrupted before it came to its end."""
        check = Check("run", "The experiment was run to its end", None, "interrupted", "control")
        words = "Not done: the run was interrupted before."
        return self._finding(checks=(check,), words=words, seed=seed)

    def _finding(self, **found: Any) -> Finding:
        return Finding(
            name=self.name,
            title=self.title,
            statement=self.statement,
            section=self.section,
            alpha=self.alpha,
            settings={item.name: spelt(getattr(self, item.name)) for item in fields(self)},
            versions=package_versions(),
            **found,
        )


def _undecided(checks: Iterable[Check]) -> str:
    """What is said of an experiment of which a control did not hold."""
    failed = [one for one in checks if one.role == "control" and not one.holds]
    named = "; ".join(f"{one.statement} ({one.by})" for one in failed)
    return f"Nothing is decided, for a control of the experiment did not hold: {named}."
