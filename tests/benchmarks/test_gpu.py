"""The benchmark of CPU against GPU runs, with a GPU or without one."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from qcattn.backends.aer import gpu_works


@pytest.fixture(scope="module")
def gpu():
    path = Path(__file__).with_name("gpu.py")
    spec = importlib.util.spec_from_file_location("gpu_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_device_and_precision_is_measured(gpu, capsys, tmp_path):
    """False failures: four tests of counts at 1e-8 each."""
    options = ["--qubits", "4", "5", "--keys", "8", "--rows", "6", "--repeats", "2"]
    options += ["--thread", "3", "--thread-rows", "2"]
    assert gpu.main([*options, "--json", str(tmp_path / "gpu.json")]) == 0
    printed = capsys.readouterr().out
    assert ("CPU alone" in printed) != gpu_works()
    found = json.loads((tmp_path / "gpu.json").read_text())
    names = {
        f"{device} {p}" for device in ["CPU", "GPU"][: 1 + gpu_works()] for p in gpu.PRECISIONS
    }
    assert set(found["large"]["4"]) == set(found["large"]["5"]) == names
    assert all(len(turns) == 2 for turns in found["large"]["4"].values())
    assert set(found["batches"]["8"]["p"]) == names
    assert printed.count("\n| 8 |") == len(names)
    assert set(found["thread"]["3"]) == {
        f"{draws}: {name.split()[0]}" for draws in gpu.DRAWS for name in names
    }


def test_what_is_not_softmax_is_refused(gpu, capsys, monkeypatch):
    original = gpu.batch

    def swapped(keys, rows):
        prepared, law = original(keys, rows)
        return prepared, law[:, ::-1]

    monkeypatch.setattr(gpu, "batch", swapped)
    options = ["--qubits", "--keys", "8", "--rows", "20", "--repeats", "1", "--thread"]
    assert gpu.main(options) == 1
    assert "refused" in capsys.readouterr().out
