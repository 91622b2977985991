"""What holds for all tests."""

import os
import signal

# Set before NumPy is loaded. Matrices are small here: threads that wait for each other cost six
# times what they bring, and more where several processes test at once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a shell runs in the background is deaf to Ctrl-C, and so are the processes that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# What `nohup` runs is deaf to the end of its terminal.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A program whose files import each other by name, as `python tests/benchmarks/statistics` runs it,
# scripts that show a fault and exit with 1, and one that runs in an environment of its own.
collect_ignore = [
    "benchmarks/statistics",
    "benchmarks/findings/scripts",
    "benchmarks/qemcmc_gaps.py",
]

from typing import NamedTuple  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister  # noqa: E402

from qcattn.dense_state import outcome_distribution  # noqa: E402
from qcattn.preparations.gates import compiled  # noqa: E402
from qcattn.records import Counts, Prepared, every_reading  # noqa: E402


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


class Exact:
    """Multinomial draws from the dense distribution of a circuit: a perfect sampler, and quick.

    With `expected` the counts are the expected ones, rounded: no chance at all.
    """

    def __init__(self, expected: bool = False) -> None:
        self.expected = expected
        self.seeds: list = []
        self._known: dict = {}

    def __call__(self, prepared, shots, seed):
        self.seeds.append(seed)
        # Gates in their order tell the circuits of one test apart: what turns a qubit stands
        # right before its measurement.
        ops = tuple(
            (i.operation.name, *map(str, i.operation.params)) for i in prepared.circuit.data
        )
        name = (ops, prepared.values.tobytes(), prepared.codewords.shape, prepared.method)
        if name not in self._known:
            keys, success = outcome_distribution(prepared)
            stray = max(0.0, 1 - keys.sum())
            table = np.append(keys * success, [stray * success, 1 - success])
            self._known[name] = np.clip(table, 0, None) / np.clip(table, 0, None).sum()
        table = self._known[name]
        if self.expected:
            drawn = np.round(table * shots).astype(np.int64)
        else:
            drawn = np.random.default_rng(seed).multinomial(shots, table)
        return Counts(drawn[:-2], np.array(drawn[-2]), np.array(drawn[-1]))


def given(state, *, error=0.0, aims="gibbs"):
    """A circuit whose system is in any state, by a purification on twice the qubits."""
    state = np.asarray(state, dtype=complex)
    n = len(state).bit_length() - 1
    levels, vectors = np.linalg.eigh(state)
    amplitudes = (vectors * np.sqrt(np.clip(levels, 0, None))).T.reshape(-1)
    system, partner = QuantumRegister(n, "system"), QuantumRegister(n, "partner")
    key = ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, partner, key, name="given")
    circuit.prepare_state(amplitudes / np.linalg.norm(amplitudes), [*system, *partner])
    circuit.measure(system, key)
    return Prepared(
        method="given",
        kind="told",
        circuit=compiled(circuit),
        values=np.zeros(0),
        codewords=every_reading(n),
        key_register="key",
        herald_register=None,
        distribution=np.diag(state).real.copy(),
        success=np.array(1.0),
        error=np.array(error),
        state=aims,
    )


def with_reset(angle=1.1):
    """One qubit that met a bath qubit, the bath reset in between, and a herald read mid-circuit."""
    system, bath = QuantumRegister(1, "system"), QuantumRegister(1, "bath")
    key, herald = ClassicalRegister(1, "key"), ClassicalRegister(1, "herald")
    circuit = QuantumCircuit(system, bath, key, herald, name="with reset")
    circuit.ry(angle, system[0])
    circuit.cx(system[0], bath[0])
    circuit.reset(bath[0])
    circuit.ry(0.9, bath[0])
    circuit.cx(bath[0], system[0])
    circuit.measure(bath[0], herald[0])
    circuit.ry(0.4, system[0])
    circuit.measure(system, key)
    return Prepared(
        method="with reset",
        kind="thermal",
        circuit=circuit,
        values=np.zeros(0),
        codewords=np.array([[False], [True]]),
        key_register="key",
        herald_register="herald",
        distribution=np.full(2, np.nan),
        success=np.array(np.cos(0.45) ** 2),
        error=np.array(0.0),
    )


def random_state(rng, size, rank=None):
    """A density matrix, Hilbert-Schmidt distributed for full rank."""
    rank = rank or size
    root = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    state = root @ root.conj().T
    return state / np.trace(state).real


def most_misses(trials, alpha):
    """Misses that an interval at level alpha exceeds with probability at most 1e-6."""
    from scipy.stats import binom

    return int(binom.isf(1e-6, trials, alpha))


@pytest.fixture(scope="session")
def tools():
    """Backends that know the exact distribution, and circuits that prepare any state."""

    class Tools:
        pass

    out = Tools()
    for item in (Exact, given, with_reset, random_state, most_misses):
        setattr(out, item.__name__, item)
    return out


@pytest.fixture
def scores_of():
    """Scores that are hard to get right, for any number of keys."""

    def hard(num_keys: int) -> np.ndarray:
        """Rows (2, 3) with a masked key, ties, a range of 1e3 and all equal scores."""
        scores = np.random.default_rng(num_keys).normal(scale=2.0, size=(2, 3, num_keys))
        scores[0, 1] = 0.7
        scores[1, 0] *= 1e3
        if num_keys > 1:
            scores[0, 0, 0] = scores[0, 0, -1]
            scores[1, 1, num_keys // 2] = -np.inf
            scores[1, 2, 1:] = -np.inf
        return scores

    return hard


def pytest_collection_modifyitems(items):
    """Refuse tests whose names hold an address: two workers would collect different ones."""
    found = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if found:
        raise pytest.UsageError(f"give these parameters `ids` of their own: {found[:3]}")
