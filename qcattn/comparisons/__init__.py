"""Counts against probabilities: tests of fit for many sparse rows at once."""

from qcattn.comparisons.acceptance import acceptance
from qcattn.comparisons.certify import Certificate, certify
from qcattn.comparisons.effective_size import effective_size
from qcattn.comparisons.expected import Expected, expected
from qcattn.comparisons.fit import Fit, Offender, fit
from qcattn.comparisons.fit_chains import ChainFit, fit_chains
from qcattn.comparisons.independent import Dependence, Independence, independent
from qcattn.comparisons.mitigated import Mitigated, mitigated
from qcattn.comparisons.monitor import Monitor
from qcattn.comparisons.plan import Plan, plan
from qcattn.comparisons.same import Same, same
from qcattn.comparisons.same_numbers import same_numbers

__all__ = [
    "Certificate",
    "ChainFit",
    "Dependence",
    "Expected",
    "Fit",
    "Independence",
    "Mitigated",
    "Monitor",
    "Offender",
    "Plan",
    "Same",
    "acceptance",
    "certify",
    "effective_size",
    "expected",
    "fit",
    "fit_chains",
    "independent",
    "mitigated",
    "plan",
    "same",
    "same_numbers",
]

# What tab completion shows; the files of the room are no part of it.
__dir__ = __all__.copy
