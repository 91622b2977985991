"""Trials in a few numbers, for other programs."""

from __future__ import annotations

from typing import Any

from qcattn.trials import Trial, Trials
from qcattn.views.documents import strict
from qcattn.views.run.words import acceptance_shares

__all__ = ["brief"]


def brief(trials: Trials) -> dict[str, Any]:
    """The trials in a few numbers, for other programs."""

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
            "success_predicted": prepared.success,
            "success_counted": acceptance_shares(trial.result)[1],
            "shots": trial.shots,
            "claimed": trial.claimed,
            "trace_distance": trial.trace_distance,
            "fidelity": trial.fidelity,
            "p_value": trial.result.fit.overall,
            "counts": trial.result.counts.keys,
            "stray": trial.result.counts.stray,
            "discarded": trial.result.counts.discarded,
            "expected": trial.result.expected,
            "seconds": sum(trial.seconds),
        }

    said = {
        "command": "prepare",
        "verdict": trials.standing,
        "hamiltonian": trials.hamiltonian.encoding,
        "qubits": trials.hamiltonian.num_qubits,
        "complete": trials.complete,
        "same_random_numbers": trials.methods_repeat,
        "alpha": trials.alpha,
        "seed": str(trials.seed),
        "trials": [entry(trial) for trial in trials.trials],
    }
    document: dict[str, Any] = strict(said)
    return document
