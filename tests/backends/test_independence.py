"""Shots are independent along every route that splits them, whatever Aer does with seeds.

Every test but those of a planted fault fails with probability below 1e-6: `independent` answers at
alpha = 1e-6, by the parts that need no permutations, shift and pooled. A fault is planted in each
route, by sharing a seed or by seeds one apart, and must be caught at the same level.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit

from qcattn.backends import Aer, aer, streams
from qcattn.backends.noise import noise_options
from qcattn.comparisons import independent
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude, Heralded

SHOTS, RUNS, ALPHA = 700, 3, 1e-6
SCORES = np.array([0.3, 0.0, -0.4, 0.5])


def sampled_at_once(prepared):
    return prepared


def with_reset(prepared):
    circuit = prepared.circuit.copy_empty_like()
    circuit.h(0)
    circuit.reset(0)
    return replace(prepared, circuit=circuit.compose(prepared.circuit))


def with_measurement(prepared):
    """A coin is tossed, read, and put back before anything else."""
    coin = ClassicalRegister(1, "coin")
    template = prepared.circuit
    circuit = QuantumCircuit(*template.qregs, *template.cregs, coin)
    circuit.h(0)
    circuit.measure(0, coin)
    with circuit.if_test((coin, 1)):
        circuit.x(0)
    circuit.compose(template, clbits=template.clbits, inplace=True)
    return replace(prepared, circuit=circuit)


GATE_NOISE = {"method": "statevector", **noise_options("depolarizing=0.05", 7)}
CIRCUITS = {
    "plain": (Amplitude(), sampled_at_once, {}),
    "reset": (Amplitude(), with_reset, {}),
    "measurement": (Amplitude(), with_measurement, {}),
    "gate noise": (Amplitude(), sampled_at_once, GATE_NOISE),
    "readout noise": (Amplitude(), sampled_at_once, noise_options("readout=0.03", 7)),
    "herald": (Heralded(), sampled_at_once, {}),
    "single precision": (Amplitude(), sampled_at_once, {"precision": "single"}),
}
#: Those that Aer runs shot by shot: shot k has the circuit's seed + k.
SHOT_BY_SHOT = ("reset", "measurement", "gate noise")
NOISELESS = ("plain", "reset", "measurement", "single precision")


def made(name, rows=1):
    preparation, change, options = CIRCUITS[name]
    prepared = change(preparation(Binary()(np.tile(SCORES, (rows, 1))), beta=1.0))
    return Aer(device="CPU", **options), prepared


def rows(name, monkeypatch):
    """Rows of one call, in jobs of Aer's that are as large as they come."""
    backend, prepared = made(name, RUNS)
    return list(backend.memories(prepared, SHOTS, seed=5))


def chunks(name, monkeypatch):
    """Rows of one call, each in a job of its own."""
    monkeypatch.setattr(aer, "_SHOTS_OF_CHUNK", SHOTS)
    return rows(name, monkeypatch)


def parts(name, monkeypatch):
    """One row with more shots than Aer is given at once."""
    monkeypatch.setattr(streams, "MOST_SHOTS_OF_RUN", SHOTS)
    backend, prepared = made(name)
    return list(backend.memories(prepared, RUNS * SHOTS, seed=5).reshape(RUNS, SHOTS))


def batches(name, monkeypatch):
    """Calls with children of one seed, as batches of a sweep have, resumed or not."""
    backend, prepared = made(name)
    seeds = [np.random.SeedSequence(5, spawn_key=(7, batch)) for batch in range(RUNS)]
    return [backend.memories(prepared, SHOTS, seed)[0] for seed in seeds]


def seeds(name, monkeypatch):
    """Calls with seeds s, s + 1 and s + 2."""
    backend, prepared = made(name)
    return [backend.memories(prepared, SHOTS, seed)[0] for seed in range(5, 5 + RUNS)]


ROUTES = {route.__name__: route for route in (rows, chunks, parts, batches, seeds)}


def verdict(memories, name):
    known = made(name)[1].distribution[0] if name in NOISELESS else None
    return independent(memories, known, alpha=ALPHA, parts=["shift", "pooled"])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", CIRCUITS)
def test_shots_are_independent(monkeypatch, route, name):
    memories = ROUTES[route](name, monkeypatch)
    assert len(memories) == RUNS and all(len(memory) == SHOTS for memory in memories)
    assert not verdict(memories, name).refuted
    # The planted shift: a run that goes on with the shots of another.
    memories[2] = np.concatenate([memories[2][:300], memories[0][: SHOTS - 300]])
    caught = verdict(memories, name)
    assert caught.refuted and caught.parts["shift"].where == (0, 2, 300)


def same_base(root, part):
    return 4711


def neighbouring_base(root, part):
    return 4711 + 100 * (root % 1000 + part)


@pytest.mark.parametrize(
    ("route", "name", "fault", "value", "shift"),
    [
        ("chunks", "plain", "_SEED_STEP_OF_JOB", 0, 0),
        ("chunks", "readout noise", "_SEED_STEP_OF_JOB", 0, 0),
        ("chunks", "herald", "_SEED_STEP_OF_JOB", 0, 0),
        *[("rows", name, "_SEED_STEP_SHOT_BY_SHOT", 0, 0) for name in SHOT_BY_SHOT],
        *[("rows", name, "_SEED_STEP_SHOT_BY_SHOT", 7, 7) for name in SHOT_BY_SHOT],
        *[("chunks", name, "_SEED_STEP_SHOT_BY_SHOT", 7, 7) for name in SHOT_BY_SHOT],
        *[("parts", name, "base_seed", same_base, 0) for name in CIRCUITS],
        *[("parts", name, "base_seed", neighbouring_base, 100) for name in SHOT_BY_SHOT],
        *[("batches", name, "base_seed", same_base, 0) for name in CIRCUITS],
        *[("seeds", name, "base_seed", same_base, 0) for name in CIRCUITS],
        *[("seeds", name, "base_seed", neighbouring_base, 100) for name in SHOT_BY_SHOT],
    ],
)
def test_a_shared_or_shifted_seed_is_caught(monkeypatch, route, name, fault, value, shift):
    monkeypatch.setattr(streams, fault, value)
    caught = verdict(ROUTES[route](name, monkeypatch), name)
    assert caught.refuted
    assert abs(caught.parts["shift"].where[2]) in (shift, 2 * shift)


def test_rows_of_one_job_that_share_a_seed_are_caught(monkeypatch):
    """Aer itself seeds the circuits of a job; here every one gets the seed of the first."""
    original = streams.run_bound

    def one_by_one(simulator, circuit, values, shots, seed, workers, **asked):
        return [original(simulator, circuit, row[None], shots, seed, **asked)[0] for row in values]

    monkeypatch.setattr(streams, "run_bound", one_by_one)
    monkeypatch.setattr(streams, "_SEED_STEP_OF_JOB", 0)
    assert verdict(rows("plain", monkeypatch), "plain").refuted


def test_circuits_run_shot_by_shot_are_those_that_are_meant(monkeypatch):
    """The faults above are faults because of how Aer runs these circuits; it may change."""
    seen = {}
    original = streams.run_bound

    for name in CIRCUITS:

        def noted(*arguments, name=name, **options):
            results = original(*arguments, **options)
            seen[name] = all(result.metadata["measure_sampling"] for result in results)
            return results

        monkeypatch.setattr(streams, "run_bound", noted)
        backend, prepared = made(name)
        backend.memories(prepared, 10, seed=1)
    assert {name for name, sampled in seen.items() if not sampled} == set(SHOT_BY_SHOT)


def drawn_by_workers(names, children):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        jobs = {
            name: [
                workers.submit(made(name)[0].memories, made(name)[1], SHOTS, child)
                for child in children
            ]
            for name in names
        }
        return {name: [job.result()[0] for job in of] for name, of in jobs.items()}


def test_workers_draw_independent_shots_and_the_same_as_one_process():
    """Spawned processes, children of one seed. The planted fault is one child for all workers."""
    names = ("plain", *SHOT_BY_SHOT)
    children = np.random.SeedSequence(8).spawn(RUNS)
    drawn = drawn_by_workers(names, [*children, children[0]])
    for name, memories in drawn.items():
        assert not verdict(memories[:RUNS], name).refuted
        shared = verdict(memories, name)
        assert shared.refuted and shared.parts["shift"].where == (0, RUNS, 0)
        here = made(name)[0].memories(made(name)[1], SHOTS, children[1])[0]
        assert np.array_equal(here, memories[1])


@pytest.mark.parametrize("name", CIRCUITS)
def test_shots_one_by_one_are_those_that_are_counted(name):
    backend, prepared = made(name, 2)
    memory, counts = backend.memories(prepared, 500, 3), backend(prepared, 500, 3)
    for row in range(2):
        table = np.bincount(memory[row], minlength=len(SCORES) + 2)
        assert table[:-2].tolist() == counts.keys[row].tolist()
        assert table[-2:].tolist() == [counts.stray[row], counts.discarded[row]]
    assert counts.discarded.any() == (name == "herald")


def test_exact_draws_have_no_order_of_shots():
    with pytest.raises(ValueError, match="draws counts and no single shots"):
        Aer(draws="born").memories(made("plain")[1], 10)
