"""Certification of the state that a circuit prepares, and not only of its counts along Z.

Dense (no shots): `certify_dense`, `certify_kms`. From shots, each with its error rate:
`certify_observables`, `certify_purity`, `certify_distance`, `certify_free_energy`,
`certify_balance`, `certify_correlations`, `certify_temperature`. Each takes one circuit, its
Hamiltonian and beta; those from shots also take a backend, and split one seed over the circuits
they run. `certify_conditionals` takes readings of sets of keys, and `attention_weights` takes a
result. "Refuted" means farther from the exact state than the preparation claims to be.
"""

from qcattn.certification.balance import Balance, certify_balance
from qcattn.certification.conditionals import Conditionals, certify_conditionals
from qcattn.certification.correlations import Correlations, certify_correlations
from qcattn.certification.dense import Dense, certify_dense
from qcattn.certification.distance import Distance, certify_distance
from qcattn.certification.free_energy import FreeEnergy, certify_free_energy
from qcattn.certification.heating import (
    Heating,
    fit_loss,
    heated_beta,
    lawful_ratio,
    measure_heating,
)
from qcattn.certification.kms import KMS, certify_kms, kms
from qcattn.certification.marginals import Marginals, attention_weights
from qcattn.certification.observables import Observables, certify_observables
from qcattn.certification.paulis import expectation
from qcattn.certification.purity import Purity, certify_purity
from qcattn.certification.temperature import Temperature, certify_temperature
from qcattn.evidence import Estimate
from qcattn.readings.bases import in_basis
from qcattn.readings.copies import two_copies

__all__ = [
    "KMS",
    "Balance",
    "Conditionals",
    "Correlations",
    "Dense",
    "Distance",
    "Estimate",
    "FreeEnergy",
    "Heating",
    "Marginals",
    "Observables",
    "Purity",
    "Temperature",
    "attention_weights",
    "certify_balance",
    "certify_conditionals",
    "certify_correlations",
    "certify_dense",
    "certify_distance",
    "certify_free_energy",
    "certify_kms",
    "certify_observables",
    "certify_purity",
    "certify_temperature",
    "expectation",
    "fit_loss",
    "heated_beta",
    "in_basis",
    "kms",
    "lawful_ratio",
    "measure_heating",
    "two_copies",
]

# What tab completion shows; the files of the room are no part of it.
__dir__ = __all__.copy
