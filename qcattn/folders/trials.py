"""What the folder of trials says: ``trials.json``, the Hamiltonian, and a result for each method.

``trials.json`` says what was tried, ``hamiltonian.npz`` holds its energies; the results lie in
folders of their own, as `qcattn.folders.results` writes them, and can be read alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qiskit.quantum_info import SparsePauliOp

from qcattn.folders.results import load_part, write_part
from qcattn.folders.sealed import Kind, Sealed, npz, read_number, read_sealed, write_sealed
from qcattn.folders.whole import whole_folder
from qcattn.records import Hamiltonian
from qcattn.trials import Trial, Trials

__all__ = ["is_trials", "load_trials", "save_trials", "write_trials"]

#: Version 2 seals itself and the results in it.
_KIND = Kind(
    "trials",
    version=2,
    files=("hamiltonian.npz",),
    wrote="`qcattn prepare` or `save_trials`",
    unsealed={1: {"hamiltonian.npz": "hamiltonian_sha256"}},
)
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
    terms = hamiltonian.off_diagonal
    document = {
        "hamiltonian": hamiltonian.encoding,
        "off_diagonal": []
        if terms is None
        else [[label, float(weight.real)] for label, weight in terms.to_list()],
        "shots": trials.shots,
        "alpha": trials.alpha,
        "seed": str(trials.seed),
        "complete": trials.complete,
        "same_numbers": trials.same_numbers,
        "source": dict(trials.source),
        "trials": [
            {
                "name": trial.name,
                "method": trial.method,
                "refused": trial.refused,
                "result": None
                if trial.result is None
                else write_part(trial.result, folder, place, trial.name),
                "seconds": list(trial.seconds),
                **{name: float(getattr(trial, name)) for name in _NUMBERS},
            }
            for place, trial in enumerate(trials.trials)
        ],
    }
    write_sealed(_KIND, folder, document, {"hamiltonian.npz": npz(arrays)})


def is_trials(folder: str | Path) -> bool:
    """Whether a folder holds trials."""
    return _KIND.lies_in(folder)


def load_trials(folder: str | Path) -> Trials:
    """Read trials back, as they were.

    Args:
        folder: What `save_trials` or ``qcattn prepare`` wrote.

    Raises:
        NotWhole: If a file is missing, foreign or damaged; the message names it.
    """
    return read_sealed(_KIND, folder, _trials_of)


def _trials_of(sealed: Sealed) -> Trials:
    document, arrays = sealed.document, sealed.arrays("hamiltonian.npz")
    terms = [(str(label), read_number(weight)) for label, weight in document["off_diagonal"]]
    hamiltonian = Hamiltonian(
        arrays["energies"],
        arrays["codewords"],
        str(document["hamiltonian"]),
        SparsePauliOp.from_list(terms) if terms else None,
        arrays.get("basis"),
    )
    return Trials(
        hamiltonian,
        tuple(_trial(entry, sealed) for entry in document["trials"]),
        int(document["shots"]),
        read_number(document["alpha"]),
        int(document["seed"]),
        bool(document["complete"]),
        {str(name): str(text) for name, text in document["source"].items()},
        read_number(document["same_numbers"]) if sealed.version > 1 else 1.0,
    )


def _trial(entry: dict[str, Any], sealed: Sealed) -> Trial:
    part: tuple[str, str | None] | None
    if sealed.version == 1:  # which named the folder of a result alone, and none by ""
        part = (str(entry["folder"]), None) if entry["folder"] else None
    elif (found := entry["result"]) is None:
        part = None
    else:
        part = str(found["folder"]), str(found["sha256"])
    before, after = entry["seconds"]
    return Trial(
        str(entry["name"]),
        str(entry["method"]),
        result=None if part is None else load_part(sealed.folder, *part),
        refused=str(entry["refused"]),
        seconds=(read_number(before), read_number(after)),
        **{name: read_number(entry[name]) for name in _NUMBERS},
    )
