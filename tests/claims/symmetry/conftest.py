"""What holds for the claims of the second document: a faulty simulator decides nothing."""

import pytest

from qcattn.backends import Aer
from qcattn.records import Counts


class Swapping(Aer):
    """A planted fault: the two halves of every tenth shot's readings are exchanged."""

    def __call__(self, prepared, shots, seed=None):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 10 * 3
        return Counts(counts.keys - moved + moved[..., ::-1], counts.stray, counts.discarded)


@pytest.fixture
def faulty():
    return Swapping()
