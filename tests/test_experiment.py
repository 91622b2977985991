"""The run as a whole: softmax agrees, planted faults differ, Ctrl-C keeps what was drawn."""

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qcattn import Interrupted, run, stages
from qcattn.attention import softmax
from qcattn.backends import Aer, Sampler
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit
from qcattn.datasets import Scores, load_scores
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import Amplitude, Heralded, Purification
from qcattn.preparations.amplitudes import amplitude_angles
from qcattn.records import Resources

BORN = Aer(device="CPU", draws="born")


@dataclass(frozen=True)
class Faulty:
    """Purification with a planted fault."""

    fault: str

    def __call__(self, hamiltonian, *, beta):
        if self.fault == "beta off by 5%":
            beta = 1.05 * np.asarray(beta)
        prepared = Purification()(hamiltonian, beta=beta)
        if self.fault == "bit order reversed":
            return replace(prepared, codewords=prepared.codewords[:, ::-1])
        if self.fault == "two keys swapped":
            order = np.arange(hamiltonian.num_keys)
            order[[0, 1]] = order[[1, 0]]
            return replace(prepared, codewords=prepared.codewords[order])
        if self.fault == "a rotation off by 0.05 rad on one qubit":
            values = prepared.values.copy()
            values[..., 0] += 0.05
            return replace(prepared, values=values)
        if self.fault == "a masked key leaking 1e-3":
            p = prepared.distribution
            masked = p == 0
            leak = np.where(masked & (np.cumsum(masked, axis=-1) == 1), 1e-3, 0.0)
            p = p * (1 - leak.sum(axis=-1, keepdims=True)) + leak
            return replace(prepared, values=amplitude_angles(p, hamiltonian))
        return prepared


FAULTS = [
    "bit order reversed",
    "beta off by 5%",
    "a rotation off by 0.05 rad on one qubit",
    "a masked key leaking 1e-3",
    "two keys swapped",
]


def test_every_row_of_a_language_model_agrees():
    """False-failure rate alpha = 1e-6; the tests below plant faults in the same run."""
    scores = load_scores()
    result = run(scores, seed=2, backend=BORN, preparation=Faulty("none"), alpha=1e-6)
    assert result.agrees and not result.differs
    assert result.counts.keys.shape == scores.scores.shape == (30, 9, 11, 11)
    assert (result.counts.shots == 4096).all()
    assert np.array_equal(result.expected, softmax(scores.scores))
    assert result.tokens == scores.tokens and result.source["sentence"] == scores.sentence
    assert result.resources.qubits == 8 and result.resources.two_qubit_gates == 15


def test_beta_is_in_what_is_expected_and_in_what_is_drawn():
    """False-failure rate 1e-6; the same counts against softmax at beta 1 are refuted."""
    scores = load_scores().scores[:3]
    result = run(scores, beta=0.5, seed=2, backend=BORN, alpha=1e-6)
    assert result.agrees and result.beta == 0.5
    assert np.array_equal(result.expected, softmax(scores, beta=0.5))
    assert np.abs(result.expected - softmax(scores)).max() > 0.1, "beta matters here"
    assert fit(result.counts, softmax(scores), alpha=1e-6).refuted


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught_in_one_run(fault):
    """At the same alpha = 1e-6 at which a perfect sampler passes above."""
    result = run(load_scores(), seed=2, backend=BORN, preparation=Faulty(fault), alpha=1e-6)
    assert result.differs and not result.agrees


def test_a_planted_fault_is_caught_with_shots_of_aer():
    scores = load_scores().scores[:3]
    result = run(scores, seed=2, preparation=Faulty("two keys swapped"), alpha=1e-6)
    assert result.differs
    assert run(scores, seed=2, preparation=Faulty("none"), alpha=1e-6).agrees


def test_the_share_of_false_alarms_is_alpha():
    """25 seeds of a 300-row run at alpha = 1%: "differs" at most 5 times.

    Binomial(25, 0.01) exceeds 5 with probability 2e-7. The planted fault, 1% in beta, is said
    to differ in more than 5 of 12.
    """
    scores = load_scores().scores[:, 3, -1:, :].repeat(10, axis=1)
    assert scores.shape[:-1] == (30, 10)
    alarms = [run(scores, seed=seed, backend=BORN, alpha=0.01).differs for seed in range(25)]
    assert sum(alarms) <= 5
    caught = [
        run(scores, seed=seed, backend=BORN, preparation=Warm(), alpha=0.01).differs
        for seed in range(12)
    ]
    assert sum(caught) > 5


@dataclass(frozen=True)
class Warm:
    """Purification, 1% too warm."""

    def __call__(self, hamiltonian, *, beta):
        return Purification()(hamiltonian, beta=0.99 * np.asarray(beta))


@pytest.mark.parametrize("encoding", [Binary(), OneHot()])
@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()])
def test_every_way_through_the_house_agrees(encoding, preparation):
    """False-failure rate 1e-7 each; `Warm` above and `Faulty` show that differing is possible."""
    scores = load_scores("minilm", 1).scores[2, :3, :4, :5]
    result = run(
        scores, seed=1, encoding=encoding, preparation=preparation, backend=BORN, alpha=1e-7
    )
    assert result.agrees
    assert [verdict.name for verdict in result.verdicts] == (
        ["fit", "acceptance"] if preparation == Heralded() else ["fit"]
    )


def test_a_wrong_success_probability_is_caught_although_kept_shots_fit():
    @dataclass(frozen=True)
    class Unlucky:
        def __call__(self, hamiltonian, *, beta):
            prepared = Heralded()(hamiltonian, beta=beta)
            return replace(prepared, success=prepared.success * 1.2)

    result = run(load_scores().scores[4, 2], seed=1, preparation=Unlucky(), alpha=1e-6)
    fit, acceptance = result.verdicts
    assert fit.agrees and acceptance.differs and result.differs


def test_the_same_seed_gives_the_same_result_and_another_does_not():
    one, two, three = (run([0.0, 1.0, 2.0], seed=seed, shots=500) for seed in (1, 1, 2))
    assert np.array_equal(one.counts.keys, two.counts.keys)
    assert not np.array_equal(one.counts.keys, three.counts.keys)


SCORES = np.random.default_rng(6).normal(size=(4, 6))


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: 7,
        lambda: [1, 2, 3],
        lambda: np.random.SeedSequence(5),
        lambda: np.random.default_rng(5),
        lambda: np.random.RandomState(5),
    ],
)
def test_the_seed_of_a_result_gives_the_same_counts_again(make, draws):
    """Chance repeats 4 rows of 500 shots on 6 keys with probability below 1e-9; another seed,
    the planted fault, does not."""
    backend = Aer(device="CPU", draws=draws)
    first = run(SCORES, seed=make(), shots=500, backend=backend)
    again = run(SCORES, seed=first.seed, shots=500, backend=backend)
    assert again.seed == first.seed
    assert np.array_equal(again.counts.keys, first.counts.keys)
    other = run(SCORES, seed=first.seed + 1, shots=500, backend=backend)
    assert not np.array_equal(other.counts.keys, first.counts.keys)


def test_runs_without_a_seed_differ():
    """Equal with probability below 1e-9."""
    one, two = (run(SCORES, shots=500, backend=BORN) for _ in range(2))
    assert one.seed != two.seed
    assert not np.array_equal(one.counts.keys, two.counts.keys)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3, 2)])
def test_leading_axes_are_carried_to_the_p_values(shape):
    scores = np.random.default_rng(0).normal(size=(*shape, 4))
    result = run(scores, seed=1, shots=200, backend=BORN, alpha=1e-6)
    assert result.shape == result.fit.p_values.shape == result.counts.stray.shape == shape


def test_beta_may_differ_from_row_to_row():
    result = run([[0.0, 3.0]] * 2, beta=[0.1, 3.0], seed=1, shots=100_000, backend=BORN)
    assert np.allclose(result.counts.frequencies[:, 1], 1 / (1 + np.exp([-0.3, -9.0])), atol=0.01)


class Stopped:
    """A backend that is interrupted after some chunks, or after the last."""

    def __init__(self, chunks=None):
        self.chunks = chunks

    def stream(self, prepared, shots, seed):
        for number, chunk in enumerate(Aer(device="CPU").stream(prepared, shots, seed)):
            if number == self.chunks:
                raise KeyboardInterrupt
            yield chunk
        raise KeyboardInterrupt

    def fitted(self, prepared):
        return prepared.circuit

    def settings(self):
        return {"backend": "Stopped"}


def test_ctrl_c_keeps_the_rows_that_were_drawn():
    scores = np.zeros((5, 4))
    with pytest.raises(Interrupted) as caught:
        run(scores, shots=100, seed=1, backend=Stopped(1))
    result = caught.value.result
    assert not result.complete and not result.agrees and not result.differs
    assert result.counts.shots.tolist() == [100, 0, 0, 0, 0]
    assert result.fit.undecided.tolist() == [False, True, True, True, True]
    assert "interrupted" in str(result)


def test_an_interrupted_run_never_agrees_even_with_all_its_rows():
    """Ctrl-C after the last chunk: undecided. The same counts of a complete run agree."""
    with pytest.raises(Interrupted) as caught:
        run(np.zeros((5, 4)), shots=100, seed=1, backend=Stopped())
    result = caught.value.result
    assert (result.counts.shots == 100).all() and not result.complete
    assert all(verdict.agrees for verdict in result.verdicts)
    assert not result.agrees and not result.differs and result.standing == "undecided"
    assert replace(result, complete=True).agrees


def test_ctrl_c_while_progress_is_told_keeps_the_rows_too():
    def told(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        run(np.zeros((5, 4)), shots=100, seed=1, progress=told)
    assert caught.value.result.counts.shots[0] == 100


def test_ctrl_c_while_the_counts_are_compared_keeps_them(monkeypatch):
    """The comparison is made anew, so that nothing that was drawn is lost."""
    whole = run(np.zeros((5, 4)), shots=100, seed=1)
    compare, pressed = stages.compare, []

    def interrupted(*args):
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return compare(*args)

    monkeypatch.setattr(stages, "compare", interrupted)
    with pytest.raises(Interrupted) as caught:
        run(np.zeros((5, 4)), shots=100, seed=1)
    result = caught.value.result
    assert (result.counts.keys == whole.counts.keys).all() and not result.complete
    assert result.fit.p_values.tolist() == whole.fit.p_values.tolist()


def test_progress_counts_rows(told):
    run(np.zeros((4, 5, 3)), shots=10, seed=1, progress=told)
    assert told[-1] == (20, 20, "rows")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shots": 0}, "`shots` must be a whole number, 1 or more, but is 0"),
        ({"shots": 2.5}, "`shots`"),
        ({"shots": True}, "`shots`"),
        ({"beta": 0.0}, "beta"),
        ({"beta": [1.0, 2.0, 3.0]}, "beta"),
        ({"alpha": 0.0}, "`alpha` must be a number between 0 and 1"),
        ({"alpha": 1.0}, "`alpha`"),
        ({"seed": -1}, "`seed`"),
        ({"scores": [[0.0, np.nan], [0.0, 1.0]]}, r"scores\[0\], key 1"),
        ({"scores": [[0.0, 1.0], [-np.inf, -np.inf]]}, r"scores\[1\]"),
        ({"scores": np.zeros((0, 3))}, "holds no row"),
        ({"scores": []}, "scores"),
        ({"scores": 3.0}, "`scores`"),
        ({"scores": [[0.0, 1.0], [2.0]]}, "`scores`"),
        ({"scores": "scores.npy"}, "scores"),
        ({"scores": None}, "scores"),
        ({"scores": [[None, 1.0]]}, "scores"),
        ({"scores": [0.0, 1.0j]}, "scores"),
        ({"shots": "a"}, "`shots`.*'a'"),
        ({"shots": None}, "`shots`"),
        ({"shots": np.inf}, "`shots`"),
        ({"shots": np.nan}, "`shots`"),
        ({"shots": [100, 200]}, "`shots`"),
        ({"alpha": "a"}, "`alpha`"),
        ({"alpha": None}, "`alpha`"),
        ({"alpha": np.nan}, "`alpha`"),
        ({"beta": "a"}, "beta"),
        ({"beta": None}, "beta"),
        ({"encoding": Binary}, r"`encoding` .*Binary\(\)"),
        ({"preparation": Purification}, r"`preparation` .*Purification\(\)"),
        ({"backend": Aer}, r"`backend` .*Aer\(\)"),
        ({"encoding": "binry"}, "`encoding`"),
        ({"preparation": 3}, "`preparation`"),
        ({"backend": "are"}, "`backend`"),
    ],
)
def test_bad_input_names_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        run(**{"scores": [[0.0, 1.0], [0.0, 2.0]], "backend": BORN, **arguments})


def test_the_masked_entries_of_a_masked_array_are_masked_keys():
    """Whatever lies under the mask, a number or one that is none."""
    array = np.ma.masked_array(
        [[0.0, 1.0, np.nan], [9.0, 0.5, 2.0]], [[False, False, True], [True, False, False]]
    )
    result = run(array, shots=1000, seed=3, backend=BORN, alpha=1e-6)
    plain = [[0.0, 1.0, -np.inf], [-np.inf, 0.5, 2.0]]
    assert np.array_equal(result.scores, plain)
    assert np.array_equal(result.expected, softmax(plain))
    assert result.agrees and result.counts.keys[0, 2] == result.counts.keys[1, 0] == 0
    unmasked = run(np.ma.masked_array([0, 1]), shots=1000, seed=3, backend=BORN, alpha=1e-6)
    assert np.array_equal(unmasked.scores, [0.0, 1.0])
    with pytest.raises(ValueError, match="mask"):
        run(np.ma.masked_array([0.0, 1.0], [True, True]), backend=BORN)


def test_a_mask_is_not_lost_in_a_record_of_scores():
    result = run(
        Scores(np.ma.masked_array([0.0, 1.0, 9.0], [False, False, True]), tokens=("a", "b", "c")),
        shots=1000,
        seed=3,
        backend=BORN,
    )
    assert np.array_equal(result.expected, softmax([0.0, 1.0, -np.inf]))


class TestResources:
    """What a result says it cost is what the circuit that ran costs."""

    @staticmethod
    def costs(backend, keys=6):
        result = run(np.zeros((2, keys)), shots=10, seed=1, backend=backend)
        return result.resources, result.prepared.resources

    @pytest.mark.parametrize("draws", ["shots", "born"])
    @pytest.mark.parametrize("noise", [None, "readout=0.1", "depolarizing=0.01", "thermal"])
    def test_noise_on_gates_that_the_template_has_leaves_it_alone(self, draws, noise):
        options = {} if noise is None else noise_options(noise, 6)
        cost, template = self.costs(Aer(device="CPU", draws=draws, **options))
        assert cost == template
        assert (cost.qubits, cost.two_qubit_gates, cost.rotations) == (6, 7, 7)

    def test_an_imitated_backend_has_gates_of_its_own(self):
        """On a line of qubits, controls that are not neighbours cost swaps."""
        line = [[0, 1], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2], [3, 4], [4, 3], [4, 5], [5, 4]]
        device = GenericBackendV2(8, coupling_map=[*line, [5, 6], [6, 5], [6, 7], [7, 6]], seed=1)
        backend = Aer(device="CPU", imitate=device)
        cost, template = self.costs(backend)
        prepared = Purification()(Binary()(np.zeros((2, 6))), beta=1.0)
        assert set(backend.fitted(prepared).count_ops()) <= {*device.operation_names, "barrier"}
        assert cost == Resources.of(backend.fitted(prepared)) != template
        assert cost.two_qubit_gates > template.two_qubit_gates
        assert cost.qubits == 6, "the two that nothing happens to are not counted"

    def test_noise_on_other_gates_is_run_in_those(self):
        model = NoiseModel()
        model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["sx", "x"])
        cost, template = self.costs(Aer(device="CPU", noise_model=model))
        assert cost != template and cost.rotations > template.rotations

    def test_a_sampler_counts_what_its_pass_manager_makes(self):
        device = GenericBackendV2(5, seed=3)
        passes = generate_preset_pass_manager(
            backend=device, optimization_level=1, seed_transpiler=0
        )
        bare = Sampler(StatevectorSampler(seed=1))
        fitted = Sampler(BackendSamplerV2(backend=AerSimulator()), passes)
        (own, template), (made, _) = self.costs(bare, 4), self.costs(fitted, 4)
        assert own == template
        assert made != template and made.rotations > template.rotations


def test_aer_for_a_gpu_is_another_distribution_and_a_checkout_is_none(monkeypatch):
    """A checkout on the path of modules drew for minutes, and failed when it named its version."""
    from qcattn import versions

    def version(name):
        if name in ("qcattn", "qiskit-aer"):
            raise PackageNotFoundError(name)
        return "0.15.1" if name == "qiskit-aer-gpu" else "1"

    monkeypatch.setattr(versions, "version", version)
    versions._version.cache_clear()
    try:
        found = versions.package_versions()
        assert (found["qcattn"], found["qiskit-aer"]) == ("not installed", "0.15.1")
    finally:
        versions._version.cache_clear()
