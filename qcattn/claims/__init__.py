"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.frame.running import all_claims, run_claims
from qcattn.walking import exports

__all__ = ["all_claims", "run_claims"]

__getattr__, __dir__ = exports("claims")
