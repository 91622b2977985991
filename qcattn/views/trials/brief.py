"""Trials in a few numbers, for other programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcattn.trials import Trial, Trials
from qcattn.views.run.words import acceptance_shares

__all__ = ["brief"]


def brief(trials: Trials) -> dict[str, Any]:
    """The trials in a few numbers, for other programs."""

    def known(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    def entry(trial: Trial) -> dict[str, Any]:
        said: dict[str, Any] = {
            "name": trial.name,
            "method": trial.method,
            "beta": trial.beta,
            "verdict": trial.standing,
        }
        if trial.result is None:
            return {**said, "refused": trial.refused}
        cost, prepared = trial.result.resources, trial.result.prepared
        return {
            **said,
            "kind": prepared.kind,
            "qubits": cost.qubits,
            "depth": cost.depth,
            "two_qubit_gates": cost.two_qubit_gates,
            "success_predicted": float(prepared.success),
            "success_counted": acceptance_shares(trial.result)[1],
            "shots": trial.shots,
            "claimed": known(trial.claimed),
            "trace_distance": known(trial.trace_distance),
            "fidelity": known(trial.fidelity),
            "p_value": trial.result.fit.overall,
            "seconds": sum(trial.seconds),
        }

    return {
        "verdict": trials.standing,
        "hamiltonian": trials.hamiltonian.encoding,
        "qubits": trials.hamiltonian.num_qubits,
        "complete": trials.complete,
        "alpha": trials.alpha,
        "seed": str(trials.seed),
        "trials": [entry(trial) for trial in trials.trials],
    }
