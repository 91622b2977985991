"""Counts against probabilities: tests of fit for many sparse rows at once."""

from qcattn.comparisons.certify import Certificate, certify
from qcattn.comparisons.fit import Fit, Offender, fit

__all__ = ["Certificate", "Fit", "Offender", "certify", "fit"]
