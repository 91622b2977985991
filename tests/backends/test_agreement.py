"""Methods and precisions of Aer against each other, with noise and without.

`same` needs no law: two samplers, drawn with seeds that have nothing in common (one seed would give
two methods the same random numbers, and equal counts no meaning). A pair of draws is refuted at
1e-3; a test fails if two pairs in a row are, so with probability 1e-6. Beside it stands a fault
that is refuted both times.
"""

from functools import cache

import numpy as np
import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit, same
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude, Heralded

SCORES = np.random.default_rng(3).normal(size=(2, 4))
SHOTS = 4000


@cache
def drawn(noise, seed, preparation=Amplitude, **options):
    prepared = preparation()(Binary()(SCORES), beta=1.0)
    given = {"imitate": GenericBackendV2(4, seed=2)} if noise == "backend" else {}
    if noise and not given:
        given = noise_options(noise, prepared.circuit.num_qubits)
    return Aer(device="CPU", **given, **options)(prepared, SHOTS, seed)


def differ(one, two):
    """Whether two ways differ in both of two pairs of draws; each a dict for `drawn`."""
    return all(
        same(
            drawn(**one, seed=10 + repeat),
            drawn(**two, seed=20 + repeat),
            alpha=1e-3,
            permutations=2999,
        ).refuted
        for repeat in range(2)
    )


NOISES = {
    "depolarizing=0.05": "depolarizing=0.15",
    "thermal=3": "thermal=0.5",
    "readout=0.05": "readout=0.12",
    "depolarizing=0.03,thermal=5,readout": "depolarizing=0.03,readout=0.1",
    "backend": "readout=0.1",
}


@pytest.mark.parametrize("noise", NOISES)
def test_trajectories_follow_the_density_matrix(noise):
    trajectories = {"noise": noise, "method": "statevector"}
    assert not differ(trajectories, {"noise": noise, "method": "density_matrix"})
    assert differ(trajectories, {"noise": NOISES[noise], "method": "density_matrix"})


def test_a_heralded_preparation_loses_the_same_shots_either_way():
    def kept(seed, noise="depolarizing=0.03", **options):
        counts = drawn(noise, seed, preparation=Heralded, **options)
        return np.stack([counts.kept, counts.discarded], axis=-1)

    trajectories = [kept(30 + k, method="statevector") for k in range(2)]
    for noise, refuted in (("depolarizing=0.03", False), ("depolarizing=0.3", True)):
        dense = [kept(40 + k, noise, method="density_matrix") for k in range(2)]
        pairs = zip(trajectories, dense, strict=True)
        assert all(same(*pair, alpha=1e-3, permutations=2999).refuted for pair in pairs) == refuted


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("noise", ["", "depolarizing=0.05"])
def test_single_precision_is_judged_as_double_is(draws, noise):
    """Against each other, and without noise against softmax (false-failure rate 1e-8)."""
    single = {"noise": noise, "draws": draws, "precision": "single"}
    assert not differ(single, {"noise": noise})
    assert differ(single, {"noise": "depolarizing=0.2"})
    if not noise:
        counts = drawn(**single, seed=50)
        assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8
        assert fit(counts, softmax(SCORES, beta=1.4), alpha=1e-8).overall() <= 1e-8


@pytest.mark.parametrize("name", ["FakeManilaV2"])
def test_a_fake_backend_of_qiskit_runtime_is_imitated(name):
    """Either method of Aer, and the noise is there: softmax is refuted at 1e-8."""
    pytest.importorskip("qiskit_ibm_runtime")
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    options = noise_options(name, 2)
    assert options["imitate"].num_qubits == 5

    def counts(method, seed):
        return Aer(device="CPU", method=method, **options)(prepared, 20_000, seed)

    pairs = [(counts("statevector", 1 + k), counts("density_matrix", 5 + k)) for k in range(2)]
    assert not all(same(*pair, alpha=1e-3, permutations=2999).refuted for pair in pairs)
    assert fit(pairs[0][0], prepared.distribution, alpha=1e-8).overall() <= 1e-8
