"""What holds for all tests."""

import os
from typing import NamedTuple

import pytest

# Set before NumPy is loaded. Matrices are small here: threads that wait for each other cost six
# times what they bring, and more where several processes test at once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A program whose files import each other by name, as `python tests/benchmarks/statistics` runs it.
collect_ignore = ["benchmarks/statistics"]


class Step(NamedTuple):
    """What a `Progress` was told once."""

    done: float
    total: float
    what: str


class Told(list):
    """A `Progress` that keeps what it is told."""

    def __call__(self, done, total, what):
        self.append(Step(done, total, what))


@pytest.fixture
def told():
    """What a piece of work told of its progress."""
    return Told()


@pytest.fixture
def again():
    """The same of a second piece of work."""
    return Told()
