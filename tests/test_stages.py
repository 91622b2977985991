"""The stages, each by itself: above all a batch that follows from its number alone."""

import itertools

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.comparisons import fit, independent, same
from qcattn.encodings import Binary, Transverse
from qcattn.errors import DoesNotFit
from qcattn.preparations import QSVT, DetailedBalance, Heralded, Purification
from qcattn.seeds import entropy
from qcattn.stages import compare, draw_batch, encode, prepare_rows

ROWS = np.array([[0.0, 1.0, 2.0, 0.5], [0.3, 0.3, -1.0, 2.0]])
CPU = Aer(device="CPU")


def prepared(method=Purification):
    return method()(Binary()(ROWS), beta=1.0)


@pytest.mark.parametrize("method", [Purification, Heralded])
def test_a_batch_follows_from_its_number_whatever_else_is_drawn(method):
    circuit = prepared(method)
    forwards = {n: draw_batch(circuit, 200, 7, n, CPU) for n in (0, 1, 2)}
    backwards = {n: draw_batch(circuit, 200, 7, n, CPU) for n in (5, 2, 0)}
    for number in (0, 2):
        for part in ("keys", "stray", "discarded"):
            ahead, behind = (getattr(x[number], part) for x in (forwards, backwards))
            assert np.array_equal(ahead, behind)


def test_batches_differ_and_add():
    circuit = prepared()
    batches = [draw_batch(circuit, 500, 7, n, CPU) for n in range(6)]
    for one, other in itertools.combinations(batches, 2):
        assert not np.array_equal(one.keys, other.keys)
    whole = sum(batches[1:], batches[0])
    assert whole.shots.tolist() == [3000, 3000]
    assert np.array_equal(whole.keys, sum(batch.keys for batch in batches))
    assert fit(whole, circuit.distribution).overall() > 1e-6, "false-failure rate below 1e-6"


def test_seeds_shots_and_rows_all_count():
    circuit = prepared()
    usual = draw_batch(circuit, 500, 7, 0, CPU)
    for other in (draw_batch(circuit, 500, 8, 0, CPU), draw_batch(circuit, 501, 7, 0, CPU)):
        assert not np.array_equal(usual.keys, other.keys)
    seed = np.random.default_rng(3)
    root = entropy(seed)
    assert np.array_equal(
        draw_batch(circuit, 500, root, 1, CPU).keys,
        draw_batch(circuit, 500, entropy(np.random.default_rng(3)), 1, CPU).keys,
    )


class Remembered:
    """`Aer`, which tells the shots one by one in the order in which they were drawn."""

    def __init__(self):
        self.memories = []

    def __call__(self, circuit, shots, seed):
        self.memories.append(CPU.memories(circuit, shots, seed))
        return CPU(circuit, shots, seed)


def test_shots_of_different_batches_are_independent():
    """At alpha = 1e-6, which is the false-failure rate. A batch drawn twice is caught."""
    parts, circuit = ("shift", "pooled"), prepared()[0]
    backend = Remembered()
    for number in range(8):
        draw_batch(circuit, 1000, 7, number, backend)
    runs = backend.memories
    found = independent(runs, circuit.distribution, alpha=1e-6, parts=parts)
    assert not found.refuted, found
    spread = independent(runs, parts=("lag", "dispersion"), alpha=0.001, permutations=3999)
    assert not spread.refuted, spread
    twice = independent([*runs, runs[3]], circuit.distribution, alpha=1e-6, parts=parts)
    assert twice.refuted and twice.parts["shift"].where == (3, 8, 0)


def test_batches_share_no_stream_with_the_children_of_their_seed():
    circuit = prepared()
    batches = [draw_batch(circuit, 400, 7, n, CPU).keys for n in range(3)]
    children = [CPU(circuit, 400, child).keys for child in np.random.SeedSequence(7).spawn(3)]
    plain = CPU(circuit, 400, 7).keys
    for batch, other in itertools.product(batches, [*children, plain]):
        assert not np.array_equal(batch, other)
    assert same(batches[0], plain, alpha=0.01).overall > 1e-3, "but one law"


@pytest.mark.parametrize(
    ("shots", "number", "name"), [(0, 0, "shots"), (10, -1, "number"), (10, 0.5, "number")]
)
def test_what_is_no_batch_is_refused(shots, number, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        draw_batch(prepared(), shots, 7, number)


def test_an_encoding_that_is_not_diagonal_is_refused():
    assert encode(ROWS, Binary(), 1.0).shape == (2,)
    with pytest.raises(ValueError, match=r"`encoding` must .*Transverse.*qcattn.prepare"):
        encode(ROWS, Transverse(field=0.5), 1.0)


def test_rows_go_on_one_template_or_one_by_one():
    rows = Binary()(ROWS)
    (template,) = prepare_rows(rows, 1.0, Purification())
    assert template.shape == (2,)
    several = prepare_rows(rows, 1.0, QSVT(error=1e-3))
    assert [one.shape for one in several] == [(), ()]
    laws = np.array([one.distribution for one in several])
    assert np.abs(laws - template.distribution).max() < 1e-3


def test_a_method_that_takes_no_row_says_so_and_faults_are_not_hidden():
    masked = Binary()([[0.0, 1.0, -np.inf]])
    with pytest.raises(DoesNotFit, match="masked"):
        prepare_rows(masked, 1.0, DetailedBalance())
    with pytest.raises(DoesNotFit, match="masked"):
        prepare_rows(masked[0], 1.0, DetailedBalance())
    calls = []

    def faulty(hamiltonian, *, beta):
        calls.append(hamiltonian.shape)
        raise ValueError("a fault of this method")

    with pytest.raises(ValueError, match="a fault"):
        prepare_rows(masked, 1.0, faulty)
    assert calls == [(1,)], "it is not tried row by row"


def test_alpha_is_shared_by_the_two_comparisons_of_a_heralded_circuit():
    circuit = prepared(Heralded)
    counts = draw_batch(circuit, 500, 1, 0, CPU)
    one = compare(counts, circuit.distribution, None, 0.01)
    two = compare(counts, circuit.distribution, circuit.success, 0.01)
    assert [(verdict.name, verdict.alpha) for verdict in one] == [("fit", 0.01)]
    assert [(v.name, v.alpha) for v in two] == [("fit", 0.005), ("acceptance", 0.005)]
