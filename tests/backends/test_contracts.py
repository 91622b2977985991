"""What every backend must do, tested from the moment its file exists."""

import dataclasses
import inspect
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorSampler
from qiskit_aer import AerSimulator

from qcattn import run
from qcattn.backends.counting import collect
from qcattn.comparisons import acceptance, fit
from qcattn.encodings import Binary
from qcattn.preparations import Heralded, Purification
from qcattn.walking import classes

#: What backends that have no defaults are made of.
MADE_OF = {
    "Piped": {"text": "qiskit_aer:AerSimulator", "python": sys.executable},
    "QiskitBackend": {"backend": AerSimulator()},
    "Sampler": {"sampler": StatevectorSampler()},
}
#: An estimator draws no shots.
BACKENDS = {name: cls for name, cls in classes("backends").items() if name != "Estimator"}
SCORES = np.array([[[0.0, 1.0, 2.0], [0.3, -np.inf, 0.1]]])


#: Packages that adapters need.
NEEDS = {
    "Cirq": "cirq",
    "Clifft": "clifft",
    "Ddsim": "mqt.ddsim",
    "PennyLane": "pennylane",
    "Qibo": "qibo",
    "QiliSim": "qilisdk",
    "Qsim": "qsimcirq",
    "Quimb": "quimb",
    "Qulacs": "qulacs",
    "Stim": "stim",
    "Tsim": "tsim",
}


def backend_of(name):
    pytest.importorskip(NEEDS.get(name, "qiskit"), reason=f"{name} is an extra of its own")
    if name == "Stim":
        pytest.skip("Stim takes Clifford circuits only: tests/backends/test_adapters.py")
    return BACKENDS[name](**MADE_OF.get(name, {}))


@pytest.mark.parametrize("name", BACKENDS)
class TestEveryBackend:
    def test_it_is_a_documented_frozen_dataclass(self, name):
        cls = BACKENDS[name]
        assert dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen
        assert "Example:" in cls.__doc__
        assert "Attributes:" in cls.__doc__ or not dataclasses.fields(cls)
        for method in ("__call__", "stream", "fitted", "settings"):
            assert inspect.getdoc(getattr(cls, method)), method

    @pytest.mark.parametrize("method", [Purification(), Heralded()], ids=str)
    def test_it_draws_all_shots_of_every_row_from_the_law_of_the_circuit(self, name, method):
        """False-failure rate 1e-6 each; a row drawn from another one's law is refuted."""
        prepared = method(Binary()(SCORES), beta=1.0)
        counts = backend_of(name)(prepared, 5000, 3)
        assert counts.keys.shape == (1, 2, 3) and counts.shots.tolist() == [[5000, 5000]]
        assert fit(counts, prepared.distribution).overall() > 1e-6
        assert fit(counts, prepared.distribution[:, ::-1]).overall() < 1e-6
        if prepared.herald_register is None:
            assert not counts.discarded.any()
        else:
            assert acceptance(counts, prepared.success).overall > 1e-6

    def test_a_stream_covers_every_row_once(self, name):
        prepared = Purification()(Binary()(np.zeros((5, 4))), beta=1.0)
        parts = list(backend_of(name).stream(prepared, 100, 3))
        covered = np.concatenate([np.arange(5)[rows] for rows, _ in parts])
        assert covered.tolist() == list(range(5))
        assert collect(prepared, parts).shots.tolist() == [100] * 5

    def test_it_says_how_it_runs(self, name):
        backend = backend_of(name)
        prepared = Purification()(Binary()(SCORES), beta=1.0)
        assert isinstance(backend.fitted(prepared), QuantumCircuit)
        said = backend.settings()
        assert said["backend"] and all(isinstance(value, str) for value in said.values())

    @pytest.mark.parametrize("shots", [0, -1, 2.5, True])
    def test_shots_that_are_none_are_refused(self, name, shots):
        prepared = Purification()(Binary()(SCORES), beta=1.0)
        with pytest.raises(ValueError, match="`shots` must be a whole number"):
            backend_of(name)(prepared, shots, 3)

    def test_a_run_takes_it(self, name):
        backend = backend_of(name)
        result = run(SCORES, shots=2000, seed=1, backend=backend, alpha=1e-6)
        assert result.agrees
        assert result.settings["backend"] == backend.settings()["backend"]
