"""A whole number of any size is refused by its name, with its limit and the cure, or it works."""

import re
import signal
from dataclasses import fields

import pytest

from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.walking import classes

#: None of the numbers anybody means, and small enough for every check of a type.
HUGE = 10**9
HAMILTONIANS = {"keys": Binary()([0.0, 1.0, 2.0, 0.5]), "ring": ising(2)}
#: Any whole number is a seed; `order` is 1 or 2.
NUMBERS = [
    (cls, field.name)
    for cls in [*classes("preparations").values(), *classes("encodings").values()]
    for field in fields(cls)
    if re.search(r"\bint\b", str(field.type)) and "Callable" not in str(field.type)
]
#: CPU seconds, so that a loaded machine changes nothing.
LIMIT = 2.0


def test_there_are_such_numbers():
    names = {f"{cls.__name__}.{name}" for cls, name in NUMBERS}
    assert {"QITE.steps", "QITE.shots", "Variational.restarts", "SystemBath.cycles"} <= names


@pytest.mark.parametrize("kind", HAMILTONIANS)
@pytest.mark.parametrize(("cls", "name"), NUMBERS)
def test_a_huge_number_is_refused_by_name_or_works(cls, name, kind, monkeypatch):
    def too_long(*_):
        pytest.fail(f"{cls.__name__}({name}={HUGE}) took more than {LIMIT} seconds")

    hamiltonian = HAMILTONIANS[kind]
    if cls.takes == "diagonal" and hamiltonian.off_diagonal is not None:
        return
    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        prepared = cls(**{name: HUGE})(hamiltonian, beta=1.0)
    except ValueError as refused:
        said = str(refused)
        assert (f"`{name}`" in said and ";" in said) or "must be 1 or 2" in said, said
        assert "at most" in said or "must be 1 or 2" in said, said
    else:
        assert prepared.error < 0.1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
