"""Trials that agree, and trials with a broken claim and a refusal."""

from dataclasses import dataclass

import pytest

from qcattn.encodings import Binary
from qcattn.errors import DoesNotFit
from qcattn.preparations import Amplitude, Heralded
from qcattn.trials import prepare


@dataclass(frozen=True)
class Braggart:
    """Claims more than is true."""

    def __call__(self, hamiltonian, *, beta):
        return Heralded()(hamiltonian, beta=1.0001 * beta)


@dataclass(frozen=True)
class Picky:
    def __call__(self, hamiltonian, *, beta):
        raise DoesNotFit("<b>not</b> to my taste")


ROW = Binary()([0.3, 1.1, -0.4, 0.9])


@pytest.fixture(scope="module")
def good():
    return prepare(ROW, methods=[Amplitude(), Heralded()], shots=2000, seed=1, alpha=1e-6)


@pytest.fixture(scope="module")
def mixed():
    methods = [Heralded(), Braggart(), Picky()]
    return prepare(ROW, beta=[0.5, 2.0], methods=methods, shots=2000, seed=1, alpha=1e-6)
