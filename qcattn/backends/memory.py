"""What drawing takes of the memory, told before it is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qiskit import QuantumCircuit
from qiskit.circuit import Qubit

from qcattn.errors import TooLarge
from qcattn.legible import quoted
from qcattn.plurals import plural

__all__ = ["Footprint", "active_qubits", "footprint", "parse_bytes"]

# Bytes, from above, as tests/benchmarks/memory.py finds them with Aer 0.18: an instruction in
# Qiskit's template and Aer's copies, a result and its metadata, a bound angle, an outcome that a
# row saw in Aer's and Python's tables, a shot while its row is drawn, and an exact probability in
# Aer's, in NumPy's and in the dice's arrays; an instruction of a template whose rows run together,
# which Aer never sees, and a number of the diagonals that it sees instead.
_INSTRUCTION, _MATRIX, _RESULT, _ANGLE = 4500, 600, 12_000, 110
_SEEN, _SHOT, _PROBABILITY = 320, 120, 60
_JOINED, _NUMBER = 1200, 150
# Counts in three places; what Aer and its libraries take once.
_COUNT, _ONCE = 3 * 8, 2**24
_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("KMGT", 1)}


@dataclass(frozen=True)
class Footprint:
    """Bytes that drawing takes beside what the process holds already.

    Attributes:
        state: Amplitudes of one state on `qubits` qubits.
        fixed: The state, the template and the counts of all rows.
        row: Bindings and results of one row.
        qubits: Qubits on which anything happens.
        mixed: Whether the state is a density matrix.
    """

    state: int
    fixed: int
    row: int
    qubits: int
    mixed: bool

    def rows_at_once(self, memory: int) -> int:
        """How many rows fit into this many bytes.

        Raises:
            TooLarge: If not even one does.
        """
        if self.fixed + self.row > memory:
            needed = self.fixed + self.row
            raise TooLarge(
                f"one row takes {needed:,} bytes ({needed / 2**30:,.3g} GiB), of which "
                f"{self.state:,} are the state of {plural(self.qubits, 'qubit')}, but `memory` "
                f"leaves {memory:,} bytes ({memory / 2**30:,.3g} GiB) to drawing; take fewer "
                "keys, a preparation with fewer qubits, precision='single', or more memory"
            )
        return (memory - self.fixed) // self.row

    def peak(self, rows: int) -> int:
        """The bytes that this many rows take at once."""
        return self.fixed + rows * self.row


def active_qubits(circuit: QuantumCircuit) -> int:
    """The number of qubits on which anything but a barrier acts; Aer leaves out the others."""
    found: set[Qubit] = set()
    for one in reversed(circuit.data):  # measurements of most qubits stand at the end
        if one.name != "barrier":
            found.update(one.qubits)
        if len(found) == circuit.num_qubits:
            break
    return len(found)


def footprint(
    circuit: QuantumCircuit,
    *,
    rows: int,
    keys: int,
    shots: int,
    dense: bool,
    mixed: bool,
    single: bool,
    exact: bool,
    workers: int = 1,
    numbers: int | None = None,
) -> Footprint:
    """The memory that drawing takes.

    Args:
        circuit: The template.
        rows: The number of rows in all.
        keys: The number of keys of each row.
        shots: The number of shots of each row.
        dense: Whether all amplitudes are held; matrix product and stabiliser states are not
            predicted, and count as nothing.
        mixed: Whether the state is a density matrix.
        single: Whether an amplitude takes 8 bytes and not 16.
        exact: Whether the probabilities of all outcomes are listed.
        workers: Rows that are simulated at the same time.
        numbers: The numbers in the diagonals of a job, where rows run together.

    Example:
        >>> circuit = QuantumCircuit(24, 2)
        >>> circuit.h(range(24))
        <qiskit.circuit.instructionset.InstructionSet object at ...>
        >>> need = footprint(circuit, rows=1, keys=4, shots=100, dense=True, mixed=False,
        ...                  single=False, exact=False)
        >>> need.state == 16 * 2**24 < need.peak(1)
        True
    """
    qubits = active_qubits(circuit)
    state = (8 if single else 16) * 2 ** (qubits * (2 if mixed else 1)) * dense
    matrices = sum(len(i.operation.params) for i in circuit.data if i.name == "multiplexer")
    outcomes = 2**circuit.num_clbits
    template = _INSTRUCTION * len(circuit.data) + _MATRIX * matrices
    table = 0 if exact else _SHOT * min(shots, 10**6)
    fixed = _ONCE + workers * (state + template + table) + _COUNT * rows * (keys + 2)
    row = _RESULT + _ANGLE * circuit.num_parameters
    row += _PROBABILITY * outcomes if exact else _SEEN * min(shots, outcomes)
    if numbers is not None:
        fixed += _JOINED * len(circuit.data) + _NUMBER * numbers - workers * template
        row = _PROBABILITY * outcomes
    return Footprint(state, fixed, row, qubits, mixed)


def parse_bytes(text: str, name: str = "memory") -> int:
    """Read a number of bytes, such as ``"4GiB"``, ``"500 MB"`` or a number.

    Raises:
        ValueError: If the text is none of these, or not positive.

    Example:
        >>> parse_bytes("4GiB"), parse_bytes("1.5 kB")
        (4294967296, 1500)
    """
    match = re.fullmatch(r"([0-9.]+(?:e[0-9]+)?)\s*([A-Za-z]*?)[Bb]?", text.strip())
    unit = match and {key.lower(): size for key, size in _UNITS.items()}.get(match[2].lower())
    try:
        size = int(float(match[1]) * unit) if match and unit else 0
    except (ValueError, OverflowError):
        size = 0
    if size < 1:
        raise ValueError(f"`{name}` must be a size such as 4GiB or 500MB, but is {quoted(text)}")
    if size >= 2**63:
        raise ValueError(
            f"`{name}` must be below 2**63 bytes, 8,192 PiB, as machines count them, but is "
            f"{quoted(text)}; give what there is"
        )
    return size
