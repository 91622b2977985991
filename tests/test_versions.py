"""The versions that a record names: of a package, of one under another name, and of none."""

from importlib.metadata import PackageNotFoundError, version

import pytest
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit_aer import AerSimulator

from qcattn import run, versions
from qcattn.backends.estimator import Estimator
from qcattn.backends.qiskit_backend import QiskitBackend
from qcattn.backends.sampler import Sampler
from qcattn.versions import version_behind


class OwnBackend(AerSimulator):
    """A backend of one's own file, which no package brings."""


class OwnSampler(StatevectorSampler):
    """Likewise a sampler."""


class OwnEstimator(StatevectorEstimator):
    """Likewise an estimator."""


@pytest.mark.parametrize(
    "simulator",
    [QiskitBackend(OwnBackend()), Sampler(OwnSampler()), Estimator(OwnEstimator())],
    ids=lambda simulator: type(simulator).__name__,
)
def test_a_class_of_ones_own_file_has_no_version(simulator):
    assert simulator.settings()["version"] == "not known"


def test_what_a_module_says_of_itself_is_taken(monkeypatch):
    monkeypatch.setattr(__import__(__name__.partition(".")[0]), "__version__", "7.5", raising=False)
    versions._version_of_module.cache_clear()
    assert version_behind(OwnSampler()) == "7.5"
    monkeypatch.undo()
    versions._version_of_module.cache_clear()


def test_a_run_on_ones_own_backend_is_whole():
    found = run([[0.0, 1.0, 2.0, 0.5]], backend=OwnBackend(), shots=200, seed=1)
    assert found.counts.shots.tolist() == [200]


def test_aer_with_gpus_is_another_package(monkeypatch):
    def installed(name):
        if name == "qiskit-aer":
            raise PackageNotFoundError(name)
        return "0.18.2" if name == "qiskit-aer-gpu" else version(name)

    monkeypatch.setattr(versions, "version", installed)
    monkeypatch.setattr(
        versions, "packages_distributions", lambda: {"qiskit_aer": ["qiskit-aer-gpu"]}
    )
    for cached in (versions._version_of_module, versions._version):
        cached.cache_clear()
    assert version_behind(AerSimulator()) == "0.18.2"
    assert versions.package_versions()["qiskit-aer"] == "0.18.2"
    monkeypatch.undo()
    for cached in (versions._version_of_module, versions._version):
        cached.cache_clear()
