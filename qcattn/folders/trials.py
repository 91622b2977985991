"""What the folder of trials says: ``trials.json``, the Hamiltonian, and a result for each method.

``trials.json`` says what was tried, ``hamiltonian.npz`` holds its energies; the results lie in
folders of their own, as `qcattn.folders.results` writes them, and can be read alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qcattn.arguments import check_alpha, check_beta, whole_number
from qcattn.folders.checking import check_alike
from qcattn.folders.results import load_part, write_part
from qcattn.folders.sealed import (
    Kind,
    Sealed,
    npz,
    read_number,
    read_sealed,
    read_truth,
    write_sealed,
)
from qcattn.folders.whole import whole_folder
from qcattn.records import Hamiltonian
from qcattn.trials import ROUNDING, Trial, Trials, methods_alike

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
        folder: The folder to make; it must not exist yet, or be empty.

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
    """Read trials back as they were.

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
    _check_hamiltonian(hamiltonian)
    trials = Trials(
        hamiltonian,
        tuple(_trial(entry, sealed) for entry in document["trials"]),
        whole_number(document["shots"]),
        check_alpha(document["alpha"]),
        whole_number(int(document["seed"]), "seed", least=0),
        read_truth(document["complete"]),
        {str(name): str(text) for name, text in document["source"].items()},
        read_number(document["same_numbers"]) if sealed.version > 1 else 1.0,
    )
    _check_together(trials)
    if not trials.complete:  # it was not asked then
        return trials
    alike = methods_alike(trials.trials)
    if sealed.version == 1:
        return replace(trials, same_numbers=alike)
    check_alike(trials.same_numbers, alike)
    return trials


def _check_hamiltonian(hamiltonian: Hamiltonian) -> None:
    """One Hamiltonian, of the kinds of numbers that it was written with."""
    energies, words, basis = hamiltonian.energies, hamiltonian.codewords, hamiltonian.basis
    fits = {
        "energies": energies.dtype.kind == "f"
        and energies.ndim == 1
        and not np.isnan(energies).any()
        and bool(np.isfinite(energies).any())
        and not np.isneginf(energies).any(),
        "codewords": words.dtype == bool
        and words.shape == (energies.size, words.shape[-1])
        and len(np.unique(words, axis=0)) == energies.size,
        "basis": basis is None or (basis.dtype.kind == "f" and bool(np.isfinite(basis).all())),
        "off_diagonal": hamiltonian.off_diagonal is None
        or (
            hamiltonian.off_diagonal.num_qubits == words.shape[-1]
            and bool(np.isfinite(hamiltonian.off_diagonal.coeffs).all())
        ),
    }
    wrong = [name for name, fitting in fits.items() if not fitting]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} do not belong to a Hamiltonian")


def _check_together(trials: Trials) -> None:
    """The results are of this Hamiltonian, of these shots, and spend no more than alpha."""
    energies = trials.hamiltonian.energies
    spent = 0.0
    for trial in trials.trials:
        check_beta(trial.beta)
        for name in ("trace_distance", "fidelity"):
            value = getattr(trial, name)
            if not (np.isnan(value) or -ROUNDING <= value <= 1 + ROUNDING):
                raise ValueError(f"`{name}` of {trial.name} is {value}, and must be from 0 to 1")
        if not all(np.isfinite(value) and value >= 0 for value in trial.seconds):
            raise ValueError(f"`seconds` of {trial.name} are not durations")
        if (trial.result is None) != bool(trial.refused):
            raise ValueError(
                f"{trial.name} must be either refused or drawn, but is both or neither"
            )
        if (result := trial.result) is None:
            continue
        spent += result.alpha
        if (
            result.shots != trials.shots
            or not np.array_equal(result.beta, trial.beta)
            or not np.array_equal(result.scores, -energies)
        ):
            raise ValueError(f"the result of {trial.name} is of another Hamiltonian, beta or shots")
    if spent > trials.alpha * (1 + 1e-9):
        raise ValueError(f"the results spend {spent:g}, which is more than `alpha`")


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
