"""What holds for the claims of the second document: a faulty simulator decides nothing."""

import pytest

from qcattn.backends import Aer
from qcattn.records import Counts


class Swapping(Aer):
    """A planted fault that the frame's small control does not see.

    In circuits of more than four qubits three tenths of the shots are read the other way round.
    """

    def __call__(self, prepared, shots, seed=None):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 10 * 3 * (prepared.circuit.num_qubits > 4)
        return Counts(counts.keys - moved + moved[..., ::-1], counts.stray, counts.discarded)


@pytest.fixture
def faulty():
    return Swapping()
