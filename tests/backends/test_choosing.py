"""Names, primitives and backends wherever a backend is taken; the rest with its cure."""

import numpy as np
import pytest
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

import qcattn
from qcattn.backends import Aer, QiskitBackend, Sampler
from qcattn.backends.choosing import backend_of, with_noise
from qcattn.backends.noise import noise_options
from qcattn.certification import certify_purity
from qcattn.stages import draw_batch

SCORES = [[0.0, 1.0, 2.0], [0.5, 0.5, float("-inf")]]


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        (None, Aer),
        ("Aer", Aer),
        ("aer", Aer),
        (Aer(draws="born"), Aer),
        (StatevectorSampler(seed=1), Sampler),
        (BackendSamplerV2(backend=AerSimulator()), Sampler),
        (AerSimulator(method="statevector"), Aer),
        (BasicSimulator(), QiskitBackend),
        (GenericBackendV2(6, seed=1), QiskitBackend),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_whatever_qiskit_has_is_a_backend(backend, kind):
    assert isinstance(backend_of(backend), kind)
    if isinstance(backend, GenericBackendV2):
        return
    result = qcattn.run(SCORES, preparation="Heralded", backend=backend, shots=500, seed=1)
    assert result.counts.shots.tolist() == [500, 500] and result.verdicts[0].overall > 1e-6


def test_options_of_an_aer_simulator_are_kept():
    noise = noise_options("readout=0.1")["noise_model"]
    found = backend_of(AerSimulator(method="density_matrix", noise_model=noise, precision="single"))
    assert (found.method, found.precision) == ("density_matrix", "single")
    assert found.noise_model is not None and not found.noise_model.is_ideal()


def test_a_run_by_names_and_noise_is_the_run_by_objects():
    by_name = qcattn.run(
        SCORES, encoding="onehot", preparation="heralded", noise="readout=0.2", shots=300, seed=3
    )
    noisy = Aer(**noise_options("readout=0.2"))
    by_object = qcattn.run(
        SCORES,
        encoding=qcattn.OneHot(),
        preparation=qcattn.Heralded(),
        backend=noisy,
        shots=300,
        seed=3,
    )
    assert np.array_equal(by_name.counts.keys, by_object.counts.keys)
    assert by_name.settings["noise"] == "readout=0.2" and by_name.differs


@pytest.mark.parametrize(
    "noise",
    [noise_options("readout=0.2")["noise_model"], GenericBackendV2(9, seed=0), NoiseModel()],
)
def test_noise_is_taken_as_qiskit_has_it(noise):
    found = with_noise(Aer(), noise, 9)
    assert (found.noise_model or found.imitate) is noise


def test_the_other_places_that_draw_take_them_too():
    trials = qcattn.prepare(
        np.diag([0.0, 1.0, 2.0, 3.0]),
        methods=["Amplitude", "heralded"],
        backend=StatevectorSampler(seed=1),
        shots=200,
        seed=1,
    )
    assert [trial.name for trial in trials.trials] == ["Amplitude", "Heralded"]
    one = qcattn.prepare(np.diag([0.0, 1.0]), methods="Amplitude", shots=100, seed=1)
    assert len(one.trials) == 1
    prepared = qcattn.Purification()(qcattn.Binary()([0.0, 1.0]), beta=1.0)
    assert draw_batch(prepared, 50, 1, 0, StatevectorSampler(seed=1)).shots == 50
    row = qcattn.Binary()([0.0, 1.0])
    assert certify_purity(prepared, row, 1.0, shots=500, backend="Aer", seed=1).shots == 500
    assert qcattn.Grid(SCORES, preparations="Heralded", encodings="Binary").preparations


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "Are"}, "`backend` must be one of .* did you mean 'Aer'"),
        (
            {"backend": "Sampler"},
            "'Sampler', which needs `sampler`.*pass the primitive",
        ),
        ({"backend": Aer}, r"is the class Aer; write `Aer\\(\\)`"),
        ({"backend": 3}, "`backend` must be an object such as `Aer"),
        ({"preparation": "Heralding"}, "`preparation` must be one of"),
        ({"preparation": qcattn.Heralded}, r"write `Heralded\\(\\)`"),
        ({"encoding": "binry"}, "did you mean 'Binary'"),
        ({"noise": "raedout=0.1"}, "did you mean 'readout'"),
        ({"noise": 0.01}, "`noise` must be text such as"),
        ({"noise": "readout", "backend": StatevectorSampler()}, "simulated by Aer, but .* Sampler"),
        ({"noise": "readout", "backend": Aer(**noise_options("readout"))}, "has noise already"),
    ],
)
def test_what_is_nothing_of_that_gets_the_cure(options, message):
    with pytest.raises(ValueError, match=message.replace("\\\\", "\\")):
        qcattn.run(SCORES, shots=10, **options)


def test_noise_needs_no_number_of_qubits_but_for_a_backend_of_any_size():
    assert noise_options("depolarizing=0.01")["noise_model"].noise_instructions
    with pytest.raises(ValueError, match="say how many qubits"):
        noise_options("GenericBackendV2")
