"""Counts against probabilities: tests of fit for many sparse rows at once."""

from qcattn.comparisons.certify import Certificate, certify
from qcattn.comparisons.fit import Fit, Offender, fit
from qcattn.comparisons.monitor import Monitor
from qcattn.comparisons.same import Same, same

__all__ = ["Certificate", "Fit", "Monitor", "Offender", "Same", "certify", "fit", "same"]
