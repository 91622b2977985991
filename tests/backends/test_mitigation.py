"""Mitigation: judged before and after, and honest about the scatter that it adds."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.mitigation import folded, readout_mitigated, zero_noise
from qcattn.backends.noise import noise_options
from qcattn.comparisons import certify, expected, fit
from qcattn.comparisons.mitigated import mitigated
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude, Heralded

SCORES = np.random.default_rng(3).normal(size=(3, 8))
LAW = softmax(SCORES)


def prepared(preparation=None):
    return (preparation or Amplitude())(Binary()(SCORES), beta=1.0)


READING = Aer(device="CPU", **noise_options("readout=0.04", 3))


@pytest.fixture(scope="module")
def counts():
    return READING(prepared(), 40_000, seed=1)


class TestReadout:
    """Readout errors of 4%, seen, expected and undone."""

    def test_the_law_that_is_read_is_expected(self, counts):
        """False-failure rate 1e-8; the counts without the readout in mind are the planted fault."""
        law = expected(LAW, readout=READING.readout(prepared()))
        assert fit(counts, law, alpha=1e-8).overall() > 1e-8
        assert fit(counts, LAW, alpha=1e-8).overall() <= 1e-8

    def test_mthree_gives_softmax_back(self, counts):
        """Three rows at 1e-7 each by a law that is near normal; before, the same counts are
        refuted. The planted fault is a readout that is thought to be half as wrong."""
        pytest.importorskip("mthree")
        before = certify(counts, LAW, 0.02)
        readout = READING.readout(prepared())
        after = mitigated(readout_mitigated(counts, readout), LAW, alpha=3e-7)
        assert before.refuted.all()
        assert not after.refuted
        assert (after.upper < before.upper).all()
        half = [(matrix + np.eye(2)) / 2 for matrix in readout]
        assert mitigated(readout_mitigated(counts, half), LAW, alpha=3e-7).refuted

    def test_the_covariance_is_that_of_repeated_runs(self):
        """400 runs: a variance has a relative scatter of 7%, seven of which are allowed; that of
        counts, the planted fault, is off by more."""
        pytest.importorskip("mthree")
        one, readout = prepared()[0], READING.readout(prepared())
        law = expected(LAW[0], readout=readout).p
        draws = np.random.default_rng(5).multinomial(20_000, law, size=400)
        quasi = readout_mitigated(draws, readout)
        ratio = np.diag(np.cov(quasi.values.T)) / np.diag(quasi.covariance.mean(axis=0))
        assert np.abs(ratio - 1).max() < 7 * (2 / 400) ** 0.5
        assert np.abs(quasi.values.mean(axis=0) - one.distribution).max() < 1e-3
        counts_only = law * (1 - law) / 20_000
        assert np.median(np.diag(quasi.covariance.mean(axis=0)) / counts_only) > 1.1

    def test_strays_cannot_be_put_right(self):
        few = Amplitude()(Binary()(SCORES[:, :5]), beta=1.0)
        counts = READING(few, 1000, seed=1)
        pytest.importorskip("mthree")
        with pytest.raises(ValueError, match=r"filled\(gap=50\)"):
            readout_mitigated(counts, READING.readout(few))


def test_the_readout_is_that_of_the_qubit_behind_each_bit():
    """An imitated backend moves qubits; its law through `readout` is that of exact draws."""
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit_aer.noise import NoiseModel

    line = [[0, 3], [3, 2], [2, 4], [4, 1], [3, 0], [2, 3], [4, 2], [1, 4]]
    device = GenericBackendV2(5, coupling_map=line, seed=3)
    backend = Aer(device="CPU", imitate=device)
    fitted = backend.fitted(prepared())
    measured = {i.clbits[0]: fitted.find_bit(i.qubits[0]).index for i in fitted.data if i.clbits}
    (key,) = fitted.cregs
    errors = {
        error["gate_qubits"][0][0]: np.transpose(error["probabilities"])
        for error in NoiseModel.from_backend(device).to_dict(serializable=False)["errors"]
        if error["type"] == "roerror"
    }
    assert [measured[bit] for bit in key] != [0, 1, 2], "else a mix-up would not show"
    for bit, matrix in zip(key, backend.readout(prepared()), strict=True):
        assert np.array_equal(matrix, errors[measured[bit]])
    assert len({tuple(matrix.ravel()) for matrix in backend.readout(prepared())}) == 3


class TestFolding:
    @pytest.mark.parametrize("preparation", [Amplitude(), Heralded()])
    def test_a_folded_circuit_is_the_same_unitary(self, preparation):
        whole = prepared(preparation)
        thrice = folded(whole, 3)
        for row in range(3):
            one, three = (
                Operator(
                    each.circuit.assign_parameters(each.values[row]).remove_final_measurements(
                        inplace=False
                    )
                )
                for each in (whole, thrice)
            )
            assert np.abs(one.data - three.data).max() < 1e-12
        assert thrice.resources.two_qubit_gates == 3 * whole.resources.two_qubit_gates
        assert thrice.resources.rotations == 3 * whole.resources.rotations

    def test_it_is_what_mitiq_folds(self):
        scaling = pytest.importorskip("mitiq.zne.scaling")
        pytest.importorskip("ply")
        whole = prepared()
        bound = whole.circuit.assign_parameters(whole.values[0])
        theirs = scaling.fold_global(bound, 3).count_ops()
        ours = folded(whole, 3).circuit.count_ops()
        assert {name: ours[name] for name in ("ry", "cx")} == {
            name: theirs[name] for name in ("ry", "cx")
        }

    @pytest.mark.parametrize("scale", [0, 2, -1])
    def test_scales_that_are_not_odd_are_refused(self, scale):
        with pytest.raises(ValueError, match="must be odd"):
            folded(prepared(), scale)


SHOTS = 2_000_000


@pytest.fixture(scope="module")
def drawn():
    backend = Aer(device="CPU", draws="born", **noise_options("depolarizing=0.01", 3))
    return {s: backend(folded(prepared(), s), SHOTS, seed=s) for s in (1, 3, 5)}


class TestZeroNoise:
    """Depolarising of 1%: three strengths, extrapolated by mitiq."""

    def test_the_noise_grows_with_the_scale(self, drawn):
        distances = [
            np.abs(counts.frequencies - LAW).sum(axis=-1).mean() for counts in drawn.values()
        ]
        assert distances[0] < distances[1] < distances[2]

    def test_mitiq_comes_closer_to_softmax(self, drawn):
        """Before: refuted. After: not refuted at 1e-6 (the bias left is of third order in the
        noise), and the bound on the total variation is smaller for every row. With a hundredth of
        the shots it is larger: what extrapolation adds in scatter is more than it takes away."""
        pytest.importorskip("mitiq")
        quasi = zero_noise(list(drawn.values()), list(drawn))
        after = mitigated(quasi, LAW, alpha=1e-6)
        before = certify(drawn[1], LAW, 0.01)
        assert before.refuted.all()
        assert not after.refuted
        assert (mitigated(quasi, LAW, alpha=0.01).upper < before.upper).all()
        assert np.allclose(quasi.values.sum(axis=-1), 1)
        # The planted fault: strengths taken for others.
        wrong = mitigated(zero_noise(list(drawn.values()), [1, 5, 9]), LAW, alpha=1e-6)
        assert wrong.refuted

    def test_the_scatter_grows(self, drawn):
        pytest.importorskip("mitiq")
        quasi = zero_noise(list(drawn.values()), list(drawn))
        counts_only = LAW * (1 - LAW) / SHOTS
        assert (np.diagonal(quasi.covariance, axis1=-2, axis2=-1) > 3 * counts_only).all()

    def test_as_many_counts_as_scales(self, drawn):
        pytest.importorskip("mitiq")
        with pytest.raises(ValueError, match="as many"):
            zero_noise([drawn[1]], [1])
