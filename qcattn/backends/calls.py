"""A simulator's own calls as text, for scripts that need the simulator and nothing of qcattn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Calls", "call"]


@dataclass(frozen=True, kw_only=True)
class Calls:
    """How one circuit is put together and drawn, as lines of Python.

    Attributes:
        imports: Lines of imports.
        circuit: Lines that put the circuit together, as ``made``.
        read: The column of the shots for each classical bit; -1 where the bit stays zero.
        run: Lines that draw ``seen``, an array (shots, columns) of zeros and ones, from ``made``
            and ``shots``.
        saved: Lines that compute ``p``, the exact probability of every state of the columns, the
            first column rightmost, from ``made``; none where the simulator gives no probabilities.
        start: Lines before the first circuit of a job, from its ``seed``, which may be None.
        parted: Whether ``run`` uses ``part``: 32 bits of seed for this circuit alone, or None.
        asks_qubits: Whether ``start`` uses ``QUBITS``, the qubits of the largest circuit.
    """

    imports: tuple[str, ...]
    circuit: tuple[str, ...]
    read: tuple[int, ...]
    run: tuple[str, ...]
    saved: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    parted: bool = False
    asks_qubits: bool = False


def call(function: str, *values: Iterable[object]) -> str:
    """A call as text.

    Args:
        function: What is called.
        *values: The arguments of the call, some in each of these.

    Example:
        >>> call("made.ry", [0.5], (1,))
        'made.ry(0.5, 1)'
    """
    return f"{function}({', '.join(repr(value) for some in values for value in some)})"
