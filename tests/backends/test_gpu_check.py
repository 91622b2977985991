"""A GPU that computes something else is refused by name; none is needed here."""

from types import SimpleNamespace

import numpy as np
import pytest
from qiskit_aer import AerSimulator

from qcattn.backends import Aer, gpu
from qcattn.encodings import Binary
from qcattn.errors import Doubtful
from qcattn.preparations import Amplitude


def right(result):
    return result


def rows_mixed_up(result):
    """What Aer 0.18 did on a GPU: rows after the first are something else."""
    result.results[1:] = result.results[1:][::-1]
    return result


def a_little_off(result):
    result.results[-1].data.law = result.results[-1].data.law + 1e-8 * np.eye(16)[3]
    return result


def no_numbers(result):
    result.results[0].data.law = result.results[0].data.law * np.nan
    return result


def fails(result):
    raise RuntimeError("no CUDA device")


@pytest.fixture
def planted(monkeypatch):
    """Aer with a GPU in it, which is the CPU with a fault."""

    def plant(fault):
        class Simulator:
            def __init__(self, **options):
                self.gpu = options.pop("device", "CPU") == "GPU"
                self.inner = AerSimulator(**options)

            def available_devices(self):
                return ("CPU", "GPU")

            def run(self, *arguments, **options):
                result = self.inner.run(*arguments, **options).result()
                return SimpleNamespace(result=lambda: fault(result) if self.gpu else result)

        monkeypatch.setattr(gpu, "AerSimulator", Simulator)
        monkeypatch.setattr(gpu, "_name", lambda: "NVIDIA Wrong 1")
        gpu.gpu_refused.cache_clear()

    yield plant
    gpu.gpu_refused.cache_clear()


def test_a_gpu_that_is_right_is_used(planted):
    planted(right)
    assert gpu.gpu_works() and gpu.gpu_refused() == ""


@pytest.mark.parametrize("fault", [rows_mixed_up, a_little_off, no_numbers])
def test_a_gpu_that_is_wrong_is_refused_by_name_and_auto_does_without(planted, fault):
    planted(fault)
    with pytest.warns(Doubtful, match="NVIDIA Wrong 1"):
        assert not gpu.gpu_works()
    prepared = Amplitude()(Binary()([0.0, 1.0]), beta=1.0)
    with pytest.raises(ValueError, match=r"`device` is 'GPU', but NVIDIA Wrong 1 gives prob.*CPU"):
        Aer(device="GPU")(prepared, 10)
    wide = Amplitude()(Binary()(np.zeros(2**10)), beta=1.0)
    assert Aer(workers=1).on(wide.circuit) == "CPU" and Aer().settings()["device"] == "CPU"


def test_a_gpu_that_runs_nothing_is_none(planted):
    planted(fails)
    assert gpu.gpu_refused() == "Aer runs no circuit on one here"
