"""Trials on disk: one folder, written whole or not at all, with a result in it for each method.

``trials.json`` says what was tried, ``hamiltonian.npz`` holds its energies; the results lie in
folders of their own, as `qcattn.folders.results` writes them, and can be read alone.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qcattn.folders.results import load, read_document, read_sealed, whole_folder, write_files
from qcattn.records import Hamiltonian
from qcattn.trials import Trial, Trials

__all__ = ["is_trials", "load_trials", "save_trials", "write_trials"]

FORMAT = "qcattn trials"
FORMAT_VERSION = 1
_FILE = "trials.json"
_NUMBERS = ("beta", "trace_distance", "fidelity")


def save_trials(trials: Trials, folder: str | Path) -> None:
    """Write trials, whole or not at all.

    Args:
        trials: What to write.
        folder: Made by this; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder is taken.
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.trials import prepare
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations import Heralded
        >>> done = prepare(ising(2, field=0.0), methods=[Heralded()], shots=100, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_trials(done, folder + "/mine")
        ...     again = load_trials(folder + "/mine")
        >>> again.standing == done.standing, again.trials[0].trace_distance < 1e-9
        (True, True)
    """
    with whole_folder(folder) as fresh:
        write_trials(trials, fresh)


def write_trials(trials: Trials, folder: Path) -> None:
    """Write the files of trials into a folder, ``trials.json`` last."""
    hamiltonian = trials.hamiltonian
    arrays = {"energies": hamiltonian.energies, "codewords": hamiltonian.codewords}
    if hamiltonian.basis is not None:
        arrays["basis"] = hamiltonian.basis
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    (folder / "hamiltonian.npz").write_bytes(buffer.getvalue())
    entries = []
    for i, trial in enumerate(trials.trials):
        name = ""
        if trial.result is not None:
            name = f"{i:02d}-{trial.name}"
            (folder / name).mkdir()
            write_files(trial.result, folder / name)
        entries.append(
            {
                "name": trial.name,
                "method": trial.method,
                "refused": trial.refused,
                "folder": name,
                "seconds": list(trial.seconds),
                # JSON has no NaN.
                **{key: repr(float(getattr(trial, key))) for key in _NUMBERS},
            }
        )
    terms = hamiltonian.off_diagonal
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "hamiltonian": hamiltonian.encoding,
        "hamiltonian_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "off_diagonal": []
        if terms is None
        else [[label, float(weight.real)] for label, weight in terms.to_list()],
        "shots": trials.shots,
        "alpha": trials.alpha,
        "seed": str(trials.seed),
        "complete": trials.complete,
        "source": dict(trials.source),
        "trials": entries,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / _FILE).write_text(text + "\n", encoding="utf-8")


def is_trials(folder: str | Path) -> bool:
    """Whether a folder holds trials."""
    return (Path(folder) / _FILE).is_file()


def load_trials(folder: str | Path) -> Trials:
    """Read trials back, as they were.

    Args:
        folder: What `save_trials` or ``qcattn prepare`` wrote.

    Raises:
        ValueError: If a file is missing, foreign or damaged; the message names it.
    """
    folder = Path(folder)
    wrote = "`qcattn prepare` or `save_trials`"
    document = read_document(folder / _FILE, "trials", FORMAT_VERSION, wrote)
    content = read_sealed(folder / "hamiltonian.npz", document.get("hamiltonian_sha256"))
    try:
        return _parse(document, content, folder)
    except Exception as error:  # a forged file can make any reader fail in any way
        if isinstance(error, ValueError) and str(folder) in str(error):
            raise
        raise ValueError(
            f"`{folder}` does not hold whole trials ({type(error).__name__}: {error}); run them "
            "again"
        ) from error


def _parse(document: dict[str, Any], content: bytes, folder: Path) -> Trials:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    terms = [(str(label), float(weight)) for label, weight in document["off_diagonal"]]
    hamiltonian = Hamiltonian(
        arrays["energies"],
        arrays["codewords"],
        str(document["hamiltonian"]),
        SparsePauliOp.from_list(terms) if terms else None,
        arrays.get("basis"),
    )
    trials = []
    for entry in document["trials"]:
        name = str(entry["folder"])
        if Path(name).name != name:
            raise ValueError(f"a trial lies outside its folder: {name!r}")
        before, after = entry["seconds"]
        trials.append(
            Trial(
                str(entry["name"]),
                str(entry["method"]),
                result=load(folder / name) if name else None,
                refused=str(entry["refused"]),
                seconds=(float(before), float(after)),
                **{key: float(entry[key]) for key in _NUMBERS},
            )
        )
    return Trials(
        hamiltonian,
        tuple(trials),
        int(document["shots"]),
        float(document["alpha"]),
        int(document["seed"]),
        bool(document["complete"]),
        {str(name): str(text) for name, text in document["source"].items()},
    )
