"""A whole number of any size is refused by its name, with its limit and the cure, or it works."""

import re
import signal
from contextlib import contextmanager
from dataclasses import fields

import numpy as np
import pytest

from qcattn.attention import causal_mask, sinusoidal_positions
from qcattn.chains.proposals import local_proposal, mixer, quantum_proposal
from qcattn.chains.walks import filtered_walk
from qcattn.comparisons import independent, same
from qcattn.encodings import Binary
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import CKG, QuantumMCMC
from qcattn.reading_chains import read_chains
from qcattn.walking import classes

#: Far more than anybody means, and small enough for every check of a type.
HUGE = 10**9
KEYS = Binary()([0.0, 1.0, 2.0, 0.5])
HAMILTONIANS = {"keys": KEYS, "ring": ising(2)}
NUMBERS = [
    (cls, field.name)
    for cls in [*classes("preparations").values(), *classes("encodings").values()]
    for field in fields(cls)
    if re.search(r"\bint\b", str(field.type)) and "Callable" not in str(field.type)
]
CALLS = {
    "queries": lambda: causal_mask(HUGE),
    "keys": lambda: causal_mask(2, HUGE),
    "length": lambda: sinusoidal_positions(HUGE, 2),
    "dim": lambda: sinusoidal_positions(2, HUGE),
    "chains": lambda: read_chains(KEYS, CKG(), beta=1.0, chains=HUGE),
    "reads": lambda: read_chains(KEYS, QuantumMCMC(), beta=1.0, reads=HUGE),
    "number": lambda: QuantumMCMC().moves(HUGE),
    "phases": lambda: filtered_walk([0.0, 1.0, 1.0, 0.5], 1.0, phases=HUGE),
    "steps": lambda: quantum_proposal([0.0, 1.0], gamma=0.5, time=2.0, steps=HUGE),
    "num_qubits": lambda: local_proposal(HUGE),
    "num_qubits of a mixer": lambda: mixer(HUGE, 0.1),
    "num_qubits of a ring": lambda: ising(HUGE),
    "num_qubits of a chain": lambda: heisenberg(HUGE),
    "permutations": lambda: independent([np.arange(9) % 4] * 2, permutations=10 * HUGE),
    "permutations of rows": lambda: same([10, 20], [12, 18], permutations=10 * HUGE),
}
#: CPU seconds, so that a loaded machine changes nothing.
LIMIT = 2.0


@contextmanager
def refused_or_quick(name):
    """A block that refuses the number by its name, with a limit and a cure, or is done in time."""

    def too_long(*_):
        pytest.fail(f"`{name}` of {HUGE:,} took more than {LIMIT} seconds")

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    except ValueError as refused:
        said = str(refused)
        assert f"`{name}`" in said, said
        limited = "must be at most" in said or "more than half of the" in said
        assert (limited and ";" in said) or "must be 1 or 2" in said, said
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def test_there_are_such_numbers():
    names = {f"{cls.__name__}.{name}" for cls, name in NUMBERS}
    assert {"QITE.steps", "QITE.shots", "Variational.restarts", "SystemBath.cycles"} <= names


@pytest.mark.parametrize("kind", HAMILTONIANS)
@pytest.mark.parametrize(("cls", "name"), NUMBERS)
def test_a_huge_number_of_a_strategy(cls, name, kind):
    if cls.takes == "diagonal" and HAMILTONIANS[kind].off_diagonal is not None:
        return
    with refused_or_quick(name):
        assert cls(**{name: HUGE})(HAMILTONIANS[kind], beta=1.0).error < 0.1


@pytest.mark.parametrize("call", CALLS)
def test_a_huge_number_of_a_function(call):
    with refused_or_quick(call.split()[0]):
        CALLS[call]()
