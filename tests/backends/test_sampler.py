"""Any SamplerV2: the reference primitive, Aer's, and one behind a transpiler."""

import numpy as np
import pytest
from qiskit.primitives import BackendSamplerV2, BaseSamplerV2, StatevectorSampler
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2

from qcattn import run
from qcattn.attention import softmax
from qcattn.backends import Aer, Sampler
from qcattn.comparisons import fit
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded

SCORES = np.random.default_rng(8).normal(scale=1.5, size=(2, 3, 5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: StatevectorSampler(seed=1),
        lambda: SamplerV2(seed=1),
        lambda: BackendSamplerV2(backend=AerSimulator(), options={"seed_simulator": 1}),
    ],
    ids=["StatevectorSampler", "Aer SamplerV2", "BackendSamplerV2"],
)
@pytest.mark.parametrize("preparation", [Amplitude(), Heralded()])
@pytest.mark.parametrize("encoding", [Binary(), OneHot()])
def test_counts_are_softmax(make, preparation, encoding):
    """False-failure rate 1e-8; the planted fault is the same counts against 1.2 beta."""
    prepared = preparation(encoding(SCORES), beta=1.0)
    counts = Sampler(make())(prepared, 5000)
    assert (counts.shots == 5000).all()
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES, beta=1.2), alpha=1e-8).overall() <= 1e-8
    if preparation == Heralded():
        kept = counts.kept / 5000
        spread = np.sqrt(prepared.success * (1 - prepared.success) / 5000)
        assert (np.abs(kept - prepared.success) < 7 * spread).all()


class Noted(BaseSamplerV2):
    """A primitive that notes what it is asked."""

    def __init__(self, inner):
        self.inner, self.calls = inner, []

    def run(self, pubs, *, shots=None):
        pubs = list(pubs)
        self.calls.append((pubs, shots))
        return self.inner.run(pubs, shots=shots)


@pytest.mark.parametrize("shots", [60, 20_000])
def test_all_rows_go_in_one_call_as_one_pub(shots):
    """A second call would repeat the first, where a primitive keeps its seed."""
    prepared = Amplitude()(Binary()(SCORES[..., :2]), beta=1.0)
    primitive = Noted(StatevectorSampler(seed=1))
    ((rows, counts),) = Sampler(primitive).stream(prepared, shots)
    assert rows == slice(0, 6) and (counts.shots == shots).all()
    ((((circuit, values),), asked),) = primitive.calls
    assert circuit is prepared.circuit and asked == shots
    assert np.array_equal(values, prepared.flat_values)


def test_equal_rows_of_a_primitive_that_repeats_itself_are_still_fair():
    """256 equal rows at alpha = 0.2 over 30 seeds: "differs" at most 18 times.

    Binomial(30, 0.2) exceeds 18 with probability 3e-7; two of them are said to share random
    numbers by a chance of 5e-6. The planted fault, the rows cut into 16 calls of a primitive that
    starts again at each, repeats the counts and is called that; cut into two, the second half is
    the first again.
    """
    scores, shots = np.tile([0.0, 0.3, 0.9, 1.2], (256, 1)), 64

    class InParts(Sampler):
        rows = 16

        def stream(self, prepared, shots, seed=None):
            for start in range(0, 256, self.rows):
                rows = slice(start, start + self.rows)
                yield rows, Sampler(self.sampler)(prepared[rows], shots)

    class InHalves(InParts):
        rows = 128

    def drawn(kind, seed):
        primitive = SamplerV2(seed=seed, options={"backend_options": {"max_parallel_threads": 1}})
        return run(scores, shots=shots, backend=kind(primitive), alpha=0.2)

    whole = [drawn(Sampler, seed) for seed in range(30)]
    parts = [drawn(InParts, seed) for seed in range(30)]
    assert sum(result.differs for result in whole) <= 18
    assert sum(result.rows_repeat for result in whole) < 2
    assert all(result.rows_repeat and not result.agrees for result in parts)
    for result in whole:
        assert len(np.unique(result.counts.keys, axis=0)) > 200
    halves = drawn(InHalves, 0).counts.keys
    assert np.array_equal(halves[:128], halves[128:])


def test_a_device_gets_its_own_gates():
    """The noise of the device must show (planted fault), as strays too; but not drown the law."""
    device = GenericBackendV2(5, seed=3)
    passes = generate_preset_pass_manager(backend=device, optimization_level=1, seed_transpiler=0)
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    backend = Sampler(BackendSamplerV2(backend=device), passes)
    counts = backend(prepared, 20_000)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() <= 1e-8
    assert counts.stray.sum() > 0
    assert np.abs(counts.frequencies - softmax(SCORES)).max() < 0.15


def test_it_reads_bits_as_aer_does():
    """A state without chance: every route must name the same key."""
    scores = np.full((5, 5), -np.inf)
    np.fill_diagonal(scores, 0.0)
    prepared = Amplitude()(Binary()(scores), beta=1.0)
    for backend in (Sampler(StatevectorSampler()), Aer(device="CPU"), Aer("automatic", "CPU")):
        assert np.array_equal(backend(prepared, 9, seed=0).keys, 9 * np.eye(5, dtype=int))


def test_something_else_is_refused():
    with pytest.raises(ValueError, match="BaseSamplerV2, but is AerSimulator"):
        Sampler(AerSimulator())


@pytest.mark.parametrize("shots", [0, 2.5, "a", None])
def test_no_shots_are_refused(shots):
    with pytest.raises(ValueError, match="`shots`"):
        Sampler(StatevectorSampler())(Amplitude()(Binary()([0.0, 1.0]), beta=1.0), shots)


def test_control_flow_is_claimed_where_a_target_lists_it_and_untold_where_none_does():
    """BasicSimulator has no conditions; a sampler without a backend has no way to say so."""
    steered = {"conditional", "loop", "mid-circuit measurement", "reset"}
    basic = Sampler(BackendSamplerV2(backend=BasicSimulator()))
    assert basic.abilities == {"mid-circuit measurement", "order", "parameters", "reset"}
    assert not basic.untold
    aer = Sampler(SamplerV2())
    assert aer.abilities >= steered and not aer.untold
    own = Sampler(Noted(StatevectorSampler()))
    assert own.abilities >= steered == own.untold
    assert not Sampler(StatevectorSampler()).abilities & steered
