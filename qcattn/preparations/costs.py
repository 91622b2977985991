"""How long the dense linear algebra beside a circuit takes, to a factor of about two."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from qcattn.forecast import Forecast, announce
from qcattn.progress import tell
from qcattn.records import Hamiltonian

__all__ = ["MULTIPLICATION", "Evaluations", "eigen_seconds"]

T = TypeVar("T")

#: Evaluations after which the time of all of them is foreseen.
_FIRST = 3

#: Seconds of a complex multiplication in a large product of matrices, and N**-3 of those that all
#: eigenvectors of a complex matrix take; one core of 2024, OpenBLAS.
MULTIPLICATION, _EIGENVECTORS = 2e-10, 1.2e-9


def eigen_seconds(hamiltonian: Hamiltonian) -> float:
    """The seconds that the eigenvectors of H take; almost none where H is diagonal.

    Example:
        >>> from qcattn.models.spins import ising
        >>> round(eigen_seconds(ising(12)))
        82
    """
    if hamiltonian.off_diagonal is None:
        return 0.0
    return _EIGENVECTORS * 8.0**hamiltonian.num_qubits


class Evaluations:
    """Counts the evaluations of a search for angles, reports them, and forecasts their time.

    Args:
        what: What is evaluated, such as "free energies".
        usual: The usual number of evaluations, about.

    Example:
        >>> search = Evaluations("squares", 10)
        >>> square = search.of(lambda x: x * x)
        >>> square(3), search.done
        (9, 1)
    """

    def __init__(self, what: str, usual: int) -> None:
        self.what, self.usual, self.done = what, usual, 0
        self._quickest = float("inf")

    def of(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return the same function with its evaluations counted."""

        def counted(*args: object) -> T:
            begun = time.perf_counter()
            value = function(*args)
            self._took(time.perf_counter() - begun)
            return value

        return counted

    def _took(self, seconds: float) -> None:
        self.done += 1
        self._quickest = min(self._quickest, seconds)
        if self.done == _FIRST:
            announce(f"{self.usual:,} {self.what}", Forecast(self._quickest * self.usual))
        tell(min(self.done, self.usual), self.usual, self.what)
