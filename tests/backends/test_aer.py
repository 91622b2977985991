"""Aer: the right law, the same counts however rows are cut, and streams that do not repeat."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import DensityMatrix
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from qcattn.attention import softmax
from qcattn.backends import Aer, aer, streams
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit
from qcattn.encodings import Binary, OneHot
from qcattn.machine import cores
from qcattn.preparations import Amplitude, Heralded, Purification

SCORES = np.random.default_rng(3).normal(scale=2.0, size=(3, 4, 5))
SCORES[0, 0, 2] = -np.inf


def with_reset(prepared):
    """The same preparation after a coin toss and a reset: Aer runs this shot by shot."""
    circuit = prepared.circuit.copy_empty_like()
    circuit.h(0)
    circuit.reset(0)
    circuit.compose(prepared.circuit, inplace=True)
    return replace(prepared, circuit=circuit)


def equal(a, b) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("keys", "stray", "discarded")
    )


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("encoding", [Binary(), OneHot()])
@pytest.mark.parametrize("preparation", [Amplitude(), Purification(), Heralded()])
def test_counts_are_softmax(preparation, encoding, draws):
    """False-failure rate 1e-8 each; the planted fault is the same counts against 1.1 beta."""
    prepared = preparation(encoding(SCORES), beta=0.7)
    counts = Aer(device="CPU", draws=draws)(prepared, 20_000, seed=4)
    assert (counts.shots == 20_000).all()
    assert counts.stray.sum() == 0
    assert fit(counts, softmax(SCORES, beta=0.7), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES, beta=0.77), alpha=1e-8).overall() <= 1e-8
    assert counts.keys[0, 0, 2] == 0


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("reset", [False, True])
def test_counts_do_not_depend_on_chunks(monkeypatch, draws, reset):
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    prepared = with_reset(prepared) if reset else prepared
    backend = Aer(device="CPU", draws=draws, method="density_matrix" if reset else "automatic")
    whole = backend(prepared, 300, seed=5)
    monkeypatch.setattr(aer, "_SHOTS_OF_CHUNK", 700)
    monkeypatch.setattr(aer, "_NUMBERS_OF_CHUNK", 20)
    chunks = list(backend.stream(prepared, 300, seed=5))
    assert len(chunks) > 5
    assert equal(backend(prepared, 300, seed=5), whole)
    assert not equal(backend(prepared, 300, seed=6), whole)


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("noise", ["none", "readout=0.05", "depolarizing=0.02"])
@pytest.mark.parametrize("preparation", [Purification(), Heralded()])
def test_counts_do_not_depend_on_workers(preparation, noise, draws):
    """To the bit, a number of workers that does not divide the rows among them."""
    prepared = preparation(Binary()(SCORES[:, :, :4]), beta=1.0)
    noisy = {} if noise == "none" else noise_options(noise, prepared.circuit.num_qubits)
    one, two, five = (Aer(device="CPU", draws=draws, workers=n, **noisy) for n in (1, 2, 5))
    alone = one(prepared, 1_000, seed=4)
    for several in (two, five):
        assert equal(alone, several(prepared, 1_000, seed=4))
    assert not equal(alone, one(prepared, 1_000, seed=5))


@pytest.mark.parametrize("rows", [12, 3, 2])
def test_workers_are_as_many_as_the_cores_that_may_be_used(monkeypatch, rows):
    """Aer itself says how many circuits it simulates at the same time: of few, all of them."""
    seen = []
    original = AerSimulator.run

    def noted(simulator, circuits, **options):
        job = original(simulator, circuits, **options)
        result = job.result()
        seen.append((result.metadata["parallel_experiments"], len(result.results)))
        return job

    monkeypatch.setattr(AerSimulator, "run", noted)
    prepared = Purification()(Binary()(SCORES.reshape(-1, 5)[:rows]), beta=1.0)
    here = cores()  # Aer takes no more than there are
    for threads, workers, found in [("1", None, 1), ("64", None, here), ("1", 2, min(2, here))]:
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        Aer(device="CPU", workers=workers)(prepared, 100, seed=1)
        (alone, first), *others = seen
        assert (alone, first) == (1, 1), "the first row shows alone how Aer runs it"
        assert sum(circuits for _, circuits in others) == rows - 1
        assert all(at_once == min(found, circuits) for at_once, circuits in others)
        assert max(at_once for at_once, _ in others) == min(found, rows - 1), "not all one by one"
        seen.clear()


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="`workers` must be a whole number, 1 or more, but is 0"):
        Aer(workers=0)


def test_large_states_are_simulated_one_by_one():
    """Those on which the cores work together, and density matrices of half the qubits."""
    wide, narrow = (Purification()(Binary()(np.zeros(keys)), beta=1.0) for keys in (256, 8))
    assert Aer(device="CPU", workers=4).footprint(wide, 10).state == 16 * 2**16
    assert Aer(device="CPU", workers=4)._workers(wide.circuit) == 1
    assert Aer(device="CPU", workers=4)._workers(narrow.circuit) == 4
    dense = Aer(device="CPU", workers=4, method="density_matrix")
    assert dense._workers(narrow.circuit) == 4
    assert dense._workers(Purification()(Binary()(np.zeros(16)), beta=1.0).circuit) == 1


def test_shots_beyond_the_limit_of_a_run_are_split(monkeypatch):
    """The parts must be drawn anew: repeated parts would give multiples of one part's counts."""
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    monkeypatch.setattr(streams, "MOST_SHOTS_OF_RUN", 1000)
    counts = Aer(device="CPU")(prepared, 3500, seed=6)
    assert (counts.shots == 3500).all()
    assert (np.gcd.reduce(counts.keys, axis=-1) == 1).any()
    first = Aer(device="CPU")(prepared, 1000, seed=6)
    assert not np.array_equal(counts.keys // 3.5, first.keys)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8


def test_a_million_and_one_shots_run():
    counts = Aer(device="CPU")(Amplitude()(Binary()([0.0, 1.0]), beta=1.0), 1_000_001, seed=1)
    assert counts.shots == 1_000_001


class Jobs:
    """Notes the seed and the number of circuits of each Aer job."""

    def __init__(self, monkeypatch):
        self.seeds, self.sizes = [], []
        original = AerSimulator.run

        def noted(simulator, circuits, **options):
            binds = options.get("parameter_binds")
            self.seeds.append(options["seed_simulator"])
            rows = [len(next(iter(part.values()))) for part in binds or ()]
            self.sizes.append(sum(rows) if binds else len(circuits))
            return original(simulator, circuits, **options)

        monkeypatch.setattr(AerSimulator, "run", noted)


def test_circuits_run_shot_by_shot_go_alone_with_seeds_far_apart(monkeypatch):
    jobs = Jobs(monkeypatch)
    prepared = with_reset(Amplitude()(Binary()(SCORES[0]), beta=1.0))
    Aer(device="CPU")(prepared, 50, seed=1)
    assert jobs.sizes == [1] * 4
    assert min(np.diff(np.sort(np.array(jobs.seeds, dtype=np.uint64)))) >= 2**24


def test_circuits_sampled_at_once_share_jobs(monkeypatch):
    jobs = Jobs(monkeypatch)
    Aer(device="CPU")(Amplitude()(Binary()(SCORES), beta=1.0), 50, seed=1)
    assert jobs.sizes == [1, 11]
    assert jobs.seeds[1] == jobs.seeds[0] + 2113


def coins(shots: int, rows: int, seeds: list[int] | None) -> np.ndarray:
    """Memory of fair four-bit coins that Aer runs shot by shot: (rows, shots).

    In one job if there are no seeds, else one a job.
    """
    circuit = QuantumCircuit(4)
    circuit.reset(range(4))
    circuit.h(range(4))
    circuit.measure_all()
    simulator = AerSimulator(max_parallel_threads=1)
    if seeds is None:
        result = simulator.run([circuit] * rows, shots=shots, memory=True, seed_simulator=9)
        memories = [result.result().get_memory(row) for row in range(rows)]
    else:
        memories = [
            simulator.run(circuit, shots=shots, memory=True, seed_simulator=seed)
            .result()
            .get_memory()
            for seed in seeds
        ]
    return np.array([[int(text, 2) for text in memory] for memory in memories])


def repeats(memory: np.ndarray) -> float:
    """Largest share of equal shots between two rows, over all shifts."""
    best = 0.0
    one, two = memory
    for shift in range(len(one) - 400):
        best = max(best, (one[shift:] == two[: len(two) - shift]).mean())
        best = max(best, (two[shift:] == one[: len(one) - shift]).mean())
    return best


def test_rows_run_shot_by_shot_do_not_repeat_each_other():
    """Chance agreement is 1/16; over 2 x 2600 shifts of at least 400 shots, a share above 0.17
    has probability below 1e-7 (binomial tail 1e-12 at 400 shots, times the shifts). The planted
    fault is Aer's own way with two such circuits in one job: there the second repeats the first
    from shot 2113 on."""
    seeds = [streams.base_seed(9, 0) + row * streams._SEED_STEP_SHOT_BY_SHOT for row in range(2)]
    assert repeats(coins(3000, 2, seeds)) < 0.17
    assert repeats(coins(3000, 2, None)) > 0.99


def test_rows_sampled_at_once_do_not_repeat_each_other():
    """Rows of one law: their counts must scatter as multinomials do, row against row.

    Dispersion chi-square over 400 rows of 16 equal keys, two-sided, false-failure rate 1e-8; the
    planted fault (every second row is its neighbour again) is far too good row against row.
    """
    from scipy.stats import chi2

    rows, keys, shots = 400, 16, 2000
    prepared = Amplitude()(Binary()(np.zeros((rows, keys))), beta=1.0)
    counts = Aer(device="CPU")(prepared, shots, seed=3).keys

    def p_value(table):
        pairs = table[0::2] - table[1::2]
        statistic = (pairs**2).sum() / (2 * shots / keys)
        law = chi2(len(pairs) * (keys - 1))
        return 2 * min(law.cdf(statistic), law.sf(statistic))

    assert p_value(counts) > 1e-8
    assert p_value(np.repeat(counts[::2], 2, axis=0)) < 1e-8
    assert len(np.unique(counts, axis=0)) == rows


def test_one_key_has_no_parameters_and_always_comes_out():
    for encoding in (Binary(), OneHot()):
        prepared = Amplitude()(encoding(np.zeros((7, 1))), beta=1.0)
        for draws in ("shots", "born"):
            counts = Aer(device="CPU", draws=draws)(prepared, 20, seed=1)
            assert (counts.keys == 20).all()


@pytest.mark.parametrize("text", ["depolarizing=0.05", "readout=0.05", "thermal=2,readout"])
def test_exact_probabilities_with_noise_agree_with_shots(text):
    """`draws="born"` reads the density matrix and applies readout itself; Aer's shots are the
    reference. False-failure rate 1e-8. That the noise is there at all is the planted fault:
    against the noiseless law the same counts are refuted."""
    prepared = Amplitude()(Binary()(SCORES[0, 1:2]), beta=1.0)
    noise = noise_options(text, prepared.circuit.num_qubits)
    shots = Aer(device="CPU", **noise)(prepared, 200_000, seed=2)
    backend = Aer(device="CPU", draws="born", **noise)
    law = backend(prepared, 10**9, seed=3)
    outcomes = np.append(law.keys, law.stray[..., None], axis=-1) / 1e9
    drawn = np.append(shots.keys, shots.stray[..., None], axis=-1)
    assert fit(drawn, outcomes / outcomes.sum(), alpha=1e-8).overall() > 1e-8
    assert fit(shots, prepared.distribution, alpha=1e-8).overall() <= 1e-8


def near_zero(kind):
    if kind == "gates of the template":
        return noise_options("depolarizing=1e-9,thermal=1e9,readout=1e-9", 3)["noise_model"]
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(1e-9, 1), ["sx", "x"])
    model.add_all_qubit_quantum_error(depolarizing_error(1e-9, 2), ["cz"])
    return model


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("kind", ["gates of the template", "other gates"])
def test_next_to_no_noise_gives_softmax(kind, draws):
    """The circuit fitted to the noise is still the circuit, which the test above cannot tell.

    False-failure rate 1e-8 (the noise moves the law by less than 1e-6, far below 1/sqrt(shots));
    the planted fault is the same counts against 1.2 beta.
    """
    backend = Aer(device="CPU", draws=draws, noise_model=near_zero(kind))
    prepared = Heralded()(Binary()(SCORES[0, :3]), beta=1.0)
    assert (backend.fitted(prepared) is prepared.circuit) == (kind == "gates of the template")
    counts = backend(prepared, 10_000, seed=2)
    assert fit(counts, softmax(SCORES[0, :3]), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES[0, :3], beta=1.2), alpha=1e-8).overall() <= 1e-8


SLOPED, STEEP = [[0.98, 0.02], [0.15, 0.85]], [[0.8, 0.2], [0.01, 0.99]]


def uneven_readout(kind):
    model = NoiseModel()
    if kind == "on all qubits":
        model.add_all_qubit_readout_error(ReadoutError(SLOPED))
    else:
        model.add_readout_error(ReadoutError(SLOPED), [0])
        model.add_readout_error(ReadoutError(STEEP), [2])
    return model


def outcomes_of(counts):
    return np.append(counts.keys, counts.stray[..., None], axis=-1)


@pytest.mark.parametrize("kind", ["on all qubits", "on two qubits"])
def test_uneven_readout_errors_are_those_of_aer(kind):
    """Aer's own shots against the exact law of `draws="born"`; false-failure rate 1e-8 (the law
    comes from 10^15 draws, so its own scatter is nothing). Planted faults: the law with zero and
    one exchanged, or with the errors of qubits 0 and 2 exchanged, is refuted."""
    prepared = Amplitude()(Binary()(SCORES[0, 1]), beta=1.0)
    backend = Aer(device="CPU", noise_model=uneven_readout(kind))
    drawn = outcomes_of(backend(prepared, 100_000, seed=2))

    def law(model):
        exact = Aer(device="CPU", draws="born", noise_model=model)(prepared, 10**15, seed=3)
        return outcomes_of(exact) / 1e15

    wrong = NoiseModel()
    if kind == "on all qubits":
        wrong.add_all_qubit_readout_error(ReadoutError(np.array(SLOPED)[::-1, ::-1]))
    else:
        wrong.add_readout_error(ReadoutError(STEEP), [0])
        wrong.add_readout_error(ReadoutError(SLOPED), [2])
    assert fit(drawn, law(uneven_readout(kind)), alpha=1e-8).overall() > 1e-8
    assert fit(drawn, law(wrong), alpha=1e-8).overall() <= 1e-8


def test_an_error_on_measuring_is_never_left_out():
    """A quantum error on `measure` (no readout error) stands before an instruction that
    `draws="born"` takes away: its law must have it, or it must be refused. False-failure rate
    1e-8; Aer's shots show that the error is there at all."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.3, 1), "measure")
    prepared = Amplitude()(Binary()(SCORES[0, 1]), beta=1.0)
    shots = Aer(device="CPU", noise_model=model)(prepared, 20_000, seed=2)
    assert fit(shots, softmax(SCORES[0, 1]), alpha=1e-8).overall() <= 1e-8
    try:
        exact = Aer(device="CPU", draws="born", noise_model=model)(prepared, 10**15, seed=3)
    except ValueError as error:
        assert "draws='shots'" in str(error)
    else:
        law = outcomes_of(exact) / 1e15
        assert fit(outcomes_of(shots), law, alpha=1e-8).overall() > 1e-8


class TestExactLawOfMixedStates:
    """`draws="born"` where the state is mixed: one trajectory would give one of many laws."""

    @staticmethod
    def circuit(kind, template):
        """The template, then its coherence handed to an ancilla that is forgotten, then more."""
        circuit = QuantumCircuit(*template.qregs, QuantumRegister(1, "more"), *template.cregs)
        bare = template.remove_final_measurements(inplace=False)
        circuit.compose(bare, qubits=range(bare.num_qubits), inplace=True)
        if kind == "reset":
            circuit.cx(0, circuit.num_qubits - 1)
            circuit.reset(circuit.num_qubits - 1)
        else:
            circuit.initialize([0.6, 0.8], 0)
        circuit.ry(0.8, 0)
        circuit.cx(0, 1)
        circuit.ry(0.5, 1)
        circuit.cx(1, circuit.num_qubits - 1)
        dense = circuit.copy()
        circuit.measure(range(template.num_clbits), range(template.num_clbits))
        return circuit, dense

    @staticmethod
    def law(dense, prepared, row):
        """Reference: Qiskit's own density matrix."""
        bound = dense.assign_parameters(prepared.values[row])
        return DensityMatrix(bound).probabilities(range(prepared.codewords.shape[1]))

    @pytest.mark.parametrize("kind", ["reset", "initialize"])
    @pytest.mark.parametrize("method", ["automatic", "density_matrix"])
    def test_the_law_is_exact(self, kind, method):
        """10^12 draws a row: 7 standard deviations are below 4e-6, passed by chance with less
        than 1e-10. The planted fault is what one trajectory says."""
        prepared = Amplitude()(Binary()(np.random.default_rng(4).normal(size=(5, 8))), beta=1.0)
        circuit, dense = self.circuit(kind, prepared.circuit)
        mixed = replace(prepared, circuit=circuit)
        counts = Aer(device="CPU", draws="born", method=method)(mixed, 10**12, seed=1)
        expected = np.array([self.law(dense, prepared, row) for row in range(5)])
        assert np.abs(counts.keys / 1e12 - expected).max() < 4e-6
        one = dense.copy()
        one.save_probabilities(range(3))
        simulator = AerSimulator(method="statevector", seed_simulator=1)
        single = [
            simulator.run(one.assign_parameters(row), shots=1).result().data(0)["probabilities"]
            for row in prepared.values
        ]
        assert np.abs(single - expected).max() > 0.05

    @pytest.mark.parametrize("kind", ["reset", "initialize"])
    @pytest.mark.parametrize("method", ["statevector", "matrix_product_state"])
    def test_a_method_of_trajectories_is_refused_by_name(self, kind, method):
        prepared = Amplitude()(Binary()(np.zeros((2, 8))), beta=1.0)
        mixed = replace(prepared, circuit=self.circuit(kind, prepared.circuit)[0])
        with pytest.raises(ValueError, match=f"'{method}'.*density_matrix"):
            Aer(device="CPU", draws="born", method=method)(mixed, 10)
        assert (Aer(device="CPU", method=method)(mixed, 10).shots == 10).all(), "shots may"

    @pytest.mark.parametrize("method", ["statevector", "matrix_product_state"])
    def test_a_method_of_trajectories_is_refused_with_noise_on_gates(self, method):
        prepared = Amplitude()(Binary()(np.zeros((2, 8))), beta=1.0)
        noise = noise_options("depolarizing", 3)
        with pytest.raises(ValueError, match=f"'{method}'.*density_matrix"):
            Aer(device="CPU", draws="born", method=method, **noise)(prepared, 10)
        readout = Aer(device="CPU", draws="born", method=method, **noise_options("readout", 3))
        assert (readout(prepared, 10).shots == 10).all(), "reading wrong mixes no state"


def leaps(keys, step):
    """Of pairs of rows whose first is at `step` or later: share in which the second is `step`
    before the first."""
    first, second = keys[:-1], keys[1:]
    far = first >= step
    return (second[far] == first[far] - step).mean(), int(far.sum())


def test_streams_of_exact_draws_do_not_overlap():
    """Rows of a geometric law and one shot: each key takes one number of the row's stream, so a
    stream that goes on where the last one began comes out as many keys earlier. (Philox gives
    four numbers a step of its counter.) At most 30% of more than 300 rows may do so, expected are
    h / (2 - h) = 5%: binomial tail below 1e-20. The planted fault, counters one apart, does
    always."""
    rows, keys, hazard, step = 600, 64, 0.1, 4
    law = hazard * (1 - hazard) ** np.arange(keys)
    law[-1] = 1 - law[:-1].sum()
    prepared = Amplitude()(Binary()(np.log(np.tile(law, (rows, 1)))), beta=1.0)
    drawn = Aer(device="CPU", draws="born")(prepared, 1, seed=3).keys.argmax(axis=-1)
    streams = [np.random.Philox(key=5, counter=[row, 0, 0, 0]) for row in range(rows)]
    overlapping = np.array(
        [np.random.Generator(stream).multinomial(1, law).argmax() for stream in streams]
    )
    for shift in (1, 2, 3, step, 8, 12):
        share, pairs = leaps(drawn, shift)
        assert share < 0.3 and pairs > 100
    assert leaps(overlapping, step)[0] == 1.0
    assert abs((drawn >= 10).mean() - 0.9**10) < 0.14, "seven standard deviations"


def test_rows_that_turn_out_to_run_shot_by_shot_are_noticed(monkeypatch):
    """Aer's word on how it ran a row is changed from the second job on; planted here."""
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    original, jobs = AerSimulator.run, []

    def run(simulator, *arguments, **options):
        job = original(simulator, *arguments, **options)
        result = job.result()
        assert all(one.metadata["measure_sampling"] for one in result.results)
        if jobs:
            result.results[-1].metadata["measure_sampling"] = False
        jobs.append(job)
        return SimpleNamespace(result=lambda: result)

    monkeypatch.setattr(AerSimulator, "run", run)
    with pytest.raises(RuntimeError, match=r"row 0 at once but rows 1 to 11 shot by shot"):
        Aer(device="CPU")(prepared, 10, seed=1)
    assert len(jobs) == 2


@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("method", ["statevector", "density_matrix"])
def test_options_reach_aer(monkeypatch, method, precision, draws):
    seen = []
    original = AerSimulator.run

    def noted(simulator, *arguments, **options):
        seen.append(simulator.options)
        return original(simulator, *arguments, **options)

    monkeypatch.setattr(AerSimulator, "run", noted)
    backend = Aer(device="CPU", method=method, precision=precision, draws=draws)
    backend(Amplitude()(Binary()(SCORES), beta=1.0), 10, seed=1)
    assert seen
    for options in seen:
        assert (options.method, options.precision, options.device) == (method, precision, "CPU")
    assert backend.settings()["precision"] == precision


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_what_runs_is_what_is_fitted(monkeypatch, draws):
    device = GenericBackendV2(4, seed=1)
    seen = []
    original = AerSimulator.run

    def noted(simulator, circuits, **options):
        seen.extend(circuits)
        return original(simulator, circuits, **options)

    monkeypatch.setattr(AerSimulator, "run", noted)
    Aer(device="CPU", draws=draws, imitate=device)(
        Amplitude()(Binary()(SCORES[0]), beta=1.0), 10, seed=1
    )
    own = {*device.operation_names, "save_probabilities", "barrier"}
    assert seen and all(set(circuit.count_ops()) <= own for circuit in seen)
    assert "ry" not in own


def test_more_outcomes_than_can_be_listed_are_refused_with_the_cure():
    """Before anything is simulated: 25 qubits would take a while."""
    prepared = Amplitude()(OneHot()(np.zeros(25)), beta=1.0)
    with pytest.raises(ValueError, match=r"24 bits.*reads 25; use draws='shots'"):
        Aer(device="CPU", draws="born")(prepared, 10)


def test_an_imitated_backend_brings_its_noise():
    prepared = Amplitude()(Binary()(SCORES[0, 1:3]), beta=1.0)
    backend = Aer(device="CPU", imitate=GenericBackendV2(4, seed=1))
    counts = backend(prepared, 100_000, seed=2)
    assert fit(counts, prepared.distribution, alpha=1e-8).overall() <= 1e-8
    assert np.abs(counts.frequencies - prepared.distribution).max() < 0.1, "noise, not nonsense"
    assert backend.settings()["noise"].startswith("as generic")


def test_a_noise_model_on_other_gates_is_transpiled_to():
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["sx", "x"])
    prepared = Amplitude()(Binary()(SCORES[0, 1:3]), beta=1.0)
    counts = Aer(device="CPU", noise_model=model)(prepared, 50_000, seed=2)
    assert fit(counts, prepared.distribution, alpha=1e-8).overall() <= 1e-8


def test_exact_probabilities_need_measurements_at_the_end():
    prepared = Amplitude()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
    circuit = prepared.circuit.copy()
    circuit.x(0)
    with pytest.raises(ValueError, match="draws='shots'"):
        Aer(device="CPU", draws="born")(replace(prepared, circuit=circuit), 10)
    circuit.measure(0, 0)
    with pytest.raises(ValueError, match="draws='shots'"):
        Aer(device="CPU", draws="born")(replace(prepared, circuit=circuit), 10)


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_a_readout_error_on_two_qubits_is_refused_because_aer_ignores_it(draws):
    """By shots it was taken, and every shot was read without error: "agrees"."""
    model = NoiseModel()
    model.add_readout_error(ReadoutError(np.full((4, 4), 0.25)), [0, 1])
    with pytest.raises(ValueError, match=r"on qubits 0, 1 at once, which Aer ignores.*expected"):
        Aer(device="CPU", draws=draws, noise_model=model)
    bare = QuantumCircuit(2)
    bare.measure_all()
    found = AerSimulator(noise_model=model).run(bare, shots=100).result().get_counts()
    assert found == {"00": 100}, "if Aer applies it now, it need not be refused any more"


@pytest.mark.parametrize(
    ("option", "value"),
    [("method", "statevektor"), ("device", "TPU"), ("precision", "half"), ("draws", "dice")],
)
def test_unknown_options_are_named(option, value):
    with pytest.raises(ValueError, match=f"`{option}` must be one of .*{value}"):
        Aer(**{option: value})


def test_the_noise_of_a_device_is_read_once(monkeypatch):
    """It takes a tenth of a second for two qubits and seconds for many; it was read 20 times."""
    read, original = [], NoiseModel.from_backend
    noted = lambda backend: read.append(backend) or original(backend)  # noqa: E731
    monkeypatch.setattr(NoiseModel, "from_backend", noted)
    prepared = Amplitude()(Binary()(SCORES[0, :2]), beta=1.0)
    for draws in ("shots", "born"):
        device = GenericBackendV2(3, seed=1)
        backend = Aer(device="CPU", draws=draws, imitate=device)
        assert (backend(prepared, 100, seed=1).shots == 100).all()
        assert read == [device]
        read.clear()


def test_two_sources_of_noise_are_refused():
    with pytest.raises(ValueError, match="give one of them"):
        Aer(noise_model=NoiseModel(), imitate=GenericBackendV2(2))


@pytest.mark.parametrize("shots", [0, -5, 2.5, 2.0, "a", None, np.inf, np.nan, True, [10]])
def test_no_shots_are_refused(shots):
    said = re.escape(f"`shots` must be a whole number, 1 or more, but is {shots!r}")
    with pytest.raises(ValueError, match=said):
        Aer(device="CPU")(Amplitude()(Binary()([0.0, 1.0]), beta=1.0), shots)


@pytest.mark.parametrize("draws", ["shots", "born"])
def test_a_method_that_cannot_turn_says_so(draws):
    """Once: Aer itself says it for each of the 200 rows."""
    prepared = Amplitude()(Binary()(np.random.default_rng(1).normal(size=(200, 5))), beta=1.0)
    with pytest.raises(RuntimeError, match="Aer could not run the circuit") as caught:
        Aer(device="CPU", method="stabilizer", draws=draws)(prepared, 10)
    assert 40 < len(str(caught.value)) < 1000


def test_lost_rows_are_noticed(monkeypatch):
    """Some gates are silently mis-bound by Aer and come back as one result; planted here."""
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    original = AerSimulator.run

    def lossy(simulator, circuits, parameter_binds, **options):
        fewer = [{key: values[:1] for key, values in part.items()} for part in parameter_binds]
        return original(simulator, circuits, parameter_binds=fewer, **options)

    monkeypatch.setattr(AerSimulator, "run", lossy)
    with pytest.raises(RuntimeError, match="1 result for 11 rows"):
        Aer(device="CPU", workers=1)(prepared, 10)
    with pytest.raises(RuntimeError, match="2 results for 11 rows"):
        Aer(device="CPU", workers=2)(prepared, 10)


def test_values_without_a_parameter_are_noticed_and_not_bound_to_another(monkeypatch):
    """A transpiler may leave out a rotation before a measurement, and its angle with it."""
    prepared = Amplitude()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
    first = prepared.circuit.parameters[0]
    fewer = prepared.circuit.assign_parameters({first: 0.3})
    monkeypatch.setattr(Aer, "fitted", lambda *_: fewer)
    for draws in ("shots", "born"):
        with pytest.raises(RuntimeError, match="has 2 parameters, but a row has 3 values"):
            Aer(device="CPU", draws=draws)(prepared, 10)


@pytest.mark.skipif(aer.gpu_works(), reason="there is a GPU here")
def test_a_missing_gpu_is_said_and_auto_does_without():
    prepared = Amplitude()(Binary()([0.0, 1.0]), beta=1.0)
    with pytest.raises(ValueError, match="use 'CPU'"):
        Aer(device="GPU")(prepared, 10)
    assert Aer().on(QuantumCircuit(20)) == "CPU"
    assert Aer()(prepared, 10, seed=1).shots == 10


@pytest.mark.skipif(not aer.gpu_works(), reason="no GPU that runs a circuit here")
def test_a_gpu_gives_softmax():
    """False-failure rate 1e-8, against 1.1 beta as the planted fault."""
    prepared = Purification()(Binary()(SCORES), beta=1.0)
    counts = Aer(device="GPU")(prepared, 20_000, seed=4)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES, beta=1.1), alpha=1e-8).overall() <= 1e-8


def told_a_gpu_is_here(monkeypatch) -> list[int]:
    """Let Aer believe in a GPU and run on the CPU; parameters of each circuit that is run."""
    seen: list[int] = []
    simulator = aer.AerSimulator

    def on_cpu(**options):
        assert "batched_shots_gpu" not in options, "with it Aer gives wrong counts on a GPU"
        return simulator(**{**options, "device": "CPU"})

    def watched(simulator, circuit, values, *args, **asked):
        seen.append(circuit.num_parameters)
        return run(simulator, circuit, values, *args, **asked)

    run = aer.run_bound
    monkeypatch.setattr(aer, "gpu_works", lambda: True)
    monkeypatch.setattr(aer, "AerSimulator", on_cpu)
    monkeypatch.setattr(aer, "run_bound", watched)
    return seen


def test_exact_draws_on_a_gpu_hold_one_row_a_circuit(monkeypatch):
    """Aer 0.18 on a GPU gave wrong probabilities for all rows of a circuit after the first.

    On the CPU rows run together, and none of these are seen.
    """
    prepared = Amplitude()(Binary()(SCORES), beta=1.0)
    cpu, gpu = (Aer(device=device, draws="born") for device in ("CPU", "GPU"))
    seen = told_a_gpu_is_here(monkeypatch)
    drawn = cpu(prepared, 1000, 1).keys
    assert not seen
    assert (drawn == gpu(prepared, 1000, 1).keys).all()
    assert seen and set(seen) == {prepared.circuit.num_parameters}


def test_auto_takes_the_gpu_where_it_pays_only(monkeypatch):
    told_a_gpu_is_here(monkeypatch)
    few, many = {"workers": 2}, {"workers": 3}
    for qubits, options, device in (
        (4, few, "CPU"), (13, few, "CPU"), (14, few, "GPU"), (15, many, "CPU"), (16, many, "GPU"),
        (20, few | {"draws": "born"}, "CPU"), (20, many | {"draws": "born"}, "CPU"),
        (14, few | noise_options("depolarizing=0.01", 14), "CPU"),
    ):  # fmt: skip
        circuit = QuantumCircuit(qubits)
        circuit.h(range(qubits))
        assert Aer(**options).on(circuit) == device
        assert Aer(device="GPU").on(circuit) == "GPU" and Aer(device="CPU").on(circuit) == "CPU"
    assert Aer().settings()["device"] == "auto"
    monkeypatch.setattr(aer, "gpu_works", lambda: False)
    circuit = QuantumCircuit(20)
    circuit.h(range(20))
    assert Aer().on(circuit) == "CPU" and Aer().settings()["device"] == "CPU"
