"""Any SamplerV2: the reference primitive, Aer's, and one behind a transpiler."""

import numpy as np
import pytest
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2

from qcattn.attention import softmax
from qcattn.backends import Aer, Sampler, sampler
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
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall > 1e-8
    assert fit(counts, softmax(SCORES, beta=1.2), alpha=1e-8).overall <= 1e-8
    if preparation == Heralded():
        kept = counts.kept / 5000
        spread = np.sqrt(prepared.success * (1 - prepared.success) / 5000)
        assert (np.abs(kept - prepared.success) < 7 * spread).all()


def test_chunks_add_up(monkeypatch):
    monkeypatch.setattr(sampler, "_SHOTS_OF_CHUNK", 100)
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    backend = Sampler(StatevectorSampler(seed=1))
    assert len(list(backend.stream(prepared, 60))) == 6
    assert (backend(prepared, 60).shots == 60).all()


def test_a_device_gets_its_own_gates():
    """The noise of the device must show (planted fault), as strays too; but not drown the law."""
    device = GenericBackendV2(5, seed=3)
    passes = generate_preset_pass_manager(backend=device, optimization_level=1, seed_transpiler=0)
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    backend = Sampler(BackendSamplerV2(backend=device), passes)
    counts = backend(prepared, 20_000)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall <= 1e-8
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
    with pytest.raises(ValueError, match="`shots`"):
        Sampler(StatevectorSampler())(Amplitude()(Binary()([0.0, 1.0]), beta=1.0), 0)
